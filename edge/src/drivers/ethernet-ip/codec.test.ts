import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AddressError } from '../../address.ts'
import { DeviceError, quality, type TagType, tagTypes } from '../../driver.ts'
import { formatLogixAddress, parseLogixAddress } from './address.ts'
import { decodeSymbols } from './browse.ts'
import {
  decodeMultiple,
  decodeReply,
  encodeMultiple,
  encodePath,
  encodeRead,
  encodeSetBit,
  encodeUnconnectedSend,
  encodeWrite,
  type Reply,
  services,
} from './codec.ts'
import { decodeUnconnected, encodeFrame, encodeUnconnected, FrameReader } from './encapsulation.ts'
import { cipTypes, decodeStored, encodeValue, sampleOf, stringHandle, tagTypeOf } from './values.ts'

const numRuns = Number(process.env.KAPOK_FUZZ_RUNS ?? 20_000)
const bytes = (hex: string) => Buffer.from(hex.replace(/\s/g, ''), 'hex')
const segments = (address: string, type: TagType = 'int32') => parseLogixAddress(address, type).segments

// Logix 5000 Controllers Data Access, Rockwell Automation 1756-PM020F (January 2019), page 64.
test('a REAL is written to setpoints[5] as the maker’s manual does', () => {
  const request = encodeWrite(encodePath(segments('setpoints[5]')), {
    type: cipTypes.REAL,
    handle: undefined,
    bytes: encodeValue(14.5, { type: cipTypes.REAL, handle: undefined }) as Buffer,
  })
  expect(request).toEqual(bytes('4D 07 91 09 73 65 74 70 6F 69 6E 74 73 00 28 05 CA 00 01 00 00 00 68 41'))
})

// Ibidem: the reply to a read of the INT “parts”, whose value is 42.
test('an INT is read from the reply in the maker’s manual', () => {
  const reply = decodeReply(bytes('CC 00 00 00 C3 00 2A 00'), services.readTag)
  expect(reply).toMatchObject({ status: 0 })
  const address = parseLogixAddress('parts', 'int16')
  expect(sampleOf(decodeStored(reply.data), 'int16', address)).toEqual({ value: 42, quality: quality.good })
})

// Ibidem, page 23: the path of TotalCount.
test('a name of even length has no padding, as in the maker’s manual', () => {
  expect(encodePath(segments('TotalCount'))).toEqual(bytes('91 0A 54 6F 74 61 6C 43 6F 75 6E 74'))
})

// A capture of a request to a Rockwell Logix PLC and its reply: comments in cpppo 5.2.5, server/enip/logix.py, packets 8 and 10.
test('frames of a captured exchange are taken apart and put together again', () => {
  const request = bytes(
    '6f 00 16 00 01 1e 02 11 00 00 00 00 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 05 00 02 00 00 00 00 00 b2 00 06 00 01 02 20 66 24 01',
  )
  const reply = bytes(
    '6f 00 26 00 01 1e 02 11 00 00 00 00 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 05 00 02 00 00 00 00 00 b2 00 16 00 81 00 00 00 00 08 00 00 00 00 2d 00 01 00 01 01 b1 2a 1b 00 0a 00',
  )
  const [asked, answered] = new FrameReader().push(Buffer.concat([request, reply]))
  expect(asked).toMatchObject({ command: 0x6f, session: 0x1102_1e01, status: 0, context: 1n })
  expect(decodeUnconnected(asked!.data)).toEqual(bytes('01 02 20 66 24 01'))
  expect(encodeFrame({ ...asked!, data: encodeUnconnected(bytes('01 02 20 66 24 01'), 5) })).toEqual(request)
  expect(decodeReply(decodeUnconnected(answered!.data), 0x01).data.length).toBe(18)
})

test.each([
  ['Motor', ['Motor'], undefined],
  ['Program:Main.Axis[3].Speed', ['Program:Main', 'Axis', 3, 'Speed'], undefined],
  ['Grid[1,2,3]', ['Grid', 1, 2, 3], undefined],
  ['Local:1:I.Data', ['Local:1:I', 'Data'], undefined],
  ['Status.5', ['Status'], 5],
  ['List[2].31', ['List', 2], 31],
])('%s is read as Studio 5000 shows it', (address, expected, bit) => {
  const parsed = parseLogixAddress(address, bit === undefined ? 'int32' : 'bool')
  expect(parsed).toMatchObject({ segments: expected, bit })
  expect(formatLogixAddress(parsed)).toBe(address)
})

