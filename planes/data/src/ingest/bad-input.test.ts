import { type EventEmitter, once } from 'node:events'
import { encodeCompactBatch } from '@kapok/contracts/compact-batch'
import { createDevice, createProduct, exportPoints, getPointRange, listQuarantine } from '@kapok/contracts/data'
import { type TestKit, testKit } from '@kapok/kit-store/testing'
import mqtt from 'mqtt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dataMigrations, dataPlane } from '../flow.ts'
import { type Caller, callerOf } from '../testing.ts'
import { type Ingest, runIngest } from './run-ingest.ts'

// What devices really send one day. Each payload through both doors: refused or kept apart with a sentence in both
// languages that says what to do, and a good value right behind it is taken.
let kit: TestKit
let ingest: Ingest
let call: Caller
let productId = ''
const orgId = crypto.randomUUID()

beforeAll(async () => {
  kit = await testKit({ migrations: [dataMigrations] })
  ingest = await runIngest(kit, { mqttPort: 0, mqttHosts: ['127.0.0.1'], httpPort: 0 })
  call = callerOf(dataPlane(kit), kit, orgId)
  const property = (identifier: string, type: 'float' | 'int' | 'bool' | 'text' | 'json') => ({
    identifier,
    name: identifier,
    type,
    unit: '',
  })
  const product = await call(createProduct, {
    body: {
      name: 'P',
      properties: [
        property('good', 'float'),
        property('f', 'float'),
        property('n', 'int'),
        property('on', 'bool'),
        property('text', 'text'),
        property('json', 'json'),
      ],
    },
  })
  productId = product.id
}, 60_000)
afterAll(async () => {
  await ingest?.stop()
  await kit?.stop()
})

let names = 0
const newDevice = () => call(createDevice, { body: { name: `device ${++names}`, productId } })
const connect = (token: string) =>
  mqtt.connectAsync(`mqtt://127.0.0.1:${ingest.mqttPort}`, { username: token, protocolVersion: 5, reconnectPeriod: 0 })
const post = (token: string, path: string, body: Buffer | string) =>
  fetch(`http://127.0.0.1:${ingest.httpPort}${path}`, {
    method: 'POST',
    body: typeof body === 'string' ? body : new Uint8Array(body),
    headers: { authorization: `Bearer ${token}` },
  })
const reasonsOf = async (deviceId: string) => {
  await ingest.flush()
  return (await call(listQuarantine, { query: { deviceId, size: 100 } })).rows.map(({ reason }) => reason)
}
const valuesOf = async (deviceId: string, property: string) => {
  await ingest.flush()
  const now = kit.clock.now()
  const query = { deviceId, property, from: now - 5 * 366 * 86_400_000, to: now + 86_400_000 }
  return (await call(getPointRange, { query })).value
}
/** A sentence in each language: Chinese that has Chinese in it, English that has none, both of some length. */
const expectSentences = ({ zh, en }: { zh: string; en: string }) => {
  expect(zh).toMatch(/[\u4e00-\u9fff]{4,}.*[。）]$/s)
  expect(en).toMatch(/^[A-Z][^\u4e00-\u9fff]{15,}\.$/s)
}

const values = (json: string, ts?: number) => `{${ts === undefined ? '' : `"ts":${ts},`}"values":${json}}`
const deep = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
const years = (n: number) => n * 365.25 * 86_400_000
/** Our own encoder makes no such batch: the bytes of 1.5 are replaced. */
function batchWithNan(): Buffer {
  const batch = Buffer.from(encodeCompactBatch([{ device: '', property: 'f', at: Date.now(), value: 1.5 }]))
  const number = Buffer.alloc(8)
  number.writeDoubleLE(1.5)
  batch.writeDoubleLE(Number.NaN, batch.indexOf(number))
  return batch
}

