import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DeviceError } from '../../driver.ts'
import {
  dataBytesMax,
  decodeFrame,
  decodeValue,
  editions,
  encodeFrame,
  encodeValue,
  errorWord,
  type Frame,
  formatOf,
  frameReader,
  reversedHex,
} from './codec.ts'
import { identifierOf, namesOf } from './table.ts'

const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex')
const plain = { isAnswer: false, isRefusal: false, hasMore: false }
const runs = Number(process.env.KAPOK_FUZZ_RUNS ?? 20_000)

// “DLT645-2007 规约常见报文解析” V1.1, as reprinted at https://hwhale.com/article/138066
const published2007: [frame: string, identifier: string, value?: number][] = [
  ['68 61 01 00 00 00 00 68 11 04 33 33 34 33 14 16', '00010000'],
  ['68 61 01 00 00 00 00 68 91 08 33 33 34 33 59 33 33 33 8A 16', '00010000', 0.26],
  ['68 61 01 00 00 00 00 68 11 04 33 33 35 33 15 16', '00020000'],
  ['68 61 01 00 00 00 00 68 91 08 33 33 35 33 59 34 33 33 8C 16', '00020000', 1.26],
  ['68 61 01 00 00 00 00 68 91 08 33 33 36 33 59 33 34 33 8D 16', '00030000', 100.26],
  ['68 61 01 00 00 00 00 68 91 08 33 33 37 33 56 33 34 33 8B 16', '00040000', 100.23],
  ['68 61 01 00 00 00 00 68 11 04 33 34 34 35 17 16', '02010100'],
  ['68 61 01 00 00 00 00 68 91 06 33 34 34 35 34 43 10 16', '02010100', 100.1],
]

test.each(published2007)('the published frame %s of 2007 is read and written as it is', (hex, identifier, value) => {
  const frame = decodeFrame(bytes(hex))
  expect(frame).toMatchObject({
    address: '000000000161',
    function: 0x11,
    isAnswer: value !== undefined,
    isRefusal: false,
  })
  expect(reversedHex(frame.data.subarray(0, 4))).toBe(identifier)
  expect(encodeFrame(frame).equals(bytes(hex))).toBe(true)
  const format = identifierOf(identifier, '2007')?.parts[0]?.format
  if (value !== undefined) expect(decodeValue(frame.data.subarray(4), format!)).toBe(value)
})

test('a published answer of 1997, to a request with wildcards, is read and written as it is', () => {
  // Both stand in a comment over cmd_485_seq in the application.c of a public RT-Thread metering firmware.
  const request = { address: 'AAAAAAAAAAAA', function: 1, data: bytes('1090'), ...plain }
  expect(encodeFrame(request).equals(bytes('68 AA AA AA AA AA AA 68 01 02 43 C3 D5 16'))).toBe(true)
  const answer = bytes('68 43 97 35 14 00 00 68 81 06 43 C3 7B 96 57 33 1B 16')
  const frame = decodeFrame(answer)
  expect(frame).toMatchObject({ address: '000014359743', function: 1, isAnswer: true })
  expect(decodeValue(frame.data.subarray(2), identifierOf('9010', '1997')!.parts[0]!.format)).toBe(2463.48)
  expect(encodeFrame(frame).equals(answer)).toBe(true)
})

test('a published answer of 1997 that departs from the standard by a byte is read with its own notation', () => {
  // README of the public project fox-edge-server-receiver-service: five bytes of energy instead of four.
  const answer = bytes('fe fe fe fe 68 11 11 11 53 12 35 68 81 07 43 c3 87 37 33 33 34 83 16')
  const [raw] = frameReader().push(answer)
  const frame = decodeFrame(raw!)
  expect(frame.address).toBe('351253111111')
  expect(decodeValue(frame.data.subarray(2), formatOf('XXXXXXXX.XX')!)).toBe(1_000_004.54)
})

test('every table row has a format, and every name leads to a row', () => {
  for (const edition of editions)
    for (const [name, id] of namesOf[edition])
      expect(identifierOf(id, edition), `${edition} ${name} ${id}`).toBeDefined()
  expect(identifierOf('0201FF00', '2007')).toMatchObject({ isBlock: true })
  expect(identifierOf('02010400', '2007')).toBeUndefined()
  expect(identifierOf('901F', '1997')).toMatchObject({ isBlock: true })
})

test('the sign of a value stands in its highest bit', () => {
  const power = formatOf('-XX.XXXX')!
  expect(decodeValue(bytes('45 23 81'), power)).toBe(-1.2345)
  expect(encodeValue(-1.2345, power).toString('hex')).toBe('452381')
  expect(decodeValue(bytes('00 00 80'), power)).toBe(0)
  // Without a sign the same bit is a digit.
  expect(decodeValue(bytes('45 23 81'), formatOf('XX.XXXX')!)).toBe(81.2345)
  expect(() => encodeValue(-1, formatOf('XX.XXXX')!)).toThrow('does not fit')
  expect(() => encodeValue(81, power)).toThrow('does not fit')
})

