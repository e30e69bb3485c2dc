import { Type } from 'typebox'
import { pageOf, pageQuery, route } from './route.ts'
import { basisPoints, civilDay, id, instant, nullable, sha256 } from './words.ts'

/** What the gateways of an organisation told of a day by the sequence of their signed batches. */
export const gatewayFacts = Type.Object({
  /** Batches that were signed and did not arrive. */
  missing: Type.Integer(),
  /** Minutes that a gateway itself says it has not. */
  gapMinutes: Type.Integer(),
  /** Numbers that came with two contents: two gateways use one key. */
  doubled: Type.Integer(),
})

/** One device and civil day on the evidence strip. */
export const stripDay = Type.Object({
  deviceId: id,
  deviceName: Type.String(),
  day: civilDay,
  /**
   * `covered` sealed with enough minutes · `partial` data, but too few minutes · `gap` no data · `disputed` identical
   * to another device's day, or the second source disagrees · `open` not sealed yet.
   */
  state: Type.Unsafe<'covered' | 'partial' | 'gap' | 'disputed' | 'open'>(
    Type.Enum(['covered', 'partial', 'gap', 'disputed', 'open']),
  ),
  sealed: Type.Boolean(),
  corrected: Type.Boolean(),
  minutes: Type.Integer(),
  points: Type.Integer(),
  gaps: Type.Integer(),
  goodBp: basisPoints,
  identicalTo: Type.Array(Type.String()),
  secondSourceMinutes: nullable(Type.Integer()),
  /** Minutes in which any device of the organisation sent; what the second source is compared with. */
  orgMinutes: Type.Integer(),
  /** Share of the points under the signature of an enrolled gateway; null when that was not counted yet. */
  signedBp: nullable(basisPoints),
  gateways: gatewayFacts,
  sealHash: nullable(sha256),
})

const ofDevices = {
  deviceId: Type.Optional(id),
  from: civilDay,
  to: civilDay,
}
const readers = ['plant.manager', 'plant.engineer'] as const

export const getStrip = route({
  id: 'evidence.strip.get',
  method: 'GET',
  path: '/evidence/strip',
  summary: 'The evidence strip of the own devices: one cell a device and day, at most 400 days.',
  who: readers,
  query: Type.Object(ofDevices),
  reply: Type.Object({
    /** Minutes of data that make a day covered on this strip; a programme may ask for another number. */
    minMinutes: Type.Integer(),
    toleranceBp: basisPoints,
    days: Type.Array(stripDay),
  }),
})

export const sealRow = Type.Object({
  organisationId: id,
  day: civilDay,
  revision: Type.Integer(),
  leafIndex: Type.Integer(),
  leafHash: sha256,
  chainHash: sha256,
  sealedAt: instant,
  devices: Type.Integer(),
  points: Type.Integer(),
})
export const listSeals = route({
  id: 'evidence.seal.list',
  method: 'GET',
  path: '/evidence/seals',
  summary: 'Seals of the own organisation, newest first; a correction has a revision above 0.',
  who: readers,
  query: Type.Object(pageQuery),
  reply: pageOf(sealRow),
})
export const getBundle = route({
  id: 'evidence.bundle.get',
  method: 'GET',
  path: '/evidence/bundle',
  summary: 'The evidence bundle of the own organisation: seals, proofs and signed checkpoint, RFC 8785 bytes.',
  who: readers,
  query: Type.Object({ from: civilDay, to: civilDay, deviceId: Type.Optional(id) }),
  replyKind: 'file',
  reply: Type.Unknown(),
})

export const checkpoint = Type.Object({
  origin: Type.String(),
  size: Type.Integer(),
  rootHash: Type.String(),
  at: instant,
  /** The signed note, C2SP text form, with Ed25519 and SM2 signature lines. */
  note: Type.String(),
})
export const getCheckpoint = route({
  id: 'evidence.log.checkpoint',
  method: 'GET',
  path: '/evidence/checkpoint',
  summary: 'The newest signed checkpoint of the public log.',
  who: ['public'],
  reply: nullable(checkpoint),
})
export const getLogKeys = route({
  id: 'evidence.log.keys',
  method: 'GET',
  path: '/evidence/keys',
  summary: 'Public keys of the log with fingerprints; pin them before you trust a bundle.',
  who: ['public'],
  reply: Type.Object({
    origin: Type.String(),
    ed25519: Type.Object({ verifierKey: Type.String(), fingerprint: Type.String() }),
    sm2: Type.Object({ verifierKey: Type.String(), fingerprint: Type.String() }),
  }),
})
const hashes = Type.Array(Type.String())
export const getInclusion = route({
  id: 'evidence.log.inclusion',
  method: 'GET',
  path: '/evidence/proofs/inclusion',
  summary: 'RFC 6962 audit path of a leaf in the tree of a size.',
  who: ['public'],
  query: Type.Object({ leaf: Type.Integer({ minimum: 0 }), size: Type.Integer({ minimum: 1 }) }),
  reply: Type.Object({ leafHash: Type.String(), path: hashes }),
})
export const getConsistency = route({
  id: 'evidence.log.consistency',
  method: 'GET',
  path: '/evidence/proofs/consistency',
  summary: 'RFC 6962 proof that the tree of one size is a prefix of the tree of another.',
  who: ['public'],
  query: Type.Object({ first: Type.Integer({ minimum: 1 }), second: Type.Integer({ minimum: 1 }) }),
  reply: Type.Object({ path: hashes }),
})

/** One day of a line by the telecom operator's own metering. */
export const reading = Type.Object({
  uscc: Type.String({ maxLength: 18 }),
  day: civilDay,
  /** Minutes of the day with traffic on the line, 0..1440. */
  activeMinutes: Type.Integer({ minimum: 0, maximum: 1440 }),
  bytes: Type.Integer({ minimum: 0 }),
})
export const importReadings = route({
  id: 'evidence.second-source.import',
  method: 'POST',
  path: '/evidence/readings',
  summary:
    'The operator files its reading of lines, day by day; a later filing of the same day is kept beside the first and wins.',
  who: ['operator.officer'],
  token: 'reading.write',
  body: Type.Object({ readings: Type.Array(reading, { minItems: 1, maxItems: 5000 }) }),
  reply: Type.Object({ accepted: Type.Integer() }),
})
export const listReadings = route({
  id: 'evidence.second-source.list',
  method: 'GET',
  path: '/evidence/readings',
  summary: 'Readings that the own operator filed.',
  who: ['operator.officer'],
  query: Type.Object(pageQuery),
  reply: pageOf(Type.Object({ ...reading.properties, organisationName: Type.String(), filedAt: instant })),
})
