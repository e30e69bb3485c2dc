import { type EventEmitter, once } from 'node:events'
import { connect as connectSocket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  createCredential,
  createDevice,
  createProduct,
  getDevice,
  getLastPoints,
  getPointRange,
  revokeCredential,
  rotateCredential,
} from '@kapok/contracts/data'
import { type TestKit, testKit } from '@kapok/kit-store/testing'
import mqtt from 'mqtt'
import mqttPacket from 'mqtt-packet'
import sparkplug from 'sparkplug-payload'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dataMigrations, dataPlane } from '../../flow.ts'
import { type Caller, callerOf } from '../../testing.ts'
import { type Ingest, runIngest } from '../run-ingest.ts'
import { isFilter, matches } from './topics.ts'

let kit: TestKit
let ingest: Ingest
let call: Caller
let productId = ''
const orgId = crypto.randomUUID()

beforeAll(async () => {
  kit = await testKit({ migrations: [dataMigrations] })
  ingest = await runIngest(kit, { mqttPort: 0, mqttHosts: ['127.0.0.1'], httpPort: 0 })
  call = callerOf(dataPlane(kit), kit, orgId)
  const property = (identifier: string, type: 'float' | 'int' | 'bool' | 'text') => ({
    identifier,
    name: identifier,
    type,
    unit: '',
  })
  const product = await call(createProduct, {
    body: {
      name: 'P',
      properties: [property('t', 'float'), property('n', 'int'), property('on', 'bool'), property('serial', 'text')],
    },
  })
  productId = product.id
}, 60_000)
afterAll(async () => {
  await ingest?.stop()
  await kit?.stop()
})

// The client's typed emitter is one to Node, too.
const heard = (client: mqtt.MqttClient, event: string) => once(client as unknown as EventEmitter, event)

let names = 0
const newDevice = (kind: 'device' | 'gateway' = 'device', name = `device ${++names}`) =>
  call(createDevice, { body: { name, kind, productId } })
const connect = (token: string, options: mqtt.IClientOptions = {}) =>
  mqtt.connectAsync(`mqtt://127.0.0.1:${ingest.mqttPort}`, {
    username: token,
    reconnectPeriod: 0,
    protocolVersion: 5,
    ...options,
  })
const valuesOf = async (deviceId: string, property: string) => {
  await ingest.flush()
  const now = kit.clock.now()
  const read = await call(getPointRange, { query: { deviceId, property, from: now - 86_400_000, to: now + 60_000 } })
  return read.value
}
const nextMessage = async (client: mqtt.MqttClient) => {
  const [topic, payload] = (await heard(client, 'message')) as [string, Buffer]
  return { topic, payload: payload.toString() }
}

test('a wrong token is refused with 5 by 3.1.1 and with Not authorized by 5', async () => {
  await expect(connect('x'.repeat(43), { protocolVersion: 4 })).rejects.toThrow(/Not authorized/)
  await expect(connect('x'.repeat(43))).rejects.toThrow(/Not authorized/)
})

test('the newer of two clients with one credential wins, and the older hears 0x8E; the sixth time the device is flagged', async () => {
  const { token, deviceId } = await newDevice()
  const first = await connect(token)
  const disconnected = heard(first, 'disconnect')
  let last = await connect(token)
  expect((await disconnected)[0].reasonCode).toBe(0x8e)
  for (let i = 0; i < 5; i++) last = await connect(token)
  await ingest.flush()
  expect((await call(getDevice, { params: { deviceId } })).sharedCredentialAt).not.toBeNull()
  await last.endAsync()
})

test('a revoked credential loses its session at once, a rotated one after its overlap', async () => {
  const device = await newDevice()
  const params = { deviceId: device.deviceId, credentialId: device.credentialId }
  const client = await connect(device.token)
  const rotated = await call(rotateCredential, { params, body: { overlapMinutes: 5 } })
  await (await connect(rotated.token)).endAsync()
  const disconnected = heard(client, 'disconnect')
  await call(revokeCredential, { params })
  expect((await disconnected)[0].reasonCode).toBe(0x87)
  await expect(connect(device.token)).rejects.toThrow(/Not authorized/)
  await (await connect(rotated.token)).endAsync()
})

