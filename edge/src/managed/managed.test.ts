import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDevice, createProduct } from '@kapok/contracts/data'
import {
  applyConfiguration,
  dryRunConfiguration,
  enrolGateway,
  getGatewayHealth,
  getGatewayLogs,
  makeEnrolmentCode,
  readGatewayTag,
  restartGateway,
  saveConfiguration,
} from '@kapok/contracts/gateway'
import { dataMigrations, dataPlane } from '@kapok/data'
import { type Ingest, runIngest } from '@kapok/data/ingest'
import { type Caller, callerOf } from '@kapok/data/testing'
import { systemClock } from '@kapok/kit/clock'
import { makeLog } from '@kapok/kit/log'
import { type TestKit, testKit } from '@kapok/kit-store/testing'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startGateway } from '../command.ts'
import { simulate } from '../drivers/modbus/simulator.ts'
import { startBroker, TestHost } from '../northbound/test-broker.ts'
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
const nullDevice = openSync('/dev/null', 'w')
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
async function enrolledGateway(name: string, mqttPort = ingest.mqttPort) {
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
      platform: `mqtt://127.0.0.1:${mqttPort}`,
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
  let version = 0
  const saved = async (text: string) => {
    ;({ version } = await call(saveConfiguration, { params, body: { text, note: '', after: version } }))
    return { params: { ...params, version }, body: {} }
  }
  return {
    params,
    home,
    report,
    apply: async (text: string) => call(applyConfiguration, await saved(text)),
    dryRun: async (text: string) => call(dryRunConfiguration, await saved(text)),
    kept: () =>
      JSON.parse(readFileSync(join(home, 'configuration.json'), 'utf8')) as Record<
        'good' | 'trial' | 'failed',
        { version: number } | null
      >,
  }
}

async function start({ home }: { home: string }, more: Partial<Parameters<typeof startGateway>[0]> = {}) {
  const edge = await startGateway({ tagTableFile: undefined, home, clock: systemClock, log, ...more })
  running.push(edge)
  return { stop: () => running.splice(running.indexOf(edge), 1)[0]?.stop() }
}

/** A way to a port that can be shut. */
async function doorTo(port: number) {
  let isOpen = true
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    if (!isOpen) return void near.destroy()
    const far = connect(port, '127.0.0.1')
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.pipe(to)
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    open: () => {
      isOpen = true
    },
    close: () => {
      isOpen = false
      for (const socket of sockets) socket.destroy()
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((done) => server.close(done))
    },
  }
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
  await start({ home }, { tagTableFile })
  await until('a report of a machine that is read', async () => (await report())?.devices[0]?.good === 1)
  expect(await report()).toMatchObject({
    version: gatewayVersion,
    devicesTotal: 1,
    devices: [{ name: 'm1', protocol: 'modbus', connected: true, lastError: null, bad: 0 }],
    lost: 0,
  })
  plc.faults.silent = true
  await until('the report that it does not answer', async () => (await report())?.devices[0]?.connected === false)
  expect((await report())?.devices[0]).toMatchObject({
    lastError: expect.stringContaining('no answer within 3000 ms'),
    zh: expect.stringContaining('3000 ms 内没有应答'),
  })
  plc.faults.silent = false
})

