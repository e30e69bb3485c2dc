import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HandleFormatError } from '../handle/bytes.ts'
import type { HandleValue } from '../handle/value.ts'
import { openCheckpoint } from './mirror.ts'
import {
  assertSealed,
  contentOf,
  decodeContent,
  encodeContent,
  publicBlockOf,
  sealRecord,
  seqOf,
} from './record-bytes.ts'
import { StoreFault, StoreRefusal } from './refusal.ts'
import { partValues } from './testing.ts'
import { decodeTransaction, encodeTransaction, nameContent } from './transaction.ts'

const fuzzRuns = Number(process.env.KAPOK_FUZZ_RUNS ?? 5_000)

const u32 = fc.integer({ min: 0, max: 0xffff_ffff })
const text = fc.string({ unit: 'grapheme', maxLength: 12 })
const values: fc.Arbitrary<HandleValue[]> = fc.uniqueArray(
  fc.record({
    index: fc.integer({ min: 1, max: 0xffff_ffff }),
    type: text,
    data: fc.uint8Array({ maxLength: 24 }),
    ttl: fc.record({ kind: fc.constantFrom('relative', 'absolute'), seconds: u32 }),
    permissions: fc.integer({ min: 0, max: 0xff }),
    timestamp: u32,
    references: fc.array(fc.record({ handle: text, index: u32 }), { maxLength: 3 }),
  }),
  { maxLength: 4, selector: ({ index }) => index },
)

test('every record comes back from its bytes as it was, in the order of its indexes, and its public values alone', () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(name, values, fc.integer({ min: 1, max: 2 ** 48 - 1 }), (handle, given, seq) => {
      const key = Buffer.from(handle)
      const sealed = sealRecord(key, seq, encodeContent(handle, given))
      assertSealed(key, sealed)
      const inOrder = given.toSorted((a, b) => a.index - b.index)
      const plain = (each: HandleValue) => ({ ...each, data: Buffer.from(each.data) })
      expect(decodeContent(contentOf(sealed))).toEqual({ handle, values: inOrder.map(plain) })
      expect(seqOf(sealed)).toBe(seq)
      expect(publicBlockOf(sealed).readUInt32BE(0)).toBe(given.filter(({ permissions }) => permissions & 2).length)
    }),
    { numRuns: Math.min(fuzzRuns, 20_000) },
  )
})

test('every single byte that differs in a sealed record is found, and a record under another key', () => {
  const key = Buffer.from('88.1.2/a')
  const sealed = sealRecord(key, 7, encodeContent('88.1.2/a', partValues(1)))
  for (let at = 0; at < sealed.length; at++) {
    const damaged = Buffer.from(sealed)
    damaged[at] = (damaged[at] ?? 0) ^ (1 + (at % 255))
    expect(() => assertSealed(key, damaged)).toThrow(StoreFault)
    expect(() => assertSealed(key, sealed.subarray(0, at))).toThrow(StoreFault)
  }
  expect(() => assertSealed(Buffer.from('88.1.2/b'), sealed)).toThrow(StoreFault)
})

const rows = [
  encodeTransaction({
    seq: 5,
    at: 1_767_225_600_000,
    kind: 'replace',
    before: Buffer.alloc(32, 1),
    by: Buffer.from('300:0.NA/88.1.2'),
    content: encodeContent('88.1.2/a', partValues(1)),
  }),
  encodeTransaction({
    seq: 6,
    at: 0,
    kind: 'delete',
    before: Buffer.alloc(32, 1),
    by: Buffer.alloc(0),
    content: nameContent(Buffer.from('88.1.2/a')),
  }),
]

const damage = fc.tuple(
  fc.constantFrom(...rows),
  fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
  fc.nat(),
)
const damaged = damage.map(([row, changes, end]) => {
  const bytes = Buffer.from(row.subarray(0, end % 3 === 0 ? end % row.length : row.length))
  for (const [at, byte] of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte
  return bytes
})

const declared = (read: () => unknown, errors: readonly (new (...args: never[]) => Error)[]) => {
  try {
    read()
  } catch (error) {
    if (!errors.some((each) => error instanceof each)) throw error
  }
}

test('damaged and random transactions and records are read or refused, with no other error', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        damaged,
        fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      ),
      (bytes) => {
        declared(() => {
          const { after } = decodeTransaction(bytes)
          if (after) decodeContent(after)
        }, [HandleFormatError])
        declared(() => decodeContent(bytes), [HandleFormatError])
        declared(() => openCheckpoint(bytes.toString('latin1'), 'a+b+c'), [StoreRefusal])
      },
    ),
    { numRuns: fuzzRuns },
  )
})