test('an element of an array of BOOL is a bit of one of its words', () => {
  const parsed = parseLogixAddress('Flags[37]', 'bool')
  expect(parsed).toEqual({ segments: ['Flags', 1], bit: 5, isBitOfArray: true })
  expect(formatLogixAddress(parsed)).toBe('Flags[37]')
})

test.each([
  ['', 'int32', /position 1: the name of a tag/],
  ['5x', 'int32', /position 1/],
  ['a..b', 'int32', /position 3: the name/],
  ['a[', 'int32', /position 3: an element/],
  ['a[1,2,3,4]', 'int32', /position 8: \]/],
  ['a.5', 'int32', /position 3: no bit, as the type is not bool/],
  ['a.64', 'bool', /position 3: a bit from 0 to 63/],
  ['a b', 'int32', /position 2: the end/],
  [`${'a'.repeat(41)}`, 'int32', /at most 40 characters/],
] as const)('“%s” is refused with its position', (address, type, message) => {
  expect(() => parseLogixAddress(address, type)).toThrow(message)
})

test('a value goes into its type and comes back the same', () => {
  const cases: [number, fc.Arbitrary<number | boolean | string>][] = [
    [cipTypes.BOOL, fc.boolean()],
    [cipTypes.SINT, fc.integer({ min: -128, max: 127 })],
    [cipTypes.UINT, fc.integer({ min: 0, max: 65_535 })],
    [cipTypes.DINT, fc.integer()],
    [cipTypes.UDINT, fc.integer({ min: 0, max: 4_294_967_295 })],
    [cipTypes.LINT, fc.maxSafeInteger()],
    [cipTypes.ULINT, fc.maxSafeNat()],
    [cipTypes.REAL, fc.float({ noNaN: true, noDefaultInfinity: true })],
    [cipTypes.LREAL, fc.double({ noNaN: true, noDefaultInfinity: true })],
  ]
  for (const [type, arbitrary] of cases)
    fc.assert(
      fc.property(arbitrary, (value) => {
        const stored = encodeValue(value, { type, handle: undefined }) as Buffer
        const data = Buffer.concat([Buffer.from([type, 0]), stored])
        const tagType = tagTypeOf(type)!
        expect(sampleOf(decodeStored(data), tagType, parseLogixAddress('a', tagType))).toEqual({ value, quality: 192 })
      }),
    )
  for (const [value, type] of [
    [128, cipTypes.SINT],
    [-1, cipTypes.UDINT],
    [1.5, cipTypes.DINT],
    [1e39, cipTypes.REAL],
    ['1', cipTypes.DINT],
    [1, cipTypes.BOOL],
    [2 ** 53, cipTypes.LINT],
    [1, cipTypes.structure],
  ] as const)
    expect(typeof encodeValue(value, { type, handle: undefined })).toBe('string')
})

test('what is no number, or more than one can hold, says so', () => {
  const of = (type: number, hex: string, tagType: TagType) =>
    sampleOf({ type, handle: undefined, bytes: bytes(hex) }, tagType, parseLogixAddress('a', tagType))
  expect(of(cipTypes.REAL, '0000c07f', 'float32')).toMatchObject({ quality: 0, reason: 'the controller sent NaN' })
  expect(of(cipTypes.LINT, '0100000000002000', 'int64')).toMatchObject({ value: 2 ** 53, quality: 64 })
  expect(of(cipTypes.ULINT, '0000000000000080', 'int64')).toMatchObject({
    reason: '9223372036854775808 does not fit int64',
  })
})

test('a STRING is read by its length, and neither a wrong length nor another structure is taken for one', () => {
  const of = (handle: number, hex: string) =>
    sampleOf({ type: cipTypes.structure, handle, bytes: bytes(hex) }, 'text', parseLogixAddress('a', 'text'))
  expect(of(stringHandle, '02000000 41420000')).toEqual({ value: 'AB', quality: quality.good })
  expect(of(stringHandle, '05000000 41420000').reason).toBe('a STRING of length 5')
  expect(of(stringHandle, `53000000 ${'41'.repeat(84)}`).reason).toBe('a STRING of length 83')
  expect(of(stringHandle, 'FFFFFFFF 4142').reason).toBe('a STRING of length -1')
  expect(of(stringHandle, '0200').reason).toBe('a STRING of length -1')
  expect(of(0x1234, '02000000 41420000').reason).toBe('a structure: name one of its members')
})

