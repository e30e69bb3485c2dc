import { createHash } from 'node:crypto'
import { canonicalJson, type Json } from '@kapok/kit/canonical-json'
import type { ErrorDeclaration, EventInContext } from './event.ts'

// Bytes of a kept event: its hash (32), then JSON of the event and its namespaces.

const hashBytes = 32

export function encodeEvent({ event, namespaces, hash }: EventInContext & { hash: Buffer }): Buffer {
  const text = JSON.stringify([event, namespaces])
  const bytes = Buffer.allocUnsafe(hashBytes + Buffer.byteLength(text))
  hash.copy(bytes)
  bytes.write(text, hashBytes)
  return bytes
}

export function decodeEvent(bytes: Buffer): EventInContext & { hash: Buffer } {
  const [event, namespaces] = JSON.parse(bytes.toString('utf8', hashBytes)) as [
    EventInContext['event'],
    EventInContext['namespaces'],
  ]
  return { event, namespaces, hash: Buffer.from(bytes.subarray(0, hashBytes)) }
}

/** Eight bytes that tell one error declaration of an event from another. */
export function declarationOf(declaration: ErrorDeclaration): Buffer {
  return createHash('sha256')
    .update(canonicalJson(declaration as Json))
    .digest()
    .subarray(0, 8)
}
