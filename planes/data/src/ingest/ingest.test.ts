import { encodeCompactBatch } from '@kapok/contracts/compact-batch'
import {
  createDevice,
  createProduct,
  getLastPoints,
  getPointRange,
  getQuarantine,
  listQuarantine,
} from '@kapok/contracts/data'
import { type TestKit, testKit } from '@kapok/kit-store/testing'
import mqtt from 'mqtt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dataMigrations, dataPlane } from '../flow.ts'
import { type Caller, callerOf } from '../testing.ts'
import { type Ingest, runIngest } from './run-ingest.ts'

let kit: TestKit
let ingest: Ingest
let call: Caller
let device: { deviceId: string; token: string }
const orgId = crypto.randomUUID()

beforeAll(async () => {
  kit = await testKit({ migrations: [dataMigrations] })
  ingest = await runIngest(kit, { mqttPort: 0, mqttHosts: ['127.0.0.1'], httpPort: 0 })
  call = callerOf(dataPlane(kit), kit, orgId)
  const product = await call(createProduct, {
    body: {
      name: 'CNC',
      properties: [
        { identifier: 'speed', name: '主轴转速', type: 'float', unit: 'rpm', min: 0, max: 24_000 },
        { identifier: 'parts', name: '产量', type: 'int', unit: '' },
        { identifier: 'running', name: '运行', type: 'bool', unit: '' },
        { identifier: 'serial', name: '序列号', type: 'text', unit: '' },
        { identifier: 'state', name: '状态', type: 'json', unit: '' },
      ],
    },
  })
  device = await call(createDevice, { body: { name: 'cnc-01', productId: product.id } })
}, 60_000)
afterAll(async () => {
  await ingest?.stop()
  await kit?.stop()
})

const connect = (token: string, protocolVersion: 4 | 5 = 5, options: mqtt.IClientOptions = {}) =>
  mqtt.connectAsync(`mqtt://127.0.0.1:${ingest.mqttPort}`, {
    protocolVersion,
    username: token,
    reconnectPeriod: 0,
    ...options,
  })
const range = (property: string, from: number, to: number) =>
  call(getPointRange, { query: { deviceId: device.deviceId, property, from, to } })
const sentences = async () => (await call(listQuarantine, { query: { size: 100 } })).rows.map(({ reason }) => reason.en)

for (const version of [4, 5] as const) {
  test(`a point that an MQTT ${version === 4 ? '3.1.1' : '5'} client got acknowledged is queryable with its time and type`, async () => {
    const client = await connect(device.token, version)
    const at = kit.clock.now() - 60_000 * version
    const values = { speed: 1200.25, parts: 7, running: true, serial: '00123', state: { door: 'open' } }
    await client.publishAsync('kapok/v1/telemetry', JSON.stringify({ ts: at, values }), { qos: 1 })
    await client.endAsync()
    await ingest.flush()
    for (const [property, value] of Object.entries(values)) {
      const read = await range(property, at, at + 1)
      expect(read.source).toBe('raw')
      expect(read.at).toEqual([at])
      expect(read.value).toEqual([property === 'state' ? '{"door":"open"}' : value])
      expect(read.quality).toEqual([192])
    }
  })
}

test('a compact batch, an out-of-range value and a repetition come out as one uncertain point', async () => {
  const client = await connect(device.token)
  const at = kit.clock.now() - 3_600_000
  const batch = Buffer.from(
    encodeCompactBatch([
      { device: '', property: 'speed', at, value: 99_999 },
      { device: '', property: 'speed', at: at + 1000, value: 5 },
      { device: '', property: 'serial', at, value: '00001' },
    ]),
  )
  await client.publishAsync('kapok/v1/points', batch, { qos: 1 })
  await client.publishAsync('kapok/v1/points', batch, { qos: 1 })
  await client.endAsync()
  await ingest.flush()
  expect(await range('speed', at, at + 2000)).toMatchObject({
    at: [at, at + 1000],
    value: [99_999, 5],
    quality: [64, 192],
  })
  expect((await range('serial', at, at + 1)).value).toEqual(['00001'])
})

