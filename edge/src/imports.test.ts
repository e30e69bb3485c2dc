import { readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const engines =
  /^(pg|chdb|@clickhouse\/client|fastify|@kapok\/(kit-store|access|data|evidence|subsidy|insight|server|world))(\/|$)/

/** Every module of ours that a file reaches, and every package that one of them names. */
function reachOf(entry: string): { files: Set<string>; packages: Map<string, string> } {
  const files = new Set<string>()
  const packages = new Map<string, string>()
  const waiting = [entry]
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (files.has(file)) continue
    files.add(file)
    const text = readFileSync(file, 'utf8')
    for (const [, clause = '', name = ''] of text.matchAll(
      /(?:^|\n)(?:import|export)\s([^'"`;]*?from\s*)?['"]([^'"]+)['"]/g,
    )) {
      if (/^type\s/.test(clause) || name.startsWith('node:')) continue
      if (name.startsWith('.')) waiting.push(fileURLToPath(new URL(name, `file://${file}`)))
      else {
        packages.set(name, file)
        if (name.startsWith('@kapok/')) waiting.push(fileOf(name))
      }
    }
    for (const [, name = ''] of text.matchAll(/import\(['"]([^'"]+)['"]\)/g)) {
      if (name.startsWith('.')) waiting.push(fileURLToPath(new URL(name, `file://${file}`)))
      else packages.set(name, file)
    }
  }
  return { files, packages }
}

function fileOf(name: string): string {
  const [, folder = '', ...rest] = name.split('/')
  const home = realpathSync(join(root, 'node_modules/@kapok', folder))
  const { exports } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as {
    exports: Record<string, string>
  }
  const key = rest.length === 0 ? '.' : `./${rest.join('/')}`
  const target = exports[key] ?? exports['./*']?.replace('*', rest.join('/'))
  if (target === undefined) throw new Error(`${name} leads nowhere`)
  return join(home, target)
}

test('the gateway reaches no engine and no part of the platform, only contracts and the kit', () => {
  const { files, packages } = reachOf(join(root, 'edge/src/edge.ts'))
  // The walk is one that walks: it saw the gateway's own modules, the contracts and the kit.
  for (const part of ['edge/src/drivers/modbus/codec.ts', 'contracts/src/compact-batch.ts'])
    expect([...files]).toContain(join(root, part))
  expect([...packages.keys()].filter((name) => engines.test(name))).toEqual([])
  const { dependencies } = JSON.parse(readFileSync(join(root, 'edge/package.json'), 'utf8')) as { dependencies: object }
  expect(Object.keys(dependencies).filter((name) => engines.test(name))).toEqual([])
  expect(Object.keys(dependencies).filter((name) => name.startsWith('@kapok/'))).toEqual([
    '@kapok/contracts',
    '@kapok/kit',
  ])
})

test('the command that runs the gateway loads no engine either', () => {
  const { packages } = reachOf(join(root, 'server/src/roles/edge.ts'))
  expect([...packages.keys()].filter((name) => engines.test(name))).toEqual([])
})

test('the same walk finds the engines where there are some', () => {
  const { packages } = reachOf(join(root, 'server/src/roles/engine-kit.ts'))
  expect([...packages.keys()]).toEqual(expect.arrayContaining(['pg', '@clickhouse/client']))
})
