import { once } from 'node:events'
import { connect as connectSocket, type Socket } from 'node:net'
import { createCredential } from '@kapok/contracts/data'
import { dataMigrations, dataPlane } from '@kapok/data'
import { type Caller, callerOf } from '@kapok/data/testing'
import { type TestKit, testKit } from '@kapok/kit-store/testing'
import type mqtt from 'mqtt'
import mqttPacket, { type Packet } from 'mqtt-packet'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type IngestProcess, makeDevices, startIngest } from '../bench/start-ingest.ts'
import { connectTo, connectListening as listen } from './support/mqtt.ts'
import { waitFor } from './support/platform.ts'

// What MQTT promises beyond a connection, over kill -9 of ingest.
let kit: TestKit
let ingest: IngestProcess
let call: Caller
let devices: { id: string; token: string }[]

beforeAll(async () => {
  kit = await testKit({ migrations: [dataMigrations] })
  const made = await makeDevices(kit, { devices: 6, properties: 1 })
  devices = made.devices
  call = callerOf(dataPlane(kit), kit, made.orgId)
  ingest = await startIngest(kit)
}, 60_000)
afterAll(async () => {
  await ingest?.stop()
  await kit?.stop()
})

/** A device that no other test of this file uses. */
const nextDevice = () => {
  const device = devices.pop()
  if (device === undefined) throw new Error('make more devices')
  return device
}
const connect = (token: string, options: mqtt.IClientOptions = {}) => connectTo(ingest.mqttPort, token, options)
const connectListening = (token: string, options: mqtt.IClientOptions = {}) => listen(ingest.mqttPort, token, options)

async function killIngest(): Promise<void> {
  ingest.child.kill('SIGKILL')
  await once(ingest.child, 'exit')
  ingest = await startIngest(kit)
}

/** A second credential of a device, so that two sessions of it live side by side. */
const secondToken = async (deviceId: string) =>
  (await call(createCredential, { params: { deviceId }, body: { purpose: 'live' } })).token

for (const protocolVersion of [4, 5] as const)
  test(`a kept session of MQTT ${protocolVersion === 4 ? '3.1.1' : '5'} gets everything that was acknowledged to others while it was away, once and in order, over kill -9`, async () => {
    const device = nextDevice()
    const options: mqtt.IClientOptions = {
      protocolVersion,
      clean: false,
      clientId: 'away',
      ...(protocolVersion === 5 && { properties: { sessionExpiryInterval: 600 } }),
    }
    const first = await connect(device.token, options)
    await first.subscribeAsync('kapok/v1/user/#', { qos: 1 })
    first.stream.destroy()
    const publisher = await connect(await secondToken(device.id))
    const sent = Array.from({ length: 50 }, (_, i) => String(i))
    await Promise.all(sent.map((text) => publisher.publishAsync('kapok/v1/user/note', text, { qos: 1 })))
    await killIngest()

    const again = await connectListening(device.token, options)
    expect(again.present).toBe(true)
    await waitFor('the notes', () => again.messages.length >= sent.length, 20_000)
    await again.client.endAsync()
    expect(again.messages.map(({ text }) => text)).toEqual(sent)
    await killIngest()

    const third = await connectListening(device.token, options)
    expect(third.present).toBe(true)
    const late = await connect(await secondToken(device.id))
    await late.publishAsync('kapok/v1/user/note', 'the last one', { qos: 1 })
    await waitFor('the last note', () => third.messages.length > 0, 20_000)
    // Nothing that was acknowledged comes again before it.
    expect(third.messages.map(({ text }) => text)).toEqual(['the last one'])
    await Promise.all([late.endAsync(), third.client.endAsync()])
  })

test('for a session that is away a thousand messages are kept, the first ones, and those are not given up for newer ones', async () => {
  const device = nextDevice()
  const options = { clean: false, clientId: 'long away', properties: { sessionExpiryInterval: 600 } }
  const first = await connect(device.token, options)
  await first.subscribeAsync('kapok/v1/user/#', { qos: 1 })
  await first.endAsync()
  const publisher = await connect(await secondToken(device.id))
  for (let n = 0; n < 1050; n++) void publisher.publishAsync('kapok/v1/user/note', String(n), { qos: 1 })
  await publisher.publishAsync('kapok/v1/user/note', 'the last one', { qos: 1 })
  await publisher.endAsync()
  await killIngest()
  const again = await connectListening(device.token, options)
  await waitFor('the notes', () => again.messages.length >= 1000, 20_000)
  await again.client.endAsync()
  expect(again.messages.map(({ text }) => text)).toEqual(Array.from({ length: 1000 }, (_, n) => String(n)))
})

/** A 3.1.1 client made of packets, which acknowledges only what it is told to. */
async function rawClient(token: string, clientId: string): Promise<{ socket: Socket; packets: Packet[] }> {
  const socket = connectSocket({ port: ingest.mqttPort, host: '127.0.0.1', noDelay: true })
  const packets: Packet[] = []
  const parser = mqttPacket.parser().on('packet', (packet: Packet) => packets.push(packet))
  socket.on('data', (chunk: Buffer) => parser.parse(chunk)).on('error', () => {})
  const base = { protocolId: 'MQTT', protocolVersion: 4, keepalive: 0 } as const
  socket.write(mqttPacket.generate({ cmd: 'connect', ...base, clean: false, clientId, username: token }))
  await waitFor('CONNACK', () => packets.length > 0)
  return { socket, packets }
}