test('a kept session gets what was sent while it was away; a clean one does not', async () => {
  const { token, deviceId } = await newDevice()
  const options = { clean: false, clientId: 'kept', properties: { sessionExpiryInterval: 60 } }
  const first = await connect(token, options)
  await first.subscribeAsync('kapok/v1/user/#', { qos: 1 })
  await first.endAsync(true)
  const second = await call(createCredential, { params: { deviceId }, body: { purpose: 'live' } })
  const publisher = await connect(second.token)
  await publisher.publishAsync('kapok/v1/user/note', 'while you were away', { qos: 1 })
  await publisher.endAsync()
  const url = `mqtt://127.0.0.1:${ingest.mqttPort}`
  const again = mqtt.connect(url, { username: token, reconnectPeriod: 0, protocolVersion: 5, ...options })
  const message = nextMessage(again)
  const [connack] = await heard(again, 'connect')
  expect(connack.sessionPresent).toBe(true)
  expect(await message).toEqual({ topic: 'kapok/v1/user/note', payload: 'while you were away' })
  await again.endAsync()
  const clean = mqtt.connect(url, { username: token, reconnectPeriod: 0, protocolVersion: 5 })
  expect((await heard(clean, 'connect'))[0].sessionPresent).toBe(false)
  await clean.endAsync()
})

test('retained messages and wills reach a later subscriber of the same device and nobody else', async () => {
  const { token } = await newDevice()
  const other = await newDevice()
  const socketClient = await connect(token, {
    clientId: 'dying',
    will: { topic: 'kapok/v1/user/status', payload: Buffer.from('gone'), qos: 1, retain: true },
  })
  socketClient.stream.destroy()
  await sleep(100)
  const stranger = await connect(other.token)
  let heard = 0
  stranger.on('message', () => heard++)
  await stranger.subscribeAsync('#', { qos: 1 })
  const client = await connect(token)
  const message = nextMessage(client)
  await client.subscribeAsync('kapok/v1/user/+', { qos: 1 })
  expect(await message).toEqual({ topic: 'kapok/v1/user/status', payload: 'gone' })
  await expect(client.subscribeAsync(`devices/${other.deviceId}/#`)).rejects.toThrow()
  expect(heard).toBe(0)
  await client.endAsync()
  await stranger.endAsync()
})

test('a QoS 2 message of a 3.1.1 client is taken once', async () => {
  const { token, deviceId } = await newDevice()
  const client = await connect(token, { protocolVersion: 4 })
  await client.publishAsync('kapok/v1/telemetry', JSON.stringify({ values: { t: 4 } }), { qos: 2 })
  await client.endAsync()
  expect(await valuesOf(deviceId, 't')).toEqual([4])
})

test('a repetition (DUP) of a message without a time counts once, also after ingest was started anew', async () => {
  const { token, deviceId } = await newDevice()
  const packets = (dup: boolean) =>
    Buffer.concat([
      mqttPacket.generate({
        cmd: 'connect',
        protocolId: 'MQTT',
        protocolVersion: 4,
        clean: true,
        clientId: 'd',
        keepalive: 0,
        username: token,
      }),
      mqttPacket.generate({
        cmd: 'publish',
        topic: 'kapok/v1/telemetry',
        payload: '{"values":{"t":8}}',
        qos: 1,
        dup,
        retain: false,
        messageId: 7,
      }),
    ])
  await rawUntil(packets(false), 8)
  await sleep(20)
  await rawUntil(packets(true), 8)
  await ingest.stop()
  ingest = await runIngest(kit, { mqttPort: 0, mqttHosts: ['127.0.0.1'], httpPort: 0 })
  await rawUntil(packets(true), 8)
  expect(await valuesOf(deviceId, 't')).toEqual([8])
})

/** Writes bytes, cut at `at` when given, and waits for so many bytes of answer. */
async function rawUntil(bytes: Buffer, answerBytes: number, at?: number): Promise<Buffer> {
  const socket = connectSocket({ port: ingest.mqttPort, host: '127.0.0.1', noDelay: true })
  const chunks: Buffer[] = []
  const answered = new Promise<void>((done, fail) => {
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      if (Buffer.concat(chunks).length >= answerBytes) done()
    })
    socket.on('close', () => fail(new Error(`closed after ${Buffer.concat(chunks).toString('hex')}`)))
  })
  if (at === undefined) socket.write(bytes)
  else {
    socket.write(bytes.subarray(0, at))
    await sleep(2)
    socket.write(bytes.subarray(at))
  }
  await answered
  socket.removeAllListeners('close').destroy()
  return Buffer.concat(chunks)
}

