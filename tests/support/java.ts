import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A Java program of tests/java, compiled against one library in a temporary folder. */
export interface JavaFolder {
  /** Runs it; the lines that it printed. */
  run(args: readonly (string | number)[]): Promise<string[]>
  remove(): void
}

/** Makes one by Maven and javac; a sentence when this machine cannot. */
export function javaWith(artifact: string, program: string): JavaFolder | string {
  const folder = mkdtempSync(join(tmpdir(), 'kapok-java-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    const copy = ['-q', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`]
    execFileSync('mvn', copy, { cwd: folder, stdio: 'pipe', timeout: 240_000 })
    const [jar = ''] = readdirSync(folder).filter((file) => file.endsWith('.jar'))
    const source = join(import.meta.dirname, '../java', `${program}.java`)
    execFileSync('javac', ['-encoding', 'UTF-8', '-cp', join(folder, jar), '-d', folder, source], { stdio: 'pipe' })
    const classPath = [join(folder, jar), folder].join(delimiter)
    return {
      async run(args) {
        // Its settings and caches stay in the folder.
        const java = [`-Duser.home=${folder}`, '-Dfile.encoding=UTF-8', '-cp', classPath, program]
        const { stdout } = await run('java', [...java, ...args.map((each) => String(each))], { timeout: 60_000 })
        return stdout.trim().split(/\r?\n/)
      },
      remove,
    }
  } catch (error) {
    remove()
    const why = error instanceof Error ? error.message.split('\n').slice(0, 3).join(' ') : String(error)
    return `${artifact} could not be fetched and compiled by Maven and javac, so it was not tried: ${why}`
  }
}
