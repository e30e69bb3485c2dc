import {
  canonicalHandle,
  decodeData,
  type Envelope,
  type HandleValue,
  publicKeyHolds,
  readOrUndefined,
  rsaPublicKey,
  secretKeyHolds,
  sm2PublicKey,
} from '../handle/handle.ts'
import { registrationLimits } from './limits.ts'

/** Who asks: the value of a record that holds a key. */
export interface User {
  handle: string
  index: number
}

/** Records by which users and groups are known, of this node and of others; undefined when there is none. */
export type FindRecord = (handle: string) => Promise<readonly HandleValue[] | undefined>

export interface ProofOfUser extends User {
  /** `HS_SECKEY` or `HS_PUBKEY`. */
  authenticationType: string
  answer: Uint8Array
}

type Challenge = Parameters<typeof publicKeyHolds>[2]

/** As the protocol's text forms write a user: `index:handle`. */
export const nameOfUser = ({ handle, index }: User): string => `${index}:${handle}`

export const sameUser = (one: User, other: User): boolean =>
  one.index === other.index && canonicalHandle(one.handle) === canonicalHandle(other.handle)

/**
 * The key value by which the answer to a challenge holds, as the user that it proves; undefined when none of the record's
 * keys made it. An answer without an index (0) is tried with each key of the record (hdllib's clients do so).
 */
export function provenUser(
  record: readonly HandleValue[],
  proof: ProofOfUser,
  challenge: Challenge,
  version: Envelope['version'],
): User | undefined {
  const type = proof.authenticationType.toUpperCase()
  const key = keyValuesOf(record, type, proof.index).find((value) => holds(value, type, proof, challenge, version))
  return key && { handle: proof.handle, index: key.index }
}

/** Values of a record that hold a key of the type (`HS_SECKEY`, `HS_PUBKEY`): that with the index, or all of them for index 0. */
export function keyValuesOf(record: readonly HandleValue[], type: string, index: number): readonly HandleValue[] {
  return record
    .filter((value) => value.type.toUpperCase() === type && (index === 0 || value.index === index))
    .slice(0, registrationLimits.keysOfUser)
}

function holds(
  value: HandleValue,
  type: string,
  { handle, answer }: ProofOfUser,
  challenge: Challenge,
  version: Envelope['version'],
): boolean {
  if (type === 'HS_SECKEY') return secretKeyHolds(answer, value.data, challenge, version)
  if (type !== 'HS_PUBKEY') return false
  const data = readOrUndefined(() => decodeData('HS_PUBKEY', value.data))
  if (data?.format !== 'key') return false
  const key = rsaPublicKey(data.key)
  if (key) return publicKeyHolds(answer, { kind: 'rsa', key }, challenge)
  const publicKey = sm2PublicKey(data.key)
  return publicKey !== undefined && publicKeyHolds(answer, { kind: 'sm2', publicKey, userId: handle }, challenge)
}