test('a configuration of the platform runs, one that cannot start leaves the last good one, and its reason is told', async () => {
  const gateway = await enrolledGateway('g2')
  await start(gateway)
  await until('the first report', async () => (await gateway.report())?.configuration.source === 'none')
  await gateway.apply(tableOf('m1'))
  await until('version 1 to run', async () => (await gateway.report())?.configuration.version === 1)
  await until('its value', async () => (await gateway.report())?.devices[0]?.good === 1)
  await gateway.apply(tableOf('m1', 'holding/70000'))
  await until('the failure to be told', async () => (await gateway.report())?.configuration.failed?.version === 2)
  const report = await gateway.report()
  expect(report?.configuration).toMatchObject({ source: 'platform', version: 1, trying: null })
  expect(report?.configuration.failed).toMatchObject({
    reason: expect.stringContaining('table.devices[0].tags[0].address'),
    zh: 'table.devices[0].tags[0].address: “holding/70000”第 9 个字符处应为 0 至 65535 的地址',
  })
  expect(report?.devices).toMatchObject([{ name: 'm1', connected: true, good: 1 }])
  // Another order is taken up all the same, and the failure is gone.
  await gateway.apply(tableOf('m2'))
  await until('version 3 to run', async () => (await gateway.report())?.configuration.version === 3)
  expect((await gateway.report())?.configuration.failed).toBeNull()
})

test('an order that comes while the gateway is away is taken up when it is back, and what ran runs again after a restart', async () => {
  const gateway = await enrolledGateway('g3')
  const first = await start(gateway)
  await gateway.apply(tableOf('m1'))
  await until('version 1 to run', async () => (await gateway.report())?.configuration.version === 1)
  await first.stop()
  await gateway.apply(tableOf('m2'))
  await start(gateway)
  await until('version 2 to run', async () => (await gateway.report())?.configuration.version === 2)
  expect((await gateway.report())?.devices.map(({ name }) => name)).toEqual(['m2'])
})

test('a configuration with which the platform is not reached is rolled back by the gateway itself', async () => {
  const door = await doorTo(ingest.mqttPort)
  const gateway = await enrolledGateway('g4', door.port)
  await start(gateway, { trialMs: 5_000 })
  await gateway.apply(tableOf('m1'))
  await until('version 1 to run', async () => (await gateway.report())?.configuration.version === 1)
  await gateway.apply(tableOf('m2'))
  await until('the trial', () => gateway.kept().trial?.version === 2)
  door.close()
  await until('the roll-back', () => gateway.kept().failed?.version === 2)
  door.open()
  await until('the roll-back to be told', async () => (await gateway.report())?.configuration.failed?.version === 2)
  expect((await gateway.report())?.configuration).toMatchObject({ version: 1, trying: null })
  expect((await gateway.report())?.configuration.failed).toMatchObject({
    reason: 'the platform was not reached within 5 s with this configuration',
    zh: '使用该配置 5 s 内没有连上平台',
  })
  expect((await gateway.report())?.devices.map(({ name }) => name)).toEqual(['m1'])
  await door.stop()
})
test('a gateway that is killed while it tries a configuration has the last good one, and tells that it was so', async () => {
  const door = await doorTo(ingest.mqttPort)
  const gateway = await enrolledGateway('g5', door.port)
  const spawned = () => {
    const kapok = join(import.meta.dirname, '../../../server/src/kapok.ts')
    const env = { ...process.env, KAPOK_LOG: 'silent' }
    return spawn(process.execPath, [kapok, 'edge', '--home', gateway.home], { stdio: 'inherit', env })
  }
  const first = spawned()
  await gateway.apply(tableOf('m1'))
  await until('version 1 to run', async () => (await gateway.report())?.configuration.version === 1)
  await gateway.apply(tableOf('m2'))
  await until('the trial', () => gateway.kept().trial?.version === 2)
  // The platform is not reached, so that the trial lasts.
  door.close()
  first.kill('SIGKILL')
  await once(first, 'exit')
  expect(gateway.kept()).toMatchObject({ good: { version: 1 }, trial: { version: 2 } })
  door.open()
  const second = spawned()
  await until('the next one to tell', async () => (await gateway.report())?.configuration.failed?.version === 2)
  expect((await gateway.report())?.configuration).toMatchObject({ version: 1, trying: null })
  expect((await gateway.report())?.configuration.failed).toMatchObject({
    reason: 'the gateway ended while the configuration was being tried',
    zh: '网关在试运行该配置时断电或被终止',
  })
  second.kill('SIGTERM')
  expect(await once(second, 'exit')).toEqual([0, null])
  await door.stop()
})

