import { generateKeyPairSync, sign, verify } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { batchKinds, decodeSignedBatch, encodeSignedBatch, isSignedBatch, type SignedBatch } from './signed-batch.ts'

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const signer = (bytes: Uint8Array) => sign(null, bytes, privateKey)
const verifier = (bytes: Uint8Array, signature: Uint8Array) => verify(null, bytes, publicKey, signature)
const batch: SignedBatch = {
  kind: 'points',
  sequence: 2 ** 40 + 7,
  firstAt: -5,
  lastAt: 1_790_000_000_000,
  points: 3,
  body: Uint8Array.of(1, 2, 3),
}

test('every batch comes back as it was signed', () => {
  fc.assert(
    fc.property(
      fc.record({
        kind: fc.constantFrom(...batchKinds),
        sequence: fc.maxSafeNat(),
        firstAt: fc.maxSafeInteger(),
        lastAt: fc.maxSafeInteger(),
        points: fc.nat({ max: 2 ** 32 - 1 }),
        body: fc.uint8Array({ maxLength: 200 }),
      }),
      (each) => {
        expect(decodeSignedBatch(encodeSignedBatch(each, signer), verifier)).toEqual(each)
      },
    ),
    { numRuns: 50 },
  )
})

test('a batch with any byte changed is none of the gateway’s', () => {
  const bytes = encodeSignedBatch(batch, signer)
  for (let i = 0; i < bytes.length; i++) {
    const changed = Uint8Array.from(bytes)
    changed[i] = (changed[i] ?? 0) ^ 1
    expect(() => decodeSignedBatch(changed, verifier)).toThrow(RangeError)
  }
  const other = generateKeyPairSync('ed25519').privateKey
  const forged = encodeSignedBatch(batch, (head) => sign(null, head, other))
  expect(() => decodeSignedBatch(forged, verifier)).toThrow('the signature is not the gateway’s')
})

test('what is no signed batch is told apart, whatever its length', () => {
  expect(isSignedBatch(Uint8Array.of(0x4b, 0x42, 1))).toBe(false)
  const bytes = encodeSignedBatch(batch, signer)
  for (let length = 0; length < bytes.length; length++)
    expect(() => decodeSignedBatch(bytes.subarray(0, length), verifier)).toThrow(RangeError)
})
