import { spawn } from 'node:child_process'
import { existsSync, globSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot, SetupError } from '../config.ts'

/** What the built portal is made from. */
const sources = [
  'portal/src/**/*',
  'portal/index.html',
  'portal/*.ts',
  'contracts/src/*.ts',
  'planes/evidence/src/**/*.ts',
]

/** Builds the portal when it was never built or its sources are newer; a checkout needs no step of its own for it. */
export async function buildPortalIfStale(say: (words: string) => void): Promise<void> {
  const built = join(repositoryRoot, 'portal/dist/verify.html')
  const builtAt = existsSync(built) ? statSync(built).mtimeMs : 0
  const isFresh = globSync(sources, { cwd: repositoryRoot }).every(
    (file) => statSync(join(repositoryRoot, file)).mtimeMs <= builtAt,
  )
  if (isFresh) return
  say('正在构建门户（仅首次或更新后）· building the portal, once …')
  await run(['node_modules/vite/bin/vite.js', 'build', '--logLevel', 'error', 'portal'])
  await run(['tools/verifier-page.ts'])
}

function run(args: string[]): Promise<void> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, args, { cwd: repositoryRoot, stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-2000)
    })
    child.once('error', fail)
    child.once('exit', (code) => {
      if (code === 0) done()
      else
        fail(
          new SetupError(
            `The portal could not be built: ${said.trim()}\nRun “npm ci” again; if that does not help, report this.`,
          ),
        )
    })
  })
}
