import { createDevice, createProduct, getPointRange } from '@kapok/contracts/data'
import type { ApplicationPort } from '@kapok/contracts/ports'
import { civilDayOf } from '@kapok/kit/clock'
import { type TestKit, testKit } from '@kapok/kit-store/testing'
import mqtt from 'mqtt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dataMigrations, dataPlane } from '../../flow.ts'
import { type Caller, callerOf } from '../../testing.ts'
import { type Ingest, runIngest } from '../run-ingest.ts'

let kit: TestKit
let ingest: Ingest
let call: Caller
const orgId = crypto.randomUUID()
const token = `kpt_${'a'.repeat(43)}`
/** Who tokens are is for the access plane; tests/applications.test.ts tries the real one. */
const applications: ApplicationPort = {
  byToken: async (asked) =>
    asked === token
      ? { tokenId: crypto.randomUUID(), orgId, scopes: ['points.write'], expiresAt: kit.clock.now() + 3_600_000 }
      : undefined,
  stillValid: async (ids) => [...ids],
}

beforeAll(async () => {
  kit = await testKit({ migrations: [dataMigrations] })
  ingest = await runIngest(kit, { mqttPort: 0, mqttHosts: ['127.0.0.1'], httpPort: 0, applications })
  call = callerOf(dataPlane(kit), kit, orgId)
}, 60_000)
afterAll(async () => {
  await ingest?.stop()
  await kit?.stop()
})

test('what an application sends for a device draws charts and never counts in a meter; what the device sends does', async () => {
  const product = await call(createProduct, {
    body: { name: 'P', properties: [{ identifier: 't', name: 't', type: 'float', unit: '' }] },
  })
  const device = await call(createDevice, { body: { name: 'press', productId: product.id } })
  const connect = (username: string) =>
    mqtt.connectAsync(`mqtt://127.0.0.1:${ingest.mqttPort}`, { username, protocolVersion: 5, reconnectPeriod: 0 })
  const at = kit.clock.now() - 120_000
  const value = (ts: number, t: number) => JSON.stringify({ ts, values: { t } })
  const application = await connect(token)
  await application.publishAsync(`devices/${device.deviceId}/kapok/v1/telemetry`, value(at, 1), { qos: 1 })
  await application.endAsync()
  await ingest.flush()
  const { port } = dataPlane(kit)
  const range = { deviceId: device.deviceId, property: 't', from: at - 1, to: at + 60_000 }
  expect((await call(getPointRange, { query: range })).value).toEqual([1])
  expect((await port.meterDay(orgId, civilDayOf(at))).meters).toEqual([])

  const machine = await connect(device.token)
  await machine.publishAsync('kapok/v1/telemetry', value(at + 1, 2), { qos: 1 })
  await machine.endAsync()
  await ingest.flush()
  expect((await call(getPointRange, { query: range })).value).toEqual([1, 2])
  expect((await port.meterDay(orgId, civilDayOf(at))).meters.map(({ points }) => points)).toEqual([1])
})
