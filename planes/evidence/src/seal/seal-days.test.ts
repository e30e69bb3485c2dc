import type { DeviceDay, DevicePort, GatewayDay, OrganisationPort } from '@kapok/contracts/ports'
import { addCivilDays, startOfCivilDay } from '@kapok/kit/clock'
import { leafHash } from '@kapok/kit/merkle'
import { type TestKit, testKit } from '@kapok/kit-store/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type EvidencePlane, evidenceMigrations, evidencePlane } from '../flow.ts'
import { verifyBundle } from '../verify/verify.ts'
import { chainHash, genesisHash, leafOf, leafText } from './leaf.ts'
import { insertSeal } from './seal.store.ts'
import { sealDays } from './seal-days.ts'

const org = '10000000-0000-4000-8000-000000000000'
const machines = ['20000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000002'] as const
const first = '2026-11-02'

let kit: TestKit
let evidence: EvidencePlane
/** What the store would say, by day and machine; a test changes it as late data would. */
let days: Map<string, DeviceDay[]>
let gateways: GatewayDay[]
let touched: string[]
let devices: DevicePort

const meter = (deviceId: string, minutes: number, digest: string): DeviceDay => ({
  deviceId,
  points: minutes * 3,
  minutes,
  first: 1,
  last: 2,
  gaps: 0,
  properties: 3,
  goodBp: 10_000,
  conflicts: 0,
  signed: minutes,
  digest: digest.repeat(32),
})
const organisations = {
  byId: async (id: string) => ({ id, name: '样例厂', kind: 'enterprise', uscc: null, region: '440606' }),
} as unknown as OrganisationPort

beforeEach(async () => {
  kit = await testKit({ migrations: [evidenceMigrations] })
  days = new Map()
  gateways = []
  touched = []
  devices = {
    ofOrg: async () =>
      machines.map((id, i) => ({ id, name: `M${i + 1}`, productName: '', createdAt: startOfCivilDay(first) })),
    orgsWithDevices: async () => [org],
    meterDay: async (_org, day) => {
      const meters = days.get(day) ?? []
      return { activeMinutes: Math.max(0, ...meters.map((each) => each.minutes)), meters, gateways }
    },
    daysTouched: async () => touched,
    flush: async () => {},
  }
  evidence = evidencePlane(kit, { devices, organisations })
})
afterEach(() => kit.stop())

const at = (day: string, hour: number) => kit.clock.set(startOfCivilDay(day) + hour * 3_600_000, { running: false })
const coverage = (toDay = first) =>
  evidence.port.coverage({ orgId: org, deviceIds: [...machines], fromDay: first, toDay })
const bundle = (toDay = first) => evidence.port.bundle({ orgId: org, deviceIds: [...machines], fromDay: first, toDay })

test('a day is sealed six hours after its end and not before, also when it has no data', async () => {
  days.set(first, [meter(machines[0], 600, 'aa')])
  at(addCivilDays(first, 1), 5.9)
  expect((await sealDays(kit, devices)).sealed).toBe(0)
  at(addCivilDays(first, 2), 6.1)
  expect((await sealDays(kit, devices)).sealed).toBe(2)
  expect((await sealDays(kit, devices)).sealed).toBe(0)
  const [one, next] = await coverage(addCivilDays(first, 1))
  expect(one).toMatchObject({ sealed: true, minutes: 600 })
  expect(next).toMatchObject({ sealed: true, minutes: 0 })
})

test('late data make a correction seal beside the first; equal data make none, and both verify in one bundle', async () => {
  days.set(first, [meter(machines[0], 300, 'aa')])
  at(addCivilDays(first, 1), 7)
  await sealDays(kit, devices)
  touched = [first]
  expect((await sealDays(kit, devices)).corrected).toBe(0)
  days.set(first, [meter(machines[0], 500, 'bb')])
  expect((await sealDays(kit, devices)).corrected).toBe(1)
  expect((await coverage())[0]).toMatchObject({ minutes: 500 })
  const text = await bundle()
  const { verdict, bundle: opened } = verifyBundle(new TextEncoder().encode(text))
  expect(verdict).toBe('unknown-signer')
  expect(opened?.seals.map(({ leaf }) => [leaf.revision, leaf.meters[0]?.minutes])).toEqual([
    [0, 300],
    [1, 500],
  ])
})

