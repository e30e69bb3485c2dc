import { Type } from 'typebox'
import { emptyReply, pageOf, pageQuery, route } from './route.ts'
import { id, instant, name, nullable, sha256 } from './words.ts'

const engineers = ['plant.manager', 'plant.engineer'] as const
const words = <const T extends readonly string[]>(each: T) =>
  Type.Unsafe<T[number]>(Type.Union(each.map((word) => Type.Literal(word))))

/** Quality of a point: the three levels of OPC quality, in its own numbers. */
export const quality = { good: 192, uncertain: 64, bad: 0 } as const

// product ─ what a kind of machine can say (物模型)

export const propertyTypes = ['float', 'int', 'bool', 'text', 'json'] as const
export type PropertyType = (typeof propertyTypes)[number]
export const property = Type.Object({
  identifier: Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_.:/-]{0,63}$' }),
  name,
  nameEn: Type.Optional(name),
  /** What arrives is read as this type and as no other; nothing is guessed from a payload. */
  type: words(propertyTypes),
  unit: Type.String({ maxLength: 20 }),
  /** A value outside [min, max] is kept with quality `uncertain`. */
  min: Type.Optional(Type.Number()),
  max: Type.Optional(Type.Number()),
})
/** How long raw points are kept; a series keeps the class it was born with. */
export const retentions = ['year1', 'year3', 'year6'] as const
export const product = Type.Object({
  id,
  name,
  version: Type.Integer({ minimum: 1 }),
  retention: words(retentions),
  properties: Type.Array(property, { maxItems: 500 }),
  /** Devices of this product that are not deleted. */
  devices: Type.Integer(),
  createdAt: instant,
  updatedAt: instant,
})
const productBody = {
  name,
  properties: Type.Array(property, { minItems: 1, maxItems: 500 }),
}

export const listProducts = route({
  id: 'data.product.list',
  method: 'GET',
  path: '/products',
  summary: 'Products (物模型) of the own organisation. Sorts: name, devices, updatedAt.',
  who: engineers,
  token: 'points.read',
  query: Type.Object(pageQuery),
  reply: pageOf(product),
})
export const getProduct = route({
  id: 'data.product.get',
  method: 'GET',
  path: '/products/:productId',
  summary: 'One product with the properties of its newest version.',
  who: engineers,
  token: 'points.read',
  params: Type.Object({ productId: id }),
  reply: product,
})
export const createProduct = route({
  id: 'data.product.create',
  method: 'POST',
  path: '/products',
  summary: 'Make a product: the typed properties that its devices send.',
  who: engineers,
  body: Type.Object({ ...productBody, retention: Type.Optional(words(retentions)) }),
  reply: product,
})
export const updateProduct = route({
  id: 'data.product.update',
  method: 'PUT',
  path: '/products/:productId',
  summary: 'Make a new version of a product. `version` is the one that was edited; a property never changes its type.',
  who: engineers,
  params: Type.Object({ productId: id }),
  body: Type.Object({ ...productBody, version: Type.Integer({ minimum: 1 }) }),
  reply: product,
})

// device ─ one machine, or the gateway that speaks for many

/** A gateway's credential may send for every device of its organisation. */
export const deviceKinds = ['device', 'gateway'] as const
export const device = Type.Object({
  id,
  name,
  kind: words(deviceKinds),
  productId: nullable(id),
  productName: Type.String(),
  enabled: Type.Boolean(),
  /** When it was deleted; a deleted device sends no more, its points stay, and it can be brought back. */
  deletedAt: nullable(instant),
  /** A session is open, or it sent (itself or through its gateway) within the last five minutes. */
  online: Type.Boolean(),
  lastSeen: nullable(instant),
  /** More than five take-overs of the session in one minute: two devices share one credential. */
  sharedCredentialAt: nullable(instant),
  createdAt: instant,
})
const deviceParams = Type.Object({ deviceId: id })

