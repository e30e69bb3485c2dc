import { Type } from 'typebox'
import { gatewayHealth } from './gateway-health.ts'
import { configurationBytesMax, logLinesMax } from './gateway-talk.ts'
import { emptyReply, pageOf, pageQuery, route } from './route.ts'
import { nullable } from './words.ts'

const engineers = ['plant.manager', 'plant.engineer'] as const
const id = Type.String({ format: 'uuid' })
const deviceParams = Type.Object({ deviceId: id })
const instant = Type.Integer()

export const getGatewayHealth = route({
  id: 'data.gateway.health',
  method: 'GET',
  path: '/devices/:deviceId/gateway-health',
  summary: 'What an enrolled gateway last said of itself: it reports every 15 s and when something changed.',
  who: engineers,
  params: deviceParams,
  reply: Type.Object({
    /** Whether it has a session now: an enrolled gateway always has one while it runs and reaches the platform. */
    connected: Type.Boolean(),
    health: nullable(
      Type.Object({
        receivedAt: instant,
        /** The platform's time of receipt minus the gateway's, ms: above 0 the gateway is behind. */
        clockOffsetMs: Type.Integer(),
        report: gatewayHealth,
      }),
    ),
  }),
})

const gatewayRow = Type.Object({
  id,
  name: Type.String(),
  enabled: Type.Boolean(),
  /** An enrolled gateway: it has a session now. Another one: as a device. */
  online: Type.Boolean(),
  /** When it was last heard, by whatever it sent. */
  lastSeen: nullable(instant),
  sharedCredentialAt: nullable(instant),
  deletedAt: nullable(instant),
  /** Whether it enrolled a key: only then can it be managed from here. */
  enrolled: Type.Boolean(),
  /** From its last report; null before the first. */
  health: nullable(
    Type.Object({
      receivedAt: instant,
      clockOffsetMs: Type.Integer(),
      version: Type.String(),
      /** The newest release that fits its platform, when that is newer and it can be updated from here. */
      newer: nullable(Type.String()),
      updating: Type.Boolean(),
      backlogPoints: Type.Integer(),
      lost: Type.Integer(),
      devices: Type.Integer(),
      devicesConnected: Type.Integer(),
      /** Of the platform's configuration that runs; null: none, or one of its own. */
      configuration: nullable(Type.Integer()),
      rolledBack: Type.Boolean(),
    }),
  ),
})

export const listGateways = route({
  id: 'data.gateway.list',
  method: 'GET',
  path: '/gateways',
  summary: 'Gateways of the own organisation. Sorts: name, lastSeen, backlog, clockOffset, version.',
  who: engineers,
  query: Type.Object(pageQuery),
  reply: pageOf(gatewayRow),
})

/** 100 random bits in the alphabet of Crockford's base 32, in groups, so that a person can type it on a panel. */
export const enrolmentCode = Type.String({ pattern: '^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){4}$' })

export const makeEnrolmentCode = route({
  id: 'data.gateway.code',
  replyOnce: true,
  method: 'POST',
  path: '/devices/:deviceId/enrolment-code',
  summary: 'Make the one-time code by which a gateway brings its key. It replaces an earlier code of the same gateway.',
  who: engineers,
  params: deviceParams,
  body: Type.Object({}),
  reply: Type.Object({ code: enrolmentCode, madeAt: instant, endsAt: instant }),
})

export const enrolGateway = route({
  id: 'data.gateway.enrol',
  replyOnce: true,
  method: 'POST',
  path: '/gateways/enrol',
  summary:
    'Enrol the key that a gateway made. Ends its earlier key and tokens; the reply holds its token, which is shown once.',
  who: ['public'],
  body: Type.Object({
    code: enrolmentCode,
    /** Raw Ed25519 public key, base64url. */
    publicKey: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }),
    /** The first batch that this key will sign: 1 for a new gateway, more for one that goes on after a new enrolment. */
    firstSequence: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  }),
  reply: Type.Object({ gatewayId: id, name: Type.String(), token: Type.String() }),
})

