/** A release of the gateway's software and its manifest. Types and plain functions, so that a gateway loads no schemas. */

export const releasePlatforms = ['linux-x64', 'linux-arm64'] as const
export type ReleasePlatform = (typeof releasePlatforms)[number]

/** What is signed: canonical JSON (RFC 8785) of this. The words are those of TUF's targets metadata where it has them. */
export interface Release {
  /** Tells this document from others that the same key may sign. */
  type: 'kapok-edge-release'
  form: 1
  /** `major.minor.patch`. */
  version: string
  platform: ReleasePlatform
  /** Of the file: a gzipped tar (POSIX ustar) of regular files and folders under `node_modules`. */
  bytes: number
  sha256: string
  /** Sum of the files in it; what the gateway needs of its disk, and the most that it unpacks. */
  unpackedBytes: number
  /** Version of Node that it runs with. Without one of its own it takes the gateway's, which must be this. */
  node: string
  bringsNode: boolean
  /** The oldest version that can take it. */
  minimumVersion: string
  /** ISO 8601. */
  madeAt: string
}

/** TUF's envelope: what is signed, and who signed it. */
export interface SignedRelease {
  signed: Release
  signatures: {
    /** SHA-256 of the raw Ed25519 public key, hexadecimal. */
    keyid: string
    /** Ed25519 (RFC 8032) over the canonical JSON of `signed`, base64url. */
    sig: string
  }[]
}

export const releaseBytesMax = 256 << 20
export const unpackedBytesMax = 1 << 30
/** Bytes of a release that are sent in one piece, up or down; a slow line brings one within a minute. */
export const releasePieceBytes = { up: 4 << 20, down: 1 << 20 } as const
export const versionPattern = '^(0|[1-9]\\d{0,5})(\\.(0|[1-9]\\d{0,5})){2}$'

/** Below 0 when `a` is older than `b`, 0 when they are one. Both as `major.minor.patch`. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a.split('.').map(Number), b.split('.').map(Number)]
  for (let i = 0; i < 3; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
