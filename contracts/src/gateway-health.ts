import { Type } from 'typebox'
import { devicesInHealthMax } from './gateway-talk.ts'
import { instant, nullable } from './words.ts'

const oneWordOf = <const T extends readonly string[]>(each: T) =>
  Type.Unsafe<T[number]>(Type.Union(each.map((word) => Type.Literal(word))))

const sentence = Type.Object({
  code: Type.String({ maxLength: 60 }),
  zh: Type.String({ maxLength: 2_000 }),
  en: Type.String({ maxLength: 2_000 }),
})

const gatewaySoftware = Type.Object({
  starter: Type.Boolean(),
  platform: Type.String({ maxLength: 40 }),
  order: nullable(Type.String({ maxLength: 60 })),
  doing: nullable(
    Type.Object({
      version: Type.String({ maxLength: 40 }),
      step: oneWordOf(['download', 'check', 'unpack', 'trial']),
      bytes: Type.Integer({ minimum: 0 }),
      total: Type.Integer({ minimum: 0 }),
    }),
  ),
  failed: nullable(Type.Object({ version: Type.String({ maxLength: 40 }), at: instant, why: sentence })),
})

/** What a gateway says of itself; see GatewayHealth. */
export const gatewayHealth = Type.Object({
  at: instant,
  version: Type.String({ maxLength: 40 }),
  uptimeMs: Type.Integer({ minimum: 0 }),
  software: Type.Optional(gatewaySoftware),
  configuration: Type.Object({
    source: oneWordOf(['local', 'platform', 'none']),
    version: nullable(Type.Integer()),
    trying: nullable(Type.Integer()),
    order: nullable(Type.String({ maxLength: 60 })),
    failed: nullable(
      Type.Object({
        version: Type.Integer(),
        at: instant,
        reason: Type.String({ maxLength: 2_000 }),
        zh: Type.Optional(Type.String({ maxLength: 2_000 })),
      }),
    ),
  }),
  devices: Type.Array(
    Type.Object({
      name: Type.String({ maxLength: 200 }),
      protocol: Type.String({ maxLength: 40 }),
      connected: Type.Boolean(),
      lastError: nullable(Type.String({ maxLength: 500 })),
      zh: Type.Optional(Type.String({ maxLength: 500 })),
      good: Type.Integer({ minimum: 0 }),
      bad: Type.Integer({ minimum: 0 }),
    }),
    { maxItems: devicesInHealthMax },
  ),
  devicesTotal: Type.Integer({ minimum: 0 }),
  brokers: Type.Optional(
    Type.Array(
      Type.Object({
        kind: oneWordOf(['sparkplug', 'uns']),
        name: Type.String({ maxLength: 1_000 }),
        phase: oneWordOf(['away', 'waiting', 'online']),
        lastError: nullable(Type.String({ maxLength: 500 })),
        waiting: Type.Integer({ minimum: 0 }),
      }),
      { maxItems: 8 },
    ),
  ),
  backlog: Type.Object({
    points: Type.Integer({ minimum: 0 }),
    bytes: Type.Integer({ minimum: 0 }),
    oldestAt: nullable(instant),
  }),
  lost: Type.Integer({ minimum: 0 }),
})
