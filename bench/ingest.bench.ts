import { setTimeout as sleep } from 'node:timers/promises'
import { encodeCompactBatch } from '@kapok/contracts/compact-batch'
import { dataMigrations } from '@kapok/data'
import { type TestKit, testKit } from '@kapok/kit-store/testing'
import { diskLimits, postgresPointsPerSecond, startBareEndpoint, startMosquitto } from './ingest-peers.ts'
import { LoadClient, publishPacket } from './mqtt-load.ts'
import { makeDevices, startIngest } from './start-ingest.ts'

type Report = (name: string, value: number, unit: string) => void
const metrics = 100
const secondMs = 1000

/** Speeds of the way in, each acknowledged after fsync; the load generator runs on the same cores. */
export default async function ingestBench(report: Report): Promise<void> {
  const parts: ((kit: TestKit) => Promise<void>)[] = [
    (kit) => hundredMetrics(kit, report, 'ingest.mqtt_100_metrics', compactMessages, 80_000),
    (kit) => hundredMetrics(kit, report, 'ingest.mqtt_100_metrics_thingsboard', thingsboardMessages, 15_000),
    (kit) => hundredMetrics(kit, report, 'ingest.mqtt_100_metrics_sparkplug', sparkplugMessages, 30_000),
    (kit) => oneMetric(kit, report, pipelined),
    (kit) => oneMetric(kit, report, oneInFlight),
    (kit) => queryableAfter(kit, report),
    () => limitsAndPeers(report),
  ]
  // Each part on engines of its own: the merges of one must not be paid by the next.
  const only = process.env.KAPOK_BENCH_PART
  for (const [i, part] of parts.entries()) {
    if (only !== undefined && only !== String(i)) continue
    const kit = await testKit({ migrations: [dataMigrations] })
    try {
      await part(kit)
    } finally {
      await kit.stop()
    }
  }
}

const pipelined = { clients: 50, inFlight: 100, messages: 600_000, name: 'ingest.mqtt_1_metric_pipelined' }
const oneInFlight = { clients: 2000, inFlight: 1, messages: 300_000, name: 'ingest.mqtt_1_metric_one_in_flight' }

/** Makes the next message of a client, in a buffer that is written at once. */
type Messages = () => { topic: string; first?: Buffer; next(n: number, at: number): Buffer }

/** The template of a compact batch with its time and values replaced: what our own gateway sends every second. */
const compactMessages: Messages = () => {
  const topic = 'kapok/v1/points'
  const from = Date.now()
  const template = Buffer.from(
    encodeCompactBatch(
      Array.from({ length: metrics }, (_, i) => ({ device: '', property: `m${i}`, at: from, value: i })),
    ),
  )
  const timesAt = 8 + template.readUInt32LE(4)
  const walk = Float64Array.from({ length: metrics }, () => Math.round(Math.random() * 10_000))
  return {
    topic,
    next(_, at) {
      let zigzag = at * 2
      for (let i = 0; i < 6; i++) {
        template[timesAt + 1 + i] = (zigzag % 128) | (i < 5 ? 0x80 : 0)
        zigzag = Math.floor(zigzag / 128)
      }
      for (let i = 0; i < metrics; i++) {
        walk[i] = (walk[i] ?? 0) + Math.round(Math.random() * 20 - 10)
        template.writeDoubleLE((walk[i] ?? 0) / 100, timesAt + 7 + i * 10 + 2)
      }
      return template
    },
  }
}

const thingsboardMessages: Messages = () => ({
  topic: 'v1/devices/me/telemetry',
  next: (n, at) => {
    const values = Object.fromEntries(
      Array.from({ length: metrics }, (_, i) => [`m${i}`, ((n * 7 + i * 13) % 10_000) / 100]),
    )
    return Buffer.from(JSON.stringify({ ts: at, values }))
  },
})

/** NDATA by alias after an NBIRTH: alias, timestamp and a double for each metric, written by hand. */
const sparkplugMessages: Messages = () => {
  const varint = (value: number): number[] =>
    value < 128 ? [value] : [(value % 128) | 0x80, ...varint(Math.floor(value / 128))]
  const metric = (i: number, at: number, value: number, name: string | undefined): Buffer => {
    const double = Buffer.alloc(9)
    double[0] = 0x69
    double.writeDoubleLE(value, 1)
    const named = name === undefined ? [] : [0x0a, name.length, ...Buffer.from(name)]
    const body = Buffer.concat([Buffer.from([...named, 0x10, ...varint(i + 1), 0x18, ...varint(at), 0x20, 10]), double])
    return Buffer.concat([Buffer.from([0x12, ...varint(body.length)]), body])
  }
  const payload = (n: number, at: number, named: boolean) =>
    Buffer.concat([
      Buffer.from([0x08, ...varint(at)]),
      ...Array.from({ length: metrics }, (_, i) =>
        metric(i, at, ((n * 7 + i * 13) % 10_000) / 100, named ? `m${i}` : undefined),
      ),
      Buffer.from([0x18, ...varint(named ? 0 : (n + 1) % 256)]),
    ])
  return {
    topic: 'spBv1.0/g/NDATA/e',
    first: publishPacket('spBv1.0/g/NBIRTH/e', payload(0, Date.now() - 20_000_000, true)).packet,
    next: (n, at) => payload(n, at, false),
  }
}

