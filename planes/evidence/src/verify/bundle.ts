import { canonicalJson, type Json } from '@kapok/kit/canonical-json'
import { sha256 } from '@noble/hashes/sha2'
import type { VerifierKeys } from '../log/signed-note.ts'
import type { Leaf } from '../seal/leaf.ts'

/** What proves an organisation's days to anybody, offline. The file is the RFC 8785 bytes of this, and nothing else. */
export interface Bundle {
  format: 'kapok-bundle-1'
  organisation: { id: string; name: string; uscc: string }
  from: string
  to: string
  /** The devices that are claimed; the leaves hold every device of the organisation. */
  devices: { id: string; name: string }[]
  /** Chain hash (hex) before the first seal of the bundle. */
  chainBefore: string
  /** Every seal of the organisation's chain from the first to the last that touches the days, in its order. */
  seals: BundleSeal[]
  /** Signed note of the checkpoint that the inclusion paths lead to. */
  checkpoint: string
  /** Signed note over the members above that people read: organisation, from, to, devices. */
  statement: string
  /** The log's keys as the log states them; believed only when they equal the pinned ones. */
  keys: VerifierKeys
}

export interface BundleSeal {
  leaf: Leaf
  /** Index in the log. */
  index: number
  /** Chain hash after this seal, hex. */
  chain: string
  /** Audit path, hex, nearest sibling first. */
  path: string[]
}

const utf8 = new TextEncoder()

/** SHA-256 of the canonical JSON of what people read in a bundle; what its statement signs. */
export function statementHash({ organisation, from, to, devices }: Omit<Bundle, 'statement'>): Uint8Array {
  return sha256(utf8.encode(canonicalJson({ organisation, from, to, devices } as unknown as Json)))
}
