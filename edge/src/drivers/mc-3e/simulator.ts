import type { TagType, TagValue } from '../../driver.ts'
import { serveTcp } from '../../serve-tcp.ts'
import { noFaults, type Simulate } from '../../simulator.ts'
import { booleanOf } from '../../values.ts'
import { readWords, type WordType, writeWords } from '../../words.ts'
import { type Device, devices, isRead16, type McAddress, type Numbering, parseAddress, pointsOf } from './address.ts'
import { type Command, decodeRequest, encodeAnswer, encodeRefusal, Frame3EReader, pointsMax } from './codec.ts'

const layout = { first: 'low', encoding: 'utf-8' } as const
const numbering: Numbering = { code: 'binary', series: 'iqr', xyNumbering: 'hexadecimal' }
/** Points of each device. */
const devicePoints = 65_536

/** The devices of a station, and what it answers to a request. */
class Station {
  readonly faults = noFaults()
  readonly #memory = new Map<Device, Uint16Array>()

  answer(frame: Buffer): Buffer {
    const { command, numbering: asked, route, data } = decodeRequest(frame)
    const from = this.faults.answersForAnother ? { ...route, station: (route.station + 1) & 0xff } : route
    const endCode = this.#refusal(command)
    if (endCode !== undefined) return encodeRefusal(endCode, command, asked, from)
    if (command.write) this.#store(command, data)
    return encodeAnswer(command, command.write ? new Uint16Array() : this.#load(command), asked.code, from)
  }

  set(text: string, type: TagType, value: TagValue): void {
    const address = parseAddress(text, type, numbering)
    const points = this.#pointsOf(address.device)
    const { number, bit } = address
    if (type !== 'bool')
      this.#store(commandAt(address, type), writeWords(value, type as WordType, address.length, layout))
    else if (bit === undefined) points[number] = booleanOf(value) ? 1 : 0
    else points[number] = booleanOf(value) ? points[number]! | (1 << bit) : points[number]! & ~(1 << bit)
  }

  get(text: string, type: TagType): TagValue {
    const address = parseAddress(text, type, numbering)
    if (type === 'bool') return ((this.#pointsOf(address.device)[address.number]! >> (address.bit ?? 0)) & 1) === 1
    const words = this.#load(commandAt(address, type))
    return readWords(words, type as WordType, address.length, layout).value ?? Number.NaN
  }

  #refusal(command: Command): number | undefined {
    const { unit, device, head, points } = command
    const per = unit === 'word' && devices[device].kind !== 'word' ? 16 : 1
    if (this.faults.refusesAll) return 0xc05f
    if (unit === 'bit' && devices[device].kind === 'word') return 0xc05c
    if (points < 1 || points > pointsMax[unit]) return 0xc051
    if (head + points * per > devicePoints) return 0xc056
    for (const missing of this.faults.missing) {
      // A type may give a timer another device; either is gone then.
      const places = [plain(missing, 'bool'), plain(missing, 'uint16'), plain(missing, 'text')]
      if (places.some((at) => at?.device === device && at.number >= head && at.number < head + points * per))
        return 0xc056
    }
    return undefined
  }

  #pointsOf(device: Device): Uint16Array {
    const points = this.#memory.get(device) ?? new Uint16Array(devicePoints)
    this.#memory.set(device, points)
    return points
  }

  #load({ unit, device, head, points }: Command): Uint16Array {
    const stored = this.#pointsOf(device)
    if (unit === 'bit' || devices[device].kind === 'word') return stored.slice(head, head + points)
    return Uint16Array.from({ length: points }, (_, i) =>
      stored.subarray(head + i * 16, head + i * 16 + 16).reduce((word, bit, at) => word | (bit << at), 0),
    )
  }

  #store({ unit, device, head }: Command, data: Uint16Array): void {
    const stored = this.#pointsOf(device)
    if (unit === 'bit' || devices[device].kind === 'word') stored.set(data, head)
    else for (let i = 0; i < data.length * 16; i++) stored[head + i] = (data[i >> 4]! >> (i & 15)) & 1
  }
}

const commandAt = (address: McAddress, type: TagType): Command => ({
  write: false,
  unit: 'word',
  device: address.device,
  head: address.number,
  points: pointsOf(address, type) / (isRead16(address.device) ? 16 : 1),
})

/** A station that answers in the code and series in which it is asked. */
export const simulate: Simulate = async (options = {}) => {
  const station = new Station()
  const server = await serveTcp(options, (socket) => {
    let frames: Frame3EReader | undefined
    return (chunk) => {
      frames ??= new Frame3EReader(chunk[0] === 0x50 ? 'binary' : 'ascii', 'request')
      for (const frame of frames.push(chunk)) if (!station.faults.silent) socket.write(station.answer(frame))
    }
  })
  return {
    settings: { host: server.host, port: server.port },
    faults: station.faults,
    set: (address, type, value) => station.set(address, type, value),
    get: (address, type) => station.get(address, type),
    stop: server.stop,
  }
}

function plain(address: string, type: 'bool' | 'uint16' | 'text'): McAddress | undefined {
  try {
    return parseAddress(address, type, numbering)
  } catch {
    return undefined
  }
}
