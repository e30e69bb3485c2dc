/**
 * MELSEC Communication protocol, QnA-compatible 3E frame (SH-080008 §4, §5, §8.2), which is also SLMP's (SH-080956):
 * batch read (0401) and batch write (1401) in words and bits, in binary and ASCII code. Pure: bytes to values and back.
 */
import { DeviceError, RefusedRequest } from '../../driver.ts'
import type { FrameReader } from '../../line.ts'
import { type Device, devices, type Numbering, nameOf, radixOf } from './address.ts'
import { endCodeWords } from './end-codes.ts'

/** The station that is spoken to; every answer repeats it. */
export interface Route {
  network: number
  /** PC number; 255 is the one that is connected. */
  station: number
  moduleIo: number
  multidrop: number
}

export interface Command {
  write: boolean
  /** Word units hold 16 points of a bit device each. */
  unit: 'word' | 'bit'
  device: Device
  head: number
  /** Words, or bits: what the request counts. */
  points: number
}

/** Points of one request (SH-080008 §8.2); of bits the lower of the two codes' limits. */
export const pointsMax = { word: 960, bit: 3584 } as const

const subheader = { request: '5000', answer: 'D000' } as const
type Direction = keyof typeof subheader
const headerBytes = { binary: 9, ascii: 18 } as const
/** Larger than any frame of the commands here. */
const frameBytesMax = 8_192

/** Fields of a frame: numbers low byte first in binary code, as upper-case hexadecimal digits in ASCII code. */
class FieldWriter {
  readonly #code: Numbering['code']
  readonly #parts: Buffer[] = []

  constructor(code: Numbering['code']) {
    this.#code = code
  }

  number(value: number, bytes: number, radix = 16): void {
    if (this.#code === 'binary') {
      const part = Buffer.alloc(bytes)
      part.writeUIntLE(value, 0, bytes)
      this.#parts.push(part)
    } else
      this.text(
        value
          .toString(radix)
          .toUpperCase()
          .padStart(bytes * 2, '0'),
      )
  }

  text(value: string): void {
    this.#parts.push(Buffer.from(value, 'latin1'))
  }

  bits(points: Uint16Array): void {
    if (this.#code === 'ascii') this.text(points.join(''))
    else {
      const part = Buffer.alloc(Math.ceil(points.length / 2))
      for (const [i, point] of points.entries()) part[i >> 1]! |= point << (i % 2 === 0 ? 4 : 0)
      this.#parts.push(part)
    }
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts)
  }
}

/** Zeros in front may be spaces (SH-080008 §8.1). */
const digitsOf = { 8: /^ *[0-7]+$/, 10: /^ *\d+$/, 16: /^ *[0-9a-f]+$/i }

class FieldReader {
  readonly #code: Numbering['code']
  readonly #frame: Buffer
  #at = 0

  constructor(frame: Buffer, code: Numbering['code']) {
    this.#frame = frame
    this.#code = code
  }

  get rest(): number {
    return this.#frame.length - this.#at
  }

  take(length: number): Buffer {
    if (this.rest < length) throw new DeviceError('the frame is too short')
    this.#at += length
    return this.#frame.subarray(this.#at - length, this.#at)
  }

