import { sparkplugTypes, type WrittenMetric } from '@kapok/contracts/sparkplug-b'
import type { EdgePoint } from '../buffer/buffer.ts'
import type { DerivePlan } from '../derive/plan.ts'
import { type Quality, quality, type TagValue } from '../driver.ts'
import type { DeviceState, TagState } from '../reading/reader.ts'
import type { EdgeDevice, Tag } from '../tag-table.ts'

/** One value of a machine as a Sparkplug metric. */
export interface Metric {
  property: string
  /** Unique in the whole edge node. */
  alias: number
  /** Undefined for a derived value that was not there yet: it is then in no birth. */
  datatype: number | undefined
  unit: string | undefined
  isReadOnly: boolean
  /** What the host was told last, but for historical values. */
  told: { at: number; value: TagValue | undefined; quality: Quality } | undefined
  /** The quality that the host was told last, of whatever value. */
  toldQuality: Quality
}

const { int32, int64, uint64, float, double, boolean, string } = sparkplugTypes

/**
 * Datatypes that every peer reads alike: small whole numbers as Int32, since an Int8 below zero is written in two ways, and a
 * UInt32 in two fields. A scaled number is a Double, a word of an enumeration a String.
 */
const datatypes = {
  ...{ bool: boolean, text: string, float32: float, float64: double },
  ...{ int8: int32, uint8: int32, int16: int32, uint16: int32, int32, uint32: int64, int64, uint64 },
} as const

function datatypeOf({ type, meaning: { scale, offset, values, rollOver } }: Tag): number {
  if (values !== undefined) return string
  if (scale !== 1 || offset !== 0) return double
  return rollOver === undefined || type === 'float32' || type === 'float64' ? datatypes[type] : int64
}

/** Codes of a Quality property (Sparkplug 3.0.0 §6.4.9.1: 0, 192 or 500). Uncertain is told as stale, so that it is not taken for good. */
const codeOf = (q: Quality) => (q === quality.uncertain ? 500 : q)

/** All metrics of the edge node. Aliases stay what they are as long as it runs. */
export class Metrics {
  readonly #devices = new Map<string, Map<string, Metric>>()
  readonly #byAlias = new Map<number, { device: string; metric: Metric }>()

  constructor(devices: readonly EdgeDevice[], derive: DerivePlan | undefined) {
    for (const { name, tags } of devices) {
      this.#devices.set(name, new Map())
      for (const tag of tags) {
        const { property, unit, write } = tag
        this.#add(name, { property, unit, datatype: datatypeOf(tag), isReadOnly: write === undefined })
      }
    }
    for (const node of derive?.nodes ?? []) {
      if (node.kind === 'alarm') {
        const datatype = node.alarm.type === 'bool' ? boolean : string
        this.#add(node.device, { property: node.alarm.property, unit: undefined, datatype, isReadOnly: true })
      } else {
        const { series, unit } = node
        this.#add(series.device, { property: series.property, unit, datatype: undefined, isReadOnly: true })
      }
    }
  }

  #add(device: string, of: Pick<Metric, 'property' | 'unit' | 'datatype' | 'isReadOnly'>): Metric {
    const metric: Metric = { ...of, alias: this.#byAlias.size + 1, told: undefined, toldQuality: quality.good }
    const all = this.#devices.get(device) ?? new Map<string, Metric>()
    this.#devices.set(device, all.set(of.property, metric))
    this.#byAlias.set(metric.alias, { device, metric })
    return metric
  }

  find(device: string, property: string): Metric | undefined {
    return this.#devices.get(device)?.get(property)
  }

  byAlias(device: string, alias: number): Metric | undefined {
    const found = this.#byAlias.get(alias)
    return found?.device === device ? found.metric : undefined
  }

  /** The metric of a value, and whether the birth of the machine has to say it (anew). */
  fitting({ device, property, value }: Pick<EdgePoint, 'device' | 'property' | 'value'>): {
    metric: Metric
    isNew: boolean
  } {
    const known = this.find(device, property)
    const metric = known ?? this.#add(device, { property, unit: undefined, datatype: undefined, isReadOnly: true })
    if (metric.datatype !== undefined && fits(value, metric.datatype)) return { metric, isNew: false }
    // A text holds everything, so that this happens once.
    metric.datatype = metric.datatype === undefined ? kindOf(value) : string
    return { metric, isNew: true }
  }

  /** The metrics of a birth with what is known now, in the order of time (tck-id-operational-behavior-data-publish-dbirth-order). */
  birthOf(device: string, state: DeviceState | undefined, now: number): WrittenMetric[] {
    const written: WrittenMetric[] = []
    for (const metric of this.#devices.get(device)?.values() ?? []) {
      const current = state?.values[metric.property]
      if (metric.datatype === undefined && current?.value !== undefined) metric.datatype = kindOf(current.value)
      if (metric.datatype !== undefined) written.push(inBirth(metric, metric.datatype, current, now))
    }
    return written.sort((a, b) => a.timestamp - b.timestamp)
  }
}

function inBirth(metric: Metric, datatype: number, current: TagState | undefined, now: number): WrittenMetric {
  const q = current?.quality ?? quality.bad
  const at = current?.at ?? now
  const value = q === quality.bad ? undefined : current?.value
  if (value !== undefined && !fits(value, datatype)) metric.datatype = string
  metric.told = { at: current?.at ?? Number.NEGATIVE_INFINITY, value, quality: q }
  metric.toldQuality = q
  return {
    ...{
      name: metric.property,
      alias: metric.alias,
      timestamp: at,
      datatype: metric.datatype ?? datatype,
    },
    value,
    properties: [
      ['Quality', codeOf(q)],
      ['readOnly', metric.isReadOnly],
      ...(metric.unit === undefined ? [] : [['engUnit', metric.unit] as const]),
    ].map(([name, each]) => [String(name), each as number | boolean | string]),
  }
}

/** A value as data, by alias alone; undefined when it says nothing new. What is older than what was told is historical. */
export function inData(
  metric: Metric,
  { at, value, quality: q }: EdgePoint,
  lane: { isBacklog: boolean; now: number },
): WrittenMetric | undefined {
  const point = { at, value: q === quality.bad ? undefined : value, quality: (q ?? quality.good) as Quality }
  const { told } = metric
  const { isBacklog, now } = lane
  if (!isBacklog && told?.value === point.value && told?.quality === point.quality) return undefined
  const newest = told?.at ?? Number.NEGATIVE_INFINITY
  // What was told for a time that has not come is from before the clock was set back.
  const isHistorical = isBacklog || (at < newest && newest <= now)
  const saysQuality = point.quality !== quality.good || metric.toldQuality !== quality.good
  if (!isHistorical) metric.told = point
  metric.toldQuality = point.quality
  return {
    ...{ alias: metric.alias, timestamp: at, datatype: metric.datatype ?? string, isHistorical },
    value: point.value,
    ...(saysQuality && { properties: [['Quality', codeOf(point.quality)]] as const }),
  }
}

const kindOf = (value: TagValue) => (typeof value === 'number' ? double : typeof value === 'boolean' ? boolean : string)

function fits(value: TagValue, datatype: number): boolean {
  if (datatype === string) return true
  if (datatype === boolean) return typeof value === 'boolean'
  if (typeof value !== 'number') return false
  if (datatype === double || datatype === float) return true
  if (!Number.isInteger(value)) return false
  return datatype === int32 ? value === (value | 0) : datatype === int64 || value >= 0
}
