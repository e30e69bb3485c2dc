import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { encodeCompactBatch } from '@kapok/contracts/compact-batch'
import { createCredential, createDevice, createProduct, listQuarantine } from '@kapok/contracts/data'
import {
  enrolGateway,
  getGatewayHealth,
  getGatewayStanding,
  listGateways,
  makeEnrolmentCode,
} from '@kapok/contracts/gateway'
import type { GatewayHealth } from '@kapok/contracts/gateway-talk'
import { encodeSignedBatch, type SignedBatch } from '@kapok/contracts/signed-batch'
import { dayMs, startOfCivilDay } from '@kapok/kit/clock'
import { type TestKit, testKit } from '@kapok/kit-store/testing'
import { connectAsync, type MqttClient } from 'mqtt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dataMigrations, dataPlane } from '../flow.ts'
import { type Ingest, runIngest } from '../ingest/run-ingest.ts'
import { devicePort } from '../meter/device.port.ts'
import { type Caller, callerOf } from '../testing.ts'

// Enrolment and signed batches through the real routes, the real ingest and the real store.
let kit: TestKit
let ingest: Ingest
let orgId: string
let call: Caller
let strangerCall: Caller
const clients: MqttClient[] = []
const start = 1_790_000_000_000

beforeAll(async () => {
  kit = await testKit({ migrations: [dataMigrations] })
  const plane = dataPlane(kit)
  orgId = crypto.randomUUID()
  call = callerOf(plane, kit, orgId)
  strangerCall = callerOf(plane, kit, crypto.randomUUID())
  ingest = await runIngest(kit, { mqttPort: 0, mqttHosts: ['127.0.0.1'], httpPort: 0 })
  const property = { identifier: 'n', name: 'n', type: 'float' as const, unit: '' }
  const { id: productId } = await call(createProduct, { body: { name: 'P', properties: [property] } })
  await call(createDevice, { body: { name: 'm', productId } })
})
afterAll(async () => {
  for (const client of clients) await client.endAsync(true)
  await ingest?.stop()
  await kit?.stop()
})

const rawOf = (key: KeyObject) => key.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64url')

async function newGateway(name: string) {
  const { deviceId } = await call(createDevice, { body: { name, kind: 'gateway' } })
  const params = { deviceId }
  const enrolled = async (firstSequence = 1) => {
    const { code } = await call(makeEnrolmentCode, { params, body: {} })
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const reply = await call(enrolGateway, { body: { code, publicKey: rawOf(publicKey), firstSequence } })
    return { ...reply, code, privateKey, publicKey: rawOf(publicKey) }
  }
  const standing = async () => {
    await ingest.flush()
    return call(getGatewayStanding, { params })
  }
  return { deviceId, params, enrolled, standing }
}
async function connected(token: string): Promise<MqttClient> {
  const url = `mqtt://127.0.0.1:${ingest.mqttPort}`
  const client = await connectAsync(url, { protocolVersion: 5, username: token, clientId: '', reconnectPeriod: 0 })
  clients.push(client)
  return client
}
function batch(sequence: number, privateKey: KeyObject, more: Partial<SignedBatch> = {}): Buffer {
  const at = start + sequence * 1000
  const body = encodeCompactBatch([{ device: 'm', property: 'n', at, value: sequence }])
  const whole = { kind: 'points' as const, sequence, firstAt: at, lastAt: at, points: 1, body, ...more }
  return Buffer.from(encodeSignedBatch(whole, (bytes) => sign(null, bytes, privateKey)))
}
const send = (client: MqttClient, payload: Buffer, topic = 'kapok/v1/points') =>
  client.publishAsync(topic, payload, { qos: 1 })
const newestRefusal = async () => {
  await ingest.flush()
  const { rows } = await call(listQuarantine, { query: { size: 1 } })
  return rows[0]?.reason.en ?? ''
}

test('batches of an enrolled gateway are counted by their sequence, a missing one is seen, a repeated one is not', async () => {
  const { enrolled, standing } = await newGateway('g1')
  expect(await standing()).toMatchObject({ key: null, batches: 0 })
  const { token, privateKey, publicKey } = await enrolled()
  expect(await standing()).toMatchObject({ key: { publicKey }, batches: 0, lastReceived: null, missing: [] })
  const client = await connected(token)
  for (const sequence of [2, 3, 3, 7, 6]) await send(client, batch(sequence, privateKey))
  const now = await standing()
  expect(now).toMatchObject({ batches: 4, points: 4, lastSequence: 7, doubled: 0 })
  expect(now.missing).toEqual([
    { from: 4, to: 5, after: start + 3000, before: start + 6000 },
    { from: 1, to: 1, after: start + 2000, before: start + 2000 },
  ])
  // What comes late closes the hole.
  for (const sequence of [1, 5, 4]) await send(client, batch(sequence, privateKey))
  expect((await standing()).missing).toEqual([])
})

