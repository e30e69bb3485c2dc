import type { DeviceDay, GatewayDay } from '@kapok/contracts/ports'
import { canonicalJson, type Json } from '@kapok/kit/canonical-json'
import { toHex } from '@kapok/kit/signed-note'
import { sha256 } from '@noble/hashes/sha2'

/** A meter as it stands in a leaf: its values, and a short check of each so that a changed one is named. */
type Checked<T> = T & { check: Record<string, string> }
/** Seals of the first format do not say what was signed. */
export type SealedMeter = Checked<Omit<DeviceDay, 'signed'> & { signed?: number }>
export type SealedGateway = Checked<GatewayDay>

/** `kapok-seal-2` says also what gateways signed, told and did not bring. Seals of both stand in one chain. */
export const sealFormats = ['kapok-seal-1', 'kapok-seal-2'] as const
export type SealFormat = (typeof sealFormats)[number]

/** What one seal says: the meters of one organisation and civil day. */
export interface Leaf {
  format: SealFormat
  organisation: string
  day: string
  /** 0 for the first seal; a correction has the next number. */
  revision: number
  /** Position in the organisation's own chain, from 0. */
  sequence: number
  /** Distinct minutes in which any device sent. */
  activeMinutes: number
  meters: SealedMeter[]
  /** Not in `kapok-seal-1`. */
  gateways?: SealedGateway[]
}

const utf8 = new TextEncoder()

/** First 8 hex digits of `SHA-256(field ‖ "=" ‖ canonical value)`: names the changed field, the leaf hash proves it. */
export function checkOf(field: string, value: Json): string {
  return toHex(sha256(utf8.encode(`${field}=${canonicalJson(value)}`)).slice(0, 4))
}

/** What a leaf is made of. */
export interface Sealable {
  organisation: string
  day: string
  revision: number
  sequence: number
  activeMinutes: number
  meters: readonly DeviceDay[]
  gateways: readonly GatewayDay[]
}

/** The leaf of a day; meters in the order of their ids, so that the same data give the same bytes. */
export function leafOf({ gateways, ...seal }: Sealable, format: SealFormat = 'kapok-seal-2'): Leaf {
  const inOrder = [...seal.meters].sort((a, b) => (a.deviceId < b.deviceId ? -1 : 1))
  if (format === 'kapok-seal-1')
    return { format, ...seal, meters: inOrder.map(({ signed: _, ...meter }) => checked(meter)) }
  const keys = [...gateways].sort((a, b) => (a.key < b.key ? -1 : 1))
  return { format, ...seal, meters: inOrder.map(checked), gateways: keys.map(checked) }
}

const checked = <T extends object>(meter: T): Checked<T> => ({
  ...meter,
  check: Object.fromEntries(Object.entries(meter).map(([field, value]) => [field, checkOf(field, value as Json)])),
})

export function leafText(leaf: Leaf): string {
  return canonicalJson(leaf as unknown as Json)
}

export const genesisHash = new Uint8Array(32)

/** `h_i = H(0x01 ‖ h_{i-1} ‖ leaf)`: the organisation's chain of seals. */
export function chainHash(previous: Uint8Array, text: string): Uint8Array {
  return sha256.create().update(Uint8Array.of(1)).update(previous).update(utf8.encode(text)).digest()
}
