import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { DeviceError, type TagType, type TagValue } from '../../driver.ts'
import { noFaults, type Simulate, type Simulator, type SimulatorFaults } from '../../simulator.ts'
import { type Iec104Address, parseAddress } from './address.ts'
import { type Asdu, causes, decodeAsdu, encodeAsdu, type InformationObject } from './codec.ts'
import {
  type Commanded,
  codeOf,
  commanded,
  counterInterrogation,
  decodeCommand,
  elementBytes,
  encodePoint,
  interrogation,
  type Monitored,
  typeOf,
} from './elements.ts'
import { Link } from './link.ts'

const sizes = { causeBytes: 2, commonAddressBytes: 2, objectAddressBytes: 3 }
const parameters = { k: 12, w: 8, t1Ms: 15_000, t2Ms: 10_000, t3Ms: 20_000 }
const commonAddress = 1
/** Beijing's, as the driver takes a station's time tags unless it is told otherwise. */
const utcOffsetMinutes = 480
const objectsPerAsdu = 10

/** What a test or a real station says of an ASDU; the rest is spontaneous and positive. */
type Said = Partial<Asdu> & Pick<Asdu, 'type' | 'objects'>

/**
 * A small station: answers interrogations without time tags and sends each change with one (CP56Time2a). Setting
 * `M_SP:1/C_SC:6001` lets the command move the point, and the point then returns.
 */
export class Outstation implements Simulator {
  readonly faults = noFaults()
  /** Commands that came, as `select C_SC 6001 1`. */
  readonly commands: string[] = []
  settings: Record<string, unknown> = {}
  readonly #server: Server
  readonly #links = new Set<Link>()
  readonly #points = new Map<number, { kind: Monitored; value: number }>()
  readonly #commanded = new Map<number, number>()
  /** The point that a command moves, by object addresses. */
  readonly #moves = new Map<number, number>()

