import { createHash } from 'node:crypto'
import type { hashOptions } from './site.ts'

/** ASCII letters alone: a handle's other letters have one case on the wire. */
const upper = (text: string) => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase())

/** A handle's two parts (RFC 3651 §3). A name without a slash is a prefix, which the record `0.NA/<prefix>` describes. */
export function partsOf(handle: string): { prefix: string; suffix: string } {
  const slash = handle.indexOf('/')
  return slash === -1
    ? { prefix: '0.NA', suffix: handle }
    : { prefix: handle.slice(0, slash), suffix: handle.slice(slash + 1) }
}

/** The form in which handles are compared: ASCII upper case in the prefix, and in the whole of a global handle (`0.…`). */
export function canonicalHandle(handle: string): string {
  const slash = handle.indexOf('/')
  if (slash === -1 || /^0\./.test(handle)) return upper(handle)
  return upper(handle.slice(0, slash)) + handle.slice(slash)
}

/** The handle of the record that describes a handle's prefix; of a global handle it is the root's. */
export function prefixHandle(handle: string): string {
  const prefix = upper(partsOf(handle).prefix)
  return prefix === '0.NA' ? '0.NA/0.NA' : `0.NA/${prefix}`
}

/** The part of a handle by which a site spreads its handles over its servers, after its hash option. */
function hashedPart(handle: string, option: (typeof hashOptions)[number]): string {
  return option === 'handle' ? handle : partsOf(handle)[option]
}

/** Hash of a handle's part: the last four bytes of its MD5, as a number without sign (RFC 3652 §2.4 as hdllib does it). */
export function serverHash(handle: string, option: (typeof hashOptions)[number]): number {
  return Math.abs(
    createHash('md5')
      .update(upper(hashedPart(handle, option)), 'utf8')
      .digest()
      .readInt32BE(12),
  )
}

/** Which of a site's servers has the handle. */
export function serverIndex(handle: string, option: (typeof hashOptions)[number], servers: number): number {
  return serverHash(handle, option) % servers
}
