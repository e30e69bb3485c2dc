/**
 * FINS commands MEMORY AREA READ (0101) and MEMORY AREA WRITE (0102) in their frames (SYSMAC CS/CJ/CP Communications
 * Commands, W342 §3-4, §5-3; FINS Commands, W227), and the FINS/TCP header (W421 §7-4). Pure: bytes to values and back.
 */
import { DeviceError, RefusedRequest } from '../../driver.ts'
import type { FrameReader } from '../../line.ts'
import { endCodeWords, plainEndCode } from './end-codes.ts'

/** One end of a FINS network. */
export interface FinsNode {
  network: number
  node: number
  unit: number
}

export interface FinsRoute {
  /** Who asks. */
  source: FinsNode
  /** Who is asked; node 0 is the one that is reached, whatever its number. */
  destination: FinsNode
  serviceId: number
}

export interface Command {
  write: boolean
  /** Memory area code, which also says whether words or bits are meant. */
  code: number
  word: number
  bit: number
  /** Words, or bits. */
  elements: number
  /** Words take two bytes, bits one. */
  unit: 'word' | 'bit'
}

/** Words of one request by the frame's size (W342 §5-3-2); networks on the way may carry fewer. */
export const wordsMax = 999

const headerBytes = 10
const icfCommand = 0x80
const icfResponse = 0x40
const tcpHeaderBytes = 16
/** Larger than the largest FINS frame (2,012 bytes). */
const frameBytesMax = 4_096

/** Commands of the FINS/TCP header. */
export const tcpCommands = { clientNode: 0, serverNode: 1, frame: 2, error: 3 } as const

export interface TcpFrame {
  command: number
  error: number
  data: Buffer
}

const commandCode = ({ write }: Command) => (write ? 0x0102 : 0x0101)
const bytesOf = ({ unit, elements }: Command) => elements * (unit === 'word' ? 2 : 1)

function writeHeader(frame: Buffer, icf: number, from: FinsNode, to: FinsNode, serviceId: number): void {
  frame.set([icf, 0, 2, to.network, to.node, to.unit, from.network, from.node, from.unit, serviceId])
}

const nodeAt = (frame: Buffer, at: number): FinsNode => ({
  network: frame[at]!,
  node: frame[at + 1]!,
  unit: frame[at + 2]!,
})

/** A command frame; `data` are words, or 0 and 1 of bits. Throws RangeError outside the protocol's limits. */
export function encodeCommand(command: Command, data: Uint16Array | undefined, route: FinsRoute): Buffer {
  if (command.elements < 1 || command.elements > wordsMax)
    throw new RangeError(`a request takes 1 to ${wordsMax} elements, not ${command.elements}`)
  const frame = Buffer.alloc(headerBytes + 8 + (data === undefined ? 0 : bytesOf(command)))
  writeHeader(frame, icfCommand, route.source, route.destination, route.serviceId)
  frame.writeUInt16BE(commandCode(command), 10)
  frame.writeUInt8(command.code, 12)
  frame.writeUInt16BE(command.word, 13)
  frame.writeUInt8(command.bit, 15)
  frame.writeUInt16BE(command.elements, 16)
  if (data !== undefined) writeElements(frame, 18, command.unit, data)
  return frame
}

function writeElements(frame: Buffer, at: number, unit: Command['unit'], data: Uint16Array): void {
  for (const [i, element] of data.entries())
    if (unit === 'word') frame.writeUInt16BE(element, at + i * 2)
    else frame.writeUInt8(element, at + i)
}

function readElements(bytes: Buffer, unit: Command['unit']): Uint16Array {
  if (unit === 'word') return Uint16Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readUInt16BE(i * 2))
  if (bytes.some((byte) => byte > 1)) throw new DeviceError('a bit is neither on nor off')
  return Uint16Array.from(bytes)
}

/**
 * The elements of an answer; none of a write. Throws RefusedRequest for an end code, DeviceError for what is not the answer
 * to this command. `name` is how the maker writes the address.
 */
