import { type EventEmitter, once } from 'node:events'
import { createToken, revokeToken } from '@kapok/contracts/access'
import { getPointRange, listQuarantine } from '@kapok/contracts/data'
import type { TokenScope } from '@kapok/contracts/route'
import type mqtt from 'mqtt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectListening, connectTo } from './support/mqtt.ts'
import { firstAdministrator, makePlant, type Plant } from './support/plant.ts'
import { newFolder, processesOf, removeFolder, type Started, startKapok, waitFor } from './support/platform.ts'

// What applications of an organisation may do on MQTT with an API token.
let platform: Started
let plant: Plant
let stranger: Plant
const folder = newFolder()

beforeAll(async () => {
  platform = await startKapok(['start'], { folder })
  await platform.ready()
  const administrator = await firstAdministrator(platform)
  const properties = [{ identifier: 't', type: 'float' }] as const
  plant = await makePlant(platform, administrator, { devices: 3, properties })
  stranger = await makePlant(platform, administrator, { devices: 1, properties })
}, 180_000)
afterAll(async () => {
  await platform?.stop()
  expect(processesOf(folder)).toEqual([])
  removeFolder(folder)
}, 60_000)

let used = 0
/** A device that no other test of this file uses. */
const nextDevice = () => {
  const device = plant.devices[used++]
  if (device === undefined) throw new Error('make more devices')
  return device
}
const connect = (token: string, options: mqtt.IClientOptions = {}) => connectTo(platform.mqttPort, token, options)

const tokenOf = async (who: Plant, scopes: TokenScope[]) =>
  who.manager.call(createToken, { body: { name: `app ${scopes.join(' ')}`, scopes, days: 1 } })

for (const protocolVersion of [4, 5] as const)
  test(`an application on MQTT ${protocolVersion === 4 ? '3.1.1' : '5'} hears its organisation's devices, raw and live, and nobody else's`, async () => {
    const device = nextDevice()
    const foreign = stranger.devices[0]
    const { secret } = await tokenOf(plant, ['points.read'])
    const app = await connectListening(platform.mqttPort, secret, { protocolVersion, clientId: 'dashboard' })
    const granted = await app.client.subscribeAsync(['devices/+/kapok/v1/telemetry', `live/${device.id}`], { qos: 1 })
    expect(granted.map(({ qos }) => qos)).toEqual([1, 1])
    for (const filter of [`devices/${foreign?.id}/#`, `live/${foreign?.id}`, 'kapok/v1/telemetry', '$SYS/#']) {
      const refused = await app.client.subscribeAsync(filter, { qos: 1 }).catch((error: unknown) => String(error))
      expect(JSON.stringify(refused), filter).toMatch(protocolVersion === 5 ? /Not authorized|135/ : /128|Unspecified/)
    }
    const everything = await app.client.subscribeAsync('#', { qos: 0 })
    expect(everything[0]?.qos).toBe(0)

    const elsewhere = await connect(foreign?.token ?? '')
    await elsewhere.publishAsync('kapok/v1/telemetry', '{"values":{"t":-0.4321}}', { qos: 1, retain: true })
    const machine = await connect(device.token)
    const ts = Date.now() - 1000
    const text = JSON.stringify({ ts, values: { t: 12.5 } })
    await machine.publishAsync('kapok/v1/telemetry', text, { qos: 1 })
    await waitFor('raw and live', () => new Set(app.messages.map(({ topic }) => topic)).size >= 2)
    const of = (topic: string) => app.messages.find((message) => message.topic === topic)?.text
    expect(of(`devices/${device.id}/kapok/v1/telemetry`)).toBe(text)
    expect(JSON.parse(of(`live/${device.id}`) ?? '')).toEqual({ deviceId: device.id, values: [['t', ts, 12.5, 192]] })
    expect(
      app.messages.filter(({ topic, text: each }) => topic.includes(foreign?.id ?? '') || each.includes('-0.4321')),
    ).toEqual([])
    await Promise.all([elsewhere.endAsync(), machine.endAsync(), app.client.endAsync()])
  })

test('an application that may write sends values and notes for a device of its own organisation; others and other topics are refused with a reason', async () => {
  const device = nextDevice()
  const foreign = stranger.devices[0]?.id ?? ''
  const reader = await connect((await tokenOf(plant, ['points.read'])).secret)
  const writer = await connect((await tokenOf(plant, ['points.write'])).secret)
  const machine = await connectListening(platform.mqttPort, device.token)
  await machine.client.subscribeAsync('kapok/v1/user/#', { qos: 1 })
  const ts = Date.now() - 60_000
  const value = (t: number) => JSON.stringify({ ts, values: { t } })
  await writer.publishAsync(`devices/${device.id}/kapok/v1/telemetry`, value(7), { qos: 1 })
  await writer.publishAsync(`devices/${device.id}/kapok/v1/user/note`, 'set up for part 4711', { qos: 1 })
  await waitFor('the note', () => machine.messages.length === 1)
  expect(machine.messages[0]).toMatchObject({ topic: 'kapok/v1/user/note', text: 'set up for part 4711' })
  const refused = async (client: mqtt.MqttClient, topic: string) =>
    expect(client.publishAsync(topic, value(8), { qos: 1 }), topic).rejects.toThrow(/Not authorized/)
  await refused(reader, `devices/${device.id}/kapok/v1/telemetry`)
  await refused(writer, `devices/${foreign}/kapok/v1/telemetry`)
  await refused(writer, `devices/${device.id}/v1/devices/me/rpc/request/1`)
  await refused(writer, 'kapok/v1/telemetry')
  await expect(writer.subscribeAsync('devices/#')).rejects.toThrow()
  const range = () =>
    plant.manager.call(getPointRange, {
      query: { deviceId: device.id, property: 't', from: ts - 1000, to: ts + 1000 },
    })
  await waitFor('the value to be queryable', async () => (await range()).at.length > 0)
  expect((await range()).value).toEqual([7])
  await waitFor('the refusals on the quarantine page', async () => {
    const { rows } = await plant.manager.call(listQuarantine, { query: { size: 100 } })
    return rows.some(({ reason }) => reason.en.includes('application token') && reason.zh.includes('应用令牌'))
  })
  await Promise.all([reader.endAsync(), writer.endAsync(), machine.client.endAsync()])
})

test('applications with one token and different client ids live side by side; a revoked token loses its sessions at once', async () => {
  const { secret, token } = await tokenOf(plant, ['points.read'])
  const [one, two] = [await connect(secret, { clientId: 'one' }), await connect(secret, { clientId: 'two' })]
  expect([one.connected, two.connected]).toEqual([true, true])
  const ended = Promise.all([one, two].map((client) => once(client as unknown as EventEmitter, 'disconnect')))
  await plant.manager.call(revokeToken, { params: { tokenId: token.id } })
  expect((await ended).map(([packet]) => packet.reasonCode)).toEqual([0x87, 0x87])
  await expect(connect(secret)).rejects.toThrow(/Not authorized/)
  await expect(connect((await tokenOf(plant, ['reading.write'])).secret)).rejects.toThrow(/Not authorized/)
})
