import { createSocket } from 'node:dgram'
import type { TagType, TagValue } from '../../driver.ts'
import { serveTcp, type TcpServer } from '../../serve-tcp.ts'
import { noFaults, type Simulate } from '../../simulator.ts'
import { booleanOf } from '../../values.ts'
import { readWords, type WordType, writeWords } from '../../words.ts'
import { elementsOf, type FinsAddress, isFlag, parseAddress } from './address.ts'
import {
  type Command,
  decodeCommand,
  encodeResponse,
  encodeTcp,
  nodeNumbers,
  TcpFrameReader,
  tcpCommands,
  wordsMax,
} from './codec.ts'

const layout = { first: 'high', encoding: 'utf-8' } as const
/** Elements of each area. */
const areaSize = 0x10000
/** The controller's node number, and the first that it gives to FINS/TCP clients that have none. */
const ownNode = 1
const givenNodeMin = 239
const givenNodeMax = 254

/** The word area that a bit code is of (W342 §5-2-2). */
function wordCodeOf({ code, unit }: Command): number {
  if (unit === 'word' || code === 0x09) return code
  if (code === 0x02) return 0x82
  if (code >= 0xe0) return code - 0x80
  return code + 0x80
}

/** The memory of a CPU Unit, and what it answers to a command. */
class CpuUnit {
  readonly faults = noFaults()
  readonly #memory = new Map<number, Uint16Array>()

  /** Undefined while it is silent. Throws DeviceError on what is no command. */
  respond(frame: Buffer): Buffer | undefined {
    if (this.faults.silent) return undefined
    const { command, route, data } = decodeCommand(frame)
    // Far from what may be on the way: an answer under its number could not be told from its own.
    const from = this.faults.answersForAnother ? { ...route, serviceId: (route.serviceId + 0x7f) & 0xff } : route
    const endCode = this.#refusal(command)
    if (endCode === 0 && command.write) this.#store(command, data)
    const elements = endCode !== 0 || command.write ? new Uint16Array() : this.#load(command)
    return encodeResponse(command, endCode, elements, from)
  }

  set(text: string, type: TagType, value: TagValue): void {
    const address = parseAddress(text, type)
    const stored = this.#area(address.code)
    if (type !== 'bool') stored.set(writeWords(value, type as WordType, address.length, layout), address.word)
    else if (isFlag(address)) stored[address.word] = booleanOf(value) ? 1 : 0
    else setBit(stored, address.word, address.bit ?? 0, booleanOf(value))
  }

  get(text: string, type: TagType): TagValue {
    const address = parseAddress(text, type)
    const stored = this.#area(address.code)
    if (type === 'bool') return ((stored[address.word]! >> (address.bit ?? 0)) & 1) === 1
    const words = stored.slice(address.word, address.word + elementsOf(address, type))
    return readWords(words, type as WordType, address.length, layout).value ?? Number.NaN
  }

  #refusal({ code, word, elements }: Command): number {
    if (this.faults.refusesAll) return 0x2002
    if (elements > wordsMax) return 0x110b
    if (word + elements > areaSize) return 0x1104
    for (const missing of this.faults.missing) {
      const places = [plain(missing, 'bool'), plain(missing, 'uint16'), plain(missing, 'text')]
      const isMissing = (at: FinsAddress | undefined) =>
        at !== undefined && (at.code === code || at.bitCode === code) && at.word >= word && at.word < word + elements
      if (places.some(isMissing)) return 0x1103
    }
    return 0
  }

  #area(code: number): Uint16Array {
    const elements = this.#memory.get(code) ?? new Uint16Array(areaSize)
    this.#memory.set(code, elements)
    return elements
  }

  #load(command: Command): Uint16Array {
    const { unit, word, bit, elements } = command
    const stored = this.#area(wordCodeOf(command))
    if (unit === 'word' || command.code === 0x09) return stored.slice(word, word + elements)
    return Uint16Array.from({ length: elements }, (_, i) => (stored[word + ((bit + i) >> 4)]! >> ((bit + i) & 15)) & 1)
  }

  #store(command: Command, data: Uint16Array): void {
    const { unit, word, bit } = command
    const stored = this.#area(wordCodeOf(command))
    if (unit === 'word' || command.code === 0x09) stored.set(data, word)
    else for (const [i, on] of data.entries()) setBit(stored, word + ((bit + i) >> 4), (bit + i) & 15, on === 1)
  }
}

/** A CPU Unit that serves FINS/TCP and FINS/UDP at the same port number. */
export const simulate: Simulate = async (options = {}) => {
  const unit = new CpuUnit()
  const { tcp, stop } = await serve(options, unit)
  return {
    settings: { host: tcp.host, port: tcp.port },
    faults: unit.faults,
    set: (address, type, value) => unit.set(address, type, value),
    get: (address, type) => unit.get(address, type),
    stop,
  }
}

function setBit(words: Uint16Array, at: number, bit: number, on: boolean): void {
  words[at] = on ? words[at]! | (1 << bit) : words[at]! & ~(1 << bit)
}

async function serve(options: { port?: number; host?: string }, unit: CpuUnit) {
  // The number that is free for TCP may be taken for UDP.
  for (let tries = 0; ; tries++) {
    const tcp = await serveTcp(options, tcpConnection(unit))
    try {
      const stopUdp = await serveUdp(tcp, unit)
      return { tcp, stop: async () => void (await Promise.all([tcp.stop(), stopUdp()])) }
    } catch (error) {
      await tcp.stop()
      if (options.port || tries === 10) throw error
    }
  }
}

function tcpConnection(unit: CpuUnit): Parameters<typeof serveTcp>[1] {
  let given = givenNodeMin
  return (socket) => {
    const frames = new TcpFrameReader()
    return (chunk) => {
      for (const { command, data } of frames.push(chunk)) {
        if (unit.faults.silent) continue
        if (command === tcpCommands.clientNode && data.length === 4) {
          const asked = data.readUInt32BE()
          const client = asked === 0 ? given : asked
          given = given === givenNodeMax ? givenNodeMin : given + 1
          socket.write(encodeTcp({ command: tcpCommands.serverNode, error: 0, data: nodeNumbers(client, ownNode) }))
        } else if (command === tcpCommands.frame) {
          const answer = unit.respond(data)
          if (answer !== undefined) socket.write(encodeTcp({ command, error: 0, data: answer }))
        } else socket.end(encodeTcp({ command: tcpCommands.error, error: 3, data: Buffer.alloc(0) }))
      }
    }
  }
}

async function serveUdp({ port, host }: TcpServer, unit: CpuUnit): Promise<() => Promise<void>> {
  const socket = createSocket('udp4')
  socket.on('message', (frame, { port: to, address }) => {
    try {
      const answer = unit.respond(frame)
      if (answer !== undefined) socket.send(answer, to, address)
    } catch {
      // What is no FINS command gets no answer.
    }
  })
  await new Promise<void>((done, fail) => {
    socket.once('error', fail)
    socket.bind(port, host, done)
  })
  socket.on('error', () => undefined)
  let stopped: Promise<void> | undefined
  return () => {
    stopped ??= new Promise((done) => socket.close(() => done()))
    return stopped
  }
}

function plain(address: string, type: 'bool' | 'uint16' | 'text'): FinsAddress | undefined {
  try {
    return parseAddress(address, type)
  } catch {
    return undefined
  }
}