export function decodeResponse(frame: Buffer, command: Command, route: FinsRoute, name: string): Uint16Array {
  if (frame.length < headerBytes + 4) throw new DeviceError('the frame is too short')
  const { source, destination, serviceId } = route
  if ((frame[0]! & icfResponse) === 0) throw new DeviceError('a command came instead of a response')
  if (frame[9] !== serviceId)
    throw new DeviceError(`a response with service ID ${frame[9]} came instead of ${serviceId}`)
  const [to, from] = [nodeAt(frame, 3), nodeAt(frame, 6)]
  if (!isNode(to, source)) throw new DeviceError(`a response to node ${to.network}.${to.node}.${to.unit} came`)
  if (!isNode(from, destination)) throw new DeviceError(`node ${from.network}.${from.node}.${from.unit} responded`)
  if (frame.readUInt16BE(10) !== commandCode(command)) throw new DeviceError('a response to another command came')
  const endCode = frame.readUInt16BE(12)
  if (plainEndCode(endCode) !== 0) throw new RefusedRequest(`${name}: ${endCodeWords(endCode)}`)
  const data = frame.subarray(headerBytes + 4)
  const size = command.write ? 0 : bytesOf(command)
  if (data.length !== size) throw new DeviceError(`a response of ${data.length} bytes came instead of ${size}`)
  return readElements(data, command.unit)
}

/** A node number that was asked for as 0 is unknown. */
const isNode = (node: FinsNode, asked: FinsNode) =>
  node.network === asked.network && node.unit === asked.unit && (asked.node === 0 || node.node === asked.node)

/** Memory area codes of single bits (W342 §5-2-2): below 40 hex, and the upper EM banks. */
const isBitCode = (code: number) => code < 0x40 || (code >= 0xe0 && code <= 0xe8)

/** A command as the controller reads it. Throws DeviceError. */
export function decodeCommand(frame: Buffer): { command: Command; route: FinsRoute; data: Uint16Array } {
  if (frame.length < headerBytes + 8) throw new DeviceError('the frame is too short')
  if ((frame[0]! & icfResponse) !== 0) throw new DeviceError('a response came instead of a command')
  const request = frame.readUInt16BE(10)
  if (request !== 0x0101 && request !== 0x0102) throw new DeviceError('a command that is not served')
  const code = frame.readUInt8(12)
  const command: Command = {
    write: request === 0x0102,
    code,
    word: frame.readUInt16BE(13),
    bit: frame.readUInt8(15),
    elements: frame.readUInt16BE(16),
    unit: isBitCode(code) ? 'bit' : 'word',
  }
  const data = frame.subarray(headerBytes + 8)
  if (data.length !== (command.write ? bytesOf(command) : 0)) throw new DeviceError('elements and data do not match')
  const route = { destination: nodeAt(frame, 3), source: nodeAt(frame, 6), serviceId: frame.readUInt8(9) }
  return { command, route, data: readElements(data, command.unit) }
}

export function encodeResponse(command: Command, endCode: number, data: Uint16Array, route: FinsRoute): Buffer {
  const size = data.length * (command.unit === 'word' ? 2 : 1)
  const frame = Buffer.alloc(headerBytes + 4 + size)
  writeHeader(frame, icfCommand | icfResponse, route.destination, route.source, route.serviceId)
  frame.writeUInt16BE(commandCode(command), 10)
  frame.writeUInt16BE(endCode, 12)
  writeElements(frame, headerBytes + 4, command.unit, data)
  return frame
}

/** A FINS/TCP frame: its length counts from the command on. */
export function encodeTcp({ command, error, data }: TcpFrame): Buffer {
  const frame = Buffer.alloc(tcpHeaderBytes)
  frame.write('FINS', 'latin1')
  frame.writeUInt32BE(8 + data.length, 4)
  frame.writeUInt32BE(command, 8)
  frame.writeUInt32BE(error, 12)
  return Buffer.concat([frame, data])
}

/** Numbers of four bytes each, as the exchange of node addresses has them. */
export function nodeNumbers(...numbers: number[]): Buffer {
  const data = Buffer.alloc(numbers.length * 4)
  for (const [i, number] of numbers.entries()) data.writeUInt32BE(number, i * 4)
  return data
}

/** Cuts a stream into FINS/TCP frames. Throws DeviceError on what is none. */
export class TcpFrameReader implements FrameReader<TcpFrame> {
  #rest: Buffer = Buffer.alloc(0)

  push(chunk: Buffer): TcpFrame[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const frames: TcpFrame[] = []
    while (this.#rest.length >= tcpHeaderBytes) {
      if (this.#rest.toString('latin1', 0, 4) !== 'FINS') throw new DeviceError('what came is no FINS/TCP frame')
      const bytes = 8 + this.#rest.readUInt32BE(4)
      if (bytes < tcpHeaderBytes || bytes > frameBytesMax) throw new DeviceError(`a frame of ${bytes} bytes`)
      if (this.#rest.length < bytes) break
      frames.push({
        command: this.#rest.readUInt32BE(8),
        error: this.#rest.readUInt32BE(12),
        data: this.#rest.subarray(tcpHeaderBytes, bytes),
      })
      this.#rest = this.#rest.subarray(bytes)
    }
    return frames
  }
}
