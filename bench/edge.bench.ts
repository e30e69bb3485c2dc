import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createDevice, type LiveMessage } from '@kapok/contracts/data'
import { WebSocket } from 'ws'
import { EdgeBuffer, type EdgePoint } from '../edge/src/buffer/buffer.ts'
import { driver as modbus } from '../edge/src/drivers/modbus/driver.ts'
import { installGateway } from '../tests/support/packed-gateway.ts'
import { firstAdministrator, makePlant, type Plant } from '../tests/support/plant.ts'
import { freePort, newFolder, removeFolder, type Started, startKapok } from '../tests/support/platform.ts'
import { cpuSecondsOf, rounded, rssOfPackaged, startGateway } from './edge-gateway.ts'
import { startMachines } from './edge-machines.ts'
import { opcuaIdle, opcuaSubscribed } from './edge-opcua.ts'

type Report = (name: string, value: number, unit: string) => void

/** Speeds of the gateway; the simulated machines and the platform run on the same cores. */
export default async function edgeBench(report: Report): Promise<void> {
  const parts = [modbusTcp, manyDevices, bufferDurable, catchUp, valueToPlatform, idle, opcuaSubscribed, opcuaIdle]
  const only = process.env.KAPOK_BENCH_PART
  for (const part of parts) {
    if (only !== undefined && only !== part.name) continue
    const folder = mkdtempSync(join(tmpdir(), 'kapok-edge-bench-'))
    try {
      await part(report, folder)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

/** One device, 8 requests of 125 registers on the way, each register a tag; beside it the same bytes without a gateway. */
async function modbusTcp(report: Report): Promise<void> {
  const machines = await startMachines({ protocol: 'modbus', machines: 1, address: 'holding/0' })
  const settings = modbus.settings({ ...machines.settings[0], inFlightMax: 8 }, 'connection')
  const tags = Array.from({ length: 1000 }, (_, i) => ({
    type: 'uint16' as const,
    address: modbus.parseAddress(`holding/${i}`, 'uint16', settings),
  }))
  const blocks = modbus.plan(tags, settings)
  const connection = modbus.open(settings)
  const seconds = 8
  const read = async () => {
    let registers = 0
    for (const until = performance.now() + seconds * 1000; performance.now() < until; )
      for (const samples of await Promise.all(blocks.map((block) => connection.read(block))))
        registers += samples.length
    return registers
  }
  await connection.read(blocks[0] as (typeof blocks)[0])
  report('edge.modbus_tcp.registers_per_s', Math.round((await read()) / seconds), 'registers/s')
  await connection.close()
  report('edge.modbus_tcp_loopback.registers_per_s', Math.round(await loopback(settings.port, seconds)), 'registers/s')
  machines.stop()
}

/** The same requests, and answers that are counted and not looked at. */
async function loopback(port: number, seconds: number): Promise<number> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  const request = Buffer.from('00010000000601030000007d', 'hex')
  const answerBytes = 9 + 250
  let bytes = 0
  let asked = 0
  const until = performance.now() + seconds * 1000
  const ask = () => {
    while (performance.now() < until && asked * answerBytes - bytes < 8 * answerBytes) {
      socket.write(request)
      asked++
    }
  }
  await new Promise<void>((done) => {
    socket.on('data', (chunk) => {
      bytes += chunk.length
      ask()
      if (performance.now() >= until) done()
    })
    ask()
  })
  socket.destroy()
  return ((bytes / answerBytes) * 125) / seconds
}

const tagsOf = (n: number) =>
  Array.from({ length: n }, (_, i) => ({ property: `m${i}`, address: `holding/${i}`, type: 'uint16' }))

async function manyDevices(report: Report, folder: string): Promise<void> {
  const machines = await startMachines({ protocol: 'modbus', machines: 300, address: 'holding/0' })
  const devices = machines.settings.map((connection, i) => ({
    name: `d${i}`,
    protocol: 'modbus',
    connection,
    periodMs: 1000,
    tags: tagsOf(50),
  }))
  const gateway = await startGateway(folder, {
    platform: `mqtt://127.0.0.1:${await freePort()}`,
    token: 'none',
    devices,
  })
  await sleep(5_000)
  const before = cpuSecondsOf(gateway.child.pid)
  const seconds = 30
  await sleep(seconds * 1000)
  report('edge.modbus_300_devices.cpu_cores', rounded((cpuSecondsOf(gateway.child.pid) - before) / seconds), 'cores')
  const { devices: states } = await gateway.status()
  report('edge.modbus_300_devices.reads_per_s', rounded(states.reduce((n, { reads }) => n + reads, 0) / 35), 'reads/s')
  await gateway.stop()
  machines.stop()
}

const points = (n: number, from: number): EdgePoint[] =>
  Array.from({ length: n }, (_, i) => ({
    device: `M${i % 10}`,
    property: `m${Math.floor(i / 10) % 100}`,
    at: from + Math.floor(i / 1000) * 1000,
    value: Math.round(Math.sin(from + i) * 1e5) / 100,
  }))

async function bufferDurable(report: Report, folder: string): Promise<void> {
  const buffer = new EdgeBuffer(join(folder, 'batches'))
  const thousand = points(1000, Date.now())
  let written = 0
  const seconds = 8
  for (const until = performance.now() + seconds * 1000; performance.now() < until; written += 1000) {
    const done = buffer.append(thousand)
    buffer.flush()
    await done
  }
  report('edge.buffer_durable.values_per_s', Math.round(written / seconds), 'values/s')
  buffer.close()
}

async function startPlatform(
  tags: number,
): Promise<{ platform: Started; plant: Plant; gatewayToken: string; end(): Promise<void> }> {
  const folder = newFolder()
  const platform = await startKapok(['start'], { folder })
  await platform.ready()
  const properties = Array.from({ length: tags }, (_, i) => ({ identifier: `m${i}`, type: 'float' as const }))
  const plant = await makePlant(platform, await firstAdministrator(platform), { devices: 10, properties })
  const { token } = await plant.manager.call(createDevice, { body: { name: 'gateway', kind: 'gateway' } })
  return {
    platform,
    plant,
    gatewayToken: token,
    async end() {
      await platform.stop()
      removeFolder(folder)
    },
  }
}

async function catchUp(report: Report, folder: string): Promise<void> {
  const total = 10_000_000
  const buffer = new EdgeBuffer(join(folder, 'home/batches'), { quotaBytes: 4 * 1024 ** 3 })
  const day = Date.now() - 86_400_000
  for (let n = 0; n < total; n += 5_000) {
    const some = points(5_000, day + Math.floor((n / total) * 80_000_000)).map((point) => ({
      ...point,
      device: point.device.replace('M0', 'M10'),
    }))
    const done = buffer.append(some)
    buffer.flush()
    await done
  }
  buffer.close()
  const { platform, gatewayToken, end } = await startPlatform(100)
  const machines = await startMachines({ protocol: 'modbus', machines: 1, address: 'holding/0' })
  const [connection] = machines.settings
  const began = performance.now()
  const gateway = await startGateway(folder, {
    platform: `mqtt://127.0.0.1:${platform.mqttPort}`,
    token: gatewayToken,
    devices: [{ name: 'M1', protocol: 'modbus', connection, periodMs: 1000, tags: tagsOf(10) }],
  })
  for (;;) {
    const { buffered, uplink } = await gateway.status()
    if (uplink.sentPoints >= total && buffered < 1000) break
    await sleep(100)
  }
  report('edge.catch_up.values_per_s', Math.round(total / ((performance.now() - began) / 1000)), 'values/s')
  await gateway.stop()
  machines.stop()
  await end()
}

/** A change in a device of 1,000 tags until a browser's live socket has it; the tags are read every 100 ms. */
async function valueToPlatform(report: Report, folder: string): Promise<void> {
  const { platform, plant, gatewayToken, end } = await startPlatform(100)
  const machines = await startMachines({ protocol: 'modbus', machines: 10, address: 'holding/0' })
  const devices = machines.settings.map((connection, i) => ({
    name: `M${i + 1}`,
    protocol: 'modbus',
    connection,
    periodMs: 100,
    tags: tagsOf(100),
  }))
  const gateway = await startGateway(folder, {
    platform: `mqtt://127.0.0.1:${platform.mqttPort}`,
    token: gatewayToken,
    devices,
  })
  const device = plant.devices[0]?.id ?? ''
  const live = new WebSocket(`ws://127.0.0.1:${platform.httpPort}/api/live?devices=${device}`, {
    headers: { cookie: plant.manager.cookie, origin: platform.url },
  })
  await once(live, 'open')
  let heard: (value: number) => void = () => {}
  live.on('message', (text) => {
    const { values } = JSON.parse(String(text)) as LiveMessage
    for (const [property, , value] of values) if (property === 'm0') heard(Number(value))
  })
  await sleep(3_000)
  const latencies: number[] = []
  for (let n = 1; n <= 400; n++) {
    const seen = new Promise<number>((done) => {
      heard = (value) => value === n && done(Date.now())
    })
    const at = await machines.set(n)
    latencies.push((await seen) - at)
    await sleep(Math.random() * 100)
  }
  latencies.sort((a, b) => a - b)
  report('edge.value_to_platform_p50.ms', latencies[200] ?? 0, 'ms')
  report('edge.value_to_platform_p99.ms', latencies[395] ?? 0, 'ms')
  live.close()
  await gateway.stop()
  machines.stop()
  await end()
}

async function idle(report: Report, folder: string): Promise<void> {
  const machines = await startMachines({ protocol: 'modbus', machines: 10, address: 'holding/0' })
  const devices = machines.settings.map((connection, i) => ({
    name: `d${i}`,
    protocol: 'modbus',
    connection,
    periodMs: 1000,
    tags: tagsOf(200),
  }))
  const installed = installGateway(folder)
  const began = performance.now()
  const table = { platform: `mqtt://127.0.0.1:${await freePort()}`, token: 'none', devices }
  const gateway = await startGateway(folder, table, [installed, 'run'])
  report('edge.start.seconds', rounded((performance.now() - began) / 1000), 's')
  await sleep(60_000)
  report('edge.idle_rss.bytes', rssOfPackaged(gateway.child.pid), 'bytes')
  await gateway.stop()
  machines.stop()
}
