import { parseDocument } from 'yaml'
import { AddressError } from './address.ts'
import {
  type Check,
  fail,
  finite,
  integer,
  isOneOf,
  isThereTwice,
  listOf,
  mapOf,
  oneOf,
  optional,
  otherwise,
  shape,
  TagTableError,
  text,
} from './check.ts'
import type { DerivePlan, PlannedDevice } from './derive/plan.ts'
import { alarmList, derivedList, type WrittenAlarm, type WrittenDerived } from './derive/written.ts'
import { type AnyDriver, type DriverTag, type TagType, tagTypes } from './driver.ts'
import { driverOf, protocols } from './drivers.ts'
import { type Levels, levelsCheck, type Northbound, northboundList, readNorthbound } from './northbound/written.ts'
import { type PageAddress, pageAddress } from './page/address.ts'
import type { Meaning } from './reading/meaning.ts'
import { type ReportRule, reportWays } from './reading/report.ts'
import { joined, type Said, wordsOf } from './sentence.ts'
import { checkRange, type WriteRule, type WrittenRule, writtenRule } from './writing/rule.ts'

/** One value of a machine: where it stands, what it means, and when it is worth sending. */
export interface Tag extends DriverTag<unknown> {
  property: string
  /** The address as it stands in the table. */
  where: string
  /** How often it is read, ms. Tags of one period make a group, which is read together. */
  periodMs: number
  meaning: Meaning
  unit: string | undefined
  report: ReportRule
  /** Undefined: it is read-only. */
  write: WriteRule | undefined
}

export interface EdgeDevice {
  /** Name or id of the device on the platform. */
  name: string
  protocol: string
  driver: AnyDriver
  settings: unknown
  /** Where it stands in the plant. */
  levels: Levels
  tags: Tag[]
}

export interface EdgeConfig {
  /** Undefined for an enrolled gateway, which has them from its enrolment. */
  platform: string | undefined
  token: string | undefined
  /** Of the gateway's own page on loopback. */
  statusPort: number
  /** Where the page is served beside that. */
  page: PageAddress | undefined
  devices: EdgeDevice[]
  /** Derived tags and alarms; undefined where there are none. */
  derive: DerivePlan | undefined
  /** Brokers beside the platform that get the same values. */
  northbound: Northbound[]
}

const platformUrl: Check<string> = (value, path) =>
  /^mqtts?:\/\/[^/]/.test(text(value, path)) && URL.canParse(value as string)
    ? (value as string)
    : fail(path, {
        zh: '应为以 mqtt:// 或 mqtts:// 开头的地址',
        en: 'an address that begins with mqtt:// or mqtts:// is expected',
      })

const isPositive: Check<number> = (value, path) =>
  finite(value, path) > 0
    ? (value as number)
    : fail(path, { zh: '应为大于 0 的数字', en: 'a number above 0 is expected' })
const notNegative: Check<number> = (value, path) =>
  finite(value, path) >= 0
    ? (value as number)
    : fail(path, { zh: '应为不小于 0 的数字', en: 'a number of 0 or more is expected' })
const period = integer(10, 86_400_000)

/** A tag as it is written; what is not given comes from its device. */
interface WrittenTag {
  property: string
  address: string
  type: TagType
  periodMs: number | undefined
  scale: number
  offset: number
  values: Record<string, string> | undefined
  rollOver: number | undefined
  unit: string | undefined
  report: ReportRule['way']
  deadBand: number
  deadBandPercent: number
  heartbeatMs: number | undefined
  write: WrittenRule | undefined
}

const writtenTag = shape<WrittenTag>({
  property: text,
  address: text,
  type: oneOf(tagTypes),
  periodMs: optional(period),
  scale: otherwise(finite, 1),
  offset: otherwise(finite, 0),
  values: optional(mapOf(text, 1_000)),
  rollOver: optional(isPositive),
  unit: optional(text),
  report: otherwise(oneOf(reportWays), 'change'),
  deadBand: otherwise(notNegative, 0),
  deadBandPercent: otherwise(notNegative, 0),
  heartbeatMs: optional(integer(1_000, 86_400_000)),
  write: optional(writtenRule),
})

