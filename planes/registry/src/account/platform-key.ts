import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The RSA key by which the platform proves to nodes who it is, made at the first need and kept readable by its owner only.
 * Backing it up is the operator's task: without it each node must be given the new one.
 */
export function platformKey(dataFolder: string): KeyObject {
  const folder = join(dataFolder, 'registry')
  const file = join(folder, 'platform-key.pem')
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 3_072 })
    writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx', flush: true })
  }
  return createPrivateKey(readFileSync(file, 'utf8'))
}
