import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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
export function javaWith(
  artifact: { group: string; name: string; version: string },
  program: string,
): JavaFolder | string {
  const { group, name, version } = artifact
  const folder = mkdtempSync(join(tmpdir(), 'kapok-java-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    writeFileSync(join(folder, 'pom.xml'), projectOf(group, name, version))
    const copy = ['-q', 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${folder}`]
    execFileSync('mvn', copy, { cwd: folder, stdio: 'pipe', timeout: 90_000 })
    const classPath = [join(folder, '*'), folder].join(delimiter)
    const source = join(import.meta.dirname, '../java', `${program}.java`)
    execFileSync('javac', ['-encoding', 'UTF-8', '-cp', classPath, '-d', folder, source], { stdio: 'pipe' })
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
    return `${group}:${name}:${version} could not be fetched and compiled by Maven and javac, so it was not tried: ${why}`
  }
}

function projectOf(group: string, name: string, version: string): string {
  const library = `<groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version>`
  const project = '<groupId>kapok</groupId><artifactId>stranger</artifactId><version>1</version>'
  return `<project><modelVersion>4.0.0</modelVersion>${project}<dependencies><dependency>${library}</dependency></dependencies></project>`
}
