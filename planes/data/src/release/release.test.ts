import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { createDevice } from '@kapok/contracts/data'
import { enrolGateway, listGateways, makeEnrolmentCode } from '@kapok/contracts/gateway'
import type { SignedRelease } from '@kapok/contracts/gateway-release'
import { type GatewayRequest, type GatewaySoftware, gatewayTopics } from '@kapok/contracts/gateway-talk'
import {
  getGatewayUpdate,
  getReleasePiece,
  listReleases,
  orderUpdate,
  putRelease,
  putReleasePiece,
  withdrawRelease,
} from '@kapok/contracts/gateway-update'
import type { BodyOf, ParamsOf, QueryOf, RouteContract } from '@kapok/contracts/route'
import { encodeSignedBatch } from '@kapok/contracts/signed-batch'
import type { Call, FileReply } from '@kapok/kit-store/plane'
import { type TestKit, testKit } from '@kapok/kit-store/testing'
import { connectAsync, type MqttClient } from 'mqtt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dataMigrations, dataPlane } from '../flow.ts'
import { type Ingest, runIngest } from '../ingest/run-ingest.ts'
import { type Caller, callerOf } from '../testing.ts'

// Releases through the real routes and the real ingest; the gateways are MQTT clients with a key.
let kit: TestKit
let ingest: Ingest
let plane: ReturnType<typeof dataPlane>
let engineer: Caller
let stranger: Caller
const clients: MqttClient[] = []

beforeAll(async () => {
  kit = await testKit({ migrations: [dataMigrations] })
  plane = dataPlane(kit)
  engineer = callerOf(plane, kit, crypto.randomUUID())
  stranger = callerOf(plane, kit, crypto.randomUUID())
  ingest = await runIngest(kit, { mqttPort: 0, mqttHosts: ['127.0.0.1'], httpPort: 0 })
})
afterAll(async () => {
  for (const client of clients) await client.endAsync(true)
  await ingest?.stop()
  await kit?.stop()
})

/** Calls a route as the platform's administrator, whose rows are seen by that door, or as nobody with a device token. */
async function callAs<R extends RouteContract>(
  who: 'administrator' | { token: string },
  contract: R,
  ask: { params?: ParamsOf<R>; query?: QueryOf<R>; body?: BodyOf<R> } = {},
): Promise<unknown> {
  const route = plane.routes.find((each) => each.contract.id === contract.id)
  if (route === undefined) throw new Error(`no route ${contract.id}`)
  const scope = who === 'administrator' ? { orgId: crypto.randomUUID(), job: 'administrator' as const } : {}
  const headers = who === 'administrator' ? {} : { authorization: `Bearer ${who.token}` }
  return kit.db.tx(scope, (tx) =>
    route.run({
      params: {},
      query: {},
      ...ask,
      tx,
      headers,
      actor: { userName: '管理员' },
    } as unknown as Call<RouteContract>),
  )
}
const administer = <R extends RouteContract>(contract: R, ask: Parameters<typeof callAs<R>>[2]) =>
  callAs('administrator', contract, ask)
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

function made(version: string, file: Buffer, more: Partial<SignedRelease['signed']> = {}): SignedRelease {
  const signed: SignedRelease['signed'] = {
    type: 'kapok-edge-release',
    form: 1,
    platform: 'linux-x64',
    ...{ version, bytes: file.length, sha256: sha256(file), unpackedBytes: 1_000 },
    ...{ node: '24.21.0', bringsNode: true, minimumVersion: '0.1.0', madeAt: '2027-01-31T00:00:00.000Z', ...more },
  }
  return { signed, signatures: [{ keyid: 'a'.repeat(64), sig: 'A'.repeat(86) }] }
}
async function put(version: string, file = Buffer.from(`the file of ${version}`)) {
  const { releaseId } = (await administer(putRelease, { body: made(version, file) })) as { releaseId: string }
  await administer(putReleasePiece, { params: { releaseId }, query: { offset: 0 }, body: file })
  return { releaseId, file }
}
const software: GatewaySoftware = { starter: true, platform: 'linux-x64', order: null, doing: null, failed: null }

