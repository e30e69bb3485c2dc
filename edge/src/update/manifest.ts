import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  compareVersions,
  type Release,
  releaseBytesMax,
  releasePlatforms,
  type SignedRelease,
  unpackedBytesMax,
  versionPattern,
} from '@kapok/contracts/gateway-release'
import { canonicalJson } from '@kapok/kit/canonical-json'
import { refuseUpdate } from './words.ts'

/** PEM public keys, one after the other, in a gateway's home or in its package. */
export const keysFile = 'release-keys.pem'
const keysMax = 8
const pem = /-----BEGIN PUBLIC KEY-----[\s\S]+?-----END PUBLIC KEY-----/g

/**
 * Trusted release keys by their id. The home's file, where there is one, decides alone; else the running package's, so that
 * a release which an old key signed brings the next keys along (what TUF calls the rotation of root keys). Throws when a key
 * cannot be read: a trust that is not understood is none.
 */
export function trustedKeys(home: string, packageFolder: string): Map<string, KeyObject> {
  const file = [home, packageFolder].map((folder) => join(folder, keysFile)).find(existsSync)
  const texts = file === undefined ? [] : (readFileSync(file, 'utf8').match(pem) ?? [])
  return new Map(texts.slice(0, keysMax).map((text) => [keyIdOf(createPublicKey(text)), createPublicKey(text)]))
}

/** SHA-256 of a raw Ed25519 public key (the end of its SPKI form, RFC 8410 §4), hexadecimal. */
export function keyIdOf(publicKey: KeyObject): string {
  if (publicKey.asymmetricKeyType !== 'ed25519') throw new Error('a release key is an Ed25519 key')
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
  return createHash('sha256').update(raw).digest('hex')
}

/** What a releaser signs. */
export const signedBytes = (release: Release) => Buffer.from(canonicalJson({ ...release }), 'utf8')

/** The release of a manifest of which one signature is a trusted key's. Throws SentenceError. */
export function verifiedRelease(manifest: unknown, trusted: ReadonlyMap<string, KeyObject>): Release {
  const { signed, signatures } = readManifest(manifest)
  if (trusted.size === 0) throw refuseUpdate('update.no_keys', { file: keysFile })
  const known = signatures.filter(({ keyid }) => trusted.has(keyid))
  const shown = (ids: Iterable<string>) => [...ids].map((each) => each.slice(0, 16)).join(', ')
  const signers = shown(signatures.map(({ keyid }) => keyid))
  if (known.length === 0) throw refuseUpdate('update.signature', { signers, trusted: shown(trusted.keys()) })
  const bytes = signedBytes(signed)
  const isGood = ({ keyid, sig }: SignedRelease['signatures'][number]) =>
    verify(null, bytes, trusted.get(keyid) as KeyObject, Buffer.from(sig, 'base64url'))
  if (!known.some(isGood)) throw refuseUpdate('update.signature_wrong', { signers: shown(known.map((k) => k.keyid)) })
  return signed
}

/** What takes a release. */
export interface Taker {
  version: string
  platform: string
  /** Of the Node that runs. */
  node: string
  downgrade: boolean
}

/** Refuses a release that is not for this gateway. Throws SentenceError. */
export function checkFits(release: Release, { version: running, platform: own, node, downgrade }: Taker): void {
  const { version, platform, minimumVersion: minimum } = release
  if (platform !== own) throw refuseUpdate('update.platform', { platform, own })
  const step = compareVersions(version, running)
  if (step === 0) throw refuseUpdate('update.same', { version })
  if (step < 0 && !downgrade) throw refuseUpdate('update.older', { version, running })
  if (step > 0 && compareVersions(running, minimum) < 0)
    throw refuseUpdate('update.too_far', { version, running, minimum })
  if (!release.bringsNode && release.node !== node) throw refuseUpdate('update.node', { node: release.node, own: node })
}

function readManifest(manifest: unknown): SignedRelease {
  const { signed, signatures } = objectIn(manifest)
  const release = objectIn(signed)
  if (release.type !== 'kapok-edge-release' || release.form !== 1) throw unknown('type or form')
  for (const key of ['version', 'node', 'minimumVersion'])
    if (!new RegExp(versionPattern).test(String(release[key]))) throw unknown(key)
  if (!(releasePlatforms as readonly unknown[]).includes(release.platform)) throw unknown('platform')
  for (const [key, max] of [
    ['bytes', releaseBytesMax],
    ['unpackedBytes', unpackedBytesMax],
  ] as const) {
    const value = release[key]
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > max) throw unknown(key)
  }
  if (!/^[0-9a-f]{64}$/.test(String(release.sha256))) throw unknown('sha256')
  if (typeof release.bringsNode !== 'boolean') throw unknown('bringsNode')
  if (!Array.isArray(signatures) || signatures.length > keysMax) throw unknown('signatures')
  for (const each of signatures as unknown[]) {
    const { keyid, sig } = objectIn(each)
    if (typeof keyid !== 'string' || typeof sig !== 'string') throw unknown('signatures')
  }
  return manifest as SignedRelease
}

const unknown = (why: string) => refuseUpdate('update.manifest', { why })

function objectIn(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw unknown('not an object')
  return value as Record<string, unknown>
}