test('what cannot be used goes to quarantine with a sentence and its bytes; the session goes on and the rest is kept', async () => {
  const client = await connect(device.token)
  const at = kit.clock.now() - 7_200_000
  const send = (topic: string, payload: string | Buffer) => client.publishAsync(topic, payload, { qos: 1 })
  await send('kapok/v1/telemetry', JSON.stringify({ ts: at, values: { speed: 1, presure: 2 } }))
  await send('kapok/v1/telemetry', JSON.stringify({ ts: at + 1, values: { speed: '12', parts: 2 ** 60 } }))
  await send('kapok/v1/telemetry', JSON.stringify({ ts: 0, values: { speed: 3 } }))
  await send('kapok/v1/telemetry', JSON.stringify({ ts: 4_102_444_800_000, values: { speed: 4 } }))
  await send('kapok/v1/telemetry', 'not json')
  await send('kapok/v1/telemetry', Buffer.from([0x7b, 0xff, 0x7d]))
  await send('kapok/v1/telemetry', '['.repeat(100_000))
  await send('kapok/v1/points', Buffer.from('KB'))
  await send(`devices/${crypto.randomUUID()}/kapok/v1/telemetry`, '{"values":{"speed":1}}').catch(() => {})
  await send('factory/temperature', '1')
  await send('kapok/v1/telemetry', JSON.stringify({ ts: at + 2, values: { speed: 5 } }))
  await client.endAsync()
  await ingest.flush()
  expect((await range('speed', at, at + 10)).value).toEqual([1, 5])
  const said = (await sentences()).join('\n')
  for (const part of [
    'no property “presure”. Add it',
    '“speed” is of type float, but string 12',
    '“parts” is of type int, but number 1152921504606847000',
    '1970-01-01T00:00:00.000Z of a point is more than five years past',
    '2100-01-01T00:00:00.000Z of a point is more than ten minutes ahead',
    'it is not JSON',
    'it is not UTF-8',
    'the batch ends too early',
    'belongs to another device',
    'factory/temperature belongs to none',
  ])
    expect(said).toContain(part)
  const [first] = (await call(listQuarantine, { query: { search: 'presure' } })).rows
  const whole = await call(getQuarantine, { params: { quarantineId: first?.id ?? '' } })
  expect(Buffer.from(whole.payload, 'base64').toString()).toContain('"presure":2')
})

test('device HTTP answers 200 when the point is on disk, 401 for a wrong token, and tells what it quarantined', async () => {
  const at = kit.clock.now() - 10_000
  const post = (path: string, body: string, headers: Record<string, string> = {}) =>
    fetch(`http://127.0.0.1:${ingest.httpPort}${path}`, { method: 'POST', body, headers })
  const ok = await post(`/api/v1/${device.token}/telemetry`, JSON.stringify({ ts: at, values: { speed: '77.5' } }))
  expect([ok.status, await ok.text()]).toEqual([200, ''])
  const own = await post('/device/v1/telemetry', JSON.stringify({ ts: at + 1, values: { speed: 78, x: 1 } }), {
    authorization: `Bearer ${device.token}`,
  })
  expect(own.status).toBe(200)
  expect(await own.text()).toContain('no property “x”')
  expect((await post(`/api/v1/${'a'.repeat(43)}/telemetry`, '{}')).status).toBe(401)
  await ingest.flush()
  expect((await range('speed', at, at + 2)).value).toEqual([77.5, 78])
  const last = await call(getLastPoints, { query: { deviceIds: device.deviceId } })
  expect(last.rows.find(({ property }) => property === 'speed')?.value).toBe(78)
})

test('NaN, a megabyte of text, as many unknown properties as a packet holds and a clock that jumps back are told apart, and the session goes on', async () => {
  const client = await connect(device.token)
  const at = kit.clock.now() - 40_000_000
  const send = (payload: string) => client.publishAsync('kapok/v1/telemetry', payload, { qos: 1 })
  await send(`{"ts":${at},"values":{"speed":NaN}}`)
  await send(JSON.stringify({ ts: at, values: { serial: 'x'.repeat(1_000_000) } }))
  // As many as fit into one packet.
  const many = Array.from({ length: 100_000 }, (_, i) => `"p${i}":1`).join(',')
  await send(`{"ts":${at},"values":{${many},"speed":10}}`)
  await send(JSON.stringify({ ts: at - 1000, values: { speed: 9 } }))
  await client.endAsync()
  await ingest.flush()
  expect(await range('speed', at - 1000, at + 1)).toMatchObject({ at: [at - 1000, at], value: [9, 10] })
  expect((await range('serial', at, at + 1)).value).toEqual([])
  expect((await sentences()).join('\n')).toMatch(/“serial” is of type text/)
})

test('a back-fill that spans four hundred days in one message is kept whole', async () => {
  const client = await connect(device.token)
  const dayMs = 86_400_000
  const from = kit.clock.now() - 500 * dayMs
  const points = Array.from({ length: 401 }, (_, i) => ({
    device: '',
    property: 'parts',
    at: from + i * dayMs,
    value: i,
  }))
  await client.publishAsync('kapok/v1/points', Buffer.from(encodeCompactBatch(points)), { qos: 1 })
  await client.endAsync()
  await ingest.flush()
  expect((await range('parts', from, from + 401 * dayMs)).value).toEqual(points.map(({ value }) => value))
})
