import type { SignedRelease } from './gateway-release.ts'

/** What a gateway and its platform say to each other beside points. Types alone, so that a gateway loads no schemas. */

/** Topics of the gateway's own session. It signs what it sends there, as it signs batches. */
export const gatewayTopics = {
  health: 'kapok/v1/gateway/health',
  /** From the platform: gzip of JSON, GatewayRequest. */
  request: 'kapok/v1/gateway/request',
  reply: 'kapok/v1/gateway/reply',
} as const

export interface DeviceHealth {
  name: string
  protocol: string
  connected: boolean
  lastError: string | null
  /** The error in Chinese; absent where it is nobody's own sentence, and in reports of gateways that speak English alone. */
  zh?: string
  /** Tags whose last value is good, and those whose last is not. */
  good: number
  bad: number
}

/** A broker beside the platform that gets the same values. */
export interface BrokerHealth {
  kind: 'sparkplug' | 'uns'
  /** Its address, and what is said to it: group and node, or the form of the topics. */
  name: string
  /** `waiting`: connected, and waiting for its primary host. */
  phase: 'away' | 'waiting' | 'online'
  lastError: string | null
  /** Batches of values that wait for it. */
  waiting: number
}

/** Which configuration a gateway runs, and what became of the last one that it was told to run. */
export interface RunningConfiguration {
  /** `local`: a tag table given on its command line, which wins over the platform's. */
  source: 'local' | 'platform' | 'none'
  /** Of the platform's configuration that runs. */
  version: number | null
  /** The version that is being tried. */
  trying: number | null
  /** Id of the last order to apply a version that the gateway took up; null before the first. */
  order: string | null
  /** Why that order's version does not run; `zh` is the reason in Chinese, and absent as in DeviceHealth. */
  failed: { version: number; at: number; reason: string; zh?: string } | null
}

/** What a gateway has to say to people: a code that stays, and the sentence in both languages. */
export interface Sentence {
  code: string
  zh: string
  en: string
}

/** What of a release is done now: fetched, compared with its hash, unpacked, or running to show that it reaches the platform. */
export type UpdateStep = 'download' | 'check' | 'unpack' | 'trial'

/** The software of a gateway, beside its version: whether and to what it can be updated, and what becomes of an update. */
export interface GatewaySoftware {
  /** Whether the starter of the package runs it, without which there is nothing that could start another release. */
  starter: boolean
  platform: string
  /** Id of the last order to update that it took up; null before the first. */
  order: string | null
  /** The order that is being carried out. `bytes` of `total` are fetched. */
  doing: { version: string; step: UpdateStep; bytes: number; total: number } | null
  /** Why that order's release does not run. */
  failed: { version: string; at: number; why: Sentence } | null
}

export interface GatewayHealth {
  /** What the gateway's clock says, Unix ms. */
  at: number
  /** Of the gateway's software. */
  version: string
  uptimeMs: number
  /** Absent in reports of gateways that cannot be updated from here yet. */
  software?: GatewaySoftware
  configuration: RunningConfiguration
  /** At most `devicesInHealthMax`, those with trouble first. */
  devices: DeviceHealth[]
  devicesTotal: number
  /** Values that wait for the platform, and the time of the oldest. */
  /** Undefined of a gateway that is older than them. */
  brokers?: BrokerHealth[]
  backlog: { points: number; bytes: number; oldestAt: number | null }
  /** Values that gave way or were refused by the disk, since the buffer was made. */
  lost: number
}

export const devicesInHealthMax = 500

/** What the platform asks of a gateway. `apply` and `update` have no reply: their outcome stands in the health. */
export type GatewayRequest = { id: string } & GatewayAsk
export type GatewayAsk =
  | { kind: 'apply'; version: number; text: string }
  | ({ kind: 'update' } & UpdateAsk)
  | { kind: 'dry-run'; text: string }
  /** One tag of a device that runs, read now; TagReading. */
  | { kind: 'read'; device: string; property: string }
  /** The newest lines of its log; LogLines. */
  | { kind: 'logs' }
  /** Ends everything and begins anew, within its process. */
  | { kind: 'restart' }

export interface UpdateAsk {
  releaseId: string
  /** As the releaser signed it; the gateway trusts nothing else of this. */
  manifest: SignedRelease
  /** Where the platform's API is when the gateway does not know it from its enrolment. */
  baseUrl: string
  /** Whether an older version than the running one may be taken. */
  downgrade: boolean
}

export type GatewayReply = { id: string; result: unknown } | { id: string; refused: string; zh?: string }

/** What became of a request: `offline` the gateway has no session that listens, `late` it did not answer in time. */
export type GatewayAnswer =
  | { outcome: 'replied'; result: unknown }
  | { outcome: 'refused'; reason: string; zh?: string }
  | { outcome: 'offline' | 'late' }

/** Bytes of a configuration (UTF-8); some 15,000 tags. */
export const configurationBytesMax = 1 << 20

/** What is wrong with a configuration, and where: a device, a tag of it, or a place in the text. */
export interface ConfigurationProblem {
  where: string
  why: string
  /** The reason in Chinese; absent as in DeviceHealth. */
  zh?: string
}

export interface TriedTag {
  device: string
  property: string
  address: string
  /** What the machine said, in the tag's own terms; null when there is none. */
  value: number | string | boolean | null
  /** Why it is not good; null for a good value. */
  why: string | null
  /** The reason in Chinese; absent as in DeviceHealth. */
  zh?: string
}

/** Two tags of a device that share a part of their place without having the same one. It is no error. */
export interface TagOverlap {
  device: string
  property: string
  address: string
  with: { property: string; address: string }
}

export interface DryRun {
  /** With any of these the configuration cannot start, and nothing was read. At most `dryRunRowsMax`. */
  problems: ConfigurationProblem[]
  problemsTotal: number
  /** A reading of each tag of the devices that differ from what runs, failed ones first; at most `dryRunRowsMax`. */
  tags: TriedTag[]
  tagsTotal: number
  tagsFailed: number
  /** Devices that are as they run now, and were not read. */
  devicesUnchanged: number
  /** Of the whole configuration, at most `dryRunRowsMax`. Both are absent in answers of gateways that do not look for them yet. */
  overlaps?: TagOverlap[]
  overlapsTotal?: number
}

export const dryRunRowsMax = 200

/** What a machine said of one tag when it was asked. */
export interface TagReading extends TriedTag {
  /** Time of the value, Unix ms. */
  at: number
  /** How long the answer took. */
  tookMs: number
}

export interface LogLine {
  at: number
  level: string
  text: string
}
export interface LogLines {
  /** Oldest first; at most `logLinesMax`. */
  lines: LogLine[]
}
export const logLinesMax = 200
