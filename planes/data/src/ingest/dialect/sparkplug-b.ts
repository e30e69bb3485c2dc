import { quality } from '@kapok/contracts/data'
import type { Decoded, DecodedPoint } from '../intake.ts'
import { messagePointsMax, PayloadError, TooManyPoints } from '../payload-error.ts'
import { reason } from '../reasons.ts'
import type { Dialect, DialectDecoded, DialectSession } from './dialect.ts'

const topicShape = /^spBv1\.0\/([^/]+)\/(NBIRTH|NDATA|NDEATH|DBIRTH|DDATA|DDEATH)\/([^/]+)(?:\/([^/]+))?$/
const rebirthMsMin = 10_000
const aliasesMax = 200_000

/** What one edge node declared in its BIRTHs. */
interface NodeState {
  seq: number | undefined
  aliases: Map<number, { device: string; property: string; datatype: number }>
  datatypes: Map<string, number>
  rebirthAskedMs: number
  born: boolean
}
class SparkplugState {
  readonly nodes = new Map<string, NodeState>()
}

/**
 * Sparkplug B 3.0: birth, data and death of an edge node and its devices, with aliases. The edge node is the sender
 * (its metrics are the gateway's own properties), a Sparkplug device is our device of that name. On a death the values
 * are stale; on an unknown alias or a gap in `seq` a rebirth is requested, at most every ten seconds.
 */
export const sparkplugB: Dialect = {
  name: 'sparkplug-b',
  takes: (topic) => topic.startsWith('spBv1.0/') && topicShape.test(topic),
  decode(topic, payload, session) {
    const [, group = '', type = '', edge = '', device = ''] = topicShape.exec(topic) ?? []
    if ((type[0] === 'D') !== (device !== ''))
      throw new PayloadError(
        `${type} 的主题${device === '' ? '应带设备名' : '不带设备名'}`,
        `${type} ${device === '' ? 'needs' : 'has no'} device`,
      )
    const nodes = session.state(() => new SparkplugState()).nodes
    let node = nodes.get(edge)
    if (node === undefined || type === 'NBIRTH') {
      node = {
        seq: undefined,
        aliases: new Map(),
        datatypes: new Map(),
        rebirthAskedMs: -rebirthMsMin,
        born: type === 'NBIRTH',
      }
      // One session speaks for one edge node; a second name means that it was renamed.
      nodes.clear()
      nodes.set(edge, node)
    }
    const { metrics, seq, timestamp } = decodePayload(payload)
    if (type === 'NDEATH') return { points: [], problems: [], stale: ['', ...devicesOf(node)] }
    if (type === 'DDEATH') return { points: [], problems: [], stale: [device] }
    let inOrder = node.born
    if (seq !== undefined) {
      if (type !== 'NBIRTH' && node.seq !== undefined && seq !== (node.seq + 1) % 256) inOrder = false
      node.seq = seq
    }
    const decoded: DialectDecoded = { points: [], problems: [] }
    for (const metric of metrics) addMetric(decoded, node, metric, device, type.endsWith('BIRTH'), timestamp)
    if (!inOrder || decoded.problems.length > 0) requestRebirth(node, group, edge, session)
    return decoded
  },
}

function devicesOf(node: NodeState): Set<string> {
  const devices = new Set<string>()
  for (const key of node.datatypes.keys()) devices.add(key.slice(0, key.indexOf('\n')))
  devices.delete('')
  return devices
}

function addMetric(
  decoded: Decoded,
  node: NodeState,
  metric: Metric,
  device: string,
  birth: boolean,
  payloadTime: number | undefined,
): void {
  let { name, datatype } = metric
  let owner = device
  if (birth && name !== undefined) {
    node.datatypes.set(`${device}\n${name}`, datatype ?? 0)
    if (metric.alias !== undefined && node.aliases.size < aliasesMax)
      node.aliases.set(metric.alias, { device, property: name, datatype: datatype ?? 0 })
  } else if (name === undefined && metric.alias !== undefined) {
    const known = node.aliases.get(metric.alias)
    if (known === undefined) {
      if (decoded.problems.length < 20) decoded.problems.push(reason('alias.unknown', { alias: metric.alias }))
      return
    }
    name = known.property
    owner = known.device
    datatype ??= known.datatype
  }
  if (name === undefined || metric.isNull || isControl(name)) return
  datatype ??= node.datatypes.get(`${owner}\n${name}`)
  decoded.points.push({
    device: owner,
    property: name,
    at: metric.timestamp ?? payloadTime,
    value: metricValue(metric, datatype ?? 0),
    quality: quality.good,
  } satisfies DecodedPoint)
  if (decoded.points.length > messagePointsMax) throw new TooManyPoints()
}

const isControl = (name: string) =>
  name === 'bdSeq' || name.startsWith('Node Control/') || name.startsWith('Device Control/')

function requestRebirth(node: NodeState, group: string, edge: string, session: DialectSession): void {
  if (session.nowMs() - node.rebirthAskedMs < rebirthMsMin) return
  node.rebirthAskedMs = session.nowMs()
  session.send(`spBv1.0/${group}/NCMD/${edge}`, rebirthCommand)
}