test('a dry run names what is wrong where it stands, or reads every tag of the machines that change and runs nothing', async () => {
  const gateway = await enrolledGateway('g6')
  await start(gateway)
  await gateway.apply(tableOf('m1'))
  await until('version 1 to run', async () => (await gateway.report())?.configuration.version === 1)
  const wrong = await gateway.dryRun(tableOf('m1', 'holding/70000'))
  expect(wrong).toMatchObject({ problems: [{ where: 'm1 · n · address' }], problemsTotal: 1, tags: [] })
  expect(wrong.problems[0]?.why).toContain('65535')
  expect(wrong.problems[0]?.zh).toBe('“holding/70000”第 9 个字符处应为 0 至 65535 的地址')
  expect(await gateway.dryRun('version: 2\ndevices: [{ name: a }]')).toMatchObject({
    problems: [{ why: expect.stringContaining('for a newer gateway') }],
  })
  plc.faults.missing.add('holding/9')
  const device = (name: string, address: string) => JSON.parse(tableOf(name, address)).devices[0]
  const changed = { devices: [device('m1', 'holding/3'), device('m2', 'holding/3'), device('m3', 'holding/9')] }
  const nowhere = { ...device('m4', 'holding/3'), connection: { host: '127.0.0.1', port: 1, timeoutMs: 200 } }
  const tried = await gateway.dryRun(JSON.stringify({ devices: [...changed.devices, nowhere] }))
  expect(tried).toMatchObject({ problemsTotal: 0, tagsTotal: 3, tagsFailed: 2, devicesUnchanged: 1 })
  const of = (name: string) => tried.tags.find((tag) => tag.device === name)
  expect(of('m2')).toEqual({ device: 'm2', property: 'n', address: 'holding/3', value: 4711, why: null })
  expect(of('m3')).toMatchObject({ why: 'holding/9: illegal data address', zh: 'holding/9: 非法数据地址' })
  expect(of('m4')?.why).toContain('ECONNREFUSED')
  expect(of('m4')?.zh).toContain('连接被拒绝')
  expect((await gateway.report())?.devices.map(({ name }) => name)).toEqual(['m1'])
})

test('a dry run names tags that share a part of their registers, with their addresses, and counts none of them as failed', async () => {
  const gateway = await enrolledGateway('g9')
  await start(gateway)
  await until('the first report', async () => (await gateway.report())?.configuration.source === 'none')
  const table = JSON.parse(tableOf('m1'))
  const tag = (property: string, address: string, type: string) => ({ property, address, type })
  table.devices[0].tags = [tag('n', 'holding/3', 'uint32'), tag('p', 'holding/4', 'uint16')]
  expect(await gateway.dryRun(JSON.stringify(table))).toMatchObject({
    ...{ problemsTotal: 0, tagsTotal: 2, tagsFailed: 0, overlapsTotal: 1 },
    overlaps: [{ device: 'm1', property: 'p', address: 'holding/4', with: { property: 'n', address: 'holding/3' } }],
  })
  // At most 200 of them are listed, and all are counted.
  table.devices[0].tags = Array.from({ length: 301 }, (_, i) => tag(`n${i}`, `holding/${i}`, 'uint32'))
  const many = await gateway.dryRun(JSON.stringify(table))
  expect([many.overlaps?.length, many.overlapsTotal]).toEqual([200, 300])
})