  constructor() {
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket))
  }

  async listen(port: number, host: string): Promise<void> {
    await new Promise<void>((done, fail) => {
      this.#server.once('error', fail)
      this.#server.listen(port, host, done)
    })
    this.settings = { host, port: (this.#server.address() as AddressInfo).port, commonAddress }
  }

  set(text: string, type: TagType, value: TagValue): void {
    const { point, command } = parseAddress(text, type, sizes.objectAddressBytes)
    if (command !== undefined) this.#commanded.set(command.object, Number(value))
    if (point === undefined) return
    if (command !== undefined) this.#moves.set(command.object, point.object)
    const raw = rawValue(point, type, value, this.#points.get(point.object)?.value ?? 0)
    this.#points.set(point.object, { kind: point.kind, value: raw })
    this.tell(point.kind, point.object, raw)
  }

  get(text: string, type: TagType): TagValue {
    const { point, command } = parseAddress(text, type, sizes.objectAddressBytes)
    const raw = (point ? this.#points.get(point.object)?.value : this.#commanded.get(command?.object ?? -1)) ?? 0
    if (type !== 'bool') return raw
    if (point?.bit !== undefined) return ((raw >>> point.bit) & 1) === 1
    return point?.kind === 'M_DP' ? raw === 2 : raw === 1
  }

  /** Sends this to every station that has started data transfer. */
  send(said: Said): void {
    for (const link of this.#links) if (link.isStarted) link.send(this.#encode(said))
  }

  /** Sends a value with quality bits (0 is good) and a time tag of so many bytes. */
  tell(
    kind: Monitored,
    object: number,
    value: number,
    { flags = 0, timeBytes = 7 as 0 | 3 | 7, at = Date.now() } = {},
  ): void {
    if (isMissing(kind, object, this.faults)) return
    const type = typeOf(codeOf(kind, timeBytes))
    if (type === undefined) return
    const element = encodePoint(type, value, flags, at, utcOffsetMinutes)
    this.send({ type: type.code, objects: [{ address: object, element }] })
  }

  /** Ends every connection and listens on. */
  disconnect(): void {
    for (const link of [...this.#links]) link.end(new DeviceError('ended here'))
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((done) => this.#server.close(() => done()))
    this.disconnect()
    await closed
  }

  #accept(socket: Socket): void {
    const link = new Link(socket, parameters, {
      asdu: (bytes) => this.#answer(link, bytes),
      ended: () => this.#links.delete(link),
      isMute: () => this.faults.silent,
    })
    this.#links.add(link)
  }

  #encode(said: Said): Buffer {
    const own = this.faults.answersForAnother ? commonAddress + 1 : commonAddress
    const plain = { cause: causes.spontaneous, isNegative: false, isTest: false, commonAddress: own }
    return encodeAsdu({ ...plain, ...said }, sizes)
  }

  #answer(link: Link, bytes: Buffer): void {
    const asdu = decodeAsdu(bytes, sizes, elementBytes)
    if (asdu === undefined) return
    const { type, objects } = asdu
    const reply = (cause: number, isNegative = false) => link.send(this.#encode({ type, objects, cause, isNegative }))
    const kind = commanded.find((each) => each === typeOf(type)?.kind)
    // The global address (IEC 60870-5-101 §7.2.4) is every station's, which answers under its own.
    if (asdu.commonAddress !== commonAddress && asdu.commonAddress !== 65_535)
      link.send(this.#encode({ ...asdu, cause: causes.unknownCommonAddress, isNegative: true }))
    else if (this.faults.refusesAll) reply(causes.activationConfirmation, true)
    else if (kind !== undefined) this.#obey(kind, objects[0]!, reply)
    else if (type !== interrogation.type && type !== counterInterrogation.type) reply(causes.unknownType, true)
    else {
      reply(causes.activationConfirmation)
      for (const part of this.#inventory(type === counterInterrogation.type)) link.send(this.#encode(part))
      reply(causes.activationTermination)
    }
  }

  #obey(
    kind: Commanded,
    { address, element }: InformationObject,
    reply: (cause: number, isNegative?: boolean) => void,
  ): void {
    if (isMissing(kind, address, this.faults)) {
      reply(causes.unknownObjectAddress, true)
      return
    }
    const { value, isSelect } = decodeCommand(kind, element)
    this.commands.push(`${isSelect ? 'select' : 'execute'} ${kind} ${address} ${value}`)
    reply(causes.activationConfirmation)
    if (isSelect) return
    this.#commanded.set(address, value)
    const object = this.#moves.get(address) ?? -1
    const point = this.#points.get(object)
    if (point !== undefined) {
      point.value = point.kind === 'M_DP' ? value + 1 : value
      this.tell(point.kind, object, point.value)
    }
    reply(causes.activationTermination)
  }

  /** What the station has, in ASDUs of one type each. */
  *#inventory(counters: boolean): Generator<Said> {
    const cause = counters ? causes.countersRequested : causes.interrogated
    const wanted = [...this.#points].filter(
      ([object, { kind }]) => (kind === 'M_IT') === counters && !isMissing(kind, object, this.faults),
    )
    for (const [kind, those] of Map.groupBy(wanted, ([, { kind }]) => kind)) {
      const type = typeOf(codeOf(kind, 0))!
      const objects = those.map(([address, { value }]): InformationObject => {
        return { address, element: encodePoint(type, value, 0, 0, utcOffsetMinutes) }
      })
      for (let i = 0; i < objects.length; i += objectsPerAsdu)
        yield { type: type.code, cause, objects: objects.slice(i, i + objectsPerAsdu) }
    }
  }
}

export const simulate: Simulate = async ({ port = 0, host = '127.0.0.1' } = {}) => {
  const station = new Outstation()
  await station.listen(port, host)
  return station
}

function rawValue(point: NonNullable<Iec104Address['point']>, type: TagType, value: TagValue, old: number): number {
  const number = Number(value)
  if (point.bit !== undefined) return (number ? old | (1 << point.bit) : old & ~(1 << point.bit)) >>> 0
  return point.kind === 'M_DP' && type === 'bool' ? number + 1 : number
}

function isMissing(kind: Monitored | Commanded, object: number, { missing }: SimulatorFaults): boolean {
  return [...missing].some((text) => text.toUpperCase().split('/').includes(`${kind}:${object}`))
}
