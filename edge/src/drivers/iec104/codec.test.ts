import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DeviceError } from '../../driver.ts'
import {
  type Apdu,
  type Asdu,
  causeWord,
  decodeApdu,
  decodeAsdu,
  encodeApdu,
  encodeAsdu,
  frameReader,
} from './codec.ts'
import {
  codeOf,
  commanded,
  decodeCommand,
  decodePoint,
  decodeTime56,
  elementBytes,
  encodeCommand,
  encodePoint,
  encodeTime56,
  monitored,
  typeOf,
} from './elements.ts'

const bytes = (hex: string) => Buffer.from(hex.replaceAll(/\s/g, ''), 'hex')
const sizes = { causeBytes: 2, commonAddressBytes: 2, objectAddressBytes: 3 }
const now = Date.UTC(2026, 9, 9, 6, 31)
const point = (code: number, hex: string) => decodePoint(typeOf(code)!, bytes(hex), 0, now)
const runs = Number(process.env.KAPOK_FUZZ_RUNS ?? 20_000)

// The frames of a general interrogation as the public web prints them, among others the start of each session on
// https://cnblogs.com/aoe1231/p/16704947.html
const published: [frame: string, apdu: Partial<Apdu>][] = [
  ['68 04 07 00 00 00', { kind: 'U', function: 'startAct' }],
  ['68 04 0B 00 00 00', { kind: 'U', function: 'startCon' }],
  ['68 04 13 00 00 00', { kind: 'U', function: 'stopAct' }],
  ['68 04 23 00 00 00', { kind: 'U', function: 'stopCon' }],
  ['68 04 43 00 00 00', { kind: 'U', function: 'testAct' }],
  ['68 04 83 00 00 00', { kind: 'U', function: 'testCon' }],
  ['68 04 01 00 02 00', { kind: 'S', received: 1 }],
  ['68 0E 00 00 00 00 64 01 06 00 01 00 00 00 00 14', { kind: 'I', sent: 0, received: 0 }],
  ['68 0E 00 00 02 00 64 01 07 00 01 00 00 00 00 14', { kind: 'I', sent: 0, received: 1 }],
  ['68 0E 0C 00 02 00 64 01 0A 00 01 00 00 00 00 14', { kind: 'I', sent: 6, received: 1 }],
]

test.each(published)('the published frame %s is read and written as it is', (hex, expected) => {
  const apdu = decodeApdu(bytes(hex))
  expect(apdu).toMatchObject(expected)
  expect(encodeApdu(apdu).equals(bytes(hex))).toBe(true)
  if (apdu.kind !== 'I') return
  const asdu = decodeAsdu(apdu.asdu, sizes, elementBytes)
  expect(asdu).toMatchObject({ type: 100, commonAddress: 1, objects: [{ address: 0, element: Buffer.of(20) }] })
  expect(encodeAsdu(asdu!, sizes).equals(apdu.asdu)).toBe(true)
})

test('a station’s refusal of a general interrogation, as recorded', () => {
  // From the trials of a public Python driver (IOTIEC104): confirmed negatively, with numbers far into a session.
  const apdu = decodeApdu(bytes('68 0E 30 98 9E 02 64 01 47 00 01 00 00 00 00 14'))
  if (apdu.kind !== 'I') throw new Error('it is an I frame')
  expect([apdu.sent, apdu.received]).toEqual([0x4c18, 0x014f])
  expect(decodeAsdu(apdu.asdu, sizes, elementBytes)).toMatchObject({ cause: 7, isNegative: true, isTest: false })
})

test('elements in sequence have the addresses that follow the first', () => {
  const asdu = decodeAsdu(bytes('0D 83 03 00 01 00 29 40 00 33334D42 00 33334F42 00 00005442 80'), sizes, elementBytes)!
  const read = asdu.objects.map(({ address, element }) => ({ address, ...decodePoint(typeOf(13)!, element, 0, now) }))
  expect(read.map(({ address, value, isInvalid }) => [address, value, isInvalid])).toEqual([
    [0x4029, Math.fround(51.3), false],
    [0x402a, Math.fround(51.8), false],
    [0x402b, 53, true],
  ])
})

test('a short float with time tag, and the bits of a time tag, by another’s hand', () => {
  // From the tests of a public .NET implementation (Time_tagged_float_with_cp56).
  const asdu = decodeAsdu(bytes('24 01 03 00 01 00 D1 07 00 0000A041 00 923B 1E 06 09 0A 1A'), sizes, elementBytes)!
  expect(asdu).toMatchObject({ type: 36, cause: 3, objects: [{ address: 2001 }] })
  const read = decodePoint(typeOf(36)!, asdu.objects[0]!.element, 0, now)
  expect(read).toMatchObject({
    value: 20,
    isInvalid: false,
    doubts: [],
    at: Date.UTC(2026, 9, 9, 6, 30, 15, 250),
    hasBadTime: false,
  })
  // The same marked invalid and in summer time.
  expect(decodeTime56(bytes('923B 9E 86 09 0A 1A'), 0)).toBeUndefined()
  expect(decodeTime56(bytes('923B 1E 86 09 0A 1A'), 0)).toBe(Date.UTC(2026, 9, 9, 5, 30, 15, 250))
  expect(decodeTime56(bytes('923B 1E 06 09 0A 1A'), 480)).toBe(Date.UTC(2026, 9, 8, 22, 30, 15, 250))
})

