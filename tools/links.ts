import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from './steps.ts'

/** Links from one document to another file that lead nowhere, in the tree under `folder`; and how many links there are. */
export function brokenLinks(folder: string): { broken: string[]; links: number } {
  const pages = globSync('{*.md,docs/**/*.md,{planes/*,edge,world}/README.md,changes/*.md}', { cwd: folder })
  const broken: string[] = []
  let links = 0
  for (const page of pages)
    for (const [, target = ''] of readFileSync(join(folder, page), 'utf8').matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      links++
      if (!existsSync(join(folder, dirname(page), target))) broken.push(`${page} → ${target}`)
    }
  return { broken, links }
}

if (import.meta.main) {
  const { broken } = brokenLinks(root)
  for (const link of broken) process.stderr.write(`leads nowhere: ${link}\n`)
  process.exitCode = broken.length === 0 ? 0 : 1
}