export const listDevices = route({
  id: 'data.device.list',
  method: 'GET',
  path: '/devices',
  summary: 'Devices of the own organisation. Sorts: name, productName, lastSeen, createdAt.',
  who: engineers,
  token: 'points.read',
  query: Type.Object({
    ...pageQuery,
    productId: Type.Optional(id),
    kind: Type.Optional(words(deviceKinds)),
    online: Type.Optional(Type.Boolean()),
    /** Deleted devices instead of the living. */
    deleted: Type.Optional(Type.Boolean()),
  }),
  reply: pageOf(device),
})
export const getDevice = route({
  id: 'data.device.get',
  method: 'GET',
  path: '/devices/:deviceId',
  summary: 'One device with the properties of its product.',
  who: engineers,
  token: 'points.read',
  params: deviceParams,
  reply: Type.Object({ ...device.properties, properties: Type.Array(property) }),
})
export const createDevice = route({
  id: 'data.device.create',
  replyOnce: true,
  method: 'POST',
  path: '/devices',
  summary: 'Make a device. The reply holds its first credential, which is shown once and stored as a hash.',
  who: engineers,
  body: Type.Object({
    name,
    kind: Type.Optional(words(deviceKinds)),
    /** A device needs one; a gateway may do without. */
    productId: Type.Optional(id),
  }),
  reply: Type.Object({ deviceId: id, credentialId: id, token: Type.String() }),
})
export const renameDevice = route({
  id: 'data.device.rename',
  method: 'PUT',
  path: '/devices/:deviceId/name',
  summary: 'Rename a device. Names are unique within an organisation, since gateways speak of devices by name.',
  who: engineers,
  params: deviceParams,
  body: Type.Object({ name }),
  reply: device,
})
export const disableDevice = route({
  id: 'data.device.disable',
  method: 'POST',
  path: '/devices/:deviceId/disable',
  summary: 'Refuse what the device sends and drop its session, until it is enabled again.',
  who: engineers,
  params: deviceParams,
  reply: device,
})
export const enableDevice = route({
  id: 'data.device.enable',
  method: 'POST',
  path: '/devices/:deviceId/enable',
  summary: 'Let a disabled device send again.',
  who: engineers,
  params: deviceParams,
  reply: device,
})
export const deleteDevice = route({
  id: 'data.device.delete',
  method: 'DELETE',
  path: '/devices/:deviceId',
  summary: 'Delete a device; its points and evidence stay, and the deletion can be undone.',
  who: engineers,
  params: deviceParams,
  reply: emptyReply,
})
export const undeleteDevice = route({
  id: 'data.device.undelete',
  method: 'POST',
  path: '/devices/:deviceId/undelete',
  summary: 'Bring a deleted device back, under another name if its own was taken meanwhile.',
  who: engineers,
  params: deviceParams,
  reply: device,
})

// credential ─ what a device signs in with

/** Points sent with an `import` credential draw charts and never count in a meter. */
export const credentialPurposes = ['live', 'import'] as const
export const credential = Type.Object({
  id,
  deviceId: id,
  purpose: words(credentialPurposes),
  /** First characters of the secret, to tell credentials apart. */
  hint: Type.String(),
  createdAt: instant,
  /** End of the overlap after a rotation, or the instant of revocation. */
  endsAt: nullable(instant),
  lastUsedAt: nullable(instant),
})
const onceShown = Type.Object({ credential, token: Type.String() })

export const listCredentials = route({
  id: 'data.credential.list',
  method: 'GET',
  path: '/devices/:deviceId/credentials',
  summary: 'Credentials of a device, without their secrets.',
  who: engineers,
  params: deviceParams,
  reply: Type.Object({ rows: Type.Array(credential) }),
})
export const createCredential = route({
  id: 'data.credential.create',
  replyOnce: true,
  method: 'POST',
  path: '/devices/:deviceId/credentials',
  summary: 'Make one more credential. The token is shown once.',
  who: engineers,
  params: deviceParams,
  body: Type.Object({ purpose: words(credentialPurposes) }),
  reply: onceShown,
})
export const rotateCredential = route({
  id: 'data.credential.rotate',
  replyOnce: true,
  method: 'POST',
  path: '/devices/:deviceId/credentials/:credentialId/rotate',
  summary: 'Replace a credential; the old one works for the minutes of the overlap. The new token is shown once.',
  who: engineers,
  params: Type.Object({ deviceId: id, credentialId: id }),
  body: Type.Object({ overlapMinutes: Type.Integer({ minimum: 0, maximum: 10_080 }) }),
  reply: onceShown,
})
export const revokeCredential = route({
  id: 'data.credential.revoke',
  method: 'DELETE',
  path: '/devices/:deviceId/credentials/:credentialId',
  summary: 'Revoke a credential at once; a session that it opened is dropped.',
  who: engineers,
  params: Type.Object({ deviceId: id, credentialId: id }),
  reply: emptyReply,
})

// points ─ history by query, last values from memory

const pointValue = Type.Unsafe<number | string | boolean | null>(
  Type.Union([Type.Number(), Type.String(), Type.Boolean(), Type.Null()]),
)
/** Where the answer was read: points themselves, or roll-ups of a minute, an hour or a day (Asia/Shanghai). */
export const pointSources = ['raw', '1m', '1h', '1d'] as const
/** A stretch without a point longer than the series' own rhythm allows, [from, to) in ms. */
const gap = Type.Object({ from: instant, to: instant })
const rangeQuery = {
  deviceId: id,
  property: Type.String({ maxLength: 64 }),
  from: instant,
  /** Exclusive. */
  to: instant,
}

