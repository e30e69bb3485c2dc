import type { HandleReader, HandleWriter } from './bytes.ts'
import { type DigestAlgorithm, digestBytes, digestCodes } from './digest.ts'

/** A digest as messages carry it. Without an algorithm it stood behind a length, as MD5 first did. */
export interface DigestField {
  algorithm?: DigestAlgorithm
  digest: Uint8Array
}

/** Reads the code of an algorithm and its digest; code 0 is the first byte of a length, the first form. */
export function readDigest(reader: HandleReader): DigestField {
  const at = reader.offset
  const code = reader.u8('the digest algorithm')
  if (code === 0) {
    const length = reader.raw(3, 'the length of the digest').readUIntBE(0, 3)
    if (length > 64) reader.refuse('a digest of at most 64 bytes', `${length}`, at)
    return { digest: reader.raw(length, 'the digest of the request') }
  }
  const algorithm = digestCodes[code - 1]
  if (algorithm === undefined) reader.refuse('digest algorithm 1 (MD5), 2 (SHA-1) or 3 (SHA-256)', `${code}`, at)
  return { algorithm, digest: reader.raw(digestBytes[algorithm], 'the digest of the request') }
}

export function writeDigest(writer: HandleWriter, { algorithm, digest }: DigestField): void {
  if (algorithm === undefined) {
    writer.bytes(digest, 'the digest of the request', 64)
    return
  }
  if (digest.length !== digestBytes[algorithm])
    writer.refuse(`a digest of ${digestBytes[algorithm]} bytes`, `${digest.length}`)
  writer.u8(digestCodes.indexOf(algorithm) + 1, 'the digest algorithm').raw(digest)
}
