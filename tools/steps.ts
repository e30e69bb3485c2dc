import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '..')

export interface Outcome {
  name: string
  passed: number
  failed: number
  skipped: number
  seconds: number
}

/** Runs one program to its end, its output shown as it comes; resolves with the exit code. */
export function run(command: string, args: string[], env: Record<string, string> = {}): Promise<number> {
  return new Promise((done, fail) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH ?? ''}`, ...env },
    })
    child.once('error', fail)
    child.once('exit', (code, signal) => done(signal === null ? (code ?? 1) : 1))
  })
}

/** What `npm run check` and `npm test` ask of the code itself, each a program that ends with 0 when all is well. */
export const checks = [
  { name: 'format and lint', command: 'biome', args: ['check', '--error-on-warnings', '.'] },
  { name: 'types', command: 'tsc', args: ['--noEmit'] },
  { name: 'unused code', command: 'knip', args: ['--no-progress'] },
  { name: 'boundaries', command: 'node', args: ['tools/boundaries.ts'] },
  { name: 'document links', command: 'node', args: ['tools/links.ts'] },
  { name: 'generated documents', command: 'node', args: ['tools/docs.ts', '--check'] },
] as const

export async function runChecks(): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const { name, command, args } of checks) outcomes.push(await step(name, command, [...args]))
  return outcomes
}

/** A step that passes or fails as a whole. */
export async function step(name: string, command: string, args: string[]): Promise<Outcome> {
  process.stdout.write(`\n── ${name}\n`)
  const began = performance.now()
  const code = await run(command, args)
  const seconds = (performance.now() - began) / 1000
  return { name, passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0, seconds }
}

/** Tests by vitest; counts come from its own report, so a run that collected nothing is a failure. */
export async function vitest(name: string, args: string[]): Promise<Outcome> {
  process.stdout.write(`\n── ${name}\n`)
  const began = performance.now()
  const folder = join(root, '.kapok')
  mkdirSync(folder, { recursive: true })
  const report = join(folder, `vitest-${process.pid}-${name.replace(/\W+/g, '-')}.json`)
  const code = await run('vitest', [
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...args,
  ])
  const seconds = (performance.now() - began) / 1000
  if (!existsSync(report)) return { name, passed: 0, failed: 1, skipped: 0, seconds }
  const {
    numPassedTests: passed,
    numFailedTests,
    numPendingTests: skipped,
  } = JSON.parse(readFileSync(report, 'utf8')) as {
    numPassedTests: number
    numFailedTests: number
    numPendingTests: number
  }
  rmSync(report)
  const failed = numFailedTests > 0 ? numFailedTests : code === 0 && passed > 0 ? 0 : 1
  return { name, passed, failed, skipped, seconds }
}

/** Prints a table of the outcomes and the closing line; the process exits non-zero when anything failed. */
export function finish(outcomes: readonly Outcome[]): void {
  process.stdout.write('\n')
  for (const { name, passed, failed, seconds } of outcomes)
    process.stdout.write(
      `${failed === 0 ? '✓' : '✗'} ${name}: ${passed} passed, ${failed} failed (${seconds.toFixed(1)} s)\n`,
    )
  const sum = (key: 'passed' | 'failed' | 'skipped') => outcomes.reduce((total, each) => total + each[key], 0)
  const skipped = sum('skipped')
  process.stdout.write(
    `\n${sum('passed')} passed, ${sum('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`,
  )
  process.exitCode = sum('failed') === 0 ? 0 : 1
}