test('one bit is set or cleared by masks of the size of its number', () => {
  const path = encodePath(['A'])
  expect(encodeSetBit(path, 9, true, 2)).toEqual(bytes('4E 02 91 01 41 00 02 00 00 02 FF FF'))
  expect(encodeSetBit(path, 31, false, 4)).toEqual(bytes('4E 02 91 01 41 00 04 00 00 00 00 00 FF FF FF 7F'))
})

test('replies in a packet are told apart, and a packet that does not fit its request is refused', () => {
  const packet = (hex: string): Reply => ({ service: 0x8a, status: 0, extended: undefined, data: bytes(hex) })
  expect(decodeMultiple(packet('0200 0600 0A00 CC000000 CC000400'), 2)).toEqual([bytes('CC000000'), bytes('CC000400')])
  expect(() => decodeMultiple(packet('0100 0400 CC000000'), 2)).toThrow('1 replies instead of 2')
  expect(() => decodeMultiple(packet('0200 0600 0500 CC000000'), 2)).toThrow('replies that overlap')
  for (const offsets of ['0A00 0600', '0600 FF00'])
    expect(() => decodeMultiple(packet(`0200 ${offsets} CC000000 CC000000`), 2)).toThrow('replies that overlap')
  expect(() => decodeReply(bytes('CD000000'), services.readTag)).toThrow('service 0xcd instead of 0xcc')
  expect(encodeMultiple([encodeRead(encodePath(['A']))]).subarray(0, 12)).toEqual(
    bytes('0A 02 20 02 24 01 01 00 04 00 4C 02'),
  )
  expect(encodeUnconnectedSend(bytes('4C 00 01'), 2)).toEqual(
    bytes('52 02 20 06 24 01 0A 05 03 00 4C 00 01 00 01 00 01 02'),
  )
})

test('frames are the same however they are torn', () => {
  const frame = fc.record({
    command: fc.nat(0xffff),
    session: fc.nat(0xffff_ffff),
    status: fc.nat(0xffff_ffff),
    context: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    data: fc.uint8Array({ maxLength: 40 }).map((each) => Buffer.from(each)),
  })
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 4 }), fc.array(fc.nat(20), { maxLength: 30 }), (frames, cuts) => {
      const wire = Buffer.concat(frames.map(encodeFrame))
      const reader = new FrameReader()
      const got = []
      let at = 0
      for (const cut of [...cuts, wire.length]) {
        got.push(...reader.push(wire.subarray(at, at + cut)))
        at += cut
      }
      expect(got).toEqual(frames)
    }),
  )
})

test('whatever comes is read as what it is, or refused', { timeout: 600_000 }, () => {
  const garbage = fc.uint8Array({ maxLength: 120 }).map((each) => Buffer.from(each))
  const typed = fc
    .tuple(fc.constantFrom(...Object.values(cipTypes)), garbage)
    .map(([type, rest]) => Buffer.concat([Buffer.from([type & 0xff, type >> 8]), rest]))
  const refused = <T>(run: () => T): T | undefined => {
    try {
      return run()
    } catch (error) {
      expect(error).toBeInstanceOf(DeviceError)
      return undefined
    }
  }
  fc.assert(
    fc.property(fc.oneof(garbage, typed), fc.constantFrom(...tagTypes), fc.nat(70), (data, type, bit) => {
      refused(() => new FrameReader().push(data))
      refused(() => decodeUnconnected(data))
      refused(() => decodeSymbols(data))
      const reply = refused(() => decodeReply(data, data[0] === undefined ? 0 : data[0] & 0x7f))
      if (reply !== undefined) refused(() => decodeMultiple(reply, 3))
      const stored = refused(() => decodeStored(data))
      if (stored === undefined) return
      const sample = sampleOf(stored, type, {
        segments: ['a'],
        bit: bit > 64 ? undefined : bit,
        isBitOfArray: bit % 2 === 0,
      })
      if (sample.quality === quality.bad) expect([sample.value, typeof sample.reason]).toEqual([undefined, 'string'])
      else if (typeof sample.value === 'number') expect(Number.isFinite(sample.value)).toBe(true)
    }),
    { numRuns },
  )
})

test('any text is an address or is refused as one', { timeout: 600_000 }, () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[a-zP:.[\],0-9_]{0,25}$/))
  fc.assert(
    fc.property(text, fc.constantFrom(...tagTypes), (address, type) => {
      try {
        const parsed = parseLogixAddress(address, type)
        expect(parseLogixAddress(formatLogixAddress(parsed), type)).toEqual(parsed)
      } catch (error) {
        expect(error).toBeInstanceOf(AddressError)
      }
    }),
    { numRuns },
  )
})