test('digits that are none, and more than the format has, are no value', () => {
  expect(decodeValue(bytes('FF FF FF'), formatOf('XX.XXXX')!)).toBeUndefined()
  expect(decodeValue(bytes('3A 02'), formatOf('XXX.X')!)).toBeUndefined()
  expect(decodeValue(bytes('20 12'), formatOf('XXX')!)).toBeUndefined()
  expect(decodeValue(bytes('20 02'), formatOf('XXX')!)).toBe(220)
})

test('times are read as they are written', () => {
  const demand = formatOf('YYMMDDhhmm')!
  expect(decodeValue(bytes('45 13 27 11 26'), demand)).toBe('2026-11-27 13:45')
  expect(encodeValue('2026-11-27 13:45', demand).toString('hex')).toBe('4513271126')
  expect(decodeValue(bytes('05 27 11 26'), formatOf('YYMMDDWW')!)).toBe('2026-11-27 05')
})

test('every number comes back from its bytes', () => {
  const notations = ['XXXXXX.XX', '-XXXXXX.XX', 'XXX.X', '-XXX.XXX', '-XX.XXXX', '-X.XXX', 'XXX', 'XXXXXXXX']
  fc.assert(
    fc.property(fc.constantFrom(...notations), fc.nat({ max: 99_999_999 }), fc.boolean(), (notation, number, minus) => {
      const format = formatOf(notation)!
      const limit = 10 ** format.digits * (format.signed ? 0.8 : 1)
      const value = ((number % limit) / 10 ** format.decimals) * (format.signed && minus && number % limit > 0 ? -1 : 1)
      expect(decodeValue(encodeValue(value, format), format)).toBe(value)
    }),
  )
})

const anyFrame = fc.record<Frame>({
  address: fc.nat({ max: 999_999_999_999 }).map((number) => String(number).padStart(12, '0')),
  function: fc.nat({ max: 31 }),
  isAnswer: fc.boolean(),
  isRefusal: fc.boolean(),
  hasMore: fc.boolean(),
  data: fc.uint8Array({ maxLength: dataBytesMax }).map((data) => Buffer.from(data)),
})

test('every frame comes back, whatever preamble and tearing', () => {
  fc.assert(
    fc.property(anyFrame, fc.nat({ max: 4 }), fc.nat(), (frame, preamble, cut) => {
      const stream = Buffer.concat([Buffer.alloc(preamble, 0xfe), encodeFrame(frame), encodeFrame(frame)])
      const reader = frameReader()
      const at = cut % stream.length
      const raw = [...reader.push(stream.subarray(0, at)), ...reader.push(stream.subarray(at))]
      expect(raw.map((each) => decodeFrame(each))).toEqual([frame, frame])
    }),
  )
})

test('a start byte among noise does not hide the frame behind it', () => {
  const frame = bytes('68 61 01 00 00 00 00 68 91 06 33 34 34 35 34 43 10 16')
  expect(frameReader().push(Buffer.concat([bytes('68 00 FE 68'), frame]))).toEqual([frame])
  // Read as a frame, this noise would have 201 data bytes.
  expect(frameReader().push(Buffer.concat([bytes('68 00 00 00 00 00 00 68 91 C9'), frame]))).toEqual([frame])
})

test('a frame with any one byte changed is never read as another frame', () => {
  fc.assert(
    fc.property(anyFrame, fc.nat(), fc.integer({ min: 1, max: 255 }), (frame, position, change) => {
      const raw = encodeFrame(frame)
      raw[position % raw.length]! ^= change
      expect(() => decodeFrame(raw)).toThrow(DeviceError)
    }),
  )
})

test('what no frame can carry is not written', () => {
  const frame = { address: '000000000001', function: 1, data: Buffer.alloc(0), ...plain }
  expect(() => encodeFrame({ ...frame, address: '12' })).toThrow('12 digits')
  expect(() => encodeFrame({ ...frame, data: Buffer.alloc(201) })).toThrow('200 data bytes')
})

test('error words are said in the words of their edition', () => {
  expect(errorWord(0x02, '2007')).toBe('no data asked for (error word 02H)')
  expect(errorWord(0x02, '1997')).toBe('wrong data identifier (error word 02H)')
  expect(errorWord(0x05, '2007')).toBe('other error, wrong password or not authorised (error word 05H)')
  expect(errorWord(undefined, '2007')).toBe('no error word')
})

test('whatever comes, the reader keeps no more than a frame and the decoder throws nothing but DeviceError', () => {
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc
      .array(fc.constantFrom(0x68, 0x16, 0xfe, 0x33, 0x00, 0xff), { maxLength: 400 })
      .map((each) => Uint8Array.from(each)),
    anyFrame.map((frame) => encodeFrame(frame)),
  )
  fc.assert(
    fc.property(fc.array(noise, { maxLength: 3 }), (chunks) => {
      const reader = frameReader()
      for (const chunk of chunks)
        for (const raw of reader.push(Buffer.from(chunk))) {
          expect(raw.length).toBeLessThanOrEqual(212)
          try {
            const { data } = decodeFrame(raw)
            for (const notation of ['-XX.XXXX', 'YYMMDDhhmm', 'B16'])
              if (data.length >= 5) decodeValue(data, formatOf(notation)!)
          } catch (error) {
            if (!(error instanceof DeviceError)) throw error
          }
        }
    }),
    { numRuns: runs },
  )
}, 1_200_000)
