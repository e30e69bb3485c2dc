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

describe('words of the portal', () => {
  const chinese = leaves(zh)
  const english = new Map(leaves(en))
  test('both languages have the same keys', () => {
    expect([...english.keys()].sort()).toEqual(chinese.map(([key]) => key).sort())
  })
  test('both languages fill in the same values', () => {
    const holes = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).sort()
    for (const [key, text] of chinese) expect(holes(english.get(key) ?? ''), key).toEqual(holes(text))
  })
  test('no word is unused', () => {
    expect(
      unused(
        chinese.map(([key]) => key),
        sources(join(import.meta.dirname, '..')),
      ),
    ).toEqual([])
  })
  test('a word that nobody says would be found', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a source file
    const source = 't(`kind.${kind}`)'
    expect(unused(['planted.word', 'kind.city'], source)).toEqual(['planted.word'])
  })
})
