import { createServer, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { makeLog } from '@kapok/kit/log'
import { Aedes } from 'aedes'
import mqtt, { type MqttClient } from 'mqtt'
import sparkplug from 'sparkplug-payload'
import type { EdgeBuffer } from '../buffer/buffer.ts'
import type { DeviceState } from '../reading/reader.ts'
import { type EdgeConfig, readTagTable } from '../tag-table.ts'
import type { WriteRequest } from '../writing/writer.ts'
import type { Plant } from './link.ts'

/** A general MQTT broker, for tests. */
export interface TestBroker {
  port: number
  url: string
  aedes: Aedes
  stop(): Promise<void>
}

export async function startBroker(port = 0, tls?: TlsOptions): Promise<TestBroker> {
  const aedes = await Aedes.createBroker()
  const sockets = new Set<Socket>()
  const take = (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    aedes.handle(socket)
  }
  const server = tls === undefined ? createServer(take) : createTlsServer(tls, take)
  await new Promise<void>((done, failed) => server.once('error', failed).listen(port, '127.0.0.1', done))
  const address = server.address()
  const own = typeof address === 'object' && address !== null ? address.port : 0
  return {
    ...{ port: own, url: `${tls === undefined ? 'mqtt' : 'mqtts'}://127.0.0.1:${own}`, aedes },
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((done) => server.close(() => done()))
      await new Promise<void>((done) => aedes.close(() => done()))
    },
  }
}

export interface HeardMetric {
  name?: string
  alias?: number
  timestamp: number
  type?: string
  /** Null also for one that is_null. */
  value: number | boolean | string | null
  isHistorical: boolean
  properties: Record<string, unknown>
}
export interface Heard {
  type: string
  device: string
  seq: number | undefined
  timestamp: number
  metrics: HeardMetric[]
  retain: boolean
}

interface Long {
  toNumber(): number
}
const plain = (value: unknown) =>
  typeof value === 'object' && value !== null && 'toNumber' in value ? (value as Long).toNumber() : value
const codec = sparkplug.get('spBv1.0') as {
  encodePayload(payload: object): Uint8Array
  decodePayload(bytes: Uint8Array): { seq?: unknown; timestamp?: unknown; metrics?: Record<string, unknown>[] }
}

/** A host application that is not ours in what counts, its decoder: it hears everything and keeps to the order. */
export class TestHost {
  readonly heard: Heard[] = []
  readonly client: MqttClient
  /** What is against the rules: a seq that does not follow, data before a birth, an alias that no birth said. */
  readonly faults: string[] = []
  #seq = -1
  readonly #aliases = new Map<number, { device: string; name: string }>()
  readonly #born = new Set<string>()

  private constructor(client: MqttClient) {
    this.client = client
    client.on('message', (topic, payload, { retain }) => this.#take(topic, payload, retain))
  }

  static async at(url: string): Promise<TestHost> {
    const client = await mqtt.connectAsync(url, { protocolVersion: 4, reconnectPeriod: 0 })
    const host = new TestHost(client)
    await client.subscribeAsync('spBv1.0/#')
    return host
  }

  #take(topic: string, payload: Buffer, retain: boolean): void {
    const [, , type = '', , device = ''] = topic.split('/')
    if (type === 'NCMD' || type === 'DCMD' || topic.startsWith('spBv1.0/STATE/')) return
    const decoded = codec.decodePayload(payload)
    const seq = plain(decoded.seq) as number | undefined
    const metrics = (decoded.metrics ?? []).map((metric) => this.#metricOf(metric))
    this.heard.push({ type, device, seq, timestamp: plain(decoded.timestamp) as number, metrics, retain })
    if (type === 'NDEATH') return
    if (type === 'NBIRTH') this.#born.clear()
    if (seq !== (type === 'NBIRTH' ? 0 : (this.#seq + 1) % 256))
      this.faults.push(`${topic}: seq ${seq} after ${this.#seq}`)
    this.#seq = seq ?? -1
    if (type === 'DBIRTH') this.#born.add(device)
    if (type === 'DDATA' && !this.#born.has(device)) this.faults.push(`${topic}: data before a birth`)
    if (type === 'DDEATH' && !this.#born.delete(device)) this.faults.push(`${topic}: a death without a birth`)
    for (const { name, alias } of metrics) {
      if (alias === undefined) continue
      if (name !== undefined) this.#aliases.set(alias, { device, name })
      else if (this.#aliases.get(alias)?.device !== device) this.faults.push(`${topic}: unknown alias ${alias}`)
    }
  }

  #metricOf(metric: Record<string, unknown>): HeardMetric {
    const properties = Object.entries((metric.properties ?? {}) as Record<string, { value: unknown }>)
    return {
      ...(metric.name ? { name: String(metric.name) } : {}),
      ...(metric.alias !== undefined && metric.alias !== null ? { alias: plain(metric.alias) as number } : {}),
      ...(metric.type ? { type: String(metric.type) } : {}),
      timestamp: plain(metric.timestamp) as number,
      value: plain(metric.value) as HeardMetric['value'],
      isHistorical: metric.isHistorical === true,
      properties: Object.fromEntries(properties.map(([key, { value }]) => [key, plain(value)])),
    }
  }

  of(type: string, device?: string): Heard[] {
    return this.heard.filter((each) => each.type === type && (device === undefined || each.device === device))
  }

  /** Values of a property as data, in the order in which they came. */
  data(device: string, property: string): HeardMetric[] {
    return this.of('DDATA', device)
      .flatMap(({ metrics }) => metrics)
      .filter(({ alias }) => this.#aliases.get(alias ?? -1)?.name === property)
  }

  async command(topic: string, metrics: object[]): Promise<void> {
    const payload = codec.encodePayload({ timestamp: Date.now(), metrics })
    await this.client.publishAsync(topic, Buffer.from(payload), { qos: 0 })
  }

  async rebirth(node: string): Promise<void> {
    await this.command(`spBv1.0/${node.replace('/', '/NCMD/')}`, [
      { name: 'Node Control/Rebirth', type: 'Boolean', value: true },
    ])
  }
}

/** A plant of a tag table whose machines say what a test says. */
export async function testPlant(buffer: EdgeBuffer, table: object) {
  const config: EdgeConfig = await readTagTable(JSON.stringify(table))
  const states = new Map<string, DeviceState>()
  for (const { name, protocol } of config.devices)
    states.set(name, {
      ...{
        name,
        protocol,
        connected: true,
        lastRead: undefined,
        reads: 0,
        errors: 0,
        lastError: undefined,
        values: {},
      },
    })
  const writes: WriteRequest[] = []
  const plant: Plant = {
    ...{ name: 'gateway 1', buffer, clock: { now: () => Date.now() }, log: makeLog('test', 'fatal') },
    machines: () => config.devices.map((device) => ({ device, state: states.get(device.name) as DeviceState })),
    derive: () => config.derive,
    write: async (request) => void writes.push(request),
  }
  /** A machine was read. */
  const read = (
    device: string,
    property: string,
    value: number | boolean | string,
    at = Date.now(),
    quality: 192 | 64 | 0 = 192,
  ) => {
    const state = states.get(device)
    if (state) state.values[property] = { at, value, quality, reason: undefined }
    const onDisk = buffer.append([{ device, property, at, value, quality }])
    // Not gathered: each is a batch of its own.
    buffer.flush()
    return onDisk
  }
  return { config, plant, read, writes, state: (name: string) => states.get(name) as DeviceState }
}
