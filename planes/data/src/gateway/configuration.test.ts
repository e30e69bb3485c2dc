import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { createDevice } from '@kapok/contracts/data'
import {
  applyConfiguration,
  dryRunConfiguration,
  enrolGateway,
  getConfiguration,
  getGatewayLogs,
  listConfigurations,
  listGateways,
  makeEnrolmentCode,
  readGatewayTag,
  restartGateway,
  saveConfiguration,
} from '@kapok/contracts/gateway'
import {
  type DryRun,
  type GatewayReply,
  type GatewayRequest,
  gatewayTopics,
  type RunningConfiguration,
  type TagReading,
} from '@kapok/contracts/gateway-talk'
import { encodeSignedBatch } from '@kapok/contracts/signed-batch'
import { type TestKit, testKit } from '@kapok/kit-store/testing'
import { connectAsync, type MqttClient } from 'mqtt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dataMigrations, dataPlane } from '../flow.ts'
import { Gateways } from '../ingest/gateways.ts'
import { type Ingest, runIngest } from '../ingest/run-ingest.ts'
import { type Caller, callerOf } from '../testing.ts'

// Configurations of gateways through the real routes and the real ingest; the gateways are MQTT clients with a key.
let kit: TestKit
let ingest: Ingest
let call: Caller
let strangerCall: Caller
const clients: MqttClient[] = []
/** Of an application that may hear everything that devices say. */
const applicationToken = 'an application of the organisation'
const text = 'devices:\n  - { name: m, protocol: modbus, connection: { host: 10.0.0.1 }, tags: [] }\n'

beforeAll(async () => {
  kit = await testKit({ migrations: [dataMigrations] })
  const plane = dataPlane(kit)
  const orgId = crypto.randomUUID()
  call = callerOf(plane, kit, orgId)
  strangerCall = callerOf(plane, kit, crypto.randomUUID())
  const application = { tokenId: crypto.randomUUID(), orgId, scopes: ['points.read' as const], expiresAt: Infinity }
  ingest = await runIngest(kit, {
    mqttPort: 0,
    mqttHosts: ['127.0.0.1'],
    httpPort: 0,
    applications: {
      byToken: async (token) => (token === applicationToken ? application : undefined),
      stillValid: async (ids) => [...ids],
    },
  })
})
afterAll(async () => {
  for (const client of clients) await client.endAsync(true)
  await ingest?.stop()
  await kit?.stop()
})

async function newGateway(name: string) {
  const { deviceId, token } = await call(createDevice, { body: { name, kind: 'gateway' } })
  return { deviceId, token, params: { deviceId } }
}

/** A gateway that is connected, with every request that it hears, and what it says back. */
async function livingGateway(name: string) {
  const { params } = await newGateway(name)
  const { code } = await call(makeEnrolmentCode, { params, body: {} })
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64url')
  const { token } = await call(enrolGateway, { body: { code, publicKey: raw, firstSequence: 1 } })
  const { client, requests } = await listening(await connected(token))
  const reply = (body: GatewayReply) => client.publishAsync(gatewayTopics.reply, signed('reply', body, privateKey))
  const report = (configuration: Partial<RunningConfiguration> = {}) =>
    client.publishAsync(gatewayTopics.health, signed('health', healthWith(configuration), privateKey), { qos: 1 })
  return { params, token, client, requests, reply, report, privateKey }
}
async function listening(client: MqttClient) {
  const requests: GatewayRequest[] = []
  client.on('message', (_, payload) => requests.push(JSON.parse(gunzipSync(payload).toString('utf8'))))
  await client.subscribeAsync(gatewayTopics.request, { qos: 1 })
  return { client, requests }
}
async function connected(token: string): Promise<MqttClient> {
  const url = `mqtt://127.0.0.1:${ingest.mqttPort}`
  const client = await connectAsync(url, { protocolVersion: 5, username: token, clientId: '', reconnectPeriod: 0 })
  clients.push(client)
  return client
}
function signed(kind: 'health' | 'reply', body: object, key: KeyObject): Buffer {
  const bytes = new TextEncoder().encode(JSON.stringify(body))
  const batch = { kind, sequence: 0, firstAt: 0, lastAt: 0, points: 0, body: bytes }
  return Buffer.from(encodeSignedBatch(batch, (each) => sign(null, each, key)))
}
const healthWith = (configuration: Partial<RunningConfiguration>) => ({
  at: kit.clock.now(),
  version: '0.1.0',
  uptimeMs: 1,
  configuration: { source: 'none', version: null, trying: null, order: null, failed: null, ...configuration },
  devices: [],
  devicesTotal: 0,
  backlog: { points: 0, bytes: 0, oldestAt: null },
  lost: 0,
})
async function until(holds: () => boolean): Promise<void> {
  for (const began = Date.now(); !holds(); await new Promise((go) => setTimeout(go, 20)))
    if (Date.now() - began > 20_000) throw new Error('waited in vain')
}
const saved = async (params: { deviceId: string }, after = 0) => {
  const { version } = await call(saveConfiguration, { params, body: { text, note: `after ${after}`, after } })
  return { params: { ...params, version }, body: {} }
}