test('a message that was sent and not acknowledged comes again as DUP with its packet id, over a connection and over kill -9', async () => {
  const device = nextDevice()
  const one = await rawClient(device.token, 'slow')
  one.socket.write(
    mqttPacket.generate({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'kapok/v1/user/#', qos: 1 }] }),
  )
  await waitFor('SUBACK', () => one.packets.some(({ cmd }) => cmd === 'suback'))
  const publisher = await connect(await secondToken(device.id))
  await publisher.publishAsync('kapok/v1/user/note', 'unheard', { qos: 1 })
  const noteOf = (packets: Packet[]) => packets.find((packet) => packet.cmd === 'publish')
  await waitFor('the note', () => noteOf(one.packets) !== undefined)
  const first = noteOf(one.packets)
  expect(first).toMatchObject({ dup: false, qos: 1 })
  one.socket.destroy()

  const two = await rawClient(device.token, 'slow')
  await waitFor('the note again', () => noteOf(two.packets) !== undefined)
  expect(noteOf(two.packets)).toMatchObject({ dup: true, messageId: first?.messageId })
  await killIngest()
  two.socket.destroy()

  const three = await rawClient(device.token, 'slow')
  await waitFor('the note a third time', () => noteOf(three.packets) !== undefined)
  expect(noteOf(three.packets)).toMatchObject({ dup: true, messageId: first?.messageId })
  three.socket.write(mqttPacket.generate({ cmd: 'puback', messageId: first?.messageId ?? 0 }))
  three.socket.end()
  await publisher.endAsync(true)
})

test('a QoS 2 message that is repeated after kill -9 is heard once', async () => {
  const device = nextDevice()
  const options = { clean: false, clientId: 'listener', properties: { sessionExpiryInterval: 600 } }
  const token = await secondToken(device.id)
  const before = await connect(token, options)
  await before.subscribeAsync('kapok/v1/user/#', { qos: 1 })
  await before.endAsync()
  const publish = (payload: string, dup: boolean) =>
    mqttPacket.generate({
      cmd: 'publish',
      topic: 'kapok/v1/user/once',
      payload,
      qos: 2,
      messageId: 7,
      dup,
      retain: false,
    })
  const one = await rawClient(device.token, 'exact')
  one.socket.write(publish('once', false))
  await waitFor('PUBREC', () => one.packets.some(({ cmd }) => cmd === 'pubrec'))
  await killIngest()
  const two = await rawClient(device.token, 'exact')
  expect(two.packets[0]).toMatchObject({ cmd: 'connack', sessionPresent: true })
  two.socket.write(publish('once', true))
  await waitFor('PUBREC again', () => two.packets.some(({ cmd }) => cmd === 'pubrec'))
  two.socket.write(mqttPacket.generate({ cmd: 'pubrel', messageId: 7 }))
  await waitFor('PUBCOMP', () => two.packets.some(({ cmd }) => cmd === 'pubcomp'))
  const listener = await connectListening(token, options)
  await waitFor('the message', () => listener.messages.length > 0)
  // The id is free again: what comes under it now is a message of its own.
  two.socket.write(publish('another', false))
  await waitFor('the other message', () => listener.messages.some(({ text }) => text === 'another'))
  expect(listener.messages.map(({ text }) => text)).toEqual(['once', 'another'])
  two.socket.end()
  await listener.client.endAsync()
})

test('a retained message and the will of a connection that died with ingest are there after kill -9, and can be taken away', async () => {
  const device = nextDevice()
  const token = await secondToken(device.id)
  const dying = await connect(device.token, {
    clientId: 'dying',
    will: { topic: 'kapok/v1/user/status', payload: Buffer.from('gone'), qos: 1, retain: true },
  })
  dying.on('error', () => {})
  await dying.publishAsync('kapok/v1/user/status', 'here', { qos: 1, retain: true })
  await dying.publishAsync('kapok/v1/user/place', 'hall 3', { qos: 1, retain: true })
  await killIngest()
  const one = await connectListening(token, {})
  await one.client.subscribeAsync('kapok/v1/user/#', { qos: 1 })
  await waitFor('both', () => one.messages.length === 2)
  expect(one.messages.sort((a, b) => (a.topic < b.topic ? -1 : 1))).toEqual([
    { topic: 'kapok/v1/user/place', text: 'hall 3', retain: true },
    { topic: 'kapok/v1/user/status', text: 'gone', retain: true },
  ])
  for (const topic of ['kapok/v1/user/place', 'kapok/v1/user/status'])
    await one.client.publishAsync(topic, '', { qos: 1, retain: true })
  await killIngest()
  const two = await connectListening(token, {})
  await two.client.subscribeAsync('kapok/v1/user/#', { qos: 1 })
  await two.client.publishAsync('kapok/v1/user/end', 'end', { qos: 1 })
  await waitFor('the end', () => two.messages.length > 0)
  expect(two.messages.map(({ text }) => text)).toEqual(['end'])
  await two.client.endAsync()
})
