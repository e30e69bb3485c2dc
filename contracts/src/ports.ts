import type { TokenScope } from './route.ts'

/**
 * Doors between planes: what one plane may ask another inside the server process, wired in server/src/planes.ts.
 * Every answer is a value; a plane never sees another plane's tables.
 */

/** Who an organisation is. Answered by `access`. */
export interface OrgFacts {
  id: string
  name: string
  kind: string
  uscc: string | null
  region: string
}

export interface OrganisationPort {
  byId(orgId: string): Promise<OrgFacts | undefined>
  byUscc(uscc: string): Promise<OrgFacts | undefined>
  /** Organisations of a kind whose region code begins with `regionPrefix`. */
  ofKind(kind: string, regionPrefix?: string): Promise<OrgFacts[]>
}

/** Applications that sign in with an API token of their organisation. Answered by `access`. */
export interface ApplicationPort {
  /** Undefined when it is no token, was revoked, or has expired. */
  byToken(token: string): Promise<ApplicationFacts | undefined>
  /** Those of these tokens that are still good. */
  stillValid(tokenIds: readonly string[]): Promise<string[]>
}
export interface ApplicationFacts {
  tokenId: string
  orgId: string
  scopes: TokenScope[]
  /** Unix ms. */
  expiresAt: number
}

/** Appends to the hash-chained audit; answered by `access`. Called by the dispatcher for every command. */
export interface AuditPort {
  append(event: AuditEvent): Promise<void>
}

export interface AuditEvent {
  at: number
  actorUserId: string | null
  actorName: string
  orgId: string | null
  route: string
  subject: string
  outcome: 'done' | 'refused'
  detail: Record<string, unknown>
}

/** Devices and points as other planes need them. Answered by `data`. */
export interface DevicePort {
  /** Live devices (not deleted) of an organisation, disabled ones included; gateways, which carry no points of their own, are not. */
  ofOrg(orgId: string): Promise<DeviceFacts[]>
  /** Organisations that have at least one device. */
  orgsWithDevices(): Promise<string[]>
  /** The meters of one organisation by query over the deduplicated store; the same day asked again gives an equal answer. */
  meterDay(orgId: string, day: string): Promise<OrganisationDay>
  /**
   * Civil days of an organisation of which something was received in [from, to) by receive time: points, or batches of its
   * gateways, with the days between such a batch and its neighbours in the sequence. For correction seals.
   */
  daysTouched(orgId: string, receivedFrom: number, receivedTo: number): Promise<string[]>
  /** Answers when every point acknowledged so far is queryable. */
  flush(): Promise<void>
}

export interface DeviceFacts {
  id: string
  name: string
  productName: string
  createdAt: number
}

/** The meters of one organisation and civil day. */
export interface OrganisationDay {
  /** Distinct minutes in which any device sent, 0..1440; import door excluded. */
  activeMinutes: number
  /** In the order of device ids. */
  meters: DeviceDay[]
  /** In the order of keys; one of which nothing is known that day is left out. */
  gateways: GatewayDay[]
}

/** The meter of one device and civil day (Asia/Shanghai). Counts exclude points from the import door. */
export interface DeviceDay {
  deviceId: string
  points: number
  /** Distinct minutes of the day with at least one point, 0..1440. */
  minutes: number
  /** First and last point, Unix ms. */
  first: number
  last: number
  /** Gaps longer than 5 minutes between consecutive points of the day. */
  gaps: number
  properties: number
  /** Share of points with good quality, in basis points. */
  goodBp: number
  /** (series, at) that were sent with different values. */
  conflicts: number
  /** Points that came under the signature of an enrolled gateway. */
  signed: number
  /** SHA-256 over the day's (property, time of day, value), without the device's name: equal for identical days. */
  digest: string
}

/**
 * The meter of one gateway's key and civil day. What is missing was signed and did not arrive; a gap is what the gateway
 * itself says that it has not; of a minute in neither the machines were silent.
 */
export interface GatewayDay {
  gatewayId: string
  /** Raw Ed25519 public key (RFC 8032), base64url. */
  key: string
  /** Batches and records that touch the day. */
  batches: number
  /** Numbers of the sequence that did not arrive, between the batches of the day and their neighbours. */
  missing: number
  /** Minutes of the day within gaps that the gateway told, 0..1440, and values that it says it lost in them. */
  gapMinutes: number
  lostPoints: number
  /** Numbers of the sequence that came with two contents: two gateways use one key. */
  doubled: number
}

/** Evidence as the voucher needs it. Answered by `evidence`. */
export interface EvidencePort {
  /** Sealed days of the devices in [fromDay, toDay], corrections included, with the second source's view. */
  coverage(ask: { orgId: string; deviceIds: string[]; fromDay: string; toDay: string }): Promise<CoverageDay[]>
  /** The bundle that proves exactly these days offline; RFC 8785 bytes. */
  bundle(ask: { orgId: string; deviceIds: string[]; fromDay: string; toDay: string }): Promise<string>
}

/** One device and civil day as the seals say it; which days count is for the programme's rule to say. */
export interface CoverageDay {
  deviceId: string
  deviceName: string
  day: string
  sealed: boolean
  minutes: number
  points: number
  gaps: number
  goodBp: number
  digest: string
  /** Another device's day (device id) with the identical digest, if any. */
  identicalTo: string[]
  /** Active minutes of the organisation's line that day by the second source; null when it has not reported. */
  secondSourceMinutes: number | null
  /** Minutes of the day in which any device of the organisation sent, to be compared with the second source. */
  orgMinutes: number
  /** Share of the points under the signature of an enrolled gateway, in basis points; null in a seal before such were counted. */
  signedBp: number | null
  /** What the gateways of the organisation told of the day, together. */
  gateways: { missing: number; gapMinutes: number; doubled: number }
}

/** Figures of the public money for the public page and the cockpit. Answered by `subsidy`; amounts are fen as text. */
export interface FiguresPort {
  /** One row a programme; the parts of a row add up to what was appropriated. */
  totals(): Promise<ProgrammeTotals[]>
  indicators(programmeId?: string): Promise<Indicator[]>
  /** Quotas of the cities of a programme (the first one when none is named). */
  quotas(programmeId?: string): Promise<QuotaFigures[]>
  /** Open cases by desk, and how many are past their deadline. */
  desks(programmeId?: string): Promise<{ desk: string; open: number; overdue: number }[]>
}

export interface ProgrammeTotals {
  asOf: number
  programmeId: string
  appropriatedFen: string
  unallocatedFen: string
  citiesAvailableFen: string
  issuedFen: string
  lockedFen: string
  payableFen: string
  paidFen: string
  enterprises: number
  suppliers: number
  vouchers: number
  cities: { city: string; cityName: string; allocatedFen: string; paidFen: string; vouchers: number }[]
}

export interface Indicator {
  code: string
  name: { zh: string; en: string }
  definition: { zh: string; en: string }
  value: string
  unit: { zh: string; en: string }
  count: number
  asOf: number
  query: string
}

export interface QuotaFigures {
  city: string
  cityName: string
  allocatedFen: string
  availableFen: string
  issuedFen: string
  lockedFen: string
  payableFen: string
  paidFen: string
  takeUpBp: number
  applications: number
  vouchers: number
  waiting: number
}

/** Header by which the server shows at ingest's inner port of device HTTP that it is the server. */
export const innerSecretHeader = 'x-kapok-inner'