test('an invalid single point, as published', () => {
  // A public document of fixed frames for a master in Rust: CA 1, IOA 42, interrogated, true, invalid.
  const asdu = decodeAsdu(bytes('01 01 14 00 01 00 2A 00 00 81'), sizes, elementBytes)!
  expect(asdu).toMatchObject({ type: 1, cause: 20, objects: [{ address: 42 }] })
  expect(decodePoint(typeOf(1)!, asdu.objects[0]!.element, 0, now)).toMatchObject({
    value: 1,
    isInvalid: true,
    at: undefined,
  })
})

test('each bit of quality has its word', () => {
  expect(point(13, '0000803F 01').doubts).toEqual(['overflow (OV)'])
  expect(point(13, '0000803F 70').doubts).toEqual(['blocked (BL)', 'substituted (SB)', 'not topical (NT)'])
  expect(point(3, '00').doubts).toEqual(['indeterminate'])
  expect(point(3, '02')).toMatchObject({ value: 2, doubts: [] })
  expect(point(5, 'FF 00')).toMatchObject({ value: -1, doubts: ['in transit'] })
  expect(point(15, '01000000 1F')).toMatchObject({ value: 1, doubts: [], isInvalid: false })
  expect(point(15, '01000000 40').doubts).toEqual(['adjusted since it was last read (CA)'])
  expect(point(21, '0040')).toMatchObject({ value: 0.5, doubts: [] })
})

test('a time tag without hour is of the hour next to now', () => {
  expect(point(2, '01 923B 1E').at).toBe(Date.UTC(2026, 9, 9, 6, 30, 15, 250))
  expect(decodePoint(typeOf(2)!, bytes('01 0000 3B'), 0, Date.UTC(2026, 9, 9, 7, 1)).at).toBe(
    Date.UTC(2026, 9, 9, 6, 59),
  )
  expect(point(2, '01 923B 9E')).toMatchObject({ at: undefined, hasBadTime: true })
})

test('a time that is none is no time', () => {
  for (const none of [
    '60EA 00 00 01 01 1A',
    '0000 3C 00 01 01 1A',
    '0000 00 18 01 01 1A',
    '0000 00 00 1F 02 1A',
    '0000 00 00 01 00 1A',
  ])
    expect(decodeTime56(bytes(none), 0), none).toBeUndefined()
})

test('every time comes back', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: Date.UTC(2000, 0, 2), max: Date.UTC(2099, 11, 30) }),
      fc.integer({ min: -720, max: 840 }),
      (at, offset) => {
        expect(decodeTime56(encodeTime56(at, offset), offset)).toBe(at)
      },
    ),
  )
})

test('every point and every command comes back from its bytes', () => {
  const values = {
    M_SP: fc.nat({ max: 1 }),
    M_DP: fc.nat({ max: 3 }),
    M_ST: fc.integer({ min: -64, max: 63 }),
    M_BO: fc.nat({ max: 2 ** 32 - 1 }),
    M_ME_NA: fc.integer({ min: -32_768, max: 32_767 }).map((raw) => raw / 32_768),
    M_ME_NB: fc.integer({ min: -32_768, max: 32_767 }),
    M_ME_NC: fc.float({ noNaN: true }),
    M_IT: fc.integer(),
  }
  for (const kind of monitored)
    for (const timeBytes of [0, 3, 7] as const)
      fc.assert(
        fc.property(values[kind], fc.constantFrom(0, 0x80), (value, flags) => {
          const type = typeOf(codeOf(kind, timeBytes))!
          const got = decodePoint(type, encodePoint(type, value, flags, now, 480), 480, now)
          expect(Object.is(got.value, value)).toBe(true)
          expect([got.isInvalid, got.at]).toEqual([flags === 0x80, timeBytes === 0 ? undefined : now])
        }),
        { numRuns: 50 },
      )
  const orders = {
    C_SC: values.M_SP,
    C_DC: values.M_SP,
    C_SE_NA: values.M_ME_NA,
    C_SE_NB: values.M_ME_NB,
    C_SE_NC: values.M_ME_NC,
  }
  for (const kind of commanded)
    fc.assert(
      fc.property(orders[kind], fc.boolean(), (value, isSelect) => {
        expect(decodeCommand(kind, encodeCommand(kind, value, isSelect))).toEqual({ value, isSelect })
      }),
      { numRuns: 50 },
    )
  expect(() => encodeCommand('C_SE_NA', 1, false)).toThrow('not within −1 and 1')
  expect(() => encodeCommand('C_SE_NB', 40_000, false)).toThrow(RangeError)
})

