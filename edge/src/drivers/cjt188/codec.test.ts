import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DeviceError } from '../../driver.ts'
import {
  addressOrders,
  batteryIsLow,
  dataBytesMax,
  decodeField,
  decodeFrame,
  encodeField,
  encodeFrame,
  type Frame,
  fieldBytes,
  fieldsOf,
  frameReader,
  type Layout,
  timeOf,
  units,
  valveOf,
} from './codec.ts'

const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex')
const standard: Layout = { unitPosition: 'after', flowRateDecimals: 4 }
const runs = Number(process.env.KAPOK_FUZZ_RUNS ?? 20_000)

/** The fields of an answer by name. */
function read(frame: Frame, layout: Layout) {
  let offset = 3
  return Object.fromEntries(
    fieldsOf(frame.type).map((field) => {
      const here = frame.data.subarray(offset, offset + fieldBytes(field))
      offset += here.length
      const { value, unit } = decodeField(here, field, layout)
      return [field.name, unit === undefined ? value : `${value} ${units[unit]}`]
    }),
  )
}

test('a published request is written and read as it is', () => {
  // https://hftangyu.com/563.html, the same on https://biecuoliao.com/pa/MPREpm3.html with the type of heat.
  const water = bytes('68 10 44 33 22 11 00 33 78 01 03 1F 90 00 80 16')
  const request = { type: 0x10, address: '78330011223344', function: 1, isAnswer: false, isRefusal: false }
  expect(decodeFrame(water, '7')).toEqual({ ...request, data: bytes('1F 90 00') })
  expect(encodeFrame({ ...request, data: bytes('1F 90 00') }, '7').equals(water)).toBe(true)
  expect(decodeFrame(water, '5+2').address).toBe('33780011223344')
  const heat = bytes('68 20 44 33 22 11 00 33 78 01 03 1F 90 01 91 16')
  expect(encodeFrame({ ...request, type: 0x20, data: bytes('1F 90 01') }, '7').equals(heat)).toBe(true)
})

test('a published answer of a water meter that has neither settlement day nor clock', () => {
  // In a comment of a public Go collector, beside its request 68 10 AA…AA 01 03 90 1F AA 7B 16.
  const [raw] = frameReader().push(
    bytes(
      'FE FE 68 10 45 41 10 05 15 33 78 81 16 90 1F AA 00 59 59 00 2C FF FF FF FF 2C FF FF FF FF FF FF FF 00 00 C2 16',
    ),
  )
  const frame = decodeFrame(raw!, '7')
  expect(frame).toMatchObject({ type: 0x10, address: '78331505104145', function: 1, isAnswer: true, isRefusal: false })
  expect(read(frame, standard)).toEqual({
    cumulativeFlow: '5959 m³',
    settlementFlow: 'undefined m³',
    clock: undefined,
    status: 0,
  })
})

test('published answers of heat meters whose makers put the unit before the number', () => {
  // https://biecuoliao.com/pa/MD6jEe3.html, which reads it as 0.02 MWh, 10.34 m³, 25.35 °C, 25.66 °C.
  const jy = bytes(
    `68 20 32 41 31 40 00 00 00 81 2E 90 1F 01 08 02 00 00 00 08 02 00 00 00 17 00 00 00 00 35 00 00 00 00
     2C 34 10 00 00 35 25 00 66 25 00 00 00 00 53 00 12 10 07 15 20 00 00 31 16`.replace(/\s/g, ''),
  )
  const before: Layout = { unitPosition: 'before', flowRateDecimals: 2 }
  expect(read(decodeFrame(jy, '7'), before)).toEqual({
    settlementHeat: '0.02 MWh',
    heat: '0.02 MWh',
    heatPower: '0 kW',
    flowRate: '0 m³/h',
    cumulativeFlow: '10.34 m³',
    supplyTemperature: 25.35,
    returnTemperature: 25.66,
    workingHours: 0,
    clock: '20150710120053',
    status: 0,
  })
  // Test data of a public C# collector (SendTestData).
  const other = bytes(
    `68 20 38 04 21 08 00 59 42 81 2E 90 1F 00 05 19 28 53 00 05 19 28 53 00 17 00 00 00 00 35 00 00 00 00
     2C 42 33 18 00 03 19 00 10 19 00 61 27 00 26 57 23 31 03 15 20 03 01 F7 16`.replace(/\s/g, ''),
  )
  const frame = decodeFrame(other, '7')
  expect(frame.address).toBe('42590008210438')
  expect(read(frame, before)).toMatchObject({
    heat: '5328.19 kWh',
    cumulativeFlow: '1833.42 m³',
    supplyTemperature: 19.03,
    workingHours: 2761,
    clock: '20150331235726',
    status: 0x0103,
  })
})

