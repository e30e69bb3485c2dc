import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import chromium from '@sparticuz/chromium'

const kept = join(import.meta.dirname, '../../.kapok')
const packageFile = join(createRequire(import.meta.url).resolve('@sparticuz/chromium'), '../../../package.json')
let program: Promise<string> | undefined

/**
 * Path of the browser, unpacked once. The package unpacks into the temporary folder and takes whatever is there for whole, so that
 * of two that begin at the same time one would start half a browser; here each unpacks into a folder of its own, and the first
 * that is done gives it its name.
 */
export function browserProgram(): Promise<string> {
  program ??= unpacked()
  return program
}

async function unpacked(): Promise<string> {
  const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }
  const folder = join(kept, `browser-${version}`)
  if (!existsSync(folder)) await unpackInto(folder)
  return join(folder, 'chromium')
}

async function unpackInto(folder: string): Promise<void> {
  await mkdir(kept, { recursive: true })
  const draft = await mkdtemp(join(kept, 'browser-draft-'))
  const { TMPDIR } = process.env
  try {
    process.env.TMPDIR = draft
    await chromium.executablePath()
    await rename(draft, folder)
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    if (!existsSync(folder)) throw error
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = TMPDIR
  }
}