test('a gap that the gateway tells stands with its reason, and its sequence is not missing', async () => {
  const { enrolled, standing } = await newGateway('g2')
  const { token, privateKey } = await enrolled()
  const client = await connected(token)
  await send(client, batch(1, privateKey))
  const body = new TextEncoder().encode(JSON.stringify({ reason: 'the buffer was full' }))
  await send(client, batch(2, privateKey, { kind: 'gap', points: 500, lastAt: start + 9_000, body }))
  expect(await standing()).toMatchObject({
    batches: 2,
    points: 1,
    missing: [],
    gaps: [{ firstAt: start + 2_000, lastAt: start + 9_000, points: 500, reason: 'the buffer was full' }],
  })
})

test('whoever has only the token of an enrolled gateway is heard for nothing', async () => {
  const { enrolled, standing } = await newGateway('g3')
  const { token, privateKey } = await enrolled()
  const client = await connected(token)
  const forger = generateKeyPairSync('ed25519').privateKey
  await send(client, batch(1, forger))
  expect(await newestRefusal()).toContain('the signature is not the gateway’s')
  await send(client, Buffer.from(encodeCompactBatch([{ device: 'm', property: 'n', at: start + 1, value: 1 }])))
  expect(await newestRefusal()).toContain('is not signed by it')
  const json = Buffer.from(JSON.stringify({ m: [{ ts: start + 2, values: { n: 1 } }] }))
  await send(client, json, 'kapok/v1/gateway/telemetry')
  expect(await newestRefusal()).toContain('is not signed by it')
  const damaged = batch(1, privateKey)
  damaged[40] = (damaged[40] ?? 0) ^ 1
  await send(client, damaged)
  expect(await standing()).toMatchObject({ batches: 0, points: 0 })
  await send(client, batch(1, privateKey))
  expect(await standing()).toMatchObject({ batches: 1, points: 1 })
})

test('a signed batch of a gateway that enrolled no key is refused with what to do', async () => {
  await newGateway('g4')
  const { token } = await call(createDevice, { body: { name: 'g5', kind: 'gateway' } })
  await send(await connected(token), batch(1, generateKeyPairSync('ed25519').privateKey))
  expect(await newestRefusal()).toContain('enrolled no key')
})

test('two gateways with one identity are told apart from a repetition', async () => {
  const { enrolled, standing } = await newGateway('g6')
  const { token, privateKey } = await enrolled()
  await send(await connected(token), batch(1, privateKey))
  await send(await connected(token), batch(1, privateKey, { lastAt: start + 5_000 }))
  expect(await standing()).toMatchObject({ batches: 1, doubled: 1 })
})

test('a code works once, an enrolment ends the tokens before it, and its key goes on where the old one ended', async () => {
  const { enrolled, standing, params } = await newGateway('g7')
  const first = await enrolled()
  const client = await connected(first.token)
  await send(client, batch(1, first.privateKey))
  const ended = new Promise<void>((done) => client.once('close', () => done()))
  const second = await enrolled(2)
  await ended
  await expect(connected(first.token)).rejects.toThrow()
  await send(await connected(second.token), batch(2, second.privateKey))
  expect(await standing()).toMatchObject({ key: { publicKey: second.publicKey }, batches: 1, missing: [] })
  const again = (code: string, publicKey: string) => call(enrolGateway, { body: { code, publicKey, firstSequence: 1 } })
  await expect(again(second.code, first.publicKey)).rejects.toThrow(/was used, has expired/)
  const { code } = await call(makeEnrolmentCode, { params, body: {} })
  await expect(again(code, first.publicKey)).rejects.toThrow(/another gateway’s already/)
  // A refused enrolment spends no code, and a later code ends the one before it.
  const { code: later } = await call(makeEnrolmentCode, { params, body: {} })
  const fresh = rawOf(generateKeyPairSync('ed25519').publicKey)
  await expect(again(code, fresh)).rejects.toThrow(/was used/)
  expect((await again(later, fresh)).gatewayId).toBe(params.deviceId)
})

