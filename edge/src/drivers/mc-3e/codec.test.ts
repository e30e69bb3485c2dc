import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DeviceError, RefusedRequest } from '../../driver.ts'
import { type Device, devices, type Numbering, radixOf } from './address.ts'
import {
  type Command,
  decodeAnswer,
  decodeRequest,
  encodeAnswer,
  encodeRefusal,
  encodeRequest,
  Frame3EReader,
  type Route,
} from './codec.ts'

const own: Route = { network: 0, station: 255, moduleIo: 0x03ff, multidrop: 0 }
const binary: Numbering = { code: 'binary', series: 'ql', xyNumbering: 'hexadecimal' }
const ascii: Numbering = { ...binary, code: 'ascii' }
const read = (device: Device, head: number, points: number): Command => ({
  write: false,
  unit: 'word',
  device,
  head,
  points,
})
/** The request data of the manuals begins after header and monitoring timer. */
const requestData = (frame: Buffer, { code }: Numbering) =>
  code === 'binary' ? frame.subarray(11).toString('hex').toUpperCase() : frame.subarray(22).toString('latin1')
const answerWith = (data: string, { code }: Numbering) => {
  if (code === 'ascii')
    return Buffer.from(`D00000FF03FF00${(data.length + 4).toString(16).toUpperCase().padStart(4, '0')}0000${data}`)
  const length = Buffer.alloc(2)
  length.writeUInt16LE(data.length / 2 + 2)
  return Buffer.from(`d00000ffff0300${length.toString('hex')}0000${data}`, 'hex')
}

// MELSEC Communication Protocol Reference Manual (SH-080008), §8.2, “Communication example (Reading bit device)”.
test('M100 to M131 in words are asked for and answered as in the reference manual’s example', () => {
  const command = read('M', 100, 2)
  expect(requestData(encodeRequest(command, undefined, ascii, own, 0), ascii)).toBe('04010000M*0001000002')
  expect(requestData(encodeRequest(command, undefined, binary, own, 0), binary)).toBe('01040000640000900200')
  expect([...decodeAnswer(answerWith('12340002', ascii), command, ascii, own)]).toEqual([0x1234, 0x0002])
  expect([...decodeAnswer(answerWith('34120200', binary), command, binary, own)]).toEqual([0x1234, 0x0002])
})

// The same manual, §8.1, “Read data, write data”: five points from M10; D350 holds 56ABH, D351 170FH.
test('bits and words stand as the reference manual shows them', () => {
  const five: Command = { ...read('M', 10, 5), unit: 'bit' }
  expect([...decodeAnswer(answerWith('10101', ascii), five, ascii, own)]).toEqual([1, 0, 1, 0, 1])
  expect([...decodeAnswer(answerWith('101010', binary), five, binary, own)]).toEqual([1, 0, 1, 0, 1])
  const command: Command = { ...read('D', 350, 2), write: true }
  const frame = encodeRequest(command, Uint16Array.of(0x56ab, 0x170f), binary, own, 0)
  expect(requestData(frame, binary).slice(8)).toBe('5E0100A80200' + 'AB560F17')
})

// The same manual, §8.1, “Device number”: X1234 and M1234, for Q/L in 6 digits or 3 bytes, for iQ-R in 8 or 4.
test('device numbers are written as the reference manual shows them', () => {
  const numberIn = (device: Device, head: number, numbering: Numbering) => {
    const data = requestData(encodeRequest(read(device, head, 1), undefined, numbering, own, 0), numbering)
    const letters = numbering.code === 'binary' ? 0 : numbering.series === 'iqr' ? 4 : 2
    return data.slice(8 + letters, 8 + letters + (numbering.series === 'iqr' ? 8 : 6))
  }
  const r = { series: 'iqr' } as const
  expect(numberIn('X', 0x1234, ascii)).toBe('001234')
  expect(numberIn('X', 0x1234, binary)).toBe('341200')
  expect(numberIn('M', 1234, ascii)).toBe('001234')
  expect(numberIn('M', 1234, binary)).toBe('D20400')
  expect(numberIn('M', 1234, { ...ascii, ...r })).toBe('00001234')
  expect(numberIn('M', 1234, { ...binary, ...r })).toBe('D2040000')
})

// https://blog.csdn.net/sinat_36988961/article/details/103087932: D10150 read (256) and written (513), whole frames.
test('an exchange that a user published has its bytes', () => {
  const command = read('D', 10_150, 1)
  expect(encodeRequest(command, undefined, binary, own, 1).toString('hex')).toBe(
    '500000ffff03000c00010001040000a62700a80100',
  )
  expect([...decodeAnswer(Buffer.from('d00000ffff0300040000000001', 'hex'), command, binary, own)]).toEqual([256])
  const write = { ...command, write: true }
  expect(encodeRequest(write, Uint16Array.of(513), binary, own, 1).toString('hex')).toBe(
    '500000ffff03000e00010001140000a62700a801000102',
  )
  expect(decodeAnswer(Buffer.from('d00000ffff030002000000', 'hex'), write, binary, own)).toHaveLength(0)
})