async function hundredMetrics(
  kit: TestKit,
  report: Report,
  name: string,
  make: Messages,
  messages: number,
): Promise<void> {
  const clients = 20
  const inFlight = 20
  const { devices } = await makeDevices(kit, { devices: clients, properties: metrics })
  const ingest = await startIngest(kit)
  const each = messages / clients
  const start = Date.now() - 3 * 3600 * secondMs
  const senders = await Promise.all(
    devices.map(async ({ token }) => {
      const client = await LoadClient.connect(ingest.mqttPort, token)
      return { client, made: make(), sent: 0 }
    }),
  )
  for (const { client, made } of senders)
    if (made.first !== undefined) {
      client.socket.write(made.first)
      while (client.acknowledged === 0) await sleep(5)
      client.acknowledged = 0
    }
  await ingest.flush()
  const before = await stored(kit)
  const cpu = process.cpuUsage()
  const from = performance.now()
  await Promise.all(
    senders.map(
      (sender) =>
        new Promise<void>((done) => {
          const { client, made } = sender
          const send = () => {
            const payload = made.next(sender.sent, start + sender.sent * secondMs)
            const { packet, idAt } = publishPacket(made.topic, payload)
            packet.writeUInt16BE((sender.sent % 65_535) + 1, idAt)
            sender.sent++
            client.socket.write(packet)
          }
          client.onAck = () => {
            if (sender.sent < each) send()
            if (client.acknowledged === each) done()
          }
          for (let i = 0; i < inFlight; i++) send()
        }),
    ),
  )
  const acknowledged = performance.now()
  await ingest.flush()
  const seconds = (performance.now() - from) / 1000
  const points = (await stored(kit)) - before
  if (points !== messages * metrics)
    throw new Error(`${name}: ${messages * metrics} points were acknowledged, ${points} are queryable`)
  report(`${name}.points_per_s`, points / seconds, 'points/s')
  report(`${name}.acknowledged_points_per_s`, points / ((acknowledged - from) / 1000), 'points/s')
  const state = await ingest.state()
  report(`${name}.ingest_rss`, state.rss, 'bytes')
  report(`${name}.ingest_cpu`, (state.cpu.user + state.cpu.system) / 1e6, 's')
  const used = process.cpuUsage(cpu)
  report(`${name}.generator_cpu`, (used.user + used.system) / 1e6, 's')
  for (const { client } of senders) client.close()
  await ingest.stop()
}

async function oneMetric(
  kit: TestKit,
  report: Report,
  ask: { clients: number; inFlight: number; messages: number; name: string },
): Promise<void> {
  const { devices } = await makeDevices(kit, { devices: ask.clients, properties: 1 })
  const ingest = await startIngest(kit)
  const before = await stored(kit)
  const tokens = devices.map(({ token }) => token)
  report(`${ask.name}.messages_per_s`, await messagesPerSecond(ingest.mqttPort, tokens, ask), 'messages/s')
  await ingest.flush()
  const points = (await stored(kit)) - before
  if (points !== ask.messages)
    throw new Error(`${ask.name}: ${ask.messages} were acknowledged, ${points} are queryable`)
  await ingest.stop()
}

/** The load of one-metric messages against whatever speaks MQTT on the port, one client a token. */
async function messagesPerSecond(
  port: number,
  tokens: readonly string[],
  ask: { inFlight: number; messages: number },
): Promise<number> {
  const clients: LoadClient[] = []
  for (const token of tokens) clients.push(await LoadClient.connect(port, token))
  const each = ask.messages / clients.length
  const start = Date.now() - 3 * 3600 * secondMs
  const from = performance.now()
  await Promise.all(
    clients.map(
      (client) =>
        new Promise<void>((done) => {
          let sent = 0
          const send = () => {
            client.socket.write(oneMetricPacket(sent, start + sent * 10))
            sent++
          }
          client.onAck = () => {
            if (sent < each) send()
            if (client.acknowledged === each) done()
          }
          client.socket.cork()
          for (let i = 0; i < ask.inFlight; i++) send()
          client.socket.uncork()
        }),
    ),
  )
  const rate = ask.messages / ((performance.now() - from) / 1000)
  for (const client of clients) client.close()
  return rate
}