async function livingGateway(name: string, version = '0.1.0') {
  const { deviceId } = await engineer(createDevice, { body: { name, kind: 'gateway' } })
  const params = { deviceId }
  const { code } = await engineer(makeEnrolmentCode, { params, body: {} })
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64url')
  const { token } = await engineer(enrolGateway, { body: { code, publicKey: raw, firstSequence: 1 } })
  const url = `mqtt://127.0.0.1:${ingest.mqttPort}`
  const client = await connectAsync(url, { protocolVersion: 5, username: token, clientId: '', reconnectPeriod: 0 })
  clients.push(client)
  const requests: GatewayRequest[] = []
  client.on('message', (_, payload) => requests.push(JSON.parse(gunzipSync(payload).toString('utf8'))))
  await client.subscribeAsync(gatewayTopics.request, { qos: 1 })
  const report = async (of: Partial<GatewaySoftware> | null = {}) => {
    const body = healthWith(version, of === null ? {} : { software: { ...software, ...of } })
    await client.publishAsync(gatewayTopics.health, signed(body, privateKey), { qos: 1 })
    await ingest.flush()
  }
  await report()
  return { params, token, requests, report }
}
const healthWith = (version: string, more: object) => ({
  ...{ at: kit.clock.now(), version, uptimeMs: 1, devices: [], devicesTotal: 0, lost: 0 },
  configuration: { source: 'none', version: null, trying: null, order: null, failed: null },
  backlog: { points: 0, bytes: 0, oldestAt: null },
  ...more,
})
function signed(body: object, key: KeyObject): Buffer {
  const bytes = new TextEncoder().encode(JSON.stringify(body))
  const batch = { kind: 'health' as const, sequence: 0, firstAt: 0, lastAt: 0, points: 0, body: bytes }
  return Buffer.from(encodeSignedBatch(batch, (each) => sign(null, each, key)))
}
const until = async (holds: () => boolean) => {
  for (let tries = 0; !holds() && tries < 500; tries++) await new Promise((go) => setTimeout(go, 10))
  expect(holds()).toBe(true)
}
const refused = (code: string) => expect.objectContaining({ code })

test('a release arrives in pieces, goes on where it was left, and is offered when it is whole', async () => {
  const file = Buffer.from('0123456789')
  const manifest = made('0.2.0', file)
  const gateway = await livingGateway('pieces')
  const { releaseId } = (await administer(putRelease, { body: manifest })) as { releaseId: string }
  const piece = (offset: number, to: number) =>
    administer(putReleasePiece, { params: { releaseId }, query: { offset }, body: file.subarray(offset, to) })
  expect(await piece(0, 4)).toEqual({ received: 4 })
  await expect(piece(6, 10)).rejects.toEqual(refused('release.piece_missing'))
  expect(await administer(putRelease, { body: manifest })).toEqual({ releaseId, received: 4 })
  expect(await piece(0, 4)).toEqual({ received: 4 })
  expect((await engineer(getGatewayUpdate, gateway)).releases).toEqual([])
  expect(await piece(4, 10)).toEqual({ received: 10 })
  expect((await engineer(getGatewayUpdate, gateway)).releases).toMatchObject([{ id: releaseId, version: '0.2.0' }])
  expect(await administer(listReleases, {})).toMatchObject({ rows: [{ received: 10, putBy: '管理员', ordered: 0 }] })
  await administer(withdrawRelease, { params: { releaseId } })
  expect((await engineer(getGatewayUpdate, gateway)).releases).toEqual([])
})

test('a file that is too long or another one is refused, and the right one is taken after it', async () => {
  const file = Buffer.from('0123456789')
  const { releaseId } = (await administer(putRelease, { body: made('0.2.1', file) })) as { releaseId: string }
  const send = (body: Buffer) => administer(putReleasePiece, { params: { releaseId }, query: { offset: 0 }, body })
  await expect(send(Buffer.from('01234567890'))).rejects.toEqual(refused('release.too_long'))
  await expect(send(Buffer.from('012345678X'))).rejects.toEqual(refused('release.other_file'))
  expect(await send(file)).toEqual({ received: 10 })
  await expect(administer(putRelease, { body: made('0.2.1', Buffer.from('other')) })).rejects.toEqual(
    refused('release.version_taken'),
  )
  await administer(withdrawRelease, { params: { releaseId } })
})

