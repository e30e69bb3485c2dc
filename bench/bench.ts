import { globSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { machine } from './machine.ts'

type Report = (name: string, value: number, unit: string) => void

// `npm run bench -- NAME`: one line a figure, `name value unit`; figures, machine and command go to bench/results/NAME.json. Of a long one
// KAPOK_BENCH_PART runs a part, whose figures go to NAME-PART.json.
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
const part = process.env.KAPOK_BENCH_PART
const command = `${part === undefined ? '' : `KAPOK_BENCH_PART=${part} `}npm run bench -- ${name}`
const result = { command, at: new Date().toISOString(), machine: machine(), figures }
writeFileSync(
  join(folder, `${part === undefined ? name : `${name}-${part}`}.json`),
  `${JSON.stringify(result, null, 2)}\n`,
)
process.exit(0)