test('an end code is a refusal with its words, with and without error information', () => {
  const command = read('W', 0x1a, 1)
  const refused = encodeRefusal(0xc056, command, binary, own)
  expect(() => decodeAnswer(refused, command, binary, own)).toThrow(RefusedRequest)
  expect(() => decodeAnswer(refused, command, binary, own)).toThrow(
    'W1A: the request goes beyond the highest address (end code C056)',
  )
  expect(() => decodeAnswer(Buffer.from('D00000FF03FF000004C059'), command, ascii, own)).toThrow(
    'wrong command or subcommand (end code C059)',
  )
  expect(() =>
    decodeAnswer(encodeRefusal(0xc056, { ...command, write: true }, binary, own), command, binary, own),
  ).toThrow('another command')
})

test('a port that is set to the other code is named as such', () => {
  const answer = encodeAnswer(read('D', 0, 1), Uint16Array.of(1), 'ascii', own)
  expect(() => new Frame3EReader('binary', 'answer').push(answer)).toThrow('no 3E frame in binary code')
})

test('a frame that claims more than any answer holds is refused before it is gathered', () => {
  expect(() => new Frame3EReader('binary', 'answer').push(Buffer.from('d00000ffff0300ffff', 'hex'))).toThrow(
    '65544 bytes',
  )
})

test('an answer of another station, of another length or with half a point is never a value', () => {
  const command = read('D', 0, 2)
  const answer = encodeAnswer(command, Uint16Array.of(1, 2), 'binary', own)
  expect(() => decodeAnswer(answer, command, binary, { ...own, station: 1 })).toThrow(
    'came from network 0, station 255',
  )
  expect(() => decodeAnswer(answer, { ...command, points: 3 }, binary, own)).toThrow('4 bytes came instead of 6')
  expect(() => decodeAnswer(answerWith('20', binary), { ...command, unit: 'bit' }, binary, own)).toThrow('neither on')
  expect(() => encodeRequest(read('D', 0, 961), undefined, binary, own, 0)).toThrow('1 to 960')
})

const numberings: Numbering[] = [
  binary,
  ascii,
  { ...binary, series: 'iqr' },
  { ...ascii, series: 'iqr' },
  { ...ascii, xyNumbering: 'octal' },
]
const commands = fc.record({
  write: fc.boolean(),
  unit: fc.constantFrom('word' as const, 'bit' as const),
  device: fc.constantFrom(...(Object.keys(devices) as Device[])),
  head: fc.nat(99_999),
  points: fc.integer({ min: 1, max: 40 }),
})
const dataOf = ({ unit, points }: Command, seed: number) =>
  Uint16Array.from({ length: points }, (_, i) => (unit === 'bit' ? (seed >> (i % 16)) & 1 : (seed * (i + 1)) & 0xffff))

test('every command and its answer come back in each code and series, torn at any byte', () => {
  fc.assert(
    fc.property(
      commands,
      fc.constantFrom(...numberings),
      fc.nat(0xffff),
      fc.nat(200),
      (command, numbering, seed, cut) => {
        if (command.head >= radixOf(command.device, numbering) ** 6) return
        const data = dataOf(command, seed)
        const request = encodeRequest(command, command.write ? data : undefined, numbering, own, 4)
        const requests = new Frame3EReader(numbering.code, 'request')
        const [frame] = [...requests.push(request.subarray(0, cut)), ...requests.push(request.subarray(cut))]
        expect(decodeRequest(frame!, numbering.xyNumbering)).toEqual({
          command,
          numbering,
          route: own,
          data: command.write ? data : new Uint16Array(),
        })
        const answer = encodeAnswer(command, command.write ? new Uint16Array() : data, numbering.code, own)
        const answers = new Frame3EReader(numbering.code, 'answer')
        const [came] = [...answers.push(answer.subarray(0, cut)), ...answers.push(answer.subarray(cut))]
        expect(decodeAnswer(came!, command, numbering, own)).toEqual(command.write ? new Uint16Array() : data)
      },
    ),
  )
})

test('whatever bytes come, they are frames of a bounded size or a DeviceError', { timeout: 600_000 }, () => {
  const command: Command = { ...read('D', 100, 3), unit: 'word' }
  const whole = numberings
    .slice(0, 2)
    .flatMap(({ code }) => [
      encodeAnswer(command, Uint16Array.of(1, 2, 3), code, own),
      encodeRefusal(0xc056, command, { ...binary, code }, own),
      encodeRequest(command, undefined, { ...binary, code }, own, 1),
    ])
  const spoilt = fc
    .tuple(fc.constantFrom(...whole), fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 3 }))
    .map(([frame, changes]) => {
      const bytes = Buffer.from(frame)
      for (const [at, value] of changes) bytes[at % bytes.length] = value
      return bytes
    })
  const bytes = fc.oneof(
    spoilt,
    fc.uint8Array({ maxLength: 300 }).map((each) => Buffer.from(each)),
  )
  const declared = (run: () => void) => {
    try {
      run()
    } catch (error) {
      expect(error).toBeInstanceOf(DeviceError)
    }
  }
  fc.assert(
    fc.property(bytes, fc.constantFrom(binary, ascii), (input, numbering) => {
      declared(() => {
        for (const frame of new Frame3EReader(numbering.code, 'answer').push(input)) {
          expect(frame.length).toBeLessThanOrEqual(8_192)
          expect(decodeAnswer(frame, command, numbering, own)).toHaveLength(3)
        }
      })
      declared(() => {
        for (const frame of new Frame3EReader(numbering.code, 'request').push(input))
          expect(decodeRequest(frame).data.length).toBeLessThan(8_192)
      })
    }),
    { numRuns: Number(process.env.KAPOK_FUZZ_RUNS ?? 20_000) },
  )
})
