import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '@kapok/kit/clock'
import { canonicalHandle, type JwsPublicKey, jwkOf, jwsKeyOfJwk, type jwsKinds } from '../handle/handle.ts'
import { signingKeyIn, signingKeyIndex } from '../trust/certificate.ts'
import { trustLimits } from '../trust/limits.ts'
import { type NodeKeys, recordsKeyIn, serverKeyIn } from '../trust/node-keys.ts'
import { renewCertificates } from '../trust/renew-certificates.ts'
import { signingKeyValue } from './administrator.ts'
import { rootPrefix, trustRoot } from './homes.ts'
import type { IdentifierNode } from './node.ts'
import { NodeSetupError } from './setup-error.ts'

/** The keys of a node in its folder, made at its first start; its records are signed when a kind is named. */
export const keysIn = (home: string, kind: (typeof jwsKinds)[number] | undefined): NodeKeys => ({
  server: serverKeyIn(home),
  ...(kind && { records: recordsKeyIn(home, kind) }),
})

/**
 * Keeps the key that signs a prefix's records in the node's copy of the prefix's record, from where it is registered above;
 * what somebody has to do when it is new, as sentences.
 */
export async function keepSigningKey(
  node: IdentifierNode,
  prefix: string,
  home: string,
  clock: Clock,
): Promise<string[]> {
  const key = node.keys.records
  const handle = prefix === rootPrefix ? trustRoot : `0.NA/${prefix}`
  if (key === undefined) return []
  const publicKey = JSON.stringify(jwkOf(key))
  const kept = signingKeyIn(node.records.find(canonicalHandle(handle)) ?? [])
  if (kept !== undefined && JSON.stringify(jwkOf(kept)) === publicKey) return []
  const value = signingKeyValue(key, Math.floor(clock.now() / 1_000))
  const written = await node.records.change<never>(handle, '', (current) => ({
    next: [...(current?.values ?? []).filter(({ index }) => index !== signingKeyIndex), value],
  }))
  if (!written.done) throw written.refused
  if (prefix !== rootPrefix)
    return [
      `The key that signs the records of ${prefix} is new: the prefix above certifies it when value ${signingKeyIndex} of ${handle} is registered there.`,
    ]
  const file = join(home, 'root-key.jwk')
  writeFileSync(file, publicKey)
  return [`The key that signs for the root is new: who verifies answers trusts ${file} (--trust).`]
}

/** Renews the certificates of the prefixes below now and each day, until the timer is cleared. */
export async function keepCertificates(
  node: IdentifierNode,
  homes: readonly string[],
  clock: Clock,
  onFault: (fault: unknown) => void,
): Promise<NodeJS.Timeout> {
  const renew = async () => {
    if (node.keys.records === undefined) return
    for (const prefix of homes) await renewCertificates(node.records, prefix, clock)
  }
  await renew()
  return setInterval(() => void renew().catch(onFault), trustLimits.renewalMs).unref()
}

/** The key in a file, as JWK. Throws NodeSetupError. */
export function trustedKey(file: string): JwsPublicKey {
  try {
    const key = jwsKeyOfJwk(JSON.parse(readFileSync(file, 'utf8')))
    if (key !== undefined) return key
  } catch (cause) {
    throw new NodeSetupError(`--trust is “${file}”, which holds no key; name a copy of the root’s root-key.jwk.`, {
      cause,
    })
  }
  throw new NodeSetupError(`--trust is “${file}”, which holds no key; name a copy of the root’s root-key.jwk.`)
}
