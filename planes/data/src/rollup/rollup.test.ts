import { encodeCompactBatch } from '@kapok/contracts/compact-batch'
import { createCredential, createDevice, createProduct, getPointRange } from '@kapok/contracts/data'
import { type TestKit, testKit } from '@kapok/kit-store/testing'
import mqtt from 'mqtt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dataMigrations, dataPlane } from '../flow.ts'
import { type Ingest, runIngest } from '../ingest/run-ingest.ts'
import { type Caller, callerOf } from '../testing.ts'
import { deriveTouchedHours } from './derive-touched-hours.ts'

let kit: TestKit
let ingest: Ingest
let call: Caller
let device: { deviceId: string; token: string }
const orgId = crypto.randomUUID()
const plane = () => dataPlane(kit)

beforeAll(async () => {
  kit = await testKit({ migrations: [dataMigrations] })
  kit.clock.set(Date.parse('2026-09-10T10:30:00Z'), { running: false })
  ingest = await runIngest(kit, { mqttPort: 0, mqttHosts: ['127.0.0.1'], httpPort: 0 })
  call = callerOf(plane(), kit, orgId)
  const product = await call(createProduct, {
    body: { name: 'P', properties: [{ identifier: 'p', name: '功率', type: 'float', unit: 'kW' }] },
  })
  device = await call(createDevice, { body: { name: 'meter', productId: product.id } })
}, 60_000)
afterAll(async () => {
  await ingest?.stop()
  await kit?.stop()
})

