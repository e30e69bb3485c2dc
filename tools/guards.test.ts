import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checks, root } from './steps.ts'

// A guard that cannot fail guards nothing: each checker is given a tree with one fault and must refuse it, and must take
// the same tree without it. The trees are copies; nothing is planted where somebody works.

type Check = (typeof checks)[number]['name']

/** Runs one of the checks in `tree`, exactly as `npm run check` does. */
function check(tree: string, name: Check): { passes: boolean; says: string } {
  const found = checks.find((each) => each.name === name)
  const { status, stdout, stderr } = spawnSync(found?.command ?? '', found?.args ?? [], {
    cwd: tree,
    env: { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH ?? ''}`, NO_COLOR: '1' },
    encoding: 'utf8',
  })
  return { passes: status === 0, says: `${stdout}${stderr}` }
}

/** Every package of the project for the tree, its own workspaces being those of the tree. */
function linkPackages(tree: string): void {
  const modules = join(tree, 'node_modules')
  mkdirSync(join(modules, '@kapok'), { recursive: true })
  for (const entry of readdirSync(join(root, 'node_modules')))
    if (entry !== '@kapok') symlinkSync(join(root, 'node_modules', entry), join(modules, entry))
  for (const manifest of globSync('{*,planes/*}/package.json', { cwd: tree, exclude: ['node_modules'] })) {
    const { name } = JSON.parse(readFileSync(join(tree, manifest), 'utf8')) as { name: string }
    symlinkSync(join(tree, dirname(manifest)), join(modules, name))
  }
}

const put = (tree: string, file: string, text: string) => {
  mkdirSync(dirname(join(tree, file)), { recursive: true })
  writeFileSync(join(tree, file), text)
}

describe('a small tree of two planes', () => {
  let tree: string
  const manifest = (name: string, dependencies: Record<string, string>) =>
    `${JSON.stringify({ name, version: '0.1.0', private: true, type: 'module', exports: { '.': './src/flow.ts' }, dependencies }, undefined, 2)}\n`
  const good: Record<string, string> = {
    'contracts/package.json': manifest('@kapok/contracts', {}).replace('./src/flow.ts', './src/words.ts'),
    'contracts/src/words.ts': "export const greeting = 'good morning'\n",
    'planes/alpha/package.json': manifest('@kapok/alpha', { '@kapok/contracts': '0.1.0' }),
    'planes/alpha/src/flow.ts':
      "import { greeting } from '@kapok/contracts'\nimport { loud } from './loud.ts'\n\nexport const alpha = () => loud(greeting)\n",
    'planes/alpha/src/loud.ts': 'export const loud = (text: string) => text.toUpperCase()\n',
    'planes/alpha/migrations/0001-alpha.sql': 'CREATE SCHEMA alpha;\nCREATE TABLE alpha.word (id int);\n',
    'planes/beta/package.json': manifest('@kapok/beta', { '@kapok/contracts': '0.1.0' }),
    'planes/beta/src/flow.ts':
      "import { greeting } from '@kapok/contracts'\n\nexport const beta = () => greeting.length\n",
    'edge/package.json': manifest('@kapok/edge', { '@kapok/contracts': '0.1.0' }).replace(
      './src/flow.ts',
      './src/edge.ts',
    ),
    'edge/src/edge.ts': "import { greeting } from '@kapok/contracts'\n\nexport const edge = greeting\n",
    'docs/page.md': '[the flow](../planes/alpha/src/flow.ts)\n',
  }
  beforeAll(() => {
    tree = realpathSync(mkdtempSync(join(tmpdir(), 'kapok-guards-')))
    for (const [file, text] of Object.entries(good)) put(tree, file, text)
    for (const file of ['biome.json', 'tsconfig.json']) cpSync(join(root, file), join(tree, file))
    for (const file of ['boundaries.ts', 'links.ts', 'steps.ts'])
      cpSync(join(root, 'tools', file), join(tree, 'tools', file))
    const { workspaces } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { workspaces: string[] }
    put(
      tree,
      'package.json',
      `${JSON.stringify({ name: 'small', private: true, type: 'module', workspaces }, undefined, 2)}\n`,
    )
    put(tree, 'knip.json', '{ "workspaces": { ".": { "entry": ["tools/*.ts"] } } }\n')
    linkPackages(tree)
  })
  afterAll(() => rmSync(tree, { recursive: true, force: true }))

  test.each(checks.map(({ name }) => name).filter((name) => name !== 'generated documents'))(
    '“%s” takes it as it is',
    (name) => {
      const { passes, says } = check(tree, name)
      expect(passes, says).toBe(true)
    },
  )

  const alpha = good['planes/alpha/src/flow.ts'] ?? ''
  const planted: [fault: string, by: Check, says: RegExp, file: string, text: string][] = [
    [
      'a file that is not formatted',
      'format and lint',
      /format/,
      'planes/alpha/src/loud.ts',
      'export const loud = (text: string) => text.toUpperCase();\n',
    ],
    [
      'a warning of the linter',
      'format and lint',
      /noUnusedVariables|noUnusedImports/,
      'planes/alpha/src/flow.ts',
      `import { join } from 'node:path'\n${alpha}`,
    ],
    [
      'an “any”',
      'format and lint',
      /noExplicitAny/,
      'planes/alpha/src/loud.ts',
      'export const loud = (text: any) => text.toUpperCase()\n',
    ],
    [
      'imports in a circle',
      'format and lint',
      /noImportCycles/,
      'planes/alpha/src/loud.ts',
      "import { alpha } from './flow.ts'\n\nexport const loud = (text: string) => text + alpha.length\n",
    ],
    [
      'a package that nobody declared',
      'format and lint',
      /noUndeclaredDependencies/,
      'planes/alpha/src/flow.ts',
      alpha.replace('@kapok/contracts', '@kapok/beta').replace('{ greeting }', '{ beta as greeting }'),
    ],
    [
      'a wrong type',
      'types',
      /TS2322/,
      'planes/alpha/src/loud.ts',
      'export const loud = (text: string): number => text.toUpperCase()\n',
    ],
    [
      'an element that may be missing',
      'types',
      /TS2532/,
      'planes/alpha/src/loud.ts',
      "export const loud = (text: string) => text.split(' ')[0].toUpperCase()\n",
    ],
    [
      'a file that nobody imports',
      'unused code',
      /Unused files[\s\S]*forgotten/,
      'planes/alpha/src/forgotten.ts',
      'export const forgotten = 1\n',
    ],
    [
      'an export that nobody uses',
      'unused code',
      /Unused exports[\s\S]*quiet/,
      'planes/alpha/src/loud.ts',
      `${good['planes/alpha/src/loud.ts']}export const quiet = 1\n`,
    ],
    [
      'a dependency that nobody needs',
      'unused code',
      /Unused dependencies[\s\S]*pino/,
      'planes/beta/package.json',
      manifest('@kapok/beta', { '@kapok/contracts': '0.1.0', pino: '10.4.0' }),
    ],
    [
      'a plane that declares another',
      'boundaries',
      /planes\/beta\/package\.json depends on planes\/alpha/,
      'planes/beta/package.json',
      manifest('@kapok/beta', { '@kapok/alpha': '0.1.0' }),
    ],
    [
      'a plane that imports another',
      'boundaries',
      /imports @kapok\/alpha of planes\/alpha/,
      'planes/beta/src/flow.ts',
      "export { alpha } from '@kapok/alpha'\n",
    ],
    [
      'a plane that reaches into another by a path',
      'boundaries',
      /reaches into planes\/alpha by a path/,
      'planes/beta/src/flow.ts',
      "export const beta = () => import('../../alpha/src/loud.ts')\n",
    ],
    [
      'a plane that asks another’s tables',
      'boundaries',
      /names a table of the plane alpha/,
      'planes/beta/src/flow.ts',
      'export const beta = `SELECT id FROM alpha.word`\n',
    ],
    [
      'a migration that refers to another’s tables',
      'boundaries',
      /names a table of the plane alpha/,
      'planes/beta/migrations/0001-beta.sql',
      'CREATE TABLE beta.pair (word int REFERENCES alpha.word);\n',
    ],
    [
      'a gateway that uses a plane',
      'boundaries',
      /edge\/src\/edge\.ts imports @kapok\/alpha/,
      'edge/src/edge.ts',
      "export { alpha as edge } from '@kapok/alpha'\n",
    ],
    [
      'a gateway with an engine',
      'boundaries',
      /edge\/package\.json depends on the engine pg/,
      'edge/package.json',
      manifest('@kapok/edge', { pg: '8.23.1' }),
    ],
    [
      'a resolver with an engine',
      'boundaries',
      /planes\/identifier\/package\.json depends on the engine pg/,
      'planes/identifier/package.json',
      manifest('@kapok/identifier', { pg: '8.23.1' }),
    ],
    [
      'contracts that import something of ours',
      'boundaries',
      /contracts\/src\/words\.ts imports @kapok\/alpha/,
      'contracts/src/words.ts',
      "export { alpha as greeting } from '@kapok/alpha'\n",
    ],
    [
      'a link that leads nowhere',
      'document links',
      /docs\/page\.md → \.\.\/nowhere\.md/,
      'docs/page.md',
      '[nowhere](../nowhere.md)\n',
    ],
  ]
  test.each(planted)('%s is refused by “%s”', (_, name, says, file, text) => {
    put(tree, file, text)
    try {
      const { passes, says: said } = check(tree, name)
      expect(said).toMatch(says)
      expect(passes).toBe(false)
    } finally {
      const before = good[file]
      if (before === undefined) rmSync(join(tree, file))
      else put(tree, file, before)
    }
  })
})

test('documents that no longer fit the code are refused: settings, states, routes, tables and the schema’s hash', () => {
  const tree = realpathSync(mkdtempSync(join(tmpdir(), 'kapok-guards-')))
  try {
    const leftOut = new Set(['node_modules', '.git', '.kapok', 'dist', 'screenshots'])
    cpSync(root, tree, { recursive: true, filter: (path) => !leftOut.has(path.slice(path.lastIndexOf('/') + 1)) })
    linkPackages(tree)
    const change = (file: string, from: string | RegExp, to: string) => {
      const before = readFileSync(join(tree, file), 'utf8')
      const after = before.replace(from, to)
      expect(after).not.toBe(before)
      writeFileSync(join(tree, file), after)
    }
    change('server/src/config.ts', 'Data folder. Without it', 'The folder of all data. Without it')
    change('contracts/src/access.ts', 'Organisations of the platform.', 'All organisations of the platform.')
    change('docs/generated/states.md', '# State diagrams', '# State diagrams, edited by hand')
    appendFileSync(join(tree, 'kit-store/src/migrations/0001-kit.sql'), 'CREATE TABLE kit.planted (id int);\n')
    const { passes, says } = check(tree, 'generated documents')
    expect(says).toContain(
      'Stale, run “npm run docs”: docs/generated/schema.sha256, docs/generated/openapi.json, docs/generated/database.md, docs/generated/states.md, docs/generated/settings.md',
    )
    expect(passes).toBe(false)
    expect(existsSync(join(tree, 'docs/generated/settings.md'))).toBe(true)
  } finally {
    rmSync(tree, { recursive: true, force: true })
  }
})