  number(bytes: number, radix: 8 | 10 | 16 = 16): number {
    if (this.#code === 'binary') return this.take(bytes).readUIntLE(0, bytes)
    const digits = this.take(bytes * 2).toString('latin1')
    if (!digitsOf[radix].test(digits)) throw new DeviceError(`“${digits}” is no number in ASCII code`)
    return Number.parseInt(digits, radix)
  }

  /** Bytes that `count` points take. */
  sizeOf(unit: Command['unit'], count: number): number {
    if (this.#code === 'ascii') return unit === 'word' ? count * 4 : count
    return unit === 'word' ? count * 2 : Math.ceil(count / 2)
  }

  points(unit: Command['unit'], count: number): Uint16Array {
    if (unit === 'word') return Uint16Array.from({ length: count }, () => this.number(2))
    const part = this.take(this.sizeOf('bit', count))
    return Uint16Array.from({ length: count }, (_, i) => {
      const point = this.#code === 'ascii' ? part[i]! - 0x30 : (part[i >> 1]! >> (i % 2 === 0 ? 4 : 0)) & 15
      if (point !== 0 && point !== 1) throw new DeviceError('a point is neither on nor off')
      return point
    })
  }
}

function encodeFrame(direction: Direction, code: Numbering['code'], route: Route, body: Buffer): Buffer {
  const header = new FieldWriter(code)
  // The subheader is no number: its bytes stand in the same order in both codes.
  if (code === 'ascii') header.text(subheader[direction])
  else header.number(Buffer.from(subheader[direction], 'hex').readUInt16LE(), 2)
  writeRoute(header, route)
  header.number(body.length, 2)
  return Buffer.concat([header.bytes(), body])
}

function writeRoute(fields: FieldWriter, { network, station, moduleIo, multidrop }: Route): void {
  fields.number(network, 1)
  fields.number(station, 1)
  fields.number(moduleIo, 2)
  fields.number(multidrop, 1)
}

const readRoute = (fields: FieldReader): Route => ({
  network: fields.number(1),
  station: fields.number(1),
  moduleIo: fields.number(2),
  multidrop: fields.number(1),
})

const commandOf = ({ write }: Command) => (write ? 0x1401 : 0x0401)
const subcommandOf = ({ unit }: Command, { series }: Numbering) => (series === 'iqr' ? 2 : 0) + (unit === 'bit' ? 1 : 0)

/**
 * A request. `timer` is how long the station may take, in units of 250 ms (0: as long as it likes). Throws RangeError
 * outside the protocol's limits.
 */
export function encodeRequest(
  command: Command,
  data: Uint16Array | undefined,
  numbering: Numbering,
  route: Route,
  timer: number,
): Buffer {
  const { device, head, points, unit } = command
  if (points < 1 || points > pointsMax[unit])
    throw new RangeError(`a request takes 1 to ${pointsMax[unit]} ${unit}s, not ${points}`)
  const body = new FieldWriter(numbering.code)
  const r = numbering.series === 'iqr'
  body.number(timer, 2)
  body.number(commandOf(command), 2)
  body.number(subcommandOf(command, numbering), 2)
  if (numbering.code === 'ascii') body.text(r ? devices[device].asciiR : devices[device].ascii)
  body.number(head, r ? 4 : 3, radixOf(device, numbering))
  if (numbering.code === 'binary') body.number(devices[device].code, r ? 2 : 1)
  body.number(points, 2)
  if (data !== undefined && unit === 'bit') body.bits(data)
  else for (const word of data ?? []) body.number(word, 2)
  return encodeFrame('request', numbering.code, route, body.bytes())
}

/** Cuts a stream into 3E frames of one direction. Throws DeviceError on what is none. */
export class Frame3EReader implements FrameReader<Buffer> {
  readonly #code: Numbering['code']
  readonly #expected: Buffer
  #rest: Buffer = Buffer.alloc(0)

  constructor(code: Numbering['code'], direction: Direction) {
    this.#code = code
    this.#expected = Buffer.from(subheader[direction], code === 'ascii' ? 'latin1' : 'hex')
  }

  push(chunk: Buffer): Buffer[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const frames: Buffer[] = []
    const header = headerBytes[this.#code]
    while (this.#rest.length >= header) {
      const fields = new FieldReader(this.#rest.subarray(0, header), this.#code)
      if (!fields.take(this.#expected.length).equals(this.#expected))
        throw new DeviceError(`what came is no 3E frame in ${this.#code} code`)
      readRoute(fields)
      const bytes = header + fields.number(2)
      if (bytes > frameBytesMax) throw new DeviceError(`a frame of ${bytes} bytes`)
      if (this.#rest.length < bytes) break
      frames.push(this.#rest.subarray(0, bytes))
      this.#rest = this.#rest.subarray(bytes)
    }
    return frames
  }
}

function openFrame(
  frame: Buffer,
  code: Numbering['code'],
  route: Route | undefined,
): { fields: FieldReader; route: Route } {
  const fields = new FieldReader(frame, code)
  fields.take(code === 'ascii' ? 4 : 2)
  const from = readRoute(fields)
  if (route !== undefined && Object.keys(from).some((key) => from[key as keyof Route] !== route[key as keyof Route]))
    throw new DeviceError(
      `an answer came from network ${from.network}, station ${from.station}, module ${from.moduleIo}, multidrop ${from.multidrop}`,
    )
  if (fields.number(2) !== fields.rest) throw new DeviceError('the frame is not as long as it says')
  return { fields, route: from }
}

/**
 * The points of an answer: words, or 0 and 1 of bits; none of a write. Throws RefusedRequest for an end code, DeviceError
 * for what does not fit the command.
 */
export function decodeAnswer(frame: Buffer, command: Command, numbering: Numbering, route: Route): Uint16Array {
  const { fields } = openFrame(frame, numbering.code, route)
  const endCode = fields.number(2)
  const { unit, points } = command
  if (endCode !== 0) {
    // Route, command and subcommand of what failed may follow.
    if (fields.rest > 0) {
      readRoute(fields)
      if (fields.number(2) !== commandOf(command)) throw new DeviceError('an answer to another command came')
    }
    throw new RefusedRequest(`${nameOf({ ...command, number: command.head }, numbering)}: ${endCodeWords(endCode)}`)
  }
  const size = command.write ? 0 : fields.sizeOf(unit, points)
  if (fields.rest !== size) throw new DeviceError(`an answer of ${fields.rest} bytes came instead of ${size}`)
  return fields.points(unit, command.write ? 0 : points)
}

/** A request as a station reads it; its code is seen by its first byte, the series by its subcommand. Throws DeviceError. */
export function decodeRequest(
  frame: Buffer,
  xyNumbering: Numbering['xyNumbering'] = 'hexadecimal',
): { command: Command; numbering: Numbering; route: Route; data: Uint16Array } {
  const code = frame[0] === 0x50 ? 'binary' : 'ascii'
  const { fields, route } = openFrame(frame, code, undefined)
  fields.number(2)
  const number = fields.number(2)
  const subcommand = fields.number(2)
  if ((number !== 0x0401 && number !== 0x1401) || subcommand > 3) throw new DeviceError('a command that is not served')
  const numbering: Numbering = { code, series: subcommand > 1 ? 'iqr' : 'ql', xyNumbering }
  const r = numbering.series === 'iqr'
  const letters = code === 'ascii' ? fields.take(r ? 4 : 2).toString('latin1') : undefined
  const byLetters = (Object.keys(devices) as Device[]).find((each) => devices[each][r ? 'asciiR' : 'ascii'] === letters)
  const head = fields.number(r ? 4 : 3, byLetters === undefined ? 16 : radixOf(byLetters, numbering))
  const binary = code === 'binary' ? fields.number(r ? 2 : 1) : undefined
  const device = byLetters ?? (Object.keys(devices) as Device[]).find((each) => devices[each].code === binary)
  if (device === undefined) throw new DeviceError('a device that is not there')
  const write = number === 0x1401
  const command: Command = {
    write,
    unit: subcommand % 2 === 1 ? 'bit' : 'word',
    device,
    head,
    points: fields.number(2),
  }
  const size = write ? fields.sizeOf(command.unit, command.points) : 0
  if (fields.rest !== size) throw new DeviceError('the data is not as long as the points')
  return { command, numbering, route, data: fields.points(command.unit, write ? command.points : 0) }
}

/** The answer to a command that was done, with the points of a read. */
export function encodeAnswer(command: Command, data: Uint16Array, code: Numbering['code'], route: Route): Buffer {
  const body = new FieldWriter(code)
  body.number(0, 2)
  if (command.unit === 'bit') body.bits(data)
  else for (const word of data) body.number(word, 2)
  return encodeFrame('answer', code, route, body.bytes())
}

/** The answer to a command that was not done (SH-080008 §5.2, error information). */
export function encodeRefusal(endCode: number, command: Command, numbering: Numbering, route: Route): Buffer {
  const body = new FieldWriter(numbering.code)
  body.number(endCode, 2)
  writeRoute(body, route)
  body.number(commandOf(command), 2)
  body.number(subcommandOf(command, numbering), 2)
  return encodeFrame('answer', numbering.code, route, body.bytes())
}
