import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A Python of its own with one package in it, in a temporary folder. */
export interface PythonFolder {
  /** Runs a script of tests/python; what it printed. */
  run(script: string, args: readonly (string | number)[]): Promise<string>
  remove(): void
}

/** Makes one by `python3 -m venv` and pip; a sentence when this machine cannot. */
export function pythonWith(requirement: string): PythonFolder | string {
  const folder = mkdtempSync(join(tmpdir(), 'kapok-python-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  const python = join(folder, 'bin', 'python')
  try {
    execFileSync('python3', ['-m', 'venv', folder], { stdio: 'pipe' })
    execFileSync(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', requirement], {
      stdio: 'pipe',
      timeout: 120_000,
    })
  } catch (error) {
    remove()
    const why = error instanceof Error ? error.message.split('\n').slice(0, 3).join(' ') : String(error)
    return `${requirement} could not be installed by python3 and pip, so it was not tried: ${why}`
  }
  return {
    async run(script, args) {
      const { stdout } = await run(
        python,
        [join(import.meta.dirname, '../python', script), ...args.map((each) => String(each))],
        { timeout: 60_000 },
      )
      // Some libraries chat while they are imported: the script's own line is the last one.
      return stdout.trim().split('\n').at(-1) ?? ''
    },
    remove,
  }
}