test('packets torn at any byte are read as if they had come whole', async () => {
  const { token, deviceId } = await newDevice()
  const at = kit.clock.now() - 1000
  const bytes = Buffer.concat([
    mqttPacket.generate({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clean: true,
      clientId: 'd',
      keepalive: 0,
      username: token,
    }),
    mqttPacket.generate({
      cmd: 'publish',
      topic: 'kapok/v1/telemetry',
      payload: JSON.stringify({ ts: at, values: { t: 1 } }),
      qos: 1,
      dup: false,
      retain: false,
      messageId: 9,
    }),
    Buffer.of(0xc0, 0),
  ])
  for (let cut = 1; cut < bytes.length; cut++) {
    // CONNACK and PUBACK in order; the PINGRESP need not wait for the disk.
    const answer = await rawUntil(bytes, 10, cut)
    expect(answer.subarray(0, 4).toString('hex')).toBe('20020000')
    expect(answer.toString('hex')).toContain('40020009')
  }
  expect(await valuesOf(deviceId, 't')).toEqual([1])
}, 30_000)

test('bytes that are no MQTT end only their own connection', async () => {
  const { token } = await newDevice()
  const client = await connect(token)
  for (const hex of [
    Buffer.from(`GET / HTTP/1.1\r\nHost: ${'x'.repeat(80)}`).toString('hex'),
    'ffffffffff',
    '1000',
    '3000',
    `10${'ff'.repeat(4)}`,
  ]) {
    const socket = connectSocket({ port: ingest.mqttPort, host: '127.0.0.1' })
    socket.write(Buffer.from(hex, 'hex'))
    socket.resume()
    await once(socket, 'close')
  }
  expect(client.connected).toBe(true)
  await client.endAsync()
})

test("ThingsBoard's telemetry, gateway telemetry and attribute request work unchanged", async () => {
  const gateway = await newDevice('gateway')
  const machine = await newDevice('device', 'press 7')
  const client = await connect(gateway.token, { protocolVersion: 4 })
  const ts = kit.clock.now() - 5000
  await client.publishAsync(
    'v1/devices/me/telemetry',
    JSON.stringify({ ts, values: { t: '21.5', serial: '00123', n: null } }),
    { qos: 1 },
  )
  await client.publishAsync(
    'v1/gateway/telemetry',
    JSON.stringify({ 'press 7': [{ ts, values: { n: 5, on: true } }] }),
    { qos: 1 },
  )
  await client.subscribeAsync('v1/devices/me/attributes/response/+')
  const answer = nextMessage(client)
  await client.publishAsync('v1/devices/me/attributes/request/1', JSON.stringify({ clientKeys: 't' }), { qos: 1 })
  expect(await answer).toEqual({
    topic: 'v1/devices/me/attributes/response/1',
    payload: '{"client":{"t":21.5},"shared":{}}',
  })
  await client.endAsync()
  expect(await valuesOf(gateway.deviceId, 'serial')).toEqual(['00123'])
  expect(await valuesOf(machine.deviceId, 'n')).toEqual([5])
  expect(await valuesOf(machine.deviceId, 'on')).toEqual([true])
})

test('a gateway that sends for its machines was seen itself', async () => {
  const gateway = await newDevice('gateway')
  await newDevice('device', 'press 8')
  const client = await connect(gateway.token)
  await client.publishAsync('kapok/v1/gateway/telemetry', JSON.stringify({ 'press 8': [{ values: { n: 1 } }] }), {
    qos: 1,
  })
  await client.endAsync()
  await ingest.flush()
  expect((await call(getDevice, { params: { deviceId: gateway.deviceId } })).lastSeen).toBeGreaterThan(0)
})