/** Payload with one metric: name “Node Control/Rebirth”, datatype Boolean, value true. */
const rebirthCommand = (() => {
  const name = Buffer.from('Node Control/Rebirth')
  const metric = Buffer.concat([Buffer.from([0x0a, name.length]), name, Buffer.from([0x20, 11, 0x70, 1])])
  return Buffer.concat([Buffer.from([0x12, metric.length]), metric])
})()

interface Metric {
  name: string | undefined
  alias: number | undefined
  timestamp: number | undefined
  datatype: number | undefined
  isNull: boolean
  /** Raw bits of integer kinds; a number for float and double. */
  bits: bigint | number | undefined
  number: number | undefined
  boolean: boolean | undefined
  text: string | undefined
}

/** Signed kinds travel as two's complement in an unsigned field (Sparkplug B 3.0 §6.4.16). */
function metricValue(metric: Metric, datatype: number): unknown {
  if (metric.bits !== undefined) {
    const signedBits = [0, 8, 16, 32, 64][datatype] ?? 0
    if (typeof metric.bits === 'number' && signedBits === 0) return metric.bits
    const wide = BigInt(metric.bits)
    return Number(signedBits > 0 ? BigInt.asIntN(signedBits, wide) : wide)
  }
  return metric.number ?? metric.boolean ?? metric.text
}

/** Payload of org.eclipse.tahu.protobuf, by hand: fields that carry no point are skipped unread. */
export function decodePayload(bytes: Buffer): {
  metrics: Metric[]
  seq: number | undefined
  timestamp: number | undefined
} {
  const read = new WireReader(bytes)
  const metrics: Metric[] = []
  let seq: number | undefined
  let timestamp: number | undefined
  while (read.at < bytes.length) {
    const key = read.varint()
    if (key === 0x12) {
      metrics.push(decodeMetric(read, read.lengthEnd()))
      if (metrics.length > messagePointsMax) throw new TooManyPoints()
    } else if (key === 0x08) timestamp = read.varint()
    else if (key === 0x18) seq = read.varint()
    else read.skip(key & 7)
  }
  return { metrics, seq, timestamp }
}

function decodeMetric(read: WireReader, end: number): Metric {
  const metric: Metric = {
    name: undefined,
    alias: undefined,
    timestamp: undefined,
    datatype: undefined,
    isNull: false,
    bits: undefined,
    number: undefined,
    boolean: undefined,
    text: undefined,
  }
  while (read.at < end) {
    const key = read.varint()
    if (key === 0x0a) metric.name = read.text()
    else if (key === 0x10) metric.alias = read.varint()
    else if (key === 0x18) metric.timestamp = read.varint()
    else if (key === 0x20) metric.datatype = read.varint()
    else if (key === 0x38) metric.isNull = read.varint() !== 0
    else if (key === 0x50 || key === 0x58) metric.bits = read.bits()
    else if (key === 0x65) metric.number = read.float32()
    else if (key === 0x69) metric.number = read.float64()
    else if (key === 0x70) metric.boolean = read.varint() !== 0
    else if (key === 0x7a) metric.text = read.text()
    else read.skip(key & 7)
  }
  if (read.at !== end)
    throw new PayloadError('Sparkplug 指标的长度与声明不符', 'a Sparkplug metric is longer than it says')
  return metric
}

/** Protocol buffers' wire format. */
class WireReader {
  at = 0
  readonly #bytes: Buffer

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  varint(): number {
    const bits = this.bits()
    return typeof bits === 'number' ? bits : Number(bits)
  }

  /** A varint; a bigint beyond 2^53. */
  bits(): number | bigint {
    const start = this.at
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) break
      if (this.at - start >= 10) throw new PayloadError('Sparkplug 数值过长', 'a Sparkplug number is too long')
    }
    if (value <= Number.MAX_SAFE_INTEGER) return value
    let exact = 0n
    for (let i = this.at - 1; i >= start; i--) exact = (exact << 7n) | BigInt((this.#bytes[i] ?? 0) & 0x7f)
    return BigInt.asUintN(64, exact)
  }

  #byte(): number {
    const byte = this.#bytes[this.at++]
    if (byte === undefined) throw new PayloadError('Sparkplug 报文不完整', 'the Sparkplug payload ends too early')
    return byte
  }

  #take(n: number): number {
    if (n > this.#bytes.length - this.at)
      throw new PayloadError('Sparkplug 报文不完整', 'the Sparkplug payload ends too early')
    this.at += n
    return this.at - n
  }

  lengthEnd(): number {
    const length = this.varint()
    const from = this.#take(length)
    this.at = from
    return from + length
  }

  text(): string {
    const end = this.lengthEnd()
    const text = this.#bytes.toString('utf8', this.at, end)
    this.at = end
    return text
  }

  float32(): number {
    return this.#bytes.readFloatLE(this.#take(4))
  }

  float64(): number {
    return this.#bytes.readDoubleLE(this.#take(8))
  }

  skip(wireType: number): void {
    if (wireType === 0) this.bits()
    else if (wireType === 1) this.#take(8)
    else if (wireType === 2) this.at = this.lengthEnd()
    else if (wireType === 5) this.#take(4)
    else throw new PayloadError('不是 Sparkplug 报文', 'it is not a Sparkplug payload')
  }
}
