import { quality } from '@kapok/contracts/data'
import { decodeSparkplug, SparkplugError, type SparkplugMetric, sparkplugValue } from '@kapok/contracts/sparkplug-b'
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
    const { metrics, seq, timestamp } = payloadOf(payload)
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
  metric: SparkplugMetric,
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
    value: sparkplugValue(metric, datatype ?? 0),
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

const inChinese = {
  early: 'Sparkplug 报文不完整',
  long: 'Sparkplug 数值过长',
  foreign: '不是 Sparkplug 报文',
  length: 'Sparkplug 指标的长度与声明不符',
}

function payloadOf(bytes: Buffer) {
  try {
    return decodeSparkplug(bytes, messagePointsMax)
  } catch (error) {
    if (!(error instanceof SparkplugError)) throw error
    if (error.what === 'many') throw new TooManyPoints()
    throw new PayloadError(inChinese[error.what], error.message)
  }
}