test('Sparkplug B: birth, data by alias, a gap in seq asks for a rebirth', async () => {
  const gateway = await newDevice('gateway')
  const machine = await newDevice('device', 'robot 1')
  const client = await connect(gateway.token, { protocolVersion: 4 })
  const { encodePayload } = sparkplug.get('spBv1.0') as { encodePayload(payload: object): Uint8Array }
  const timestamp = kit.clock.now() - 5000
  const send = (type: string, payload: object, device = '') =>
    client.publishAsync(
      `spBv1.0/plant/${type}/edge1${device === '' ? '' : `/${device}`}`,
      Buffer.from(encodePayload(payload)),
      { qos: 0 },
    )
  await send('NBIRTH', {
    timestamp,
    seq: 0,
    metrics: [
      { name: 'bdSeq', type: 'Int64', value: 0, timestamp },
      { name: 't', alias: 1, type: 'Double', value: 1.25, timestamp },
    ],
  })
  await send(
    'DBIRTH',
    {
      timestamp,
      seq: 1,
      metrics: [
        { name: 'n', alias: 2, type: 'Int32', value: -7, timestamp },
        { name: 'on', alias: 3, type: 'Boolean', value: true, timestamp },
      ],
    },
    'robot 1',
  )
  await send('NDATA', {
    timestamp: timestamp + 1000,
    seq: 2,
    metrics: [{ alias: 1, type: 'Double', value: 2.5, timestamp: timestamp + 1000 }],
  })
  await send(
    'DDATA',
    {
      timestamp: timestamp + 1000,
      seq: 3,
      metrics: [{ alias: 2, type: 'Int32', value: -8, timestamp: timestamp + 1000 }],
    },
    'robot 1',
  )
  await client.subscribeAsync('spBv1.0/plant/NCMD/edge1')
  const command = heard(client, 'message')
  await send('NDATA', {
    timestamp: timestamp + 2000,
    seq: 9,
    metrics: [{ alias: 1, type: 'Double', value: 3, timestamp: timestamp + 2000 }],
  })
  const [topic, payload] = (await command) as [string, Buffer]
  expect(topic).toBe('spBv1.0/plant/NCMD/edge1')
  const { decodePayload } = sparkplug.get('spBv1.0') as {
    decodePayload(bytes: Uint8Array): { metrics: { name: string; value: unknown }[] }
  }
  expect(decodePayload(payload).metrics[0]).toMatchObject({ name: 'Node Control/Rebirth', value: true })
  await client.endAsync()
  expect(await valuesOf(gateway.deviceId, 't')).toEqual([1.25, 2.5, 3])
  expect(await valuesOf(machine.deviceId, 'n')).toEqual([-7, -8])
})

test('Sparkplug B: on DDEATH, and on the NDEATH that is the will of a lost connection, the values stand but nobody vouches for them', async () => {
  const gateway = await newDevice('gateway')
  const machine = await newDevice('device', 'robot 2')
  const { encodePayload } = sparkplug.get('spBv1.0') as { encodePayload(payload: object): Uint8Array }
  const timestamp = kit.clock.now() - 5000
  const bdSeq = { name: 'bdSeq', type: 'Int64', value: 3, timestamp }
  const client = await connect(gateway.token, {
    protocolVersion: 4,
    will: {
      topic: 'spBv1.0/plant/NDEATH/edge2',
      payload: Buffer.from(encodePayload({ timestamp, metrics: [bdSeq] })),
      qos: 1,
      retain: false,
    },
  })
  const send = (type: string, payload: object, device = '') =>
    client.publishAsync(
      `spBv1.0/plant/${type}/edge2${device === '' ? '' : `/${device}`}`,
      Buffer.from(encodePayload({ timestamp, ...payload })),
      { qos: 1 },
    )
  const metric = (name: string, alias: number, value: number) => ({ name, alias, type: 'Double', value, timestamp })
  await send('NBIRTH', { seq: 0, metrics: [bdSeq, metric('t', 1, 7.5)] })
  await send('DBIRTH', { seq: 1, metrics: [metric('t', 2, 8.5)] }, 'robot 2')
  const lastOf = async (deviceId: string) => {
    const { rows } = await call(getLastPoints, { query: { deviceIds: deviceId } })
    return rows.map(({ value, quality }) => [value, quality])
  }
  expect(await lastOf(machine.deviceId)).toEqual([[8.5, 192]])
  await send('DDEATH', { seq: 2 }, 'robot 2')
  expect(await lastOf(machine.deviceId)).toEqual([[8.5, 0]])
  expect(await lastOf(gateway.deviceId)).toEqual([[7.5, 192]])
  client.stream.destroy()
  await expect.poll(() => lastOf(gateway.deviceId)).toEqual([[7.5, 0]])
})

test('topic filters take exactly what the standard says', () => {
  expect(matches('a/+/c', 'a/b/c')).toBe(true)
  expect(matches('a/#', 'a')).toBe(true)
  expect(matches('a/+', 'a/b/c')).toBe(false)
  expect(['a/#', '+/b', '#'].every(isFilter)).toBe(true)
  expect(['a/#/b', 'a+', '', 'a#'].some(isFilter)).toBe(false)
})