const startedAt = Date.now() - 3_600_000
const bad: { what: string; payload: string | Buffer; says: RegExp; topic?: string }[] = [
  { what: 'a text for a number', payload: values('{"f":"12"}'), says: /“f” is of type float, but string 12/ },
  { what: 'a number for a text', payload: values('{"text":7}'), says: /“text” is of type text, but number 7/ },
  { what: 'a number for a yes or no', payload: values('{"on":1}'), says: /“on” is of type bool/ },
  { what: 'a fraction for a whole number', payload: values('{"n":1.5}'), says: /“n” is of type int/ },
  { what: 'null', payload: values('{"f":null}'), says: /“f” is of type float/ },
  { what: '2^60 for a whole number', payload: values(`{"n":${2 ** 60}}`), says: /“n” is of type int/ },
  { what: 'a number beyond every float', payload: values('{"f":1e999}'), says: /“f” is of type float/ },
  { what: 'NaN in JSON', payload: values('{"f":NaN}'), says: /not JSON/ },
  {
    what: 'NaN in a compact batch',
    payload: batchWithNan(),
    topic: 'kapok/v1/points',
    says: /“f” is of type float, but .*NaN/,
  },
  {
    what: 'a megabyte of text',
    payload: values(`{"text":"${'x'.repeat(1_000_000)}"}`),
    says: /“text” is of type text/,
  },
  {
    what: 'JSON in ten thousand layers',
    payload: values(`{"json":${deep(10_000)}}`),
    says: /“json” is of type json|not JSON/,
  },
  { what: 'a hundred thousand brackets', payload: '['.repeat(100_000), says: /not JSON/ },
  { what: 'bad UTF-8', payload: Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), says: /not UTF-8/ },
  { what: 'nothing', payload: '', says: /not JSON/ },
  { what: 'a time in 1970', payload: values('{"f":1}', 0), says: /five years past/ },
  { what: 'a time in 2100', payload: values('{"f":1}', 4_102_444_800_000), says: /ten minutes ahead/ },
  { what: 'a time in seconds', payload: values('{"f":1}', Math.floor(Date.now() / 1000)), says: /five years past/ },
  {
    what: 'a time that is a text',
    payload: '{"ts":"now","values":{"f":1}}',
    says: /not an integer of Unix milliseconds/,
  },
  { what: 'an unknown property', payload: values('{"nosuch":1}'), says: /no property “nosuch”/ },
  { what: 'a list for an object', payload: '{"values":[1]}', says: /“0”|"values" was expected/ },
  {
    what: 'a batch that ends too early',
    payload: Buffer.from('KB'),
    topic: 'kapok/v1/points',
    says: /ends too early/,
  },
  {
    what: 'more points than a message may have',
    payload: Buffer.from(
      encodeCompactBatch(
        Array.from({ length: 300_000 }, (_, i) => ({ device: '', property: 'on', at: startedAt + i, value: true })),
      ),
    ),
    topic: 'kapok/v1/points',
    says: /more than \d+ points/,
  },
]

for (const { what, payload, says, topic = 'kapok/v1/telemetry' } of bad)
  test(`${what} is kept apart with a sentence by both doors, and the value behind it is taken`, async () => {
    const { deviceId, token } = await newDevice()
    const client = await connect(token)
    const at = kit.clock.now() - 1000
    await client.publishAsync(topic, payload, { qos: 1 })
    await client.publishAsync('kapok/v1/telemetry', values('{"good":1}', at), { qos: 1 })
    expect(client.connected).toBe(true)
    await client.endAsync()
    const path = topic === 'kapok/v1/points' ? '/device/v1/points' : '/device/v1/telemetry'
    const answer = await post(token, path, payload)
    expect(answer.status).toBe(200)
    const { quarantined } = (await answer.json()) as { quarantined: { zh: string; en: string }[] }
    expect(quarantined.map(({ en }) => en).join()).toMatch(says)
    expect((await post(token, '/device/v1/telemetry', values('{"good":2}', at + 1))).status).toBe(200)
    const reasons = await reasonsOf(deviceId)
    expect(reasons.map(({ en }) => en).join()).toMatch(says)
    for (const reason of [...reasons, ...quarantined]) expectSentences(reason)
    expect(await valuesOf(deviceId, 'good')).toEqual([1, 2])
    for (const property of ['f', 'n', 'on', 'text', 'json']) expect(await valuesOf(deviceId, property)).toEqual([])
  })