interface WrittenDevice {
  name: string
  protocol: string
  connection: unknown
  periodMs: number
  heartbeatMs: number
  levels: Levels
  tags: unknown[]
  derived: WrittenDerived[]
  alarms: WrittenAlarm[]
}

interface WrittenTable extends Omit<EdgeConfig, 'devices' | 'derive' | 'northbound'> {
  levels: Levels
  northbound: unknown[]
  devices: WrittenDevice[]
}

const writtenTable = shape<WrittenTable>({
  platform: optional(platformUrl),
  token: optional(text),
  statusPort: otherwise(integer(0, 65_535), 0),
  page: optional(pageAddress),
  levels: levelsCheck,
  northbound: northboundList,
  devices: listOf(
    shape<WrittenDevice>({
      name: text,
      protocol: oneOf(protocols),
      connection: (value) => value,
      periodMs: otherwise(period, 1_000),
      heartbeatMs: otherwise(integer(1_000, 86_400_000), 60_000),
      levels: levelsCheck,
      tags: listOf((value) => value, 100_000),
      derived: derivedList,
      alarms: alarmList,
    }),
    2_000,
  ),
})

/**
 * Reads a tag table (YAML). Throws TagTableError with line or path and what is expected there; all that is wrong with
 * single devices and tags is told at once.
 */
export async function readTagTable(yaml: string): Promise<EdgeConfig> {
  const document = parseDocument(yaml, { uniqueKeys: true, maxAliasCount: 0 } as object)
  const [problem] = document.errors
  if (problem !== undefined) throw new TagTableError({ zh: `YAML 语法错误：${problem.message}`, en: problem.message })
  return checkTagTable(document.toJS({ maxAliasCount: 0 }))
}

/** Checks a tag table that was written in another form than YAML. Throws as readTagTable does. */
export async function checkTagTable(written: unknown): Promise<EdgeConfig> {
  const { levels, ...table } = writtenTable(ofThisVersion(written), 'table')
  const problems: Said[] = []
  const devices: EdgeDevice[] = []
  const planned: PlannedDevice[] = []
  const names = new Set<string>()
  for (const [d, written] of table.devices.entries()) {
    const path = `table.devices[${d}]`
    if (names.has(written.name)) problems.push(joined`${path}.name: ${isThereTwice(written.name)}`)
    names.add(written.name)
    const device = await readDevice({ ...written, levels: { ...levels, ...defined(written.levels) } }, path, problems)
    if (device === undefined) continue
    devices.push(device)
    planned.push({ ...written, path, tags: device.tags, interlocks: interlocksOf(device, written, path) })
  }
  const derive = await planOf(planned, problems)
  const northbound = readNorthbound(
    table.northbound,
    planned.map(({ tags, derived, alarms, ...each }, i) => ({
      ...{ name: each.name, path: each.path, levels: devices[i]?.levels ?? {} },
      properties: [...tags, ...derived, ...alarms].map(({ property }) => property),
    })),
    problems,
  )
  if (problems.length > 0) throw new TagTableError(summaryOf(problems), problems)
  return { ...table, devices, derive, northbound }
}

const defined = (levels: Levels): Levels =>
  Object.fromEntries(Object.entries(levels).filter(([, name]) => name !== undefined))

/** The version of what can stand in a tag table; it need not be written. */
const tableVersion = 1

/** Whatever else stands in a table for a newer gateway, that is what is wrong with it. */
function ofThisVersion(written: unknown): unknown {
  if (typeof written !== 'object' || written === null || !('version' in written)) return written
  const { version, ...table } = written
  if (version !== tableVersion)
    fail('table.version', {
      zh: `应为 ${tableVersion}，而不是 ${String(version)}：此表适用于更新版本的网关，请先升级本网关`,
      en: `${tableVersion} is expected, not ${String(version)}: the table is for a newer gateway; update this one`,
    })
  return table
}