async function send(points: { at: number; value: number }[], token = device.token): Promise<void> {
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${ingest.mqttPort}`, { username: token, reconnectPeriod: 0 })
  const batch = encodeCompactBatch(points.map((point) => ({ device: '', property: 'p', ...point })))
  await client.publishAsync('kapok/v1/points', Buffer.from(batch), { qos: 1 })
  await client.endAsync()
  await ingest.flush()
}
const range = (from: number, to: number, maxPoints: number) =>
  call(getPointRange, { query: { deviceId: device.deviceId, property: 'p', from, to, maxPoints } })

const hour = Date.parse('2026-09-10T08:00:00Z')
const minute = 60_000

test('a range that is too long for raw is answered in minutes, time-weighted with the value carried in', async () => {
  // 0 kW for the first 20 s of each minute, then 30 kW: the average of a whole minute is 20.
  const points = Array.from({ length: 60 }, (_, i) => [
    { at: hour + i * minute, value: 0 },
    { at: hour + i * minute + 20_000, value: 30 },
  ]).flat()
  await send(points)
  const before = await range(hour, hour + 60 * minute, 60)
  expect(before.source).toBe('1m')
  expect(before.at).toEqual(Array.from({ length: 60 }, (_, i) => hour + i * minute))
  expect(before.value).toEqual(Array.from({ length: 60 }, () => 20))
  expect(before.min).toEqual(Array.from({ length: 60 }, () => 0))
  expect(before.max).toEqual(Array.from({ length: 60 }, () => 30))
  expect(before.count).toEqual(Array.from({ length: 60 }, () => 2))

  expect(await deriveTouchedHours(kit)).toBe(1)
  expect(await range(hour, hour + 60 * minute, 60)).toEqual(before)
  const hours = await range(hour - 600 * minute, hour + 600 * minute, 20)
  expect([hours.source, hours.at, hours.value, hours.count]).toEqual(['1h', [hour], [20], [120]])
})

test('a late point reopens exactly its hour, and the open hour is read from the points', async () => {
  const open = Date.parse('2026-09-10T10:00:00Z')
  await send([
    { at: hour + 30_500, value: 300 },
    { at: open, value: 1 },
  ])
  const touched = await kit.db.tx({ job: 'data' }, (tx) => tx.rows('SELECT hour FROM data.touched_hour ORDER BY hour'))
  expect(touched.map(({ hour: each }) => Number(each))).toEqual([hour, open])
  const late = await range(hour, hour + 60 * minute, 60)
  expect([late.max[0], late.max[1]]).toEqual([300, 30])
  expect(await deriveTouchedHours(kit)).toBe(1)
  expect(await range(hour, hour + 60 * minute, 60)).toEqual(late)
  const days = await range(hour - 40 * 1440 * minute, hour + 1440 * minute, 50)
  expect([days.source, days.at, days.count]).toEqual(['1d', [Date.parse('2026-09-09T16:00:00Z')], [122]])
})

test('the meter counts points, minutes, gaps and conflicts of a civil day, and not what came by the import door', async () => {
  const { port } = plane()
  await send([{ at: hour, value: 5 }])
  const day = await port.meterDay(orgId, '2026-09-10')
  expect(day.activeMinutes).toBe(61)
  expect(day.meters[0]).toMatchObject({
    deviceId: device.deviceId,
    points: 122,
    minutes: 61,
    first: hour,
    last: Date.parse('2026-09-10T10:00:00Z'),
    gaps: 1,
    properties: 1,
    goodBp: 10_000,
    conflicts: 1,
  })
  const imported = await call(createCredential, { params: { deviceId: device.deviceId }, body: { purpose: 'import' } })
  await send([{ at: hour - 6 * 3_600_000, value: 7 }], imported.token)
  expect(await port.meterDay(orgId, '2026-09-10')).toEqual(day)
  expect((await range(hour - 6 * 3_600_000, hour - 5 * 3_600_000, 100)).value).toEqual([7])
  expect(await port.daysTouched(orgId, 0, kit.clock.now() + 1)).toEqual(['2026-09-10'])
  expect(await port.meterDay(orgId, '2026-09-11')).toEqual({ activeMinutes: 0, meters: [], gateways: [] })
})

test('a plant of three hundred machines with twenty properties each is metered whole', async () => {
  const plant = crypto.randomUUID()
  const day = '2026-09-08'
  const from = Date.parse(`${day}T08:00:00+08:00`)
  await kit.db.tx({ job: 'data' }, (tx) =>
    tx.run(
      `WITH d AS (
         INSERT INTO data.device (id, org_id, name, kind, product_id, created_at)
         SELECT gen_random_uuid(), $1, 'machine ' || n, 'device', product_id, $2
         FROM generate_series(1, 300) n, (SELECT product_id FROM data.device WHERE id = $3) p RETURNING id)
       INSERT INTO data.series (id, org_id, device_id, property, type, retention)
       SELECT 3000000 + row_number() OVER (), $1, id, 'p' || p, 'float', 'year3' FROM d, generate_series(1, 20) p`,
      [plant, new Date(from), device.deviceId],
    ),
  )
  await kit.clickhouse.command({
    query: `INSERT INTO point SELECT 3000001 + number % 6000, fromUnixTimestamp64Milli({from:Int64} + intDiv(number, 6000) * 60000, 'UTC'),
      number, 192, 1, 3, fromUnixTimestamp64Milli({from:Int64}, 'UTC') FROM numbers(12000)`,
    query_params: { from },
  })
  const { port } = plane()
  const { meters, activeMinutes } = await port.meterDay(plant, day)
  expect(activeMinutes).toBe(2)
  expect(meters).toHaveLength(300)
  expect(new Set(meters.map(({ points, minutes, properties }) => `${points} ${minutes} ${properties}`))).toEqual(
    new Set(['40 2 20']),
  )
  expect(new Set(meters.map(({ digest }) => digest)).size).toBe(300)
  expect(await port.daysTouched(plant, from, from + 1)).toEqual([day])
  // Its hour is derived in parts when it is too much for one.
  await kit.db.tx({ job: 'data' }, (tx) => tx.run('INSERT INTO data.touched_hour VALUES ($1, 1)', [from]))
  expect(await deriveTouchedHours(kit, 500)).toBeGreaterThan(0)
  const result = await kit.clickhouse.query({
    query: 'SELECT count() AS n, sum(count) AS points FROM rollup_1h FINAL WHERE series > 3000000',
    format: 'JSONEachRow',
  })
  const [row] = await result.json<{ n: number | string; points: number | string }>()
  expect([Number(row?.n), Number(row?.points)]).toEqual([6000, 12_000])
})
