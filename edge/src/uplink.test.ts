import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeCompactBatch } from '@kapok/contracts/compact-batch'
import { createDevice, createProduct, listQuarantine } from '@kapok/contracts/data'
import { dataMigrations, dataPlane } from '@kapok/data'
import { type Ingest, runIngest } from '@kapok/data/ingest'
import { type Caller, callerOf } from '@kapok/data/testing'
import { makeLog } from '@kapok/kit/log'
import { type TestKit, testKit } from '@kapok/kit-store/testing'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { EdgeBuffer, type EdgePoint } from './buffer/buffer.ts'
import { simulate } from './drivers/modbus/simulator.ts'
import { Northbounds } from './northbound/northbounds.ts'
import { testPlant } from './northbound/test-broker.ts'
import { until } from './testing.ts'
import { startUplink } from './uplink.ts'

// The gateway's way up against the real ingest, the real store and, for a crash, the real process.
let kit: TestKit
let ingest: Ingest | undefined
let call: Caller
let productId = ''
let mqttPort = 0
let folder = ''
const orgId = crypto.randomUUID()
const log = makeLog('test', 'error')
const children: ChildProcess[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kapok-uplink-'))
  kit = await testKit({ migrations: [dataMigrations] })
  call = callerOf(dataPlane(kit), kit, orgId)
  await platformComes()
  const property = (identifier: string, type: 'float' | 'bool') => ({ identifier, name: identifier, type, unit: '' })
  const product = await call(createProduct, {
    body: { name: 'P', properties: [property('n', 'float'), property('on', 'bool')] },
  })
  productId = product.id
})
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await platformGoes()
})
afterAll(async () => {
  await kit?.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function platformComes(): Promise<Ingest> {
  ingest ??= await runIngest(kit, { mqttPort, mqttHosts: ['127.0.0.1'], httpPort: 0 })
  mqttPort = ingest.mqttPort
  return ingest
}
async function platformGoes(): Promise<void> {
  await ingest?.stop()
  ingest = undefined
}
async function newPlant(name: string): Promise<{ device: string; token: string }> {
  await call(createDevice, { body: { name, productId } })
  const gateway = await call(createDevice, { body: { name: `${name} gateway`, kind: 'gateway' } })
  return { device: name, token: gateway.token }
}

interface Stored {
  at: number
  value: number
  received: number
  copies: number
}
/**
 * Every stored row from `from` on, in the order of time; `copies` counts what of one series and instant is not the same. A batch
 * whose acknowledgement was lost came twice, and counts once.
 */
async function stored(from: number): Promise<Stored[]> {
  await ingest?.flush()
  const reply = await kit.clickhouse.query({
    query: `SELECT toUnixTimestamp64Milli(at) AS ms, any(value) AS value, toUnixTimestamp64Milli(min(received)) AS came, count() AS copies
            FROM point FINAL WHERE at >= fromUnixTimestamp64Milli({from: Int64}) GROUP BY series, at ORDER BY at`,
    query_params: { from },
    format: 'JSONEachRow',
  })
  const rows = await reply.json<Record<'ms' | 'value' | 'came' | 'copies', string | number>>()
  return rows.map((row) => ({
    at: Number(row.ms),
    value: Number(row.value),
    received: Number(row.came),
    copies: Number(row.copies),
  }))
}

test('while the platform is away values pile up; then the backlog comes in the order of time with live values beside it, nothing lost or doubled', async () => {
  await platformComes()
  const { device, token } = await newPlant('cnc-01')
  const buffer = new EdgeBuffer(join(folder, 'away.buffer'))
  const uplink = startUplink({ url: `mqtt://127.0.0.1:${mqttPort}`, token, key: undefined, buffer, log })
  const start = Date.now() - 3_600_000
  const put = (from: number, n: number) =>
    buffer.append(
      Array.from({ length: n }, (_, i) => ({ device, property: 'n', at: start + from + i, value: from + i })),
    )
  await put(0, 10)
  await until('the first values to arrive', () => buffer.tally().points === 0)

  await platformGoes()
  await until('the gateway to notice', () => !uplink.state.connected)
  const backlog = 150_000
  await put(10, backlog)
  expect(buffer.tally().points).toBe(backlog)
  await platformComes()
  await until('the platform to be back', () => uplink.state.connected)
  const liveAt = Date.now()
  await buffer.append([{ device, property: 'n', at: liveAt, value: -1 }])
  await until('everything to be acknowledged', () => buffer.tally().points === 0)
  expect(uplink.state.sentPoints).toBe(10 + backlog + 1)
  await uplink.stop()
  buffer.close()

  const rows = await stored(start)
  expect(rows.length).toBe(10 + backlog + 1)
  expect(rows.every(({ copies }) => copies === 1)).toBe(true)
  const live = rows.at(-1)
  expect([live?.at, live?.value]).toEqual([liveAt, -1])
  const old = rows.slice(0, -1)
  // Original times and values, and nothing of the backlog overtook what is older.
  expect(old.every(({ at, value }, i) => at === start + i && value === i)).toBe(true)
  expect(old.every(({ received }, i) => i === 0 || received >= (old[i - 1]?.received ?? 0))).toBe(true)
  // In one millisecond much may arrive.
  expect(live?.received).toBeLessThanOrEqual(old.at(-1)?.received ?? 0)
})

test('a connection that breaks again and again in the middle of the backlog loses nothing and keeps the order', async () => {
  const at = await platformComes()
  const { device, token } = await newPlant('cnc-02')
  // A relay that cuts every connection after so many bytes, wherever in a packet that is.
  let cuts = 0
  const { connect } = await import('node:net')
  const relay = createServer((near) => {
    const far = connect(at.mqttPort, '127.0.0.1')
    let left = cuts < 3 ? 90_000 : Number.POSITIVE_INFINITY
    near.on('data', (chunk) => {
      left -= chunk.length
      if (left > 0) return void far.write(chunk)
      cuts++
      far.write(chunk.subarray(0, chunk.length / 2))
      near.destroy()
    })
    far.on('data', (chunk) => near.write(chunk))
    near.on('close', () => far.destroy())
    far.on('close', () => near.destroy())
    for (const socket of [near, far]) socket.on('error', () => socket.destroy())
  })
  await new Promise<void>((done) => relay.listen(0, '127.0.0.1', done))
  const address = relay.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const buffer = new EdgeBuffer(join(folder, 'cut.buffer'))
  const start = Date.now() - 7_200_000
  const n = 40_000
  await buffer.append(
    Array.from({ length: n }, (_, i) => ({ device, property: 'n', at: start + i, value: Math.sin(i) })),
  )
  const uplink = startUplink({ url: `mqtt://127.0.0.1:${port}`, token, key: undefined, buffer, log })
  await until('everything to be acknowledged', () => buffer.tally().points === 0)
  await uplink.stop()
  buffer.close()
  relay.close()
  expect(cuts).toBe(3)
  const rows = (await stored(start)).filter((row) => row.at < start + n)
  expect(rows.map(({ at: time }) => time - start)).toEqual(Array.from({ length: n }, (_, i) => i))
  expect(rows.every(({ value }, i) => value === Math.sin(i))).toBe(true)
})

test('a killed gateway process loses nothing that it had kept, and the next one delivers it', async () => {
  await platformComes()
  const { device, token } = await newPlant('cnc-03')
  await platformGoes()
  const plc = await simulate()
  let count = 0
  const ticking = setInterval(() => plc.set('holding/0', 'uint16', ++count), 10)
  const statusPort = await freePort()
  const table = join(folder, 'plant.yaml')
  const home = join(folder, 'killed')
  const bufferFile = join(home, 'batches')
  writeFileSync(
    table,
    JSON.stringify({
      platform: `mqtt://127.0.0.1:${mqttPort}`,
      token,
      statusPort,
      devices: [
        {
          name: device,
          protocol: 'modbus',
          connection: plc.settings,
          periodMs: 50,
          tags: [{ property: 'n', address: 'holding/0', type: 'uint16' }],
        },
      ],
    }),
  )
  const start = Date.now()
  const status = async () => {
    const reply = await fetch(`http://127.0.0.1:${statusPort}/status`).catch(() => undefined)
    return reply === undefined
      ? undefined
      : ((await reply.json()) as { buffered: number; uplink: { sentPoints: number } })
  }
  const gateway = (): ChildProcess => {
    const kapok = join(import.meta.dirname, '../../server/src/kapok.ts')
    const child = spawn(process.execPath, [kapok, 'edge', table, '--home', home], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, KAPOK_LOG: 'error' },
    })
    children.push(child)
    return child
  }
  const first = gateway()
  let said = 0
  await until('values to pile up', async () => {
    said = (await status())?.buffered ?? 0
    return said >= 20
  })
  first.kill('SIGKILL')
  await new Promise((done) => first.once('exit', done))
  clearInterval(ticking)
  const left = new EdgeBuffer(bufferFile)
  const kept = left
    .waiting(0, Number.MAX_SAFE_INTEGER, 10_000)
    .flatMap(({ body }) => decodeCompactBatch(body) as EdgePoint[])
  left.close()
  expect(kept.length).toBeGreaterThanOrEqual(said)

  await platformComes()
  const second = gateway()
  await until('the next gateway to deliver', async () => {
    const now = await status()
    return now !== undefined && now.uplink.sentPoints >= kept.length && now.buffered === 0
  })
  second.kill('SIGTERM')
  expect(await new Promise((done) => second.once('exit', done))).toBe(0)
  await plc.stop()
  const rows = await stored(start)
  const valueAt = new Map(rows.map((row) => [row.at, row.value]))
  for (const { at, value } of kept) expect(valueAt.get(at)).toBe(value)
  expect(rows.every(({ copies }) => copies === 1)).toBe(true)
  expect((await call(listQuarantine, { query: { size: 10 } })).total).toBe(0)
})

