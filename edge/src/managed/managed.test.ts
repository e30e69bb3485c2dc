import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDevice, createProduct } from '@kapok/contracts/data'
import { enrolGateway, getGatewayHealth, makeEnrolmentCode } from '@kapok/contracts/gateway'
import { dataMigrations, dataPlane } from '@kapok/data'
import { type Ingest, runIngest } from '@kapok/data/ingest'
import { type Caller, callerOf } from '@kapok/data/testing'
import { systemClock } from '@kapok/kit/clock'
import { makeLog } from '@kapok/kit/log'
import { type TestKit, testKit } from '@kapok/kit-store/testing'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startGateway } from '../command.ts'
import { simulate } from '../drivers/modbus/simulator.ts'
import type { Simulator } from '../simulator.ts'
import { until } from '../testing.ts'
import { gatewayVersion } from '../version.ts'

// A managed gateway against the real ingest and a simulated machine.
let kit: TestKit
let ingest: Ingest
let call: Caller
let plc: Simulator
let folder = ''
const log = makeLog('test', 'silent')
const running: { stop(): Promise<void> }[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kapok-managed-'))
  kit = await testKit({ migrations: [dataMigrations] })
  call = callerOf(dataPlane(kit), kit, crypto.randomUUID())
  ingest = await runIngest(kit, { mqttPort: 0, mqttHosts: ['127.0.0.1'], httpPort: 0 })
  plc = await simulate()
  plc.set('holding/3', 'uint16', 4711)
  const property = { identifier: 'n', name: 'n', type: 'float' as const, unit: '' }
  const { id: productId } = await call(createProduct, { body: { name: 'P', properties: [property] } })
  for (const name of ['m1', 'm2']) await call(createDevice, { body: { name, productId } })
})
afterEach(async () => {
  for (const each of running.splice(0)) await each.stop()
})
afterAll(async () => {
  await plc?.stop()
  await ingest?.stop()
  await kit?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** A gateway of the platform with its key in a home folder, as `edge-enrol` leaves it. */
async function enrolledGateway(name: string) {
  const { deviceId } = await call(createDevice, { body: { name, kind: 'gateway' } })
  const params = { deviceId }
  const { code } = await call(makeEnrolmentCode, { params, body: {} })
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64url')
  const { token } = await call(enrolGateway, { body: { code, publicKey: raw, firstSequence: 1 } })
  const home = join(folder, name)
  mkdirSync(home)
  writeFileSync(
    join(home, 'identity.json'),
    JSON.stringify({
      version: 1,
      platform: `mqtt://127.0.0.1:${ingest.mqttPort}`,
      token,
      gatewayId: deviceId,
      name,
      privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }),
    }),
  )
  const report = async () => {
    await ingest.flush()
    return (await call(getGatewayHealth, { params })).health?.report
  }
  return { deviceId, params, home, report }
}

const tableOf = (device: string, address = 'holding/3') =>
  JSON.stringify({
    devices: [
      {
        name: device,
        protocol: 'modbus',
        connection: plc.settings,
        periodMs: 50,
        tags: [{ property: 'n', address, type: 'uint16' }],
      },
    ],
  })

test('a gateway tells how it is, and within a moment when a machine stops to answer', async () => {
  const { home, report } = await enrolledGateway('g1')
  const tagTableFile = join(folder, 'g1.yaml')
  writeFileSync(tagTableFile, tableOf('m1'))
  running.push(await startGateway({ tagTableFile, home, clock: systemClock, log }))
  await until('a report of a machine that is read', async () => (await report())?.devices[0]?.good === 1)
  expect(await report()).toMatchObject({
    version: gatewayVersion,
    devicesTotal: 1,
    devices: [{ name: 'm1', protocol: 'modbus', connected: true, lastError: null, bad: 0 }],
    lost: 0,
  })
  plc.faults.silent = true
  await until('the report that it does not answer', async () => (await report())?.devices[0]?.connected === false)
  expect((await report())?.devices[0]?.lastError).toContain('3000 ms')
  plc.faults.silent = false
})

test('the version that a gateway reports is that of its package', () => {
  const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')
  expect((JSON.parse(text) as { version: string }).version).toBe(gatewayVersion)
})
