import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const pages = globSync('{*.md,docs/**/*.md,{planes/*,edge,world}/README.md,changes/*.md}', { cwd: root })

test('every link from one document to another file leads somewhere', () => {
  let links = 0
  for (const page of pages)
    for (const [, target = ''] of readFileSync(join(root, page), 'utf8').matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      links++
      expect(existsSync(join(root, dirname(page), target)), `${page} → ${target}`).toBe(true)
    }
  expect(links).toBeGreaterThan(40)
})