test('the gateway as a Sparkplug edge node of another Kapok: values and history are stored', async () => {
  await platformComes()
  const { device, token } = await newPlant('cnc-04')
  const buffer = new EdgeBuffer(join(folder, 'sparkplug.buffer'))
  const { plant, config, read } = await testPlant(buffer, {
    northbound: [{ kind: 'sparkplug', url: `mqtt://127.0.0.1:${mqttPort}`, username: token, groupId: 'plant' }],
    devices: [
      {
        ...{ name: device, protocol: 'modbus', connection: { host: '127.0.0.1' } },
        tags: [{ property: 'n', address: 'holding/0', type: 'int16' }],
      },
    ],
  })
  const start = Date.now() - 1_800_000
  const northbounds = new Northbounds(plant)
  northbounds.run(config)
  await until('the session', () => northbounds.states[0]?.phase === 'online')
  await platformGoes()
  await until('it to be noticed', () => northbounds.states[0]?.phase === 'away')
  for (let i = 0; i < 5; i++) await read(device, 'n', i, start + i)
  await platformComes()
  await until('the session', () => northbounds.states[0]?.phase === 'online')
  await read(device, 'n', -7, start + 10)
  await until('all of it', () => northbounds.states[0]?.waiting === 0)
  await northbounds.stop()
  buffer.close()
  const rows = (await stored(start)).filter(({ at }) => at >= start && at <= start + 10)
  expect(rows.map(({ at, value, copies }) => [at - start, value, copies])).toEqual([
    ...Array.from({ length: 5 }, (_, i) => [i, i, 1]),
    [10, -7, 1],
  ])
  expect((await call(listQuarantine, { query: { size: 10 } })).total).toBe(0)
})

async function freePort(): Promise<number> {
  return new Promise((done) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => done(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
