import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createDevice, createProduct, getPointRange } from '@kapok/contracts/data'
import { type TestKit, testKit } from '@kapok/kit-store/testing'
import fc from 'fast-check'
import mqtt from 'mqtt'
import mqttPacket, { type Packet } from 'mqtt-packet'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dataMigrations, dataPlane } from '../../flow.ts'
import { callerOf } from '../../testing.ts'
import { type Ingest, runIngest } from '../run-ingest.ts'

let kit: TestKit
let ingest: Ingest
let call: ReturnType<typeof callerOf>
const faults: string[] = []
beforeAll(async () => {
  const made = await testKit({ migrations: [dataMigrations] })
  kit = { ...made, log: Object.assign(Object.create(made.log) as typeof made.log, { error: noteFault }) }
  ingest = await runIngest(kit, { mqttPort: 0, mqttHosts: ['127.0.0.1'], httpPort: 0 })
  call = callerOf(dataPlane(kit), kit, crypto.randomUUID())
})
afterAll(async () => {
  await ingest.stop()
  await kit.stop()
})
const noteFault = (...what: unknown[]) => void faults.push(JSON.stringify(what))

/** Packets of every kind that a client sends, with what MQTT 5 adds. */
function packetsOf(version: 4 | 5, token: string): Buffer[] {
  const five = version === 5
  const packets = [
    {
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: version,
      clean: false,
      clientId: 'damaged',
      keepalive: 10,
      username: token,
      will: { topic: 'kapok/v1/user/w', payload: Buffer.from('x'), qos: 1, retain: true },
      ...(five && { properties: { sessionExpiryInterval: 10, receiveMaximum: 3 } }),
    },
    {
      cmd: 'publish',
      topic: 'kapok/v1/telemetry',
      payload: '{"ts":1,"values":{"t":1}}',
      qos: 1,
      messageId: 7,
      ...(five && { properties: { userProperties: { a: 'b' }, messageExpiryInterval: 9 } }),
    },
    { cmd: 'publish', topic: 'kapok/v1/points', payload: Buffer.from('KB'), qos: 1, messageId: 8 },
    { cmd: 'publish', topic: 'spBv1.0/g/NBIRTH/e', payload: Buffer.from([0x12, 4, 0x0a, 2, 65, 66, 0x18, 0]), qos: 0 },
    { cmd: 'publish', topic: 'v1/gateway/telemetry', payload: '{"a":[{"ts":1,"values":{}}]}', qos: 1, messageId: 9 },
    { cmd: 'subscribe', messageId: 3, subscriptions: [{ topic: 'kapok/v1/user/+', qos: 1 }] },
    { cmd: 'unsubscribe', messageId: 4, unsubscriptions: ['#'] },
    { cmd: 'puback', messageId: 7 },
    { cmd: 'pubrel', messageId: 9 },
    { cmd: 'pingreq' },
    { cmd: 'disconnect' },
  ] as Packet[]
  // Last, a SUBSCRIBE and an UNSUBSCRIBE without a filter, which no generator makes.
  const empty = [Buffer.of(0x82, 2, 0, 3), Buffer.of(0xa2, 2, 0, 4)]
  return [...packets.map((packet) => mqttPacket.generate(packet, { protocolVersion: version })), ...empty]
}

test('streams of packets with bytes changed anywhere raise no fault of ours, and the next client is served', async () => {
  const { id: productId } = await call(createProduct, {
    body: { name: 'P', properties: [{ identifier: 't', name: 't', type: 'float', unit: '' }] },
  })
  const { token } = await call(createDevice, { body: { name: 'damaged', productId } })
  const streams = { 4: packetsOf(4, token), 5: packetsOf(5, token) }
  const damaged = fc
    .record({
      version: fc.constantFrom(4 as const, 5 as const),
      order: fc.array(fc.nat(11), { minLength: 1, maxLength: 6 }),
      spareConnect: fc.boolean(),
      changes: fc.array(fc.record({ at: fc.nat(1000), byte: fc.nat(255) }), { minLength: 1, maxLength: 4 }),
    })
    .map(({ version, order, spareConnect, changes }) => {
      const [first = Buffer.alloc(0), ...others] = streams[version]
      const bytes = Buffer.concat([first, ...order.map((i) => others[i] ?? first)])
      const from = spareConnect ? first.length : 0
      for (const { at, byte } of changes) bytes[from + (at % (bytes.length - from))] = byte
      return bytes
    })
  await fc.assert(
    fc.asyncProperty(damaged, async (bytes) => {
      const socket = connect(ingest.mqttPort, '127.0.0.1')
      socket.on('error', () => {})
      await once(socket, 'connect')
      socket.write(bytes)
      await sleep(2)
      socket.destroy()
      expect(faults).toEqual([])
    }),
    { numRuns: 700 },
  )
  // The platform still takes and answers what is whole.
  const whole = await call(createDevice, { body: { name: 'whole', productId } })
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${ingest.mqttPort}`, {
    username: whole.token,
    reconnectPeriod: 0,
  })
  const ts = kit.clock.now()
  await client.publishAsync('kapok/v1/telemetry', JSON.stringify({ ts, values: { t: 5 } }), { qos: 1 })
  await client.endAsync()
  await ingest.flush()
  const { value } = await call(getPointRange, {
    query: { deviceId: whole.deviceId, property: 't', from: ts - 1, to: ts + 1 },
  })
  expect(value).toEqual([5])
  expect(faults).toEqual([])
})
