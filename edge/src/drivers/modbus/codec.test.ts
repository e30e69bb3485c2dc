import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DeviceError, quality, RefusedRequest } from '../../driver.ts'
import {
  bitOf,
  checkWriteAnswer,
  decodeRead,
  decodeReadAnswer,
  encodeException,
  encodeMaskWrite,
  encodeRead,
  encodeReadAnswer,
  encodeWrite,
  packBits,
} from './codec.ts'
import { crc16, rtuFraming, tcpFraming } from './framing.ts'
import { type NumberType, readNumber, readText, wordOrders, writeNumber, writeText } from './registers.ts'

const runs = Number(process.env.KAPOK_FUZZ_RUNS ?? 20_000)
const request = { area: 'holding', address: 107, count: 3 } as const

test('the requests and answers of the specification’s own examples have their bytes', () => {
  // MODBUS Application Protocol V1.1b3: §6.3 read holding registers 108–110, §6.1 read coils 20–38, §6.5 write coil 173,
  // §6.6 write register 2, §6.12 write registers 2–3, §6.16 mask write register 5 (And F2, Or 25: not a single bit).
  expect(encodeRead(request).toString('hex')).toBe('03006b0003')
  expect(encodeReadAnswer('holding', Buffer.from('022b00000064', 'hex')).toString('hex')).toBe('0306022b00000064')
  expect(decodeRead(encodeRead(request))).toEqual(request)
  expect(encodeRead({ area: 'coil', address: 19, count: 19 }).toString('hex')).toBe('0100130013')
  expect(encodeWrite('coil', 172, true).toString('hex')).toBe('0500acff00')
  expect(encodeWrite('holding', 1, Buffer.from('0003', 'hex')).toString('hex')).toBe('0600010003')
  expect(encodeWrite('holding', 1, Buffer.from('000a0102', 'hex')).toString('hex')).toBe('100001000204000a0102')
})

test('a frame of a serial line has the CRC that is published for it', () => {
  // Wikipedia “Modbus”, section “Modbus RTU frame format”, and many calculators: 01 04 02 FF FF has the CRC B8 80.
  expect(crc16(Buffer.from('010402ffff', 'hex'))).toBe(0x80b8)
  expect(rtuFraming.encode({ transaction: 0, unit: 1, pdu: Buffer.from('0402ffff', 'hex') }).toString('hex')).toBe(
    '010402ffffb880',
  )
})

test('a float in each word order has the bytes that makers document', () => {
  // 123.456 as IEEE 754 single: 42 F6 E9 79.
  const hex = (order: (typeof wordOrders)[number]) => writeNumber(123.456, 'float32', order).toString('hex')
  expect([hex('ABCD'), hex('CDAB'), hex('BADC'), hex('DCBA')]).toEqual(['42f6e979', 'e97942f6', 'f64279e9', '79e9f642'])
})

test('every number of every type comes back in every word order', () => {
  const numbers: [NumberType, fc.Arbitrary<number>][] = [
    ['int8', fc.integer({ min: -128, max: 127 })],
    ['uint8', fc.integer({ min: 0, max: 255 })],
    ['int16', fc.integer({ min: -32_768, max: 32_767 })],
    ['uint16', fc.integer({ min: 0, max: 65_535 })],
    ['int32', fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })],
    ['uint32', fc.integer({ min: 0, max: 2 ** 32 - 1 })],
    ['int64', fc.maxSafeInteger()],
    ['uint64', fc.maxSafeNat()],
    ['float32', fc.float({ noNaN: true, noDefaultInfinity: true })],
    ['float64', fc.double({ noNaN: true, noDefaultInfinity: true })],
  ]
  for (const [type, arbitrary] of numbers)
    fc.assert(
      fc.property(arbitrary, fc.constantFrom(...wordOrders), (value, order) => {
        // A 64-bit zero has no sign.
        const expected = type.endsWith('int64') ? value + 0 : value
        expect(readNumber(writeNumber(value, type, order), type, order)).toEqual({
          value: expected,
          quality: quality.good,
        })
      }),
    )
})

test('a number that is none is bad, and one that is too large to be exact is uncertain', () => {
  const nan = Buffer.from('7fc00000', 'hex')
  expect(readNumber(nan, 'float32', 'ABCD')).toMatchObject({ value: undefined, quality: quality.bad })
  const large = Buffer.from('7fffffffffffffff', 'hex')
  expect(readNumber(large, 'int64', 'ABCD')).toMatchObject({ value: 2 ** 63, quality: quality.uncertain })
  expect(() => writeNumber(300, 'uint8', 'ABCD')).toThrow(RangeError)
  expect(() => writeNumber(70_000, 'uint16', 'ABCD')).toThrow(RangeError)
  expect(() => writeNumber('7', 'uint16', 'ABCD')).toThrow('takes a number')
})

