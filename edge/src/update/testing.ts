import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Release, SignedRelease } from '@kapok/contracts/gateway-release'
import { keyIdOf, signedBytes } from './manifest.ts'

/** A manifest for other bytes, by the releaser’s own key. */
export function signWith(keyFile: string, release: Release, archive: Uint8Array): SignedRelease {
  const key = createPrivateKey(readFileSync(keyFile, 'utf8'))
  const signed = { ...release, bytes: archive.length, sha256: createHash('sha256').update(archive).digest('hex') }
  const sig = sign(null, signedBytes(signed), key).toString('base64url')
  return { signed, signatures: [{ keyid: keyIdOf(createPublicKey(key)), sig }] }
}
