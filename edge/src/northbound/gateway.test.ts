import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@kapok/kit/clock'
import { makeLog } from '@kapok/kit/log'
import { afterEach, expect, test } from 'vitest'
import { EdgeBuffer } from '../buffer/buffer.ts'
import { startGateway } from '../command.ts'
import { simulate } from '../drivers/modbus/simulator.ts'
import { until } from '../testing.ts'
import { startBroker, TestHost } from './test-broker.ts'

// The whole gateway with a simulated machine, a broker and a host.
const running: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of running.splice(0).reverse()) await stop()
})

async function plant(more: object = {}, port = 0) {
  const plc = await simulate()
  running.push(() => plc.stop())
  const home = mkdtempSync(join(tmpdir(), 'kapok-north-'))
  running.push(() => rmSync(home, { recursive: true }))
  const broker = await startBroker(port)
  running.push(() => broker.stop())
  const file = join(home, 'plant.yaml')
  const tags = [
    { property: 'speed', address: 'holding/0', type: 'uint16', write: { min: 0, max: 100, interlock: 'running' } },
    { property: 'running', address: 'coil/0', type: 'bool' },
  ]
  const table = {
    northbound: [{ kind: 'sparkplug', url: broker.url, groupId: 'plant', edgeNodeId: 'gateway' }],
    devices: [
      {
        name: 'press',
        protocol: 'modbus',
        connection: { ...plc.settings, timeoutMs: 300 },
        periodMs: 20,
        tags,
        ...more,
      },
    ],
  }
  const write = (change: object = {}) => writeFileSync(file, JSON.stringify({ ...table, ...change }))
  write()
  return { plc, home, broker, file, write }
}

test('a DCMD goes the way of every write: the interlock refuses it, and one that is allowed is seen in the data', async () => {
  const { plc, home, broker, file } = await plant()
  const host = await TestHost.at(broker.url)
  running.push(() => host.client.end(true))
  const edge = await startGateway({ tagTableFile: file, home, clock: systemClock, log: makeLog('test', 'silent') })
  running.push(() => edge.stop())
  await until('the birth with values', () => host.of('DBIRTH').length === 1)
  const write = (value: number) =>
    host.command('spBv1.0/plant/DCMD/gateway/press', [{ name: 'speed', type: 'Int32', value }])
  const outcomes = () =>
    readFileSync(join(home, 'writes.jsonl'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { outcome: string; who: string; new: number })
  await write(50)
  await until('the refusal', () => outcomes().length === 1)
  expect(outcomes()).toMatchObject([{ outcome: 'interlock', new: 50, who: expect.stringMatching(/^Sparkplug plant/) }])
  expect(plc.get('holding/0', 'uint16')).toBe(0)
  plc.set('coil/0', 'bool', true)
  await until('the interlock to hold', () => host.data('press', 'running').some(({ value }) => value === true))
  await write(101)
  await write(50)
  await until('the value', () => host.data('press', 'speed').some(({ value }) => value === 50))
  expect(plc.get('holding/0', 'uint16')).toBe(50)
  expect(
    outcomes()
      .map(({ outcome, new: value }) => [outcome, value])
      .slice(1),
  ).toEqual([
    ['range', 101],
    ['begun', 50],
    ['written', 50],
  ])

  // What a person sees of it, on the gateway's page and as programs read it.
  const page = edge.statusUrl
  const origin = page.slice(0, -1)
  const signedIn = await fetch(`${page}password`, {
    method: 'POST',
    headers: { Origin: origin },
    body: new URLSearchParams({ password: 'correct horse' }),
    redirect: 'manual',
  })
  const headers = { Cookie: (signedIn.headers.get('set-cookie') ?? '').split(';')[0] ?? '', 'Accept-Language': 'en' }
  const overview = await (await fetch(page, { headers })).text()
  expect(overview).toContain('Other brokers')
  expect(overview).toMatch(/Sparkplug B <span class="good">● connected<\/span>/)
  expect(await (await fetch(`${page}metrics`)).text()).toContain(
    `kapok_edge_broker_online{broker="sparkplug ${broker.url} plant/gateway"} 1`,
  )
  await plc.stop()
  await until('the death', () => host.of('DDEATH', 'press').length === 1)
  expect(host.faults).toEqual([])
})

test('a gateway that is killed while the broker is away loses nothing: all of it follows as historical, in order, once each', async () => {
  const { plc, home, broker, file } = await plant()
  await broker.stop()
  let count = 0
  plc.set('coil/0', 'bool', true)
  const ticking = setInterval(() => plc.set('holding/0', 'uint16', ++count), 30)
  running.push(() => clearInterval(ticking))
  const gateway = (): ChildProcess => {
    const kapok = join(import.meta.dirname, '../../../server/src/kapok.ts')
    const child = spawn(process.execPath, [kapok, 'edge', file, '--home', home], { stdio: 'ignore' })
    running.push(() => child.kill('SIGKILL'))
    return child
  }
  const kept = () => {
    const buffer = new EdgeBuffer(join(home, 'batches'))
    const points = buffer.batchesFrom(0, 100_000).flatMap((batch) => batch.points)
    buffer.close()
    return points.filter(({ property }) => property === 'speed')
  }
  const first = gateway()
  await until('values to be kept', () => count > 60 && kept().length > 40)
  first.kill('SIGKILL')
  await once(first, 'exit')
  clearInterval(ticking)
  const values = kept()

  const again = await startBroker(broker.port)
  running.push(() => again.stop())
  const host = await TestHost.at(again.url)
  running.push(() => host.client.end(true))
  const second = gateway()
  const historical = () => host.data('press', 'speed').filter(({ isHistorical }) => isHistorical)
  await until('the backlog', () => historical().length >= values.length)
  await until('the machine', () => host.of('DBIRTH', 'press').length > 0)
  second.kill('SIGTERM')
  await once(second, 'exit')
  await until('the farewell', () => host.of('NDEATH').length === 1)
  const told = historical().map(({ timestamp, value }) => [timestamp, value])
  expect(told.slice(0, values.length)).toEqual(values.map(({ at, value }) => [at, value]))
  expect(new Set(told.map(String)).size).toBe(told.length)
  expect(host.faults).toEqual([])
})
