import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  decodeReadAnswer,
  decodeReadRequest,
  encodeBits,
  encodeException,
  encodeReadRequest,
  encodeRegisters,
  FrameReader,
  type NumberType,
  readBit,
  readNumber,
  wordOrders,
  writeNumber,
} from './codec.ts'

const request = { transaction: 7, unit: 1, area: 'holding', address: 107, count: 3 } as const

test('the request and answer of the specification’s own example (§6.3) have its bytes', () => {
  expect(encodeReadRequest(request).toString('hex')).toBe('00070000000601' + '03006b0003')
  const answer = encodeRegisters(request, Uint16Array.of(0x022b, 0x0000, 0x0064))
  expect(answer.subarray(7).toString('hex')).toBe('0306022b00000064')
  expect(decodeReadRequest(encodeReadRequest(request))).toEqual(request)
})

test('a float in each word order has the bytes that makers document', () => {
  // 123.456 as IEEE 754 single: 42 F6 E9 79.
  const hex = (order: (typeof wordOrders)[number]) =>
    Array.from(writeNumber(123.456, 'float32', order), (word) => word.toString(16).padStart(4, '0')).join(' ')
  expect(hex('ABCD')).toBe('42f6 e979')
  expect(hex('CDAB')).toBe('e979 42f6')
  expect(hex('BADC')).toBe('f642 79e9')
  expect(hex('DCBA')).toBe('79e9 f642')
})

test('every number of every type comes back in every word order', () => {
  const numbers: [NumberType, fc.Arbitrary<number>][] = [
    ['int16', fc.integer({ min: -32_768, max: 32_767 })],
    ['uint16', fc.integer({ min: 0, max: 65_535 })],
    ['int32', fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })],
    ['uint32', fc.integer({ min: 0, max: 2 ** 32 - 1 })],
    ['float32', fc.float({ noNaN: true })],
    ['float64', fc.double({ noNaN: true })],
  ]
  for (const [type, arbitrary] of numbers)
    fc.assert(
      fc.property(arbitrary, fc.constantFrom(...wordOrders), (value, order) => {
        const registers = writeNumber(value, type, order)
        const data = encodeRegisters({ ...request, count: registers.length }, registers).subarray(9)
        expect(Object.is(readNumber(data, 0, type, order), value)).toBe(true)
      }),
    )
})

test('bits come back in their order', () => {
  const bits = [true, false, true, true, false, false, true, true, true, false]
  const ask = { ...request, area: 'coil', count: bits.length } as const
  const data = decodeReadAnswer(encodeBits(ask, bits), ask)
  expect(bits.map((_, i) => readBit(data, i))).toEqual(bits)
})

test('frames that are torn at every byte come out whole and in order', () => {
  const stream = Buffer.concat([encodeReadRequest(request), encodeRegisters(request, Uint16Array.of(1, 2, 3))])
  for (let cut = 0; cut <= stream.length; cut++) {
    const reader = new FrameReader()
    const frames = [...reader.push(stream.subarray(0, cut)), ...reader.push(stream.subarray(cut))]
    expect(Buffer.concat(frames).equals(stream)).toBe(true)
    expect(frames).toHaveLength(2)
  }
})

test('what is no Modbus frame, an exception, and an answer of the wrong length are told apart with words', () => {
  expect(() => new FrameReader().push(Buffer.from('GET / HTTP/1.1\r\n'))).toThrow(/no Modbus TCP/)
  expect(() => decodeReadAnswer(encodeException(encodeReadRequest(request), 2), request)).toThrow(
    'holding 107: illegal data address',
  )
  expect(() => decodeReadAnswer(encodeRegisters(request, Uint16Array.of(1)), request)).toThrow('instead of 6')
  expect(() => encodeReadRequest({ ...request, count: 126 })).toThrow('1 to 125')
  expect(() => encodeReadRequest({ ...request, address: 65_535 })).toThrow('0 to 65535')
})

test('no bytes at all make the reader do anything but frame or complain', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      try {
        for (const frame of new FrameReader().push(Buffer.from(bytes))) expect(frame.length).toBeLessThanOrEqual(260)
      } catch (error) {
        expect(String(error)).toMatch(/ModbusError/)
      }
    }),
  )
})