test('nobody makes a code for another’s gateway, or for what is none', async () => {
  const { params } = await newGateway('g8')
  await expect(strangerCall(makeEnrolmentCode, { params, body: {} })).rejects.toThrow()
  await expect(strangerCall(getGatewayStanding, { params })).rejects.toThrow()
  const { id: productId } = await call(createProduct, {
    body: { name: 'Q', properties: [{ identifier: 'x', name: 'x', type: 'float', unit: '' }] },
  })
  const { deviceId } = await call(createDevice, { body: { name: 'no gateway', productId } })
  await expect(call(makeEnrolmentCode, { params: { deviceId }, body: {} })).rejects.toThrow(/is not a gateway/)
})

test('the fleet lists gateways and no machines, with who enrolled, each organisation its own', async () => {
  const g9 = await newGateway('g9 of the fleet')
  const search = { query: { search: 'of the fleet' } }
  expect((await call(listGateways, search)).rows).toMatchObject([{ name: 'g9 of the fleet', enrolled: false }])
  await g9.enrolled()
  await g9.enrolled()
  const { rows, total } = await call(listGateways, search)
  expect(rows).toMatchObject([{ id: g9.deviceId, enrolled: true, online: false }])
  expect(total).toBe(1)
  expect((await call(listGateways, { query: { search: 'm' } })).rows.some(({ name }) => name === 'm')).toBe(false)
  expect((await strangerCall(listGateways)).rows).toEqual([])
})

const health = (more: Partial<GatewayHealth> = {}): GatewayHealth => ({
  at: kit.clock.now() - 7_000,
  version: '0.1.0',
  uptimeMs: 1,
  configuration: { source: 'none', version: null, trying: null, order: null, failed: null },
  devices: [{ name: 'm', protocol: 'modbus', connected: true, lastError: null, good: 3, bad: 0 }],
  devicesTotal: 1,
  backlog: { points: 12, bytes: 100, oldestAt: start },
  lost: 0,
  ...more,
})
const said = (privateKey: KeyObject, body: object, kind: SignedBatch['kind'] = 'health') =>
  batch(0, privateKey, { kind, points: 0, body: new TextEncoder().encode(JSON.stringify(body)) })
const healthTopic = 'kapok/v1/gateway/health'

test('the newest report of a gateway stands on its page and in the fleet, with how far its clock is off', async () => {
  const { enrolled, params } = await newGateway('g10')
  const { token, privateKey } = await enrolled()
  const client = await connected(token)
  expect(await call(getGatewayHealth, { params })).toMatchObject({ health: null })
  await send(client, said(privateKey, health({ lost: 99 })), healthTopic)
  await send(client, said(privateKey, health()), healthTopic)
  await ingest.flush()
  const { health: known } = await call(getGatewayHealth, { params })
  expect(known?.report).toMatchObject({ version: '0.1.0', lost: 0, backlog: { points: 12 } })
  expect(Math.abs((known?.clockOffsetMs ?? 0) - 7_000)).toBeLessThan(5_000)
  const { rows } = await call(listGateways, { query: { search: 'g10' } })
  expect(rows).toMatchObject([{ online: true, health: { backlogPoints: 12, devices: 1, devicesConnected: 1 } }])
  expect((await call(getGatewayStanding, { params })).batches).toBe(0)
  await expect(strangerCall(getGatewayHealth, { params })).rejects.toThrow()
})

test('a report counts only with the gateway’s own signature, on its own topic, and in its own form; nobody else hears it', async () => {
  const { enrolled, params } = await newGateway('g11')
  const { token, privateKey } = await enrolled()
  const client = await connected(token)
  const heard: string[] = []
  await client.subscribeAsync('#')
  client.on('message', (topic) => heard.push(topic))
  await send(client, said(generateKeyPairSync('ed25519').privateKey, health()), healthTopic)
  expect(await newestRefusal()).toContain('the signature is not the gateway’s')
  await send(client, Buffer.from(JSON.stringify(health())), healthTopic)
  expect(await newestRefusal()).toContain('is not signed by it')
  await send(client, said(privateKey, health()))
  expect(await newestRefusal()).toContain('a health among the points')
  await send(client, batch(0, privateKey), healthTopic)
  expect(await newestRefusal()).toContain('a points on the topic')
  await send(client, said(privateKey, { ...health(), backlog: 'none' }), healthTopic)
  expect(await newestRefusal()).toContain('not a report of a gateway')
  const keyless = await call(createDevice, { body: { name: 'g12', kind: 'gateway' } })
  await send(await connected(keyless.token), said(privateKey, health()), healthTopic)
  expect(await newestRefusal()).toContain('enrolled no key')
  await ingest.flush()
  expect(await call(getGatewayHealth, { params })).toMatchObject({ health: null })
  expect(heard).toContain('kapok/v1/points')
  expect(heard).not.toContain(healthTopic)
})

