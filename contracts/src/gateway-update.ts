import { Type } from 'typebox'
import {
  releaseBytesMax,
  releasePieceBytes,
  releasePlatforms,
  unpackedBytesMax,
  versionPattern,
} from './gateway-release.ts'
import { emptyReply, route } from './route.ts'
import { id, instant, nullable, sha256 } from './words.ts'

const engineers = ['plant.manager', 'plant.engineer'] as const
const deviceParams = Type.Object({ deviceId: id })
const releaseParams = Type.Object({ releaseId: id })
const version = Type.String({ pattern: versionPattern, description: 'major.minor.patch' })
const offset = Type.Integer({ minimum: 0, maximum: releaseBytesMax })

/** See SignedRelease. */
export const signedRelease = Type.Object({
  signed: Type.Object(
    {
      type: Type.Literal('kapok-edge-release'),
      form: Type.Literal(1),
      version,
      platform: Type.Enum([...releasePlatforms]),
      bytes: Type.Integer({ minimum: 1, maximum: releaseBytesMax }),
      sha256,
      unpackedBytes: Type.Integer({ minimum: 1, maximum: unpackedBytesMax }),
      node: version,
      bringsNode: Type.Boolean(),
      minimumVersion: version,
      madeAt: Type.String({ format: 'date-time' }),
    },
    { additionalProperties: false },
  ),
  signatures: Type.Array(Type.Object({ keyid: sha256, sig: Type.String({ pattern: '^[A-Za-z0-9_-]{86}$' }) }), {
    minItems: 1,
    maxItems: 8,
  }),
})

const releaseRow = {
  id,
  version,
  platform: Type.Enum([...releasePlatforms]),
  bytes: Type.Integer(),
  bringsNode: Type.Boolean(),
  minimumVersion: version,
  madeAt: instant,
  /** SHA-256 of the keys that signed it; whether a gateway trusts one of them, only the gateway knows. */
  keyids: Type.Array(sha256),
}

export const listReleases = route({
  id: 'data.release.list',
  method: 'GET',
  path: '/gateway-releases',
  summary: 'Releases of the gateway’s software that this platform holds, newest version first.',
  who: ['platform.administrator'],
  reply: Type.Object({
    rows: Type.Array(
      Type.Object({
        ...releaseRow,
        putAt: instant,
        putBy: Type.String(),
        /** Bytes that are here; a release is offered when they are all. */
        received: Type.Integer(),
        /** Gateways that were told to run it. */
        ordered: Type.Integer(),
      }),
    ),
  }),
})

export const putRelease = route({
  id: 'data.release.put',
  method: 'POST',
  path: '/gateway-releases',
  summary:
    'Announce a release by its signed manifest; its file follows in pieces. The same manifest again goes on where it was left.',
  who: ['platform.administrator'],
  body: signedRelease,
  reply: Type.Object({ releaseId: id, received: Type.Integer() }),
})

export const putReleasePiece = route({
  id: 'data.release.piece',
  method: 'POST',
  path: '/gateway-releases/:releaseId/pieces',
  summary: 'Send the next piece of a release’s file. With the last one the whole is compared with the manifest’s hash.',
  who: ['platform.administrator'],
  params: releaseParams,
  query: Type.Object({ offset }),
  bodyKind: 'raw',
  bodyLimitBytes: releasePieceBytes.up,
  reply: Type.Object({ received: Type.Integer() }),
})

export const withdrawRelease = route({
  id: 'data.release.withdraw',
  method: 'DELETE',
  path: '/gateway-releases/:releaseId',
  summary: 'Withdraw a release: it is offered no more and its file is deleted. Gateways that run it go on.',
  who: ['platform.administrator'],
  params: releaseParams,
  reply: emptyReply,
})

export const getReleasePiece = route({
  id: 'data.release.fetch',
  method: 'GET',
  path: '/gateway-releases/:releaseId/file',
  summary:
    'A piece of a release’s file from `offset` on, for a gateway that was told to run it; its device token is the bearer token.',
  who: ['public'],
  params: releaseParams,
  query: Type.Object({ offset }),
  reply: Type.Unknown(),
  replyKind: 'file',
})

export const getGatewayUpdate = route({
  id: 'data.gateway.update.get',
  method: 'GET',
  path: '/devices/:deviceId/gateway-update',
  summary: 'Releases that fit a gateway’s platform, newest version first, and the one that it was told to run.',
  who: engineers,
  params: deviceParams,
  reply: Type.Object({
    releases: Type.Array(Type.Object(releaseRow)),
    ordered: nullable(Type.Object({ order: id, version, at: instant, by: Type.String() })),
  }),
})

export const orderUpdate = route({
  id: 'data.gateway.update.order',
  method: 'POST',
  path: '/devices/:deviceId/gateway-update',
  summary:
    'Tell a gateway to run a release. It checks the signature itself and goes back by itself when the release does not reach the platform; one that is away takes it up when it is back.',
  who: engineers,
  params: deviceParams,
  body: Type.Object({
    releaseId: id,
    /** Whether an older version than the running one is meant. */
    downgrade: Type.Boolean(),
  }),
  reply: Type.Object({ order: id, connected: Type.Boolean() }),
})