const told: GatewayDay = {
  gatewayId: '30000000-0000-4000-8000-000000000001',
  key: 'k'.repeat(43),
  batches: 10,
  missing: 4,
  gapMinutes: 7,
  lostPoints: 0,
  doubled: 0,
}

test('what gateways told is sealed, and a batch that arrives late makes a correction also where no meter differs', async () => {
  days.set(first, [{ ...meter(machines[0], 300, 'aa'), points: 300, signed: 299 }])
  gateways = [told]
  at(addCivilDays(first, 1), 7)
  await sealDays(kit, devices)
  expect((await coverage())[0]).toMatchObject({ signedBp: 9_966, gateways: { missing: 4, gapMinutes: 7, doubled: 0 } })
  touched = [first]
  expect((await sealDays(kit, devices)).corrected).toBe(0)
  gateways = [{ ...told, batches: 14, missing: 0 }]
  expect((await sealDays(kit, devices)).corrected).toBe(1)
  expect((await coverage())[0]).toMatchObject({ corrected: true, gateways: { missing: 0 } })
  const { verdict, bundle: opened } = verifyBundle(new TextEncoder().encode(await bundle()))
  expect(verdict).toBe('unknown-signer')
  expect(opened?.seals.map(({ leaf }) => leaf.gateways?.[0]?.missing)).toEqual([4, 0])
})

test('a day that was sealed before gateways were counted is not corrected because a seal says more now', async () => {
  days.set(first, [meter(machines[0], 300, 'aa')])
  at(addCivilDays(first, 1), 7)
  const found = { organisation: org, day: first, activeMinutes: 300, meters: days.get(first) ?? [], gateways: [] }
  const leaf = leafOf({ ...found, revision: 0, sequence: 0 }, 'kapok-seal-1')
  const text = leafText(leaf)
  const hashes = { leafHash: leafHash(text), chainHash: chainHash(genesisHash, text) }
  await kit.db.tx({ job: 'evidence' }, (tx) => insertSeal(tx, { leaf, text, ...hashes, sealedAt: kit.clock.now() }))
  await sealDays(kit, devices)
  touched = [first]
  expect((await sealDays(kit, devices)).corrected).toBe(0)
  expect((await coverage())[0]).toMatchObject({ minutes: 300, signedBp: null })
  days.set(first, [meter(machines[0], 301, 'bb')])
  expect((await sealDays(kit, devices)).corrected).toBe(1)
  expect((await coverage())[0]).toMatchObject({ minutes: 301, signedBp: 3_333 })
})

test('days with the identical digest name each other, and the second source stands beside the line', async () => {
  days.set(first, [meter(machines[0], 600, 'cc'), meter(machines[1], 600, 'cc')])
  at(addCivilDays(first, 1), 7)
  await sealDays(kit, devices)
  await kit.db.tx({ job: 'evidence' }, (tx) =>
    tx.run('INSERT INTO evidence.reading VALUES ($1, $2, 0, $1, 20, 1000, $3), ($1, $2, 1, $1, 30, 1000, $3)', [
      org,
      first,
      new Date(0),
    ]),
  )
  const [a, b] = await coverage()
  expect(a?.identicalTo).toEqual([machines[1]])
  expect(b?.identicalTo).toEqual([machines[0]])
  // The later filing wins.
  expect(a).toMatchObject({ orgMinutes: 600, secondSourceMinutes: 30 })
})

test('no seal, reading or checkpoint can be changed or deleted by the application', async () => {
  at(addCivilDays(first, 1), 7)
  await sealDays(kit, devices)
  for (const table of ['seal', 'device_day', 'org_day', 'checkpoint', 'reading'])
    await expect(kit.db.tx({ job: 'evidence' }, (tx) => tx.run(`DELETE FROM evidence.${table}`))).rejects.toThrow(
      /permission denied/,
    )
  await expect(kit.db.tx({ job: 'evidence' }, (tx) => tx.run(`UPDATE evidence.seal SET leaf = ''`))).rejects.toThrow(
    /permission denied/,
  )
})