const gap = (firstAt: number, lastAt: number, points = 0) => ({
  kind: 'gap' as const,
  ...{ firstAt, lastAt, points },
  body: new TextEncoder().encode(JSON.stringify({ reason: 'the gateway was not running' })),
})

test('a day’s meter tells what did not arrive from what the gateway itself has not, and both from silence', async () => {
  const { enrolled, deviceId } = await newGateway('meter')
  const { token, privateKey, publicKey } = await enrolled()
  const client = await connected(token)
  const day = '2026-09-22'
  const noon = startOfCivilDay(day) + 12 * 3_600_000
  const at = (sequence: number, ms: number) => {
    const body = encodeCompactBatch([{ device: 'm', property: 'n', at: ms, value: sequence }])
    return batch(sequence, privateKey, { firstAt: ms, lastAt: ms, body })
  }
  const devices = devicePort(kit)
  const ownDay = async (asked: string) => {
    await ingest.flush()
    return (await devices.meterDay(orgId, asked)).gateways.filter(({ gatewayId }) => gatewayId === deviceId)
  }
  expect(await ownDay(day)).toEqual([])
  await send(client, at(1, noon - dayMs))
  // Two are on the way still, and seven minutes and a bit the gateway was off.
  await send(client, at(4, noon + 60_000))
  await send(client, batch(5, privateKey, gap(noon + 120_000, noon + 560_000, 9)))
  await send(client, at(6, noon + 3 * dayMs))
  const key = publicKey
  const facts = { gatewayId: deviceId, key, doubled: 0 }
  expect(await ownDay(day)).toEqual([{ ...facts, batches: 2, missing: 2, gapMinutes: 8, lostPoints: 9 }])
  expect(await ownDay('2026-09-21')).toMatchObject([{ batches: 1, missing: 2 }])
  // Between 5 and 6 nothing is missing: the machines were silent, and so is the meter.
  expect(await ownDay('2026-09-23')).toEqual([])
  const before = Date.now()
  await send(client, at(2, noon - dayMs + 60_000))
  await send(client, at(3, noon + 30_000))
  expect(await ownDay(day)).toMatchObject([{ batches: 3, missing: 0 }])
  expect(await devices.daysTouched(orgId, before, Date.now() + 1)).toEqual(['2026-09-21', day])
  // A hole goes across a day of which nothing came.
  await send(client, at(9, noon + 5 * dayMs))
  expect(await ownDay('2026-09-26')).toEqual([{ ...facts, batches: 0, missing: 2, gapMinutes: 0, lostPoints: 0 }])
  const [meter] = (await devices.meterDay(orgId, day)).meters
  expect(meter).toMatchObject({ points: 2, signed: 2 })
})

test('of a day’s points those that a gateway signed are counted, whichever way they came as well', async () => {
  const { enrolled } = await newGateway('signing')
  const { deviceId: plainId } = await call(createDevice, { body: { name: 'plain', kind: 'gateway' } })
  const { token: plainToken } = await call(createCredential, {
    params: { deviceId: plainId },
    body: { purpose: 'live' },
  })
  const { token, privateKey } = await enrolled()
  const [signing, plain] = [await connected(token), await connected(plainToken)]
  const from = startOfCivilDay('2026-10-05')
  const points = (times: readonly number[], value: number) =>
    encodeCompactBatch(times.map((minute) => ({ device: 'm', property: 'n', at: from + minute * 60_000, value })))
  await send(plain, Buffer.from(points([1, 2, 3, 4], 5)))
  const body = points([3, 4, 5], 5)
  await send(signing, batch(1, privateKey, { firstAt: from, lastAt: from + 300_000, points: 3, body }))
  // The newest value counts, and nobody signed it.
  await send(plain, Buffer.from(points([5], 6)))
  await ingest.flush()
  const [meter] = (await devicePort(kit).meterDay(orgId, '2026-10-05')).meters
  expect(meter).toMatchObject({ points: 5, signed: 2, conflicts: 1 })
})