const anySizes = fc.record({
  causeBytes: fc.integer({ min: 1, max: 2 }),
  commonAddressBytes: fc.integer({ min: 1, max: 2 }),
  objectAddressBytes: fc.integer({ min: 1, max: 3 }),
})
const anyAsdu = fc.record<Asdu>({
  type: fc.constant(11),
  cause: fc.nat({ max: 63 }),
  isNegative: fc.boolean(),
  isTest: fc.boolean(),
  commonAddress: fc.nat({ max: 255 }),
  objects: fc.array(
    fc.record({
      address: fc.nat({ max: 255 }),
      element: fc.uint8Array({ minLength: 3, maxLength: 3 }).map((each) => Buffer.from(each)),
    }),
    { minLength: 1, maxLength: 30 },
  ),
})

test('every ASDU comes back in every size of its fields, and every APDU through any tearing', () => {
  fc.assert(
    fc.property(anyAsdu, anySizes, fc.nat({ max: 32_767 }), fc.nat(), (asdu, sizes, number, cut) => {
      const apdu = { kind: 'I' as const, sent: number, received: 32_767 - number, asdu: encodeAsdu(asdu, sizes) }
      const stream = Buffer.concat([encodeApdu(apdu), encodeApdu({ kind: 'S', received: number })])
      const reader = frameReader()
      const at = cut % stream.length
      const [first, second] = [...reader.push(stream.subarray(0, at)), ...reader.push(stream.subarray(at))].map(
        decodeApdu,
      )
      expect(first).toEqual(apdu)
      expect(second).toEqual({ kind: 'S', received: number })
      expect(decodeAsdu(apdu.asdu, sizes, elementBytes)).toEqual(asdu)
    }),
  )
})

test('what is no frame, a frame of no format and an ASDU of another length are refused', () => {
  expect(() => frameReader().push(Buffer.from('GET / HTTP/1.1'))).toThrow('no IEC 60870-5-104')
  expect(() => frameReader().push(bytes('68 03'))).toThrow('the length 3')
  expect(() => frameReader().push(bytes('68 FE'))).toThrow('the length 254')
  expect(() => decodeApdu(bytes('68 04 0F 00 00 00'))).toThrow('a U frame came with the function fH')
  expect(() => decodeApdu(bytes('68 04 00 00 00 00'))).toThrow('without ASDU')
  expect(() => decodeApdu(bytes('68 05 01 00 00 00 00'))).toThrow('with data')
  expect(() => decodeAsdu(bytes('01 02 14 00 01 00 2A 00 00 81'), sizes, elementBytes)).toThrow(
    '10 bytes instead of 14',
  )
  expect(() => decodeAsdu(bytes('01 00 14 00 01 00'), sizes, elementBytes)).toThrow('with 0 objects')
  expect(() => decodeAsdu(bytes('01 01'), sizes, elementBytes)).toThrow('an ASDU of 2 bytes')
  expect(decodeAsdu(bytes('7F 01 14 00 01 00 2A 00 00 81'), sizes, elementBytes)).toBeUndefined()
  expect(() => encodeApdu({ kind: 'I', sent: 0, received: 0, asdu: Buffer.alloc(250) })).toThrow('at most 249 bytes')
  expect(causeWord(47)).toBe('unknown object address (cause 47)')
  expect(causeWord(63)).toBe('cause 63')
})

test('whatever comes, nothing but DeviceError is thrown and nothing beyond a frame is kept', () => {
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc
      .tuple(fc.nat({ max: 255 }), fc.uint8Array({ minLength: 4, maxLength: 253 }))
      .map(([, rest]) => Uint8Array.of(0x68, rest.length, ...rest)),
    fc
      .tuple(fc.integer({ min: 1, max: 101 }), fc.nat({ max: 255 }), fc.uint8Array({ maxLength: 200 }))
      .map(([type, count, rest]) => Uint8Array.of(0x68, rest.length + 6, 0, 0, 0, 0, type, count, ...rest)),
  )
  fc.assert(
    fc.property(fc.array(noise, { maxLength: 3 }), anySizes, (chunks, sizes) => {
      const reader = frameReader()
      try {
        for (const chunk of chunks)
          for (const frame of reader.push(Buffer.from(chunk))) {
            expect(frame.length).toBeLessThanOrEqual(255)
            const apdu = decodeApdu(frame)
            const asdu = apdu.kind === 'I' ? decodeAsdu(apdu.asdu, sizes, elementBytes) : undefined
            expect(asdu?.objects.length ?? 0).toBeLessThanOrEqual(127)
            for (const { element } of asdu?.objects ?? []) decodePoint(typeOf(asdu!.type)!, element, 480, now)
          }
      } catch (error) {
        if (!(error instanceof DeviceError)) throw error
      }
    }),
    { numRuns: runs },
  )
}, 1_200_000)
