import { execFile, execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import {
  createCredential,
  createDevice,
  getLastPoints,
  getPointRange,
  listQuarantine,
  revokeCredential,
} from '@kapok/contracts/data'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dialects, samplePayload } from '../portal/src/desks/plant/dialects.ts'
import { firstAdministrator, makePlant, type Plant } from './support/plant.ts'
import { newFolder, processesOf, removeFolder, type Started, startKapok, waitFor } from './support/platform.ts'
import { pythonWith } from './support/python.ts'

// Clients as others ship them, against the ports of a started platform.
const properties = [
  { identifier: 't', type: 'float' },
  { identifier: 'n', type: 'int' },
  { identifier: 'on', type: 'bool' },
  { identifier: 'serial', type: 'text' },
] as const

let platform: Started
let plant: Plant
let productId = ''
const folder = newFolder()

beforeAll(async () => {
  platform = await startKapok(['start'], { folder })
  await platform.ready()
  plant = await makePlant(platform, await firstAdministrator(platform), { devices: 1, properties })
  productId = plant.productId
}, 180_000)
afterAll(async () => {
  await platform?.stop()
  expect(processesOf(folder)).toEqual([])
  removeFolder(folder)
}, 60_000)

let names = 0
const newDevice = (kind: 'device' | 'gateway' = 'device', name = `client ${++names}`) =>
  plant.manager.call(createDevice, { body: { name, kind, productId } })
const lastOf = async (deviceId: string) => {
  const { rows } = await plant.manager.call(getLastPoints, { query: { deviceIds: deviceId } })
  return Object.fromEntries(rows.map(({ property, value }) => [property, value]))
}
const history = async (deviceId: string, property: string) => {
  const now = Date.now()
  const read = () =>
    plant.manager.call(getPointRange, { query: { deviceId, property, from: now - 3_600_000, to: now + 60_000 } })
  await waitFor(`${property} to be queryable`, async () => (await read()).at.length > 0, 20_000)
  // A second segment may follow the first.
  await sleep(1500)
  return (await read()).value
}
const has = (program: string) => {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'pipe' })
    return true
  } catch {
    return false
  }
}

/** A device whose token begins with a hyphen, which a careless command takes for an option. */
async function deviceWithHyphen(): Promise<{ deviceId: string; token: string }> {
  const { deviceId } = await newDevice()
  for (let tries = 0; tries < 2000; tries++) {
    const made = await plant.manager.call(createCredential, { params: { deviceId }, body: { purpose: 'live' } })
    if (made.token.startsWith('-')) return { deviceId, token: made.token }
    await plant.manager.call(revokeCredential, { params: { deviceId, credentialId: made.credential.id } })
  }
  throw new Error('no token began with a hyphen')
}

for (const { name, commands } of dialects)
  for (const { needs, command } of commands)
    test(`the command that the connect page shows for ${name} with ${needs} makes its values arrive`, async (context) => {
      const program = /(?:^|\| )(curl|npx|mosquitto_pub)/.exec(
        command({ host: '', mqttPort: 0, httpBase: '', token: '', payload: '{}' }),
      )?.[1]
      expect(program, 'a program that this test knows').toBeDefined()
      if (!has(program ?? '')) return context.skip(`${program} is not on this machine, so the command was not run`)
      const { deviceId, token } = await deviceWithHyphen()
      const payload = samplePayload(properties)
      const text = command({ host: '127.0.0.1', mqttPort: platform.mqttPort, httpBase: platform.url, token, payload })
      // npx finds the client in the repository's own node_modules.
      await promisify(execFile)('sh', ['-c', text], { cwd: join(import.meta.dirname, '..'), timeout: 60_000 })
      const sent = JSON.parse(payload) as Record<string, unknown>
      expect(Object.keys(sent)).toEqual(['t', 'n', 'on'])
      await waitFor(
        'the values to arrive',
        async () => Object.keys(await lastOf(deviceId)).length === Object.keys(sent).length,
        20_000,
      )
      expect(await lastOf(deviceId)).toEqual(sent)
    })

test('curl: a wrong token is 401, a path that no firmware uses 404, each with a sentence in both languages', async (context) => {
  if (!has('curl')) return context.skip('curl is not on this machine, so it was not tried')
  const curl = async (...args: string[]) =>
    (await promisify(execFile)('curl', ['-sS', '-w', ' %{http_code}', ...args])).stdout
  const wrong = await curl('-d', '{"t":1}', `${platform.url}/api/v1/${'x'.repeat(43)}/telemetry`)
  expect(wrong).toMatch(/凭证.*credential[\s\S]* 401$/)
  const { token } = await newDevice()
  expect(await curl('-d', '{}', '-H', `Authorization: Bearer ${token}`, `${platform.url}/device/v1/nothing`)).toMatch(
    /路径.*path[\s\S]* 404$/,
  )
})

for (const version of ['3.1.1', '5'])
  test(`paho-mqtt speaks MQTT ${version}: every QoS is stored once and the own note is heard`, async (context) => {
    const python = pythonWith('paho-mqtt==2.1.0')
    if (typeof python === 'string') return context.skip(python)
    try {
      const { deviceId, token } = await newDevice()
      const said = await python.run('paho_client.py', [platform.mqttPort, token, version, Date.now() - 60_000])
      expect(JSON.parse(said)).toEqual([['kapok/v1/user/note', 'hello', 1]])
      expect(await history(deviceId, 'n')).toEqual(version === '5' ? [0, 1] : [0, 1, 2])
    } finally {
      python.remove()
    }
  })

test("ThingsBoard's own client library: a device and a gateway send, ask for attributes, and leave nothing in quarantine", async (context) => {
  const python = pythonWith('tb-mqtt-client==1.13.14')
  if (typeof python === 'string') return context.skip(python)
  try {
    const device = await newDevice()
    const at = Date.now() - 60_000
    const said = await python.run('thingsboard_device.py', [platform.mqttPort, device.token, at])
    expect(JSON.parse(said)).toEqual({ client: { t: 21.5, serial: '00123' }, shared: {} })
    expect(await history(device.deviceId, 't')).toEqual([21.5])
    expect(await lastOf(device.deviceId)).toMatchObject({ on: true, serial: '00123' })

    const gateway = await newDevice('gateway')
    const machine = await newDevice('device', 'press 7')
    const heard = await python.run('thingsboard_gateway.py', [platform.mqttPort, gateway.token, at, 'press 7'])
    expect(JSON.parse(heard)).toMatchObject({ device: 'press 7', values: { t: 30.25, n: 5 } })
    expect(await history(machine.deviceId, 't')).toEqual([30.25])
    for (const { deviceId } of [device, gateway, machine])
      expect((await plant.manager.call(listQuarantine, { query: { deviceId } })).rows).toEqual([])
  } finally {
    python.remove()
  }
})