/** The same generator against a server that only acknowledges and against Mosquitto; the disk; PostgreSQL's way in. */
async function limitsAndPeers(report: Report): Promise<void> {
  const tokens = (n: number) => Array.from({ length: n }, (_, i) => `peer-${i}`)
  const peers = [
    ['ingest.limit_acknowledging_only', await startBareEndpoint()],
    ['ingest.peer_mosquitto_in_memory', await startMosquitto()],
  ] as const
  for (const [name, peer] of peers) {
    if (peer === undefined) {
      process.stdout.write(`${name}: mosquitto is not on this machine\n`)
      continue
    }
    try {
      for (const [way, ask] of Object.entries({ pipelined, one_in_flight: oneInFlight }))
        report(
          `${name}.${way}.messages_per_s`,
          await messagesPerSecond(peer.port, tokens(ask.clients), ask),
          'messages/s',
        )
    } finally {
      await peer.stop()
    }
  }
  const disk = diskLimits()
  report('ingest.limit_disk.syncs_per_s', disk.syncsPerSecond, 'fdatasync/s')
  report('ingest.limit_disk.bytes_per_s', disk.bytesPerSecond, 'bytes/s')
  report('ingest.peer_postgresql_batched.points_per_s', await postgresPointsPerSecond(), 'points/s')
}

const oneMetricTemplate = publishPacket(
  'kapok/v1/telemetry',
  Buffer.from('{"ts":1700000000000,"values":{"m0":0000.00}}'),
)

function oneMetricPacket(n: number, at: number): Buffer {
  const { packet, idAt, payloadAt } = oneMetricTemplate
  const copy = Buffer.from(packet)
  copy.writeUInt16BE((n % 65_535) + 1, idAt)
  copy.write(String(at), payloadAt + 6, 'latin1')
  copy.write((1000 + ((n * 7) % 900_000) / 100).toFixed(2), payloadAt + 35, 'latin1')
  return copy
}

/** From PUBACK to the query that sees the point, while 20,000 messages a second arrive. */
async function queryableAfter(kit: TestKit, report: Report): Promise<void> {
  const { devices } = await makeDevices(kit, { devices: 21, properties: 1 })
  const ingest = await startIngest(kit)
  const [probe, ...others] = await Promise.all(devices.map(({ token }) => LoadClient.connect(ingest.mqttPort, token)))
  if (probe === undefined) throw new Error('no probe')
  const start = Date.now() - 3600 * secondMs
  let running = true
  const load = (async () => {
    for (let n = 0; running; ) {
      const due = performance.now() + 10
      for (const client of others) {
        client.socket.cork()
        for (let i = 0; i < 10; i++) client.socket.write(oneMetricPacket(n, start + n++ * 1))
        client.socket.uncork()
      }
      await sleep(Math.max(0, due - performance.now()))
    }
  })()
  await sleep(500)
  const acknowledgedAt = new Map<number, number>()
  const delays: number[] = []
  const probeId = devices[0]?.id ?? ''
  let series: number | undefined
  for (let n = 1; n <= 100; n++) {
    const at = start + n * 1000
    await new Promise<void>((done) => {
      probe.onAck = () => done()
      probe.socket.write(oneMetricPacket(n, at))
    })
    acknowledgedAt.set(at, performance.now())
    series ??= Number(
      (
        await kit.db.tx({ job: 'data' }, (tx) =>
          tx.row<{ id: bigint }>('SELECT id FROM data.series WHERE device_id = $1', [probeId]),
        )
      )?.id,
    )
    const result = await kit.clickhouse.query({
      query: 'SELECT toUnixTimestamp64Milli(at) AS ms FROM point WHERE series = {series:UInt32}',
      query_params: { series },
      format: 'JSONEachRow',
    })
    const seen = performance.now()
    for (const { ms } of await result.json<{ ms: string | number }>()) {
      const since = acknowledgedAt.get(Number(ms))
      if (since === undefined) continue
      delays.push(seen - since)
      acknowledgedAt.delete(Number(ms))
    }
    await sleep(80)
  }
  const messages = others.reduce((sum, client) => sum + client.acknowledged, 0)
  running = false
  await load
  delays.sort((a, b) => a - b)
  report('ingest.queryable_p99.seconds', (delays[Math.floor(delays.length * 0.99)] ?? Number.NaN) / 1000, 's')
  report('ingest.queryable_messages', messages, 'messages')
  for (const client of [probe, ...others]) client.close()
  await ingest.stop()
}

async function stored(kit: TestKit): Promise<number> {
  const result = await kit.clickhouse.query({
    query: 'SELECT count() AS n FROM point FINAL',
    format: 'JSONEachRow',
  })
  return Number((await result.json<{ n: string | number }>())[0]?.n)
}