/** A stretch of the gateway's sequence of which nothing arrived. */
const missing = Type.Object({
  from: Type.Integer(),
  to: Type.Integer(),
  /** Time of the last value before and of the first value after it, Unix ms. */
  after: instant,
  before: instant,
})

export const getGatewayStanding = route({
  id: 'data.gateway.standing',
  method: 'GET',
  path: '/devices/:deviceId/gateway-standing',
  summary: 'What arrived of an enrolled gateway by its sequence: batches, missing ones, gaps that it told, doubles.',
  who: engineers,
  params: deviceParams,
  reply: Type.Object({
    /** Null for a gateway that enrolled no key. */
    key: Type.Union([
      Type.Null(),
      Type.Object({ fingerprint: Type.String(), enrolledAt: instant, publicKey: Type.String() }),
    ]),
    batches: Type.Integer(),
    points: Type.Integer(),
    lastSequence: Type.Integer(),
    lastReceived: Type.Union([Type.Null(), instant]),
    missing: Type.Array(missing),
    gaps: Type.Array(Type.Object({ firstAt: instant, lastAt: instant, points: Type.Integer(), reason: Type.String() })),
    /** Steps of the gateway's clock: what it would have said, and what it said. */
    clockSteps: Type.Array(Type.Object({ before: instant, after: instant })),
    /** Sequences that came with two different contents: two gateways use one key. */
    doubled: Type.Integer(),
  }),
})

/** What a machine said of a tag when it was read to try it. */
const triedTag = Type.Object({
  device: Type.String(),
  property: Type.String(),
  address: Type.String(),
  value: Type.Unsafe<number | string | boolean | null>(
    Type.Union([Type.Number(), Type.String(), Type.Boolean(), Type.Null()]),
  ),
  /** Why it is not good; null for a good value. */
  why: nullable(Type.String()),
  /** The same in Chinese, of a gateway that says it. */
  zh: Type.Optional(Type.String()),
})

const placedTag = { property: Type.String(), address: Type.String() }

const configurationParams = Type.Object({ deviceId: id, version: Type.Integer({ minimum: 1, maximum: 1_000_000 }) })
const configurationRow = {
  version: Type.Integer(),
  madeAt: instant,
  madeBy: Type.String(),
  note: Type.String(),
  bytes: Type.Integer(),
}

export const listConfigurations = route({
  id: 'data.gateway.configuration.list',
  method: 'GET',
  path: '/devices/:deviceId/gateway-configurations',
  summary: 'Versions of a gateway’s configuration, newest first, and which one it was told to run.',
  who: engineers,
  params: deviceParams,
  reply: Type.Object({
    rows: Type.Array(Type.Object(configurationRow)),
    /** The order that holds; a gateway that is away takes it up when it is back. */
    ordered: nullable(Type.Object({ order: id, version: Type.Integer(), at: instant, by: Type.String() })),
  }),
})

export const getConfiguration = route({
  id: 'data.gateway.configuration.get',
  method: 'GET',
  path: '/devices/:deviceId/gateway-configurations/:version',
  summary: 'One version of a gateway’s configuration with its text.',
  who: engineers,
  params: configurationParams,
  reply: Type.Object({ ...configurationRow, text: Type.String() }),
})

export const saveConfiguration = route({
  id: 'data.gateway.configuration.save',
  method: 'POST',
  path: '/devices/:deviceId/gateway-configurations',
  summary:
    'Keep a tag table (YAML) as the next version of a gateway’s configuration. Nothing runs it before it is applied.',
  who: engineers,
  params: deviceParams,
  bodyLimitBytes: 4 * configurationBytesMax,
  body: Type.Object({
    text: Type.String(),
    note: Type.String({ maxLength: 200 }),
    /** The newest version when it was edited; 0 for the first. */
    after: Type.Integer({ minimum: 0 }),
  }),
  reply: Type.Object({ version: Type.Integer() }),
})

/** Of a file with a tag table. */
export const tableFileBytesMax = 5 << 20
/** Sentences about what was not taken, at most. */
export const notTakenMax = 200