test('each saving is a version of its own with who made it; one that was edited meanwhile is not overwritten', async () => {
  const { params } = await newGateway('c1')
  await saved(params)
  await saved(params, 1)
  await expect(saved(params, 1)).rejects.toThrow('Somebody else has changed this')
  const { rows, ordered } = await call(listConfigurations, { params })
  expect(rows).toMatchObject([
    { version: 2, note: 'after 1', madeBy: 'test', bytes: text.length },
    { version: 1, note: 'after 0' },
  ])
  expect(ordered).toBeNull()
  expect(await call(getConfiguration, { params: { ...params, version: 1 } })).toMatchObject({ version: 1, text })
  await expect(call(getConfiguration, { params: { ...params, version: 3 } })).rejects.toThrow('No such')
})

test('what is no table, or too large for a gateway, is refused with what is wrong', async () => {
  const { params } = await newGateway('c2')
  const refused = (wrong: string) => call(saveConfiguration, { params, body: { text: wrong, note: '', after: 0 } })
  await expect(refused('devices: [')).rejects.toThrow(/not valid YAML: .*line 1/s)
  await expect(refused('devices: 7')).rejects.toThrow('no list of devices')
  await expect(refused('')).rejects.toThrow('no list of devices')
  await expect(refused('a: &a [1]\ndevices: [*a]')).rejects.toThrow('not valid YAML')
  const tags = Array.from({ length: 100_000 }, (_, i) => `- { property: t${i}, address: holding/${i}, type: int16 }`)
  await expect(refused(`devices:\n- tags:\n  ${tags.join('\n  ')}`)).rejects.toThrow(/at most 1048576 are taken/)
  expect((await call(listConfigurations, { params })).rows).toEqual([])
})

test('an order reaches the gateway itself, once, and nobody else; it is sent until the gateway knows of it', async () => {
  const { params, token, requests, report, client, privateKey } = await livingGateway('c3')
  const other = await livingGateway('c4')
  await other.client.subscribeAsync('#')
  const application = await connected(applicationToken)
  const overheard: string[] = []
  application.on('message', (topic) => overheard.push(topic))
  await application.subscribeAsync('devices/#', { qos: 1 })
  await ingest.flush()
  const { order, connected: isConnected } = await call(applyConfiguration, await saved(params))
  expect(isConnected).toBe(true)
  // It was never heard of: there is nothing to compare with before its first report.
  await report()
  await until(() => requests.length > 0)
  expect(requests).toEqual([{ id: order, kind: 'apply', version: 1, text }])
  await report()
  await report({ order, source: 'platform', version: 1 })
  await ingest.flush()
  expect(requests.length).toBe(1)
  expect(other.requests).toEqual([])
  await other.client.publishAsync('kapok/v1/user/hello', gzipSync('{}'), { qos: 1 })
  await until(() => overheard.length > 0)
  expect(overheard.filter((topic) => topic.includes('/gateway/'))).toEqual([])
  expect((await call(listConfigurations, { params })).ordered).toMatchObject({ order, version: 1, by: 'test' })
  // An id may hold the letters of the name that is searched for.
  const { rows } = await call(listGateways, { query: { search: 'c3' } })
  expect(rows.find(({ name }) => name === 'c3')?.health).toMatchObject({ configuration: 1, rolledBack: false })
  // While it is away an order is kept, and it is told when it is back.
  await client.endAsync()
  const later = await call(applyConfiguration, await saved(params, 1))
  const back = await listening(await connected(token))
  await back.client.publishAsync(gatewayTopics.health, signed('health', healthWith({ order }), privateKey), { qos: 1 })
  await until(() => back.requests.length > 0)
  expect(back.requests).toEqual([{ id: later.order, kind: 'apply', version: 2, text }])
})

