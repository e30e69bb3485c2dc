import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Sample } from '../../driver.ts'
import { until } from '../../testing.ts'
import { parseOpcUaAddress } from './address.ts'
import { driver } from './driver.ts'
import { type OpcUaSimulator, startOpcUaSimulator } from './simulator.ts'

let machine: OpcUaSimulator
const folder = mkdtempSync(join(tmpdir(), 'kapok-opcua-break-'))
beforeAll(async () => {
  machine = await startOpcUaSimulator({ namespaces: ['urn:machine'], users: { operator: 'secret' } })
})
afterAll(async () => {
  await machine.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Counts up to `last` while a break begins after each of `breaks`; what was delivered, and what was said of the connection. */
async function counted(name: string, security: Record<string, unknown>, breakIt: () => void) {
  machine.set(`ns=2;s=${name}`, 'int32', 0)
  const settings = { ...machine.settings, queueSize: 500, publishingIntervalMs: 50, samplingIntervalMs: 0, ...security }
  const device = driver.open(driver.settings({ timeoutMs: 10_000, ...settings }, 'device'))
  const seen: Sample[] = []
  const states: (string | undefined)[] = []
  await device.subscribe!([{ address: parseOpcUaAddress(`ns=2;s=${name}`), type: 'int32' }], {
    periodMs: 50,
    deliver: (_, sample) => seen.push(sample),
    state: (error) => states.push(error?.message),
  })
  let next = 1
  const count = async (end: number) => {
    for (; next <= end; next++) {
      machine.set(`ns=2;s=${name}`, 'int32', next)
      await new Promise((go) => setTimeout(go, 20))
    }
  }
  for (const end of [20, 40]) {
    await count(end)
    await until('the values before the break', () => seen.at(-1)?.value === end)
    breakIt()
    await count(end + 15)
    await until('the values of the break', () => seen.at(-1)?.value === end + 15)
  }
  await device.close()
  return { seen, states }
}

const secured = () => ({
  certificateFolder: join(folder, 'pki'),
  securityPolicy: 'Basic256Sha256',
  securityMode: 'SignAndEncrypt',
  trusted: [machine.thumbprint],
})
const all = Array.from({ length: 56 }, (_, i) => i)

test('what the server queued is delivered, each value once, when it forgot the session and kept the subscription', async () => {
  for (const [name, security] of [
    ['Anonymous', secured()],
    ['Named', { ...secured(), user: 'operator', password: 'secret' }],
  ] as const) {
    const { seen, states } = await counted(name, security, () => machine.cutAndForget())
    expect(seen.map(({ value }) => value)).toEqual(all)
    expect(seen.filter(({ reason }) => reason !== undefined)).toEqual([])
    expect(states.filter((state) => state !== undefined).length).toBe(2)
  }
}, 120_000)

// OPC 10000-4 §5.14.7: of an anonymous user a subscription is transferred over Sign or SignAndEncrypt only.
test('without security the server does not give the subscription back, and the next value says that some are missing', async () => {
  const { seen } = await counted('Plain', {}, () => machine.cutAndForget())
  const values = seen.map(({ value }) => value)
  expect(values).toEqual([...values].sort((a, b) => Number(a) - Number(b)))
  expect(new Set(values).size).toBe(values.length)
  expect(values.length).toBeLessThan(all.length)
  const told = seen.filter(({ reason }) => reason !== undefined)
  expect(told.map(({ reason }) => reason)).toEqual(
    Array.from({ length: 2 }, () => 'the server gave the subscription up: what it queued before is missing'),
  )
}, 60_000)

test('over a break that the session outlives nothing is missing either', async () => {
  const { seen } = await counted('Session', secured(), () => machine.cut())
  expect(seen.map(({ value }) => value)).toEqual(all)
}, 60_000)
