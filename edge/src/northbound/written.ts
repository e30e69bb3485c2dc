import {
  type Check,
  certificateWithKey,
  fail,
  integer,
  isTrueOrFalse,
  listOf,
  oneOf,
  optional,
  otherwise,
  shape,
  TagTableError,
  text,
} from '../check.ts'
import { joined, type Said, wordsOf } from '../sentence.ts'

// How other brokers stand in a tag table.

/** Where a machine stands: the levels of ISA-95 (IEC 62264-1 §5.3). */
const levelNames = ['enterprise', 'site', 'area', 'line', 'cell'] as const
type Level = (typeof levelNames)[number]
export type Levels = Partial<Record<Level, string>>

interface BrokerAddress {
  url: string
  username: string | undefined
  password: string | undefined
  /** A file that holds the password, so that it does not stand in the table. */
  passwordFile: string | undefined
  /** PEM files: who is trusted besides the public authorities; the gateway's own certificate and key. */
  ca: string | undefined
  cert: string | undefined
  key: string | undefined
}

export interface SparkplugBroker extends BrokerAddress {
  kind: 'sparkplug'
  groupId: string
  /** Undefined: the gateway's own name. */
  edgeNodeId: string | undefined
  /** The host application without which nothing is published. */
  primaryHost: string | undefined
}

export interface UnsBroker extends BrokerAddress {
  kind: 'uns'
  /** With {device}, {property} and levels in it. */
  topic: string
  qos: 0 | 1 | 2
  retain: boolean
}

export type Northbound = SparkplugBroker | UnsBroker

