import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type JwsPrivateKey, type jwsKinds, makeJwsKey, privateJwkOf, privateJwsKeyOfJwk } from '../handle/handle.ts'

/** What a node signs with. */
export interface NodeKeys {
  /** Its answers (flag CT), as its HS_SITE says: RSA, since Handle clients know no other. */
  server?: KeyObject
  /** Records and delegations; without one it signs none. */
  records?: JwsPrivateKey
}

/** Clients check it with each certified answer, and signing with 2,048 bits is three times as fast as with 3,072. */
export const makeServerKey = (): KeyObject => generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey

/** A key of a node cannot be used: one sentence that says what to do. */
export class NodeKeyError extends Error {}

/** The key of a server in its node's folder, made at its first start and readable by its owner alone. Throws NodeKeyError. */
export function serverKeyIn(folder: string): KeyObject {
  const file = join(folder, 'server-key.pem')
  if (!existsSync(file)) {
    const key = makeServerKey()
    keep(folder, file, key.export({ type: 'pkcs8', format: 'pem' }).toString())
    return key
  }
  const key = readKey(file, (text) => createPrivateKey(text))
  if (key.asymmetricKeyType !== 'rsa') throw unusable(file)
  return key
}

/** As `serverKeyIn`, the key that signs records; one file for each kind, so that another kind takes nothing away. */
export function recordsKeyIn(folder: string, kind: (typeof jwsKinds)[number]): JwsPrivateKey {
  const file = join(folder, `records-key-${kind}.jwk`)
  if (!existsSync(file)) {
    const key = makeJwsKey(kind)
    keep(folder, file, JSON.stringify(privateJwkOf(key)))
    return key
  }
  const key = readKey(file, (text) => privateJwsKeyOfJwk(JSON.parse(text)))
  if (key?.kind !== kind) throw unusable(file)
  return key
}

function keep(folder: string, file: string, text: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeFileSync(file, text, { mode: 0o600, flag: 'wx', flush: true })
}

function readKey<T>(file: string, read: (text: string) => T): T {
  try {
    return read(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw unusable(file, cause)
  }
}

const unusable = (file: string, cause?: unknown) =>
  new NodeKeyError(`${file} is no key of this node: put it back from a backup, or move it away for a new one.`, {
    cause,
  })
