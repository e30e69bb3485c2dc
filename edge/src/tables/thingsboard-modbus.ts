import { TagTableError } from '../check.ts'
import type { TagType } from '../driver.ts'
import type { ImportedTable, WrittenDevice, WrittenTag } from './written-table.ts'

type Json = Record<string, unknown>

const areas: Record<number, string> = { 1: 'coil', 2: 'discrete', 3: 'holding', 4: 'input' }
const typeNames: Record<string, TagType> = {
  '16int': 'int16',
  '16uint': 'uint16',
  '32int': 'int32',
  '32uint': 'uint32',
  '32float': 'float32',
  '64int': 'int64',
  '64uint': 'uint64',
  '64float': 'float64',
}
/** Types without a size take that of their registers. */
const sizedNames: Record<string, string> = {
  int: 'int',
  long: 'int',
  integer: 'int',
  uint: 'uint',
  float: 'float',
  double: 'float',
}

/**
 * The machines of a ThingsBoard gateway's `modbus.json` (its part `master`). Orders of bytes and words are both LITTLE where
 * none is given, as that gateway has it.
 */
export function readThingsBoardModbus(config: Json): ImportedTable {
  const slaves = (config.master as Json | undefined)?.slaves
  if (!Array.isArray(slaves))
    throw new TagTableError('master.slaves: a list is expected, as in ThingsBoard’s modbus.json')
  const notTaken: string[] = []
  const devices: WrittenDevice[] = []
  for (const [i, slave] of (slaves as Json[]).entries()) {
    const path = `master.slaves[${i}]`
    const connection = connectionOf(slave, path, notTaken)
    const tags = tagsOf(slave, path, notTaken)
    for (const key of ['rpc', 'attributeUpdates'])
      if (Array.isArray(slave[key]) && slave[key].length > 0)
        notTaken.push(`${path}.${key}: ${slave[key].length} writes; what the platform may write is set there`)
    if (connection === undefined) continue
    if (tags.length === 0) notTaken.push(`${path}: nothing that could be read`)
    else
      devices.push({
        name: String(slave.deviceName ?? `Modbus ${slave.unitId ?? 1}`),
        protocol: 'modbus',
        connection,
        periodMs: Number(slave.pollPeriod ?? 5_000),
        tags,
      })
  }
  if (config.slave !== undefined) notTaken.push('slave: this gateway is no Modbus server')
  return { devices, notTaken }
}

function connectionOf(slave: Json, path: string, notTaken: string[]): WrittenDevice['connection'] | undefined {
  const { type = 'tcp', method = 'socket', unitId = 1, timeout } = slave
  const common = {
    unit: unitId,
    order: orderOf(slave, slave),
    ...(timeout === undefined ? {} : { timeoutMs: Math.min(60_000, Number(timeout) * 1_000) }),
  }
  if (slave.security !== undefined) notTaken.push(`${path}.security: Modbus over TLS`)
  if (type === 'serial')
    return {
      serialPort: slave.port,
      ...(slave.baudrate === undefined ? {} : { baudRate: slave.baudrate }),
      ...(slave.bytesize === undefined ? {} : { dataBits: String(slave.bytesize) }),
      ...(slave.stopbits === undefined ? {} : { stopBits: String(slave.stopbits) }),
      ...(slave.parity === undefined ? {} : { parity: { N: 'none', E: 'even', O: 'odd' }[String(slave.parity)] }),
      ...common,
    }
  if (type === 'tcp')
    return { host: slave.host, port: slave.port ?? 502, ...(method === 'rtu' ? { framing: 'rtu' } : {}), ...common }
  notTaken.push(`${path}.type: “${String(type)}”; tcp and serial can be taken`)
  return undefined
}

function orderOf(own: Json, common: Json): string {
  const isBig = (key: string) => String(own[key] ?? common[key] ?? 'LITTLE').toUpperCase() === 'BIG'
  if (isBig('wordOrder')) return isBig('byteOrder') ? 'ABCD' : 'BADC'
  return isBig('byteOrder') ? 'CDAB' : 'DCBA'
}

function tagsOf(slave: Json, path: string, notTaken: string[]): WrittenTag[] {
  const tags = new Map<string, WrittenTag>()
  for (const part of ['timeseries', 'attributes'])
    for (const [i, item] of ((slave[part] as Json[] | undefined) ?? []).entries()) {
      const at = `${path}.${part}[${i}]`
      const tag = tagOf(item, slave)
      if (typeof tag === 'string') notTaken.push(`${at}: “${String(item.tag)}”, ${tag}`)
      else if (tags.has(tag.property)) notTaken.push(`${at}.tag: “${tag.property}” is there already`)
      else tags.set(tag.property, tag)
    }
  return [...tags.values()]
}

/** The tag, or why it cannot be taken. */
function tagOf(item: Json, slave: Json): WrittenTag | string {
  const area = areas[Number(item.functionCode)]
  if (area === undefined) return `function code ${String(item.functionCode)}; 1 to 4 can be taken`
  const count = Number(item.objectsCount ?? item.registersCount ?? item.registerCount ?? 1)
  const written = String(item.type).toLowerCase()
  const sized = sizedNames[written]
  const type = typeNames[sized === undefined ? written : `${count * 16}${sized}`]
  const scale = Number(item.multiplier ?? 1) / Number(item.divider ?? 1)
  const common = {
    property: String(item.tag),
    ...reportOf(item.reportStrategy ?? slave.reportStrategy),
    ...(scale === 1 ? {} : { scale }),
  }
  const where = `${area}/${String(item.address)}`
  const order = orderOf(item, slave)
  const suffix = order === orderOf(slave, slave) ? '' : `#${order}`
  if (area === 'coil' || area === 'discrete')
    return count === 1 && (item.bit === undefined || item.bit === 0)
      ? { ...common, address: where, type: 'bool' }
      : 'several bits at once; make a tag of each'
  if (written === 'bit' || written === 'bits')
    return item.bit === undefined
      ? 'all bits of a register; make a tag of each'
      : { ...common, address: `${where}.${String(item.bit)}`, type: 'bool' }
  if (written === 'string') return { ...common, address: `${where}[${count * 2}]#ABCD`, type: 'text' }
  return type === undefined ? `type ${String(item.type)}` : { ...common, address: `${where}${suffix}`, type }
}

/** ThingsBoard's strategies in the words of a tag table; it has no dead band. */
function reportOf(strategy: unknown): Pick<WrittenTag, 'report' | 'heartbeatMs'> {
  const { type, reportPeriod } = (strategy ?? {}) as { type?: string; reportPeriod?: number }
  const heartbeat = reportPeriod === undefined ? {} : { heartbeatMs: Math.max(1_000, reportPeriod) }
  switch (type) {
    case 'ON_RECEIVED':
      return { report: 'receive' }
    case 'ON_REPORT_PERIOD':
      return { report: 'period', ...heartbeat }
    case 'ON_CHANGE_OR_REPORT_PERIOD':
      return { report: 'change', ...heartbeat }
    default:
      return {}
  }
}