test('texts come back, filled with zeros or blanks, in both byte orders', () => {
  for (const order of wordOrders) expect(readText(writeText('M-木棉', 20, order), order).value).toBe('M-木棉')
  expect(readText(Buffer.from('AB  '), 'ABCD').value).toBe('AB')
  expect(readText(Buffer.from('ff41', 'hex'), 'ABCD')).toMatchObject({ quality: quality.bad })
  expect(() => writeText('too long', 4, 'ABCD')).toThrow('at most 4 bytes')
})

test('bits come back in their order', () => {
  const bits = [true, false, true, true, false, false, true, true, true, false]
  const ask = { area: 'coil', address: 0, count: bits.length } as const
  const data = decodeReadAnswer(encodeReadAnswer('coil', packBits(bits)), ask)
  expect(bits.map((_, i) => bitOf(data, i))).toEqual(bits)
})

test('frames that are torn at every byte come out whole and in order, in both wrappings', () => {
  const pdus = [encodeRead(request), encodeMaskWrite(4, 3, true), encodeWrite('holding', 1, Buffer.alloc(20, 7))]
  for (const framing of [tcpFraming, rtuFraming]) {
    const stream = Buffer.concat(pdus.map((pdu, i) => framing.encode({ transaction: i, unit: 9, pdu })))
    for (let cut = 0; cut <= stream.length; cut++) {
      const reader = framing.reader('client')
      const frames = [...reader.push(stream.subarray(0, cut)), ...reader.push(stream.subarray(cut))]
      expect(frames.map(({ pdu }) => pdu.toString('hex'))).toEqual(pdus.map((pdu) => pdu.toString('hex')))
    }
  }
})

test('noise on a serial line before a frame is passed over, and a frame with any bit changed is none', () => {
  const frame = rtuFraming.encode({ transaction: 0, unit: 1, pdu: Buffer.from('030400010002', 'hex') })
  const frames = rtuFraming.reader('server').push(Buffer.concat([Buffer.of(0xff, 0xfe, 0), frame]))
  expect(frames.map(({ pdu }) => pdu.toString('hex'))).toEqual(['030400010002'])
  for (let bit = 0; bit < frame.length * 8; bit++) {
    const damaged = Buffer.from(frame)
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    expect(rtuFraming.reader('server').push(damaged)).toEqual([])
  }
})

test('what is no Modbus frame, an exception, and an answer that does not fit are told apart with words', () => {
  expect(() => tcpFraming.reader('server').push(Buffer.from('GET / HTTP/1.1\r\n'))).toThrow(/no Modbus TCP/)
  expect(() => decodeReadAnswer(encodeException(encodeRead(request), 2), request)).toThrow(
    new RefusedRequest({ zh: 'holding/107: 非法数据地址', en: 'holding/107: illegal data address' }),
  )
  expect(() => decodeReadAnswer(encodeReadAnswer('holding', Buffer.alloc(2)), request)).toThrow('instead of 6')
  expect(() => decodeReadAnswer(encodeReadAnswer('input', Buffer.alloc(6)), request)).toThrow('function 4 instead of 3')
  expect(() => encodeRead({ ...request, count: 126 })).toThrow('1 to 125')
  expect(() => encodeRead({ ...request, address: 65_535 })).toThrow('0 to 65535')
  const write = encodeWrite('holding', 5, Buffer.of(0, 1))
  expect(() => checkWriteAnswer(encodeWrite('holding', 6, Buffer.of(0, 1)), write, 'holding/5')).toThrow(
    'another write',
  )
  expect(() => encodeWrite('holding', 0, Buffer.alloc(248))).toThrow('1 to 123')
})

test('no bytes at all make a reader or a decoder do anything but frame or complain', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), fc.boolean(), (bytes, isTcp) => {
      try {
        const reader = (isTcp ? tcpFraming : rtuFraming).reader('server')
        for (const { pdu } of reader.push(Buffer.from(bytes))) {
          expect(pdu.length).toBeLessThanOrEqual(253)
          expect(decodeReadAnswer(pdu, request)).toHaveLength(6)
        }
      } catch (error) {
        expect(error).toBeInstanceOf(DeviceError)
      }
    }),
    { numRuns: runs },
  )
})