test('a million properties are more than a packet may have: MQTT 5 says so and ends that connection alone, HTTP answers 413', async () => {
  const { deviceId, token } = await newDevice()
  const other = await newDevice()
  const bystander = await connect(other.token)
  const payload = values(`{${Array.from({ length: 1_000_000 }, (_, i) => `"p${i}":1`).join(',')}}`)
  const client = await connect(token)
  client.on('error', () => {})
  const disconnected = once(client as unknown as EventEmitter, 'disconnect')
  // The client itself keeps to the server's Maximum Packet Size, so the packet goes past it.
  client.options.properties = {}
  client.stream.write(
    Buffer.concat([
      Buffer.from([0x32]),
      lengthOf(payload.length + 2 + 18 + 3),
      Buffer.from([0, 18]),
      Buffer.from('kapok/v1/telemetry'),
      Buffer.from([0, 1, 0]),
      Buffer.from(payload),
    ]),
  )
  expect((await disconnected)[0].reasonCode).toBe(0x95)
  const answer = await post(token, '/device/v1/telemetry', payload)
  expect(answer.status).toBe(413)
  expect(await answer.text()).toMatch(/拆分.*in parts/)
  await bystander.publishAsync('kapok/v1/telemetry', values('{"good":3}'), { qos: 1 })
  expect(bystander.connected).toBe(true)
  await bystander.endAsync()
  expect(await valuesOf(other.deviceId, 'good')).toEqual([3])
  expect(await valuesOf(deviceId, 'good')).toEqual([])
})

/** Remaining length, MQTT 5.0 §1.5.5. */
function lengthOf(n: number): Buffer {
  const bytes: number[] = []
  for (let rest = n; ; rest = Math.floor(rest / 128)) {
    bytes.push(rest < 128 ? rest : (rest % 128) + 128)
    if (rest < 128) return Buffer.from(bytes)
  }
}

test('another device’s topic is refused with 0x87 and a sentence, by its id and as a gateway that the sender is not', async () => {
  const { deviceId, token } = await newDevice()
  const other = await newDevice()
  const client = await connect(token)
  await expect(
    client.publishAsync(`devices/${other.deviceId}/kapok/v1/telemetry`, values('{"good":9}'), { qos: 1 }),
  ).rejects.toThrow(/Not authorized/)
  await client.publishAsync(
    'kapok/v1/gateway/telemetry',
    JSON.stringify({ [other.deviceId]: [{ values: { good: 9 } }] }),
    {
      qos: 1,
    },
  )
  await client.publishAsync('kapok/v1/telemetry', values('{"good":1}'), { qos: 1 })
  await client.endAsync()
  const reasons = await reasonsOf(deviceId)
  expect(reasons.map(({ en }) => en).join()).toMatch(/belongs to another device[\s\S]*|Only a gateway/)
  expect(reasons).toHaveLength(2)
  for (const reason of reasons) expectSentences(reason)
  expect(await valuesOf(other.deviceId, 'good')).toEqual([])
  expect(await valuesOf(deviceId, 'good')).toEqual([1])
})

test('a device whose clock jumps back keeps both stretches, and the last value is the one with the latest time', async () => {
  const { deviceId, token } = await newDevice()
  const client = await connect(token)
  const now = kit.clock.now()
  for (const [back, value] of [
    [1000, 1],
    [0, 2],
    [years(1), 3],
    [years(1) - 1000, 4],
  ] as const)
    await client.publishAsync('kapok/v1/telemetry', values(`{"good":${value}}`, Math.floor(now - back)), { qos: 1 })
  await client.endAsync()
  expect(await valuesOf(deviceId, 'good')).toEqual([3, 4, 1, 2])
})

test('a range over more points than anybody can draw is answered from roll-ups, an export of it refused with a sentence', async () => {
  const { deviceId, token } = await newDevice()
  await post(token, '/device/v1/telemetry', values('{"f":1}'))
  await ingest.flush()
  const row = await kit.db.tx({ job: 'data' }, (tx) =>
    tx.row<{ id: bigint }>(`SELECT id FROM data.series WHERE device_id = $1 AND property = 'f'`, [deviceId]),
  )
  const from = Math.floor(kit.clock.now() - 40 * 86_400_000)
  await kit.clickhouse.command({
    query: `INSERT INTO point (series, at, value, quality, door, retention, received)
      SELECT {id:UInt32}, fromUnixTimestamp64Milli(toInt64({from:Int64} + number * 1000)), number, 192, 1, 1,
        fromUnixTimestamp64Milli({from:Int64}) FROM numbers(1500000)`,
    query_params: { id: Number(row?.id), from },
    clickhouse_settings: { max_partitions_per_insert_block: '0' },
  })
  const query = { deviceId, property: 'f', from, to: from + 1_500_000_000 }
  const read = await call(getPointRange, { query: { ...query, maxPoints: 1000 } })
  expect(read.source).toBe('1h')
  expect(read.at.length).toBeLessThanOrEqual(1000)
  const refusal = await call(exportPoints, { query }).catch((error: unknown) => error)
  expect(refusal).toMatchObject({ code: 'range.too_many_points' })
  expectSentences((refusal as { sentences: { zh: string; en: string } }).sentences)
})