/** A part of a topic: no separator, no wildcard, nothing that MQTT refuses (MQTT 3.1.1 §4.7). */
const isTopicLevel = (name: string) => !/[/+#\0]/.test(name)
const topicLevel: Check<string> = (value, path) =>
  isTopicLevel(text(value, path))
    ? (value as string)
    : fail(path, { zh: '应为不含 / + # 的文本', en: 'a text without / + # is expected' })

const brokerUrl: Check<string> = (value, path) =>
  /^mqtts?:\/\/[^/]/.test(text(value, path)) && URL.canParse(value as string) && !/@/.test(value as string)
    ? (value as string)
    : fail(path, {
        zh: '应为 mqtt://broker:1883 或 mqtts://broker:8883 形式的地址，不含用户名和密码',
        en: 'an address like mqtt://broker:1883 or mqtts://broker:8883 is expected, without name and password',
      })

const topicTemplate: Check<string> = (value, path) => {
  const template = text(value, path)
  for (const [, name = ''] of template.matchAll(/\{([^}]*)\}/g))
    if (!placeholders.includes(name))
      fail(path, {
        zh: `没有“{${name}}”；可用：${placeholders.join('、')}`,
        en: `“{${name}}” is unknown; known are ${placeholders.join(', ')}`,
      })
  if (/[+#\0{}]/.test(template.replaceAll(/\{[^}]*\}/g, '')) || template.startsWith('$'))
    fail(path, {
      zh: '应为不含 + # { }、不以 $ 开头的主题',
      en: 'a topic without + # { } is expected that does not begin with $',
    })
  if (!template.includes('{device}'))
    fail(path, {
      zh: '应含 {device}：每台设备有自己的主题',
      en: '{device} is expected in it: each machine has topics of its own',
    })
  return template
}
const placeholders: readonly string[] = [...levelNames, 'device', 'property']

const address: { [K in keyof BrokerAddress]: Check<BrokerAddress[K]> } = {
  url: brokerUrl,
  username: optional(text),
  password: optional(text),
  passwordFile: optional(text),
  ca: optional(text),
  cert: optional(text),
  key: optional(text),
}
const sparkplugShape = shape<SparkplugBroker>({
  kind: oneOf(['sparkplug'] as const),
  ...address,
  groupId: topicLevel,
  edgeNodeId: optional(topicLevel),
  primaryHost: optional(topicLevel),
})
const unsShape = shape<UnsBroker>({
  kind: oneOf(['uns'] as const),
  ...address,
  topic: topicTemplate,
  qos: otherwise(integer(0, 2) as Check<0 | 1 | 2>, 1),
  retain: otherwise((value, path) => (typeof value === 'boolean' ? value : fail(path, isTrueOrFalse)), true),
})

const brokersMax = 8

/** The entries as they are written; what stands in them is for readNorthbound, so that all that is wrong is told at once. */
export const northboundList: Check<unknown[]> = otherwise(
  listOf((value) => value, brokersMax),
  [],
)

export const levelsCheck: Check<Levels> = otherwise(
  shape<Levels>(
    Object.fromEntries(levelNames.map((name) => [name, optional(topicLevel)])) as Record<
      Level,
      Check<string | undefined>
    >,
  ),
  {},
)

interface PlacedDevice {
  name: string
  path: string
  levels: Levels
  properties: readonly string[]
}

/** Reads the entries, and whether the machines fit them. What is wrong goes to `problems`, each with its path. */
export function readNorthbound(
  written: readonly unknown[],
  devices: readonly PlacedDevice[],
  problems: Said[],
): Northbound[] {
  const brokers: Northbound[] = []
  for (const [n, each] of written.entries()) {
    const path = `table.northbound[${n}]`
    try {
      const broker = readBroker(each, path)
      if (brokers.some((other) => nameOf(other) === nameOf(broker)))
        fail(path, { zh: '这个消息服务器出现了两次', en: 'this broker is there twice' })
      brokers.push(broker)
      for (const device of devices) problems.push(...misfits(broker, device, path))
    } catch (error) {
      if (!(error instanceof TagTableError)) throw error
      problems.push(wordsOf(error))
    }
  }
  return brokers
}

function readBroker(written: unknown, path: string): Northbound {
  const kind = typeof written === 'object' && written !== null && 'kind' in written ? written.kind : undefined
  const broker =
    oneOf(['sparkplug', 'uns'] as const)(kind, `${path}.kind`) === 'uns'
      ? unsShape(written, path)
      : sparkplugShape(written, path)
  const isTls = broker.url.startsWith('mqtts:')
  for (const key of ['ca', 'cert', 'key'] as const)
    if (!isTls && broker[key] !== undefined)
      fail(`${path}.${key}`, {
        zh: '请删去：只有 mqtts:// 使用证书',
        en: 'nothing is expected: only mqtts:// has certificates',
      })
  if ((broker.cert === undefined) !== (broker.key === undefined)) fail(`${path}.key`, certificateWithKey)
  if (broker.password !== undefined && broker.passwordFile !== undefined)
    fail(`${path}.passwordFile`, { zh: '请删去：已有 password', en: 'nothing is expected: there is a password' })
  return broker
}

function misfits(broker: Northbound, { name, path, levels, properties }: PlacedDevice, of: string): Said[] {
  const found: Said[] = []
  if (!isTopicLevel(name))
    found.push(
      joined`${path}.name: ${{ zh: `名称不应含 / + #，因为有 ${of}`, en: `a name without / + # is expected, for ${of}` }}`,
    )
  if (broker.kind === 'sparkplug') return found
  for (const level of levelNames)
    if (broker.topic.includes(`{${level}}`) && levels[level] === undefined)
      found.push(
        joined`${path}.levels.${level}: ${{ zh: `${of}.topic 用到它，应在此处或 table.levels 中给出文本`, en: `a text is expected here or in table.levels, for ${of}.topic` }}`,
      )
  const wild = properties.find((property) => /[+#]/.test(property))
  if (broker.topic.includes('{property}') && wild !== undefined)
    found.push(
      joined`${path}: ${{ zh: `${of}.topic 用到属性，属性不应含 + #，如“${wild}”`, en: `properties without + # are expected, not “${wild}”, for ${of}.topic` }}`,
    )
  return found
}

/** What tells one broker of the gateway from the others, in its log and in its buffer. Without any secret. */
export const nameOf = (broker: Northbound) =>
  broker.kind === 'uns'
    ? `uns ${broker.url} ${broker.topic}`
    : `sparkplug ${broker.url} ${broker.groupId}${broker.edgeNodeId === undefined ? '' : `/${broker.edgeNodeId}`}`
