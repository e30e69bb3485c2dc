import { globSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { machine } from './machine.ts'

type Report = (name: string, value: number, unit: string) => void

// `npm run bench -- NAME`: one line a figure, `name value unit`; figures, machine and command go to bench/results/NAME.json.
const names = globSync('*.bench.ts', { cwd: import.meta.dirname }).map((file) => file.replace('.bench.ts', ''))
const [name = ''] = process.argv.slice(2)
if (!names.includes(name)) {
  process.stderr.write(`Say which: npm run bench -- ${names.sort().join(' | ')}\n`)
  process.exit(2)
}
const figures: { name: string; value: number; unit: string }[] = []
const report: Report = (figure, value, unit) => {
  figures.push({ name: figure, value, unit })
  process.stdout.write(`${figure} ${value} ${unit}\n`)
}
const { default: run } = (await import(`./${name}.bench.ts`)) as { default: (report: Report) => Promise<void> }
await run(report)
const folder = join(import.meta.dirname, 'results')
mkdirSync(folder, { recursive: true })
const result = { command: `npm run bench -- ${name}`, at: new Date().toISOString(), machine: machine(), figures }
writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`)
process.exit(0)
