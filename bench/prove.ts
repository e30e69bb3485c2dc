import { globSync } from 'node:fs'

interface Proof {
  ok: boolean
  tried: string
  result: string
}

// `npm run prove -- NAME [--short] [--fault NAME]`: says what it tried, ends with one line, exits non-zero when broken.
const names = globSync('*.prove.ts', { cwd: import.meta.dirname }).map((file) => file.replace('.prove.ts', ''))
const [name = '', ...rest] = process.argv.slice(2)
if (!names.includes(name)) {
  process.stderr.write(`Say which: npm run prove -- ${names.sort().join(' | ')}  [--short] [--fault NAME]\n`)
  process.exit(2)
}
const at = rest.indexOf('--fault')
const fault = at === -1 ? undefined : rest[at + 1]
const { default: run } = (await import(`./${name}.prove.ts`)) as {
  default: (args: { short: boolean; fault?: string }) => Promise<Proof>
}
const { ok, tried, result } = await run({ short: rest.includes('--short'), ...(fault !== undefined && { fault }) })
process.stdout.write(`${tried}\n${ok ? 'kept' : 'BROKEN'}: ${result}\n`)
process.exit(ok ? 0 : 1)