test('a gateway is told once, fetches the file by its own token, and is told no more when it took the order up', async () => {
  const { releaseId, file } = await put('0.3.0')
  const { params, token, requests, report } = await livingGateway('told')
  const fetched = (by: string, offset = 0) =>
    callAs({ token: by }, getReleasePiece, { params: { releaseId }, query: { offset } }) as Promise<FileReply>
  await expect(fetched(token)).rejects.toEqual(refused('thing.unknown'))
  const { order } = await engineer(orderUpdate, { params, body: { releaseId, downgrade: false } })
  await ingest.flush()
  await until(() => requests.length === 1)
  expect(requests[0]).toMatchObject({ kind: 'update', id: order, releaseId, downgrade: false })
  expect((requests[0] as { manifest: SignedRelease }).manifest).toEqual(made('0.3.0', file))
  expect(Buffer.from((await fetched(token, 4)).bytes as Uint8Array)).toEqual(file.subarray(4))
  await expect(fetched('a-token-of-somebody-who-has-none')).rejects.toEqual(refused('thing.unknown'))
  await report({ order, doing: { version: '0.3.0', step: 'download', bytes: 1, total: 9 } })
  const { rows } = await engineer(listGateways, { query: { search: 'told' } })
  expect(rows[0]?.health).toMatchObject({ version: '0.1.0', newer: '0.3.0', updating: true })
  await report({ order })
  expect(requests).toHaveLength(1)
  expect((await engineer(getGatewayUpdate, { params })).ordered).toMatchObject({ order, version: '0.3.0', by: 'test' })
})

test('versions are numbers: 0.10.0 is newer than 0.9.0', async () => {
  const { params } = await livingGateway('numbers', '0.9.0')
  await put('0.9.5')
  await put('0.10.0')
  expect((await engineer(getGatewayUpdate, { params })).releases.map(({ version }) => version).slice(0, 2)).toEqual([
    '0.10.0',
    '0.9.5',
  ])
  const { rows } = await engineer(listGateways, { query: { search: 'numbers' } })
  expect(rows[0]?.health?.newer).toBe('0.10.0')
})

test('what cannot be is refused at once: the same version, an older one unless meant, another platform, no starter', async () => {
  const { params, report } = await livingGateway('refusals', '0.5.0')
  const order = (releaseId: string, downgrade = false) =>
    engineer(orderUpdate, { params, body: { releaseId, downgrade } })
  const [same, older, newer] = [await put('0.5.0'), await put('0.4.0'), await put('0.6.0')]
  await expect(order(same.releaseId)).rejects.toEqual(refused('update.same'))
  await expect(order(older.releaseId)).rejects.toEqual(refused('update.older'))
  expect(await order(older.releaseId, true)).toMatchObject({ connected: true })
  await report({ platform: 'linux-arm64' })
  await expect(order(newer.releaseId)).rejects.toEqual(refused('update.platform'))
  await report({ starter: false })
  await expect(order(newer.releaseId)).rejects.toEqual(refused('update.no_starter'))
  await report(null)
  await expect(order(newer.releaseId)).rejects.toEqual(refused('update.no_starter'))
  await expect(order(crypto.randomUUID())).rejects.toEqual(refused('update.no_starter'))
})

test('a plant neither puts releases nor sees or updates another plant’s gateways', async () => {
  const { params } = await livingGateway('own')
  const { releaseId } = await put('0.7.0')
  await expect(stranger(getGatewayUpdate, { params })).rejects.toEqual(refused('thing.unknown'))
  const order = { params, body: { releaseId, downgrade: false } }
  await expect(stranger(orderUpdate, order)).rejects.toEqual(refused('thing.unknown'))
  await expect(engineer(putRelease, { body: made('9.0.0', Buffer.from('x')) })).rejects.toThrow(/row-level security/)
  await expect(engineer(withdrawRelease, { params: { releaseId } })).rejects.toEqual(refused('thing.unknown'))
})
