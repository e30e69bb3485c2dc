import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

/** Packs the gateway and installs it in an empty folder, as a plant would; the path of its command. */
export function installGateway(folder: string, packing: readonly string[] = []): string {
  const home = join(folder, 'plant')
  mkdirSync(home, { recursive: true })
  const run = (command: string, args: string[], cwd: string) => execFileSync(command, args, { cwd, encoding: 'utf8' })
  const file = run('npm', ['run', '-s', 'pack:edge', '--', join(folder, 'pack'), ...packing], root).trim()
  writeFileSync(join(home, 'package.json'), '{"private":true}')
  run('npm', ['install', '--silent', '--no-audit', '--no-fund', '--prefer-offline', file], home)
  return join(home, 'node_modules/.bin/kapok-edge')
}