test('a dry run is what the gateway replies; whoever is away, refuses, has no key, or has a table of its own is told so', async () => {
  const { params, requests, reply, report, client } = await livingGateway('c5')
  const ask = await saved(params)
  const outcome: DryRun = {
    problems: [{ where: 'm · n', why: 'no such address' }],
    problemsTotal: 1,
    tags: [],
    tagsTotal: 0,
    tagsFailed: 0,
    devicesUnchanged: 0,
  }
  const asked = async (n: number) => {
    await until(() => requests.length === n)
    return requests[n - 1]?.id ?? ''
  }
  const first = call(dryRunConfiguration, ask)
  const id = await asked(1)
  expect(requests[0]).toEqual({ id, kind: 'dry-run', text })
  // Another gateway's word on it counts for nothing.
  const other = await livingGateway('c6')
  await other.reply({ id, refused: 'it is mine' })
  await reply({ id, result: outcome })
  expect(await first).toEqual(outcome)
  const second = call(dryRunConfiguration, ask)
  await reply({ id: await asked(2), refused: 'it is busy' })
  // A gateway that speaks English alone is told in its own words.
  await expect(second).rejects.toMatchObject({
    message: expect.stringContaining('could not do it: it is busy'),
    sentences: { zh: expect.stringContaining('未能完成请求：it is busy') },
  })
  const inBoth = call(dryRunConfiguration, ask)
  await reply({ id: await asked(3), refused: 'it is busy', zh: '它正忙' })
  await expect(inBoth).rejects.toMatchObject({ sentences: { zh: expect.stringContaining('未能完成请求：它正忙') } })
  const third = call(dryRunConfiguration, ask)
  await reply({ id: await asked(4), result: { problems: 'none' } })
  await expect(third).rejects.toThrow('a form of another version')
  await report({ source: 'local' })
  await ingest.flush()
  await expect(call(dryRunConfiguration, ask)).rejects.toThrow('runs a tag table of its own')
  await expect(call(applyConfiguration, ask)).rejects.toThrow('runs a tag table of its own')
  await report()
  await ingest.flush()
  await client.endAsync()
  await expect(call(dryRunConfiguration, ask)).rejects.toThrow('is not connected')
  const keyless = await newGateway('c7')
  await expect(call(applyConfiguration, await saved(keyless.params))).rejects.toThrow('is not enrolled')
})

test('a gateway reads a tag, shows its log and restarts when it is asked, one with a table of its own too', async () => {
  const { params, requests, reply, report } = await livingGateway('c9')
  await report({ source: 'local' })
  await ingest.flush()
  const answered = async <T>(asking: Promise<T>, result: unknown) => {
    const n = requests.length
    await until(() => requests.length > n)
    await reply({ id: requests.at(-1)?.id ?? '', result })
    return asking
  }
  const reading: TagReading = { device: 'm', property: 'n', address: 'a', value: 7, why: null, at: 1, tookMs: 2 }
  const body = { device: 'm', property: 'n' }
  expect(await answered(call(readGatewayTag, { params, body }), reading)).toEqual(reading)
  expect(requests[0]).toMatchObject({ kind: 'read', ...body })
  const lines = [{ at: 1, level: 'info', text: 'ready' }]
  expect(await answered(call(getGatewayLogs, { params, body: {} }), { lines })).toEqual({ lines })
  expect(await answered(call(restartGateway, { params, body: {} }), {})).toEqual({})
  expect(requests.map(({ kind }) => kind)).toEqual(['read', 'logs', 'restart'])
})

test('a gateway that does not answer is late', async () => {
  const gateways = new Gateways(kit, () => true, 50)
  expect(await gateways.ask(crypto.randomUUID(), { kind: 'logs' })).toEqual({ outcome: 'late' })
})

test('whoever asks while two of the organisation wait is told to come again: each holds a connection to the database', async () => {
  const { params, requests, reply } = await livingGateway('c10')
  const asking = Promise.allSettled([1, 2].map(() => call(getGatewayLogs, { params, body: {} })))
  await until(() => requests.length === 2)
  await expect(call(getGatewayLogs, { params, body: {} })).rejects.toThrow('busy')
  for (const { id } of requests) await reply({ id, result: { lines: [] } })
  expect(await asking).toEqual([1, 2].map(() => ({ status: 'fulfilled', value: { lines: [] } })))
  const again = call(getGatewayLogs, { params, body: {} })
  await until(() => requests.length === 3)
  await reply({ id: requests[2]?.id ?? '', result: { lines: [] } })
  expect(await again).toEqual({ lines: [] })
})

test('nobody sees, configures or asks another’s gateway', async () => {
  const { params } = await livingGateway('c8')
  const ask = await saved(params)
  for (const refused of [
    () => strangerCall(listConfigurations, { params }),
    () => strangerCall(getConfiguration, { params: ask.params }),
    () => strangerCall(saveConfiguration, { params, body: { text, note: '', after: 1 } }),
    () => strangerCall(applyConfiguration, ask),
    () => strangerCall(dryRunConfiguration, ask),
    () => strangerCall(readGatewayTag, { params, body: { device: 'm', property: 'n' } }),
    () => strangerCall(getGatewayLogs, { params, body: {} }),
    () => strangerCall(restartGateway, { params, body: {} }),
  ])
    await expect(refused()).rejects.toThrow('No such device')
})
