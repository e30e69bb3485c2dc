import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ed25519VerifierKey, fromHex } from '@kapok/kit/signed-note'
import { StoreFault } from './refusal.ts'
import { syncPath } from './sync-path.ts'

/** Whose log it is, and the Ed25519 key that signs its checkpoints: 32 bytes each. */
export interface LogKey {
  origin: string
  secret: Uint8Array
  public: Uint8Array
  /** Verifier key of the log that was mirrored until it was taken over: it signed the beginning. */
  follows?: string
}

export const logKeyFile = (folder: string): string => join(folder, 'log-key.json')

export const hasLogKey = (folder: string): boolean => existsSync(logKeyFile(folder))

export const verifierKeyOf = (key: LogKey): string => ed25519VerifierKey(key.origin, key.public)

/**
 * The key of a store's log, made at its first start and readable by its owner only. Throws StoreFault when it is gone from a
 * store that signed with it: with another key every mirror would take the log for another's. `follows`: see LogKey, for a new key.
 */
export function loadLogKey(folder: string, mayMake: boolean, follows?: string): LogKey {
  const file = logKeyFile(folder)
  if (!hasLogKey(folder)) {
    if (!mayMake)
      throw new StoreFault(`${file} is gone, with which this log was signed: put it back from a backup of the store`)
    const { privateKey } = generateKeyPairSync('ed25519')
    const { d = '', x = '' } = privateKey.export({ format: 'jwk' })
    const hex = (part: string) => Buffer.from(part, 'base64url').toString('hex')
    const origin = `kapok.invalid/identifier/${randomBytes(4).toString('hex')}`
    // Whole or not at all, before anything is signed with it.
    const draft = `${file}.draft`
    writeFileSync(draft, JSON.stringify({ origin, secret: hex(d), public: hex(x), follows }), {
      mode: 0o600,
      flush: true,
    })
    renameSync(draft, file)
    syncPath(folder)
  }
  try {
    const kept = JSON.parse(readFileSync(file, 'utf8')) as Record<'origin' | 'secret' | 'public', string> & {
      follows?: string
    }
    const keys = { secret: fromHex(kept.secret), public: fromHex(kept.public) }
    return { origin: kept.origin, ...keys, ...(kept.follows !== undefined && { follows: kept.follows }) }
  } catch (error) {
    throw new StoreFault(`${file} is no key of a log: put it back from a backup of the store`, error)
  }
}

/** The key with which a store's log is signed, or that by which another's is known. `isNew`: nothing was signed yet. */
export function logKeyOf(
  folder: string,
  options: { mirrorOf?: string; readOnly?: boolean; takesOver?: boolean; isNew: boolean },
): LogKey | string {
  if (options.mirrorOf !== undefined) return options.mirrorOf
  if (options.readOnly) return hasLogKey(folder) ? loadLogKey(folder, false) : ''
  return loadLogKey(folder, options.takesOver === true || options.isNew)
}