test('one tag is read when somebody asks, the log is shown, and the gateway begins anew without losing what it runs', async () => {
  const gateway = await enrolledGateway('g8')
  await start(gateway, { log: makeLog('test', 'info', { fd: nullDevice }) })
  await gateway.apply(tableOf('m1'))
  await until('version 1 to run', async () => (await gateway.report())?.configuration.version === 1)
  const read = (device: string, property: string) =>
    call(readGatewayTag, { params: gateway.params, body: { device, property } })
  const { at, tookMs, ...reading } = await read('m1', 'n')
  expect(reading).toEqual({ device: 'm1', property: 'n', address: 'holding/3', value: 4711, why: null })
  expect(Math.abs(at - Date.now())).toBeLessThan(10_000)
  expect(tookMs).toBeGreaterThanOrEqual(0)
  await expect(read('m2', 'n')).rejects.toThrow('“m2” is no machine of the configuration that runs')
  await expect(read('m1', 'p')).rejects.toMatchObject({
    message: expect.stringContaining('no tag for the property “p”'),
    sentences: { zh: expect.stringContaining('设备“m1”没有属性“p”的测点') },
  })
  plc.faults.refusesAll = true
  expect(await read('m1', 'n')).toMatchObject({
    value: null,
    why: expect.stringContaining('server device failure'),
    zh: expect.stringContaining('从站设备故障'),
  })
  plc.faults.refusesAll = false
  const logs = async () => (await call(getGatewayLogs, { params: gateway.params, body: {} })).lines
  expect((await logs()).map(({ text }) => text)).toContain('the configuration of the platform runs {"version":1}')
  const uptimeMs = async () => (await gateway.report())?.uptimeMs ?? 0
  await until('it to have run for a while', async () => (await uptimeMs()) > 3_000)
  await call(restartGateway, { params: gateway.params, body: {} })
  await until('it to be back', async () => (await uptimeMs()) < 3_000)
  expect((await gateway.report())?.configuration).toMatchObject({ version: 1, failed: null })
  await until('its machine', async () => (await gateway.report())?.devices[0]?.good === 1)
  expect((await logs()).map(({ text }) => text)).toContain('the gateway begins anew, as the platform asked')
})

test('a tag table on the command line wins, and the platform says so', async () => {
  const gateway = await enrolledGateway('g7')
  const tagTableFile = join(folder, 'g7.yaml')
  writeFileSync(tagTableFile, tableOf('m1'))
  await start(gateway, { tagTableFile })
  await until('the report', async () => (await gateway.report())?.configuration.source === 'local')
  await expect(gateway.apply(tableOf('m2'))).rejects.toThrow('runs a tag table of its own')
})

test('the version that a gateway reports is that of its package', () => {
  const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')
  expect((JSON.parse(text) as { version: string }).version).toBe(gatewayVersion)
})

test('a configuration of the platform brings brokers and takes them away; the report says how they are', async () => {
  const broker = await startBroker()
  const host = await TestHost.at(broker.url)
  running.push({
    async stop() {
      host.client.end(true)
      await broker.stop()
    },
  })
  const { home, report, apply } = await enrolledGateway('north')
  await start({ home })
  await until('a report', async () => (await report()) !== undefined)
  expect((await report())?.brokers).toEqual([])
  const northbound = [
    { kind: 'sparkplug', url: broker.url, groupId: 'plant' },
    { kind: 'uns', url: 'mqtt://127.0.0.1:1', topic: '{device}' },
  ]
  await apply(JSON.stringify({ ...JSON.parse(tableOf('m1')), northbound }))
  await until('both in a report', async () => (await report())?.brokers?.[0]?.phase === 'online')
  await until('a refusal', async () => (await report())?.brokers?.[1]?.lastError !== null)
  expect((await report())?.brokers).toMatchObject([
    { kind: 'sparkplug', name: `${broker.url} plant`, lastError: null },
    { kind: 'uns', phase: 'away', lastError: expect.stringContaining('ECONNREFUSED') },
  ])
  await until('the birth under the gateway’s own name', () => host.of('DBIRTH', 'm1').length > 0)
  await apply(tableOf('m1'))
  await until('the farewell', () => host.of('NDEATH').length === 1)
  await until('a report without them', async () => (await report())?.brokers?.length === 0)
  expect(host.faults).toEqual([])
})
