import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Envelope, encodeMessage, type HandleValue, operationFlags, operations } from '../handle/handle.ts'
import { Homes } from '../node/homes.ts'
import { NodeService } from '../node/service.ts'
import type { RecordStore } from '../store/store.ts'
import { TestStores, value } from '../store/testing.ts'
import { storeWith } from '../testing.ts'
import { quickAnswer } from './quick-answer.ts'

const now = 1_735_646_400_000
const clock = { now: () => now }
const stores = new TestStores()
const closed: HandleValue = value(9, 'COST', '12.50', { permissions: 0x0c })
let records: RecordStore
let homes: Homes
let slow: NodeService
beforeAll(async () => {
  records = await storeWith(stores, [
    ['88.a/Part', [value(1, 'URL', 'https://example.com/1'), value(2, 'NAME', '泵轴'), closed]],
    ['88.a/轴', [value(1, 'URL', 'x'.repeat(20_000))]],
    ['88.a/closed', [closed]],
  ])
  homes = new Homes(records, ['88.A', '0.NA'])
  slow = new NodeService({ records, homes, registrar: undefined, recursion: undefined, site: () => undefined, clock })
})
afterAll(() => stores.close())

const envelopeOf = (version: Envelope['version'], message: Buffer): Envelope => ({
  version,
  suggested: { major: 2, minor: 11 },
  compressed: false,
  encrypted: false,
  truncated: false,
  sessionId: 7,
  requestId: 0x01020304,
  sequence: 0,
  messageLength: message.length,
})
const quick = (envelope: Envelope, message: Buffer) =>
  quickAnswer(
    { envelope, message },
    (prefix) => homes.has(prefix),
    (key) => records.publicBlock(key),
    now,
  )
const flags = Object.values(operationFlags)

test('the quick way gives the bytes of the long way, or leaves the request to it', () => {
  let taken = 0
  fc.assert(
    fc.property(
      fc.constantFrom(
        '88.a/Part',
        '88.A/Part',
        '88.a/part',
        '88.a/轴',
        '88.a/closed',
        '88.a/',
        '88.a',
        '88.b/x',
        '0.NA/88',
        '/x',
      ),
      fc.uniqueArray(fc.constantFrom(...flags), { maxLength: 4 }),
      fc.record({
        indexes: fc.constantFrom<number[]>([], [], [1]),
        types: fc.constantFrom<string[]>([], [], ['URL']),
        minor: fc.constantFrom(0, 5, 9, 11, 12),
        recursionCount: fc.nat(255),
        extra: fc.constantFrom('', '', '00000000', '0000000000000000', '01'),
      }),
      (handle, wanted, { indexes, types, minor, recursionCount, extra }) => {
        const asked = wanted.reduce((bits, flag) => (bits | flag) >>> 0, operationFlags.publicOnly as number)
        const header = {
          operation: operations.resolve,
          response: 0,
          flags: asked,
          siteInfoSerial: 0xffff,
          recursionCount,
          expiration: 0,
        }
        const encoded = encodeMessage({
          ...header,
          body: { kind: 'resolve', handle, indexes, types },
          credential: null,
        })
        const message = Buffer.concat([encoded, Buffer.from(extra, 'hex')])
        const envelope = envelopeOf({ major: 2, minor }, message)
        const answer = quick(envelope, message)
        if (answer === undefined) return
        taken++
        const long = slow.answer({ envelope, message })
        if (long === undefined || long instanceof Promise) throw new Error('the long way has no answer')
        expect(answer.message.toString('hex')).toBe(long.message.toString('hex'))
        expect(answer.keepConnection).toBe(long.keepConnection)
        expect(answer.frame?.subarray(20)).toEqual(answer.message)
      },
    ),
    { numRuns: Number(process.env.KAPOK_FUZZ_RUNS ?? 2_000) },
  )
  expect(taken).toBeGreaterThan(0)
})

test('bytes that are no request are left to the long way, whatever they claim', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(79), fc.nat(255), (noise, at, byte) => {
      const sound = encodeMessage({
        operation: operations.resolve,
        response: 0,
        flags: operationFlags.publicOnly,
        siteInfoSerial: 0xffff,
        recursionCount: 0,
        expiration: 0,
        body: { kind: 'resolve', handle: '88.a/Part', indexes: [], types: [] },
        credential: null,
      })
      sound[at % sound.length] = byte
      for (const message of [Buffer.from(noise), sound, sound.subarray(0, at % sound.length)])
        quick(envelopeOf({ major: 2, minor: 11 }, message), message)
    }),
    { numRuns: Number(process.env.KAPOK_FUZZ_RUNS ?? 2_000) },
  )
})