test('a published answer with a wrong checksum is refused', () => {
  // The answer on https://hftangyu.com/563.html, whose bytes sum to 13H where it prints 08H.
  const printed = bytes(
    '68 10 44 33 22 11 00 33 78 81 16 1F 90 00 00 77 66 55 2C 00 77 66 55 2C 31 01 22 11 05 15 20 21 84 08 16',
  )
  expect(() => decodeFrame(printed, '7')).toThrow('checksum 08H instead of 13H')
  printed[33] = 0x13
  expect(read(decodeFrame(printed, '7'), standard)).toEqual({
    cumulativeFlow: '556677 m³',
    settlementFlow: '556677 m³',
    clock: '20150511220131',
    status: 0x8421,
  })
})

test('valve, battery and clock are said in words', () => {
  expect([0, 1, 3, 0xfffc].map(valveOf)).toEqual(['open', 'closed', 'abnormal', 'open'])
  expect([4, 0xfffb].map(batteryIsLow)).toEqual([true, false])
  expect(timeOf('20150511220131', 480)).toBe(Date.UTC(2015, 4, 11, 14, 1, 31))
  for (const none of ['20150231000000', '20151301000000', '00000000000000', '2015', '20150101240000'])
    expect(timeOf(none, 480), none).toBeUndefined()
})

test('every field comes back from its bytes, in every layout', () => {
  const fields = [...fieldsOf(0x10), ...fieldsOf(0x20)].filter(({ kind }) => kind !== 'clock')
  const layouts = fc.record<Layout>({
    unitPosition: fc.constantFrom('after', 'before'),
    flowRateDecimals: fc.integer({ min: 0, max: 4 }),
  })
  fc.assert(
    fc.property(
      fc.constantFrom(...fields),
      layouts,
      fc.nat({ max: 9_999 }),
      fc.nat({ max: 255 }),
      (field, layout, value, unit) => {
        const got = decodeField(encodeField(value, unit, field, layout), field, layout)
        expect(got).toEqual(field.kind === 'quantity' ? { value, unit } : { value })
      },
    ),
  )
})

const anyFrame = fc.record<Frame>({
  type: fc.integer({ min: 0x10, max: 0x49 }),
  address: fc.nat({ max: 9_999_999_999 }).map((number) => `78FA${String(number).padStart(10, '0')}`),
  function: fc.nat({ max: 63 }),
  isAnswer: fc.boolean(),
  isRefusal: fc.boolean(),
  data: fc.uint8Array({ maxLength: dataBytesMax }).map((data) => Buffer.from(data)),
})

test('every frame comes back, whatever preamble, noise and tearing', () => {
  fc.assert(
    fc.property(anyFrame, fc.constantFrom(...addressOrders), fc.nat(), (frame, order, cut) => {
      const stream = Buffer.concat([bytes('FE FE 68 00 FE'), encodeFrame(frame, order), encodeFrame(frame, order)])
      const reader = frameReader()
      const at = cut % stream.length
      const raw = [...reader.push(stream.subarray(0, at)), ...reader.push(stream.subarray(at))]
      expect(raw.map((each) => decodeFrame(each, order))).toEqual([frame, frame])
    }),
  )
})

test('noise that begins like a frame does not hide the frame behind it', () => {
  const frame = bytes('68 10 44 33 22 11 00 33 78 01 03 1F 90 00 80 16')
  // Read as a frame, the noise would have 120 data bytes, the frame's own 78H.
  expect(frameReader().push(Buffer.concat([bytes('68 00'), frame]))).toEqual([frame])
})

test('a frame with any one byte changed is never read as another frame', () => {
  fc.assert(
    fc.property(anyFrame, fc.nat(), fc.integer({ min: 1, max: 255 }), (frame, position, change) => {
      const raw = encodeFrame(frame, '7')
      raw[position % raw.length]! ^= change
      expect(() => decodeFrame(raw, '7')).toThrow(DeviceError)
    }),
  )
})

test('what no frame can carry is not written', () => {
  const frame = { type: 0x10, address: '00000000000001', function: 1, isAnswer: false, isRefusal: false }
  expect(() => encodeFrame({ ...frame, address: '12', data: Buffer.alloc(0) }, '7')).toThrow('10 digits')
  expect(() => encodeFrame({ ...frame, data: Buffer.alloc(101) }, '7')).toThrow('100 data bytes')
})

test('whatever comes, the reader keeps no more than a frame and the decoder throws nothing but DeviceError', () => {
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc
      .array(fc.constantFrom(0x68, 0x16, 0xfe, 0x10, 0x20, 0x00, 0xff), { maxLength: 300 })
      .map((each) => Uint8Array.from(each)),
    anyFrame.map((frame) => encodeFrame(frame, '7')),
  )
  fc.assert(
    fc.property(fc.array(noise, { maxLength: 3 }), (chunks) => {
      const reader = frameReader()
      for (const chunk of chunks)
        for (const raw of reader.push(Buffer.from(chunk))) {
          expect(raw.length).toBeLessThanOrEqual(113)
          try {
            const frame = decodeFrame(raw, '7')
            if (frame.data.length >= 46) read(frame, standard)
          } catch (error) {
            if (!(error instanceof DeviceError)) throw error
          }
        }
    }),
    { numRuns: runs },
  )
}, 1_200_000)