export const getPointRange = route({
  id: 'data.point.range',
  method: 'GET',
  path: '/points/range',
  summary:
    'One series over a range, as columns. Raw while it fits into maxPoints, else the finest roll-up that does; `source` says which.',
  who: engineers,
  token: 'points.read',
  query: Type.Object({
    ...rangeQuery,
    maxPoints: Type.Optional(Type.Integer({ minimum: 10, maximum: 20_000, default: 4000 })),
  }),
  reply: Type.Object({
    deviceId: id,
    property: Type.String(),
    name: Type.String(),
    type: words(propertyTypes),
    unit: Type.String(),
    source: words(pointSources),
    /** Time of the point, or beginning of the bucket. All columns have the same length. */
    at: Type.Array(instant),
    /** The point's value; of a bucket the time-weighted average. */
    value: Type.Array(pointValue),
    /** Extremes of a bucket; empty for raw. */
    min: Type.Array(nullable(Type.Number())),
    max: Type.Array(nullable(Type.Number())),
    /** Points in a bucket; empty for raw. */
    count: Type.Array(Type.Integer()),
    /** Quality of the point (192 good, 64 uncertain, 0 bad); of a bucket the share of good points in basis points. */
    quality: Type.Array(Type.Integer()),
    gaps: Type.Array(gap),
  }),
})
export const getLastPoints = route({
  id: 'data.point.last',
  method: 'GET',
  path: '/points/last',
  summary: 'Newest value of every property of some devices, at most 64, ids separated by commas.',
  who: engineers,
  token: 'points.read',
  query: Type.Object({ deviceIds: Type.String({ maxLength: 64 * 37 }) }),
  reply: Type.Object({
    rows: Type.Array(
      Type.Object({
        deviceId: id,
        property: Type.String(),
        name: Type.String(),
        unit: Type.String(),
        at: instant,
        value: pointValue,
        quality: Type.Integer(),
        receivedAt: instant,
      }),
    ),
  }),
})
export const getPointGaps = route({
  id: 'data.point.gaps',
  method: 'GET',
  path: '/points/gaps',
  summary: 'Stretches longer than `minutes` in which a device sent nothing, newest last, at most 1,000.',
  who: engineers,
  token: 'points.read',
  query: Type.Object({
    deviceId: id,
    from: instant,
    to: instant,
    minutes: Type.Optional(Type.Integer({ minimum: 1, maximum: 1440, default: 5 })),
  }),
  reply: Type.Object({ gaps: Type.Array(gap) }),
})
export const exportPoints = route({
  id: 'data.point.export',
  method: 'GET',
  path: '/points/export',
  summary: 'One series over a range as CSV (UTF-8 with byte order mark), at most 1,000,000 rows.',
  who: engineers,
  token: 'points.read',
  query: Type.Object(rangeQuery),
  replyKind: 'file',
  reply: Type.Unknown(),
})

// quarantine ─ what arrived and could not be used

const quarantineRow = {
  id,
  at: instant,
  deviceId: nullable(id),
  deviceName: Type.String(),
  credentialId: nullable(id),
  door: words(['mqtt', 'http', 'import']),
  topic: Type.String(),
  reason: Type.Object({ zh: Type.String(), en: Type.String() }),
  /** Size of the payload; at most the first 64 KiB are kept. */
  bytes: Type.Integer(),
  payloadSha256: sha256,
  /** How many times the same payload arrived for the same reason. */
  times: Type.Integer(),
}
export const listQuarantine = route({
  id: 'data.quarantine.list',
  method: 'GET',
  path: '/quarantine',
  summary: 'Payloads that could not be used, newest first. Sorts: at, deviceName, times.',
  who: engineers,
  query: Type.Object({ ...pageQuery, deviceId: Type.Optional(id) }),
  reply: pageOf(Type.Object(quarantineRow)),
})
export const getQuarantine = route({
  id: 'data.quarantine.get',
  method: 'GET',
  path: '/quarantine/:quarantineId',
  summary: 'One quarantined payload with its bytes.',
  who: engineers,
  params: Type.Object({ quarantineId: id }),
  reply: Type.Object({ ...quarantineRow, payload: Type.String({ contentEncoding: 'base64' }) }),
})
export const deleteQuarantine = route({
  id: 'data.quarantine.delete',
  method: 'DELETE',
  path: '/quarantine/:quarantineId',
  summary: 'Remove a quarantined payload that has been dealt with.',
  who: engineers,
  params: Type.Object({ quarantineId: id }),
  reply: emptyReply,
})

// live ─ WebSocket `/api/live?devices=<id>,<id>`

/** A value as it arrives: property, Unix ms, value, quality (192 good, 64 uncertain, 0 bad). */
export type LiveValue = [property: string, at: number, value: number | string | boolean, quality: number]

/** What the live socket sends, one JSON text a message. The first message holds the last values. */
export interface LiveMessage {
  deviceId: string
  /** `[property, at ms, value, quality]` in order of arrival. */
  values: LiveValue[]
}