export const importTable = route({
  id: 'data.gateway.table.import',
  method: 'POST',
  path: '/gateway-tables/import',
  summary:
    'Make a tag table (YAML) of an Excel file, or of ThingsBoard’s modbus.json or opcua.json. What is wrong with a row is named, and the rest is taken; nothing is kept.',
  who: engineers,
  query: Type.Object({ name: Type.String({ minLength: 1, maxLength: 200 }) }),
  bodyKind: 'raw',
  bodyLimitBytes: tableFileBytesMax,
  reply: Type.Object({
    text: Type.String(),
    devices: Type.Integer(),
    tags: Type.Integer(),
    /** The first `notTakenMax`, each with its place: sheet, row and column. */
    notTaken: Type.Array(Type.String()),
    notTakenTotal: Type.Integer(),
  }),
})

export const exportTable = route({
  id: 'data.gateway.table.export',
  method: 'POST',
  path: '/gateway-tables/export',
  summary: 'Make an Excel file of a tag table (YAML), which can be edited and imported again.',
  who: engineers,
  bodyLimitBytes: 4 * configurationBytesMax,
  body: Type.Object({ text: Type.String() }),
  replyKind: 'file',
  reply: Type.Unknown(),
})

export const applyConfiguration = route({
  id: 'data.gateway.configuration.apply',
  method: 'POST',
  path: '/devices/:deviceId/gateway-configurations/:version/apply',
  summary:
    'Tell a gateway to run a version. It goes back to the last good one by itself when this one cannot start or the platform is not reached with it; one that is away takes it up when it is back.',
  who: engineers,
  params: configurationParams,
  body: Type.Object({}),
  reply: Type.Object({ order: id, connected: Type.Boolean() }),
})

export const dryRunConfiguration = route({
  id: 'data.gateway.configuration.dry-run',
  method: 'POST',
  path: '/devices/:deviceId/gateway-configurations/:version/dry-run',
  summary:
    'Have the gateway check a version and read each tag of the devices that it changes once, without running it. Waits at most 30 s.',
  who: engineers,
  params: configurationParams,
  body: Type.Object({}),
  reply: Type.Object({
    problems: Type.Array(Type.Object({ where: Type.String(), why: Type.String(), zh: Type.Optional(Type.String()) })),
    problemsTotal: Type.Integer(),
    tags: Type.Array(triedTag),
    tagsTotal: Type.Integer(),
    tagsFailed: Type.Integer(),
    devicesUnchanged: Type.Integer(),
    /** Tags that share a part of their place; no error, and mostly a type or an address that is not meant. */
    overlaps: Type.Optional(
      Type.Array(
        Type.Object({
          ...placedTag,
          device: Type.String(),
          with: Type.Object(placedTag),
        }),
      ),
    ),
    overlapsTotal: Type.Optional(Type.Integer()),
  }),
})

export const readGatewayTag = route({
  id: 'data.gateway.read',
  method: 'POST',
  path: '/devices/:deviceId/gateway-read',
  summary: 'Have the gateway read one tag of a machine that it runs now. Waits at most 30 s.',
  who: engineers,
  params: deviceParams,
  body: Type.Object({
    device: Type.String({ minLength: 1, maxLength: 200 }),
    property: Type.String({ minLength: 1, maxLength: 200 }),
  }),
  reply: Type.Object({ ...triedTag.properties, at: instant, tookMs: Type.Integer() }),
})

export const getGatewayLogs = route({
  id: 'data.gateway.logs',
  method: 'POST',
  path: '/devices/:deviceId/gateway-logs',
  summary: 'Fetch the newest lines of the gateway’s own log, at most 200. Waits at most 30 s.',
  who: engineers,
  params: deviceParams,
  body: Type.Object({}),
  reply: Type.Object({
    lines: Type.Array(Type.Object({ at: instant, level: Type.String(), text: Type.String() }), {
      maxItems: logLinesMax,
    }),
  }),
})

export const restartGateway = route({
  id: 'data.gateway.restart',
  method: 'POST',
  path: '/devices/:deviceId/gateway-restart',
  summary: 'Have the gateway end and begin anew. Values that wait stay in its buffer; the break is a gap record.',
  who: engineers,
  params: deviceParams,
  body: Type.Object({}),
  reply: emptyReply,
})
