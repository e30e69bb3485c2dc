import type { DeviceDay } from '@kapok/contracts/ports'
import { canonicalJson, type Json } from '@kapok/kit/canonical-json'
import { sha256 } from '@noble/hashes/sha2'
import { toHex } from '../log/signed-note.ts'

/** A device's meter as it stands in a leaf: its values, and a short check of each so that a changed one is named. */
export interface SealedMeter extends DeviceDay {
  check: Record<string, string>
}

/** What one seal says: the meters of one organisation and civil day. */
export interface Leaf {
  format: 'kapok-seal-1'
  organisation: string
  day: string
  /** 0 for the first seal; a correction has the next number. */
  revision: number
  /** Position in the organisation's own chain, from 0. */
  sequence: number
  /** Distinct minutes in which any device sent. */
  activeMinutes: number
  meters: SealedMeter[]
}

const utf8 = new TextEncoder()

/** First 8 hex digits of `SHA-256(field ‖ "=" ‖ canonical value)`: names the changed field, the leaf hash proves it. */
export function checkOf(field: string, value: Json): string {
  return toHex(sha256(utf8.encode(`${field}=${canonicalJson(value)}`)).slice(0, 4))
}

/** The leaf of a day; meters in the order of device ids, so that the same data give the same bytes. */
export function leafOf(seal: {
  organisation: string
  day: string
  revision: number
  sequence: number
  activeMinutes: number
  meters: readonly DeviceDay[]
}): Leaf {
  const meters = [...seal.meters]
    .sort((a, b) => (a.deviceId < b.deviceId ? -1 : 1))
    .map((meter) => ({
      ...meter,
      check: Object.fromEntries(Object.entries(meter).map(([field, value]) => [field, checkOf(field, value as Json)])),
    }))
  return { format: 'kapok-seal-1', ...seal, meters }
}

export function leafText(leaf: Leaf): string {
  return canonicalJson(leaf as unknown as Json)
}

export const genesisHash = new Uint8Array(32)

/** `h_i = H(0x01 ‖ h_{i-1} ‖ leaf)`: the organisation's chain of seals. */
export function chainHash(previous: Uint8Array, text: string): Uint8Array {
  return sha256.create().update(Uint8Array.of(1)).update(previous).update(utf8.encode(text)).digest()
}
