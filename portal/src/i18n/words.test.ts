import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { words as en } from './en/words.ts'
import { words as zh } from './zh/words.ts'

type Tree = { [key: string]: string | Tree }

function leaves(tree: Tree, path = ''): [key: string, text: string][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string' ? [[path + key, value] as [string, string]] : leaves(value, `${path}${key}.`),
  )
}

/** Everything that the portal says, tests and words apart. */
function sources(folder: string): string {
  return readdirSync(folder, { withFileTypes: true })
    .map((each) => {
      const path = join(folder, each.name)
      if (each.isDirectory()) return each.name === 'zh' || each.name === 'en' ? '' : sources(path)
      return /(?<!\.test)\.tsx?$/.test(each.name) ? readFileSync(path, 'utf8') : ''
    })
    .join('\n')
}

/** Keys whose end is computed, as `t(\`case.state.${state}\`)`: everything that begins and ends so is used. */
function computed(source: string): RegExp[] {
  return [...source.matchAll(/`([a-zA-Z0-9]+(?:\.[a-zA-Z0-9]+)*\.[a-zA-Z]*)\$\{[^}]*\}`/g)].map(
    ([, start = '']) => new RegExp(`^${start.replaceAll('.', '\\.')}`),
  )
}

function unused(keys: readonly string[], source: string): string[] {
  const patterns = computed(source)
  return keys.filter((key) => !source.includes(`'${key}'`) && !patterns.some((each) => each.test(key)))
}

/** Keys that only one language has, and those whose texts fill in other values than each other. */
function unlike(chinese: Tree, english: Tree): string[] {
  const texts = [chinese, english].map((tree) => new Map(leaves(tree)))
  const holes = (text = '') =>
    [...text.matchAll(/\{\{(\w+)\}\}/g)]
      .map(([, name]) => name)
      .sort()
      .join(' ')
  const keys = new Set(texts.flatMap((each) => [...each.keys()]))
  return [...keys].filter((key) => {
    const [zhText, enText] = texts.map((each) => each.get(key))
    return zhText === undefined || enText === undefined || holes(zhText) !== holes(enText)
  })
}

describe('words of the portal', () => {
  test('both languages have the same keys, and fill in the same values', () => {
    expect(unlike(zh, en)).toEqual([])
  })
  test('a word that one language lacks, and one that fills in something else, would be found', () => {
    const chinese = { desk: { greeting: '{{name}}，您好', due: '{{days}} 天', both: '好' } }
    const english = { desk: { greeting: 'Hello, {{name}}', due: '{{date}}', both: 'Good', planted: 'only here' } }
    expect(unlike(chinese, english)).toEqual(['desk.due', 'desk.planted'])
    expect(unlike(english, chinese)).toEqual(expect.arrayContaining(['desk.due', 'desk.planted']))
  })
  test('no word is unused', () => {
    const keys = leaves(zh).map(([key]) => key)
    expect(unused(keys, sources(join(import.meta.dirname, '..')))).toEqual([])
  })
  test('a word that nobody says would be found', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a source file
    const source = 't(`kind.${kind}`)'
    expect(unused(['planted.word', 'kind.city'], source)).toEqual(['planted.word'])
  })
})