/** CEL is loaded for a table that has expressions, and for no other. */
async function planOf(devices: readonly PlannedDevice[], problems: Said[]): Promise<DerivePlan | undefined> {
  if (!devices.some((each) => each.derived.length + each.alarms.length + each.interlocks.length > 0)) return undefined
  const { planDerivation } = await import('./derive/plan.ts')
  return planDerivation(devices, problems)
}

const interlocksOf = ({ tags }: EdgeDevice, written: WrittenDevice, path: string): PlannedDevice['interlocks'] =>
  tags.flatMap(({ property, write }) => {
    if (write?.interlock === undefined) return []
    const place = written.tags.findIndex((each) => (each as WrittenTag).property === property)
    return [{ rule: write, text: write.interlock, path: `${path}.tags[${place}].write.interlock` }]
  })

const problemsShown = 20

function summaryOf(problems: readonly Said[]): Said {
  const rest = problems.length - problemsShown
  const more = rest > 0 ? [{ zh: `…… 另有 ${rest} 处`, en: `… and ${rest} more` }] : []
  return [...problems.slice(0, problemsShown), ...more].reduce((all, each) => joined`${all}\n${each}`)
}

async function readDevice(written: WrittenDevice, path: string, problems: Said[]): Promise<EdgeDevice | undefined> {
  const driver = await driverOf(written.protocol)
  if (driver === undefined) return fail(`${path}.protocol`, isOneOf(protocols))
  const settings = collected(problems, () => driver.settings(written.connection, `${path}.connection`))
  if (settings === undefined) return undefined
  const properties = new Set<string>()
  const tags: Tag[] = []
  for (const [t, each] of written.tags.entries()) {
    const at = `${path}.tags[${t}]`
    const tag = collected(problems, () => readTag(writtenTag(each, at), at, { written, driver, settings }))
    if (tag === undefined) continue
    if (properties.has(tag.property)) problems.push(joined`${at}.property: ${isThereTwice(tag.property)}`)
    properties.add(tag.property)
    tags.push(tag)
  }
  return { name: written.name, protocol: written.protocol, driver, settings, levels: written.levels, tags }
}

function collected<T>(problems: Said[], read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof TagTableError)) throw error
    problems.push(wordsOf(error))
    return undefined
  }
}

function readTag(
  written: WrittenTag,
  path: string,
  { written: device, driver, settings }: { written: WrittenDevice; driver: AnyDriver; settings: unknown },
): Tag {
  const { property, address: where, type, scale, offset, values, rollOver, deadBand, deadBandPercent } = written
  const isNumber = type !== 'bool' && type !== 'text'
  if (!isNumber && (scale !== 1 || offset !== 0))
    fail(`${path}.scale`, { zh: `${type} 类型没有比例，请删去`, en: `nothing is expected: a ${type} has no scale` })
  if (!isNumber && rollOver !== undefined)
    fail(`${path}.rollOver`, { zh: '计数器应为整数类型', en: 'a whole number type is expected for a counter' })
  if (values !== undefined && type === 'text')
    fail(`${path}.values`, { zh: '文本本身就是文字，请删去', en: 'nothing is expected: a text is a word already' })
  if (written.write !== undefined) checkRange(written.write, isNumber && values === undefined, `${path}.write`)
  return {
    property,
    where,
    type,
    address: parsed(() => driver.parseAddress(where, type, settings), `${path}.address`),
    periodMs: written.periodMs ?? device.periodMs,
    meaning: { scale, offset, values, rollOver },
    unit: written.unit,
    report: {
      way: written.report,
      deadBand,
      deadBandPercent,
      heartbeatMs: written.heartbeatMs ?? device.heartbeatMs,
    },
    write: written.write && { ...written.write, condition: undefined },
  }
}

function parsed<T>(parse: () => T, path: string): T {
  try {
    return parse()
  } catch (error) {
    if (error instanceof AddressError) throw new TagTableError(joined`${path}: ${wordsOf(error)}`)
    throw error
  }
}
