import type { HandleValue } from '../handle/handle.ts'
import { keeperOf, parentOf, rootPrefix } from '../node/homes.ts'

/** Why a step does not hold. */
export type PathFault =
  | 'notReached'
  | 'noCertificate'
  | 'noSignature'
  | 'malformed'
  | 'brokenChain'
  | 'wrongPrefix'
  | 'wrongHandle'
  | 'wrongKey'
  | 'expired'
  | 'notYetValid'
  | 'valueChanged'
  | 'valueNotCovered'
  | 'valueMissing'
  | 'chainTooLong'

/** One step from the trusted key down to the values. */
export interface PathStep {
  /** A prefix's certificate, the record's signature, the values that it covers. */
  kind: 'certificate' | 'signature' | 'values'
  /** The prefix, or the handle. */
  of: string
  holds: boolean
  why?: PathFault
  /** What was found, as a sentence. */
  sentence: string
}

/** Verified from the trusted key down; not signed, or what proves it was not to be had; or signed, and it does not hold. */
export interface VerifiedPath {
  verdict: 'verified' | 'unproven' | 'refused'
  steps: PathStep[]
}

/** What is known of an answer and of the way to it. */
export interface PathEvidence {
  /** In canonical form. */
  handle: string
  /** Its public values. */
  values: readonly HandleValue[]
  /** Whether these are all of them, so that one that is missing is missed. */
  isWhole: boolean
  /** Records, or the HS_CERT alone, of the prefixes above it (`prefixesAbove`); none for what could not be asked for. */
  certificates: ReadonlyMap<string, readonly HandleValue[]>
  nowSeconds: number
}

/** The prefixes whose certificates lead from the root to a handle (canonical), from the top down. */
export function prefixesAbove(handle: string): string[] {
  const prefixes: string[] = []
  for (let prefix = keeperOf(handle); prefix !== rootPrefix; prefix = parentOf(prefix)) prefixes.unshift(prefix)
  return prefixes
}
