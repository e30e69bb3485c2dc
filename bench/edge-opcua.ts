import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { decodeCompactBatch } from '@kapok/contracts/compact-batch'
import { BatchFile } from '../edge/src/buffer/batch-file.ts'
import { installGateway } from '../tests/support/packed-gateway.ts'
import { freePort } from '../tests/support/platform.ts'
import { cpuSecondsOf, rounded, rssOfPackaged, startGateway } from './edge-gateway.ts'
import { type CountingServers, itemAddress, startCountingServers } from './opcua-machine.ts'

type Report = (name: string, value: number, unit: string) => void

const items = 10_000
const seconds = 60
/** The server tells of each change (sampling interval 0) and keeps ten seconds of them. */
const connection = { publishingIntervalMs: 100, samplingIntervalMs: 0, queueSize: 100, timeoutMs: 20_000 }

const tagsOf = (n: number) =>
  Array.from({ length: n }, (_, i) => ({ property: `m${i}`, address: itemAddress(i), type: 'uint32' }))

/** 10,000 items at 10 Hz from the server to the gateway's disk; beside it the same server and a client of the library alone. */
export async function opcuaSubscribed(report: Report, folder: string): Promise<void> {
  const servers = await startCountingServers({ machines: 1, items, everyMs: 100 })
  const [endpoint = ''] = servers.endpoints
  const device = { name: 'd', protocol: 'opcua', connection: { endpoint, ...connection }, periodMs: 100 }
  const gateway = await startGateway(folder, {
    platform: `mqtt://127.0.0.1:${await freePort()}`,
    token: 'none',
    devices: [{ ...device, tags: tagsOf(items) }],
  })
  const kept = async () => (await gateway.status()).buffered
  while ((await kept()) < items * 10) await sleep(500)
  const before = { cpu: cpuSecondsOf(gateway.child.pid), sampled: await servers.sampled(), at: performance.now() }
  const keptBefore = await kept()
  await sleep(seconds * 1000)
  const sampled = await servers.sampled()
  const elapsed = (performance.now() - before.at) / 1000
  const cpu = cpuSecondsOf(gateway.child.pid) - before.cpu
  report('edge.opcua_subscribed.values_per_s', Math.round(((await kept()) - keptBefore) / elapsed), 'values/s')
  report('edge.opcua_server_sampled.values_per_s', Math.round((sampled - before.sampled) / elapsed), 'values/s')
  report('edge.opcua_subscribed.cpu_cores', rounded(cpu / elapsed), 'cores')
  const last = await servers.hold()
  for (let n = -1; n !== (await kept()); await sleep(3_000)) n = await kept()
  await gateway.stop()
  servers.stop()
  const { lost, wrong } = compare(join(folder, 'home/batches'), last)
  report('edge.opcua_lost.values', lost, 'values')
  report('edge.opcua_doubled_or_out_of_order.values', wrong, 'values')
  report('edge.opcua_plain_client.values_per_s', Math.round(await plainClient()), 'values/s')
}

/** What is in the gateway's file, against the last number of each item: from its first number on, every one once and in order. */
function compare(path: string, last: readonly number[]): { lost: number; wrong: number } {
  const seen = new Map<string, { first: number; last: number; count: number }>()
  let wrong = 0
  const file = new BatchFile(path)
  for (const body of file.bodiesBetween(0, Number.MAX_SAFE_INTEGER))
    for (const { property, value, quality } of decodeCompactBatch(body)) {
      const number = Number(value)
      const item = seen.get(property) ?? { first: number, last: number - 1, count: 0 }
      seen.set(property, item)
      if (number <= item.last || (quality ?? 192) !== 192) wrong++
      item.last = Math.max(item.last, number)
      item.count++
    }
  file.close()
  const lost = last.map((end, i) => {
    const item = seen.get(`m${i}`)
    return item === undefined ? end : end - item.first + 1 - item.count
  })
  return { lost: lost.reduce((sum, n) => sum + n, 0) + wrong, wrong }
}

/** The library alone with the same settings: values are counted and not looked at. */
async function plainClient(): Promise<number> {
  const servers = await startCountingServers({ machines: 1, items, everyMs: 100 })
  const library = await import('node-opcua-client')
  const client = library.OPCUAClient.create({ endpointMustExist: false })
  await client.connect(servers.endpoints[0] ?? '')
  const session = await client.createSession()
  const subscription = await session.createSubscription2({
    requestedPublishingInterval: connection.publishingIntervalMs,
    requestedMaxKeepAliveCount: 20,
    requestedLifetimeCount: 600,
    maxNotificationsPerPublish: 10_000,
    publishingEnabled: true,
    priority: 0,
  })
  let values = 0
  for (let from = 0; from < items; from += 1000) {
    const some = Array.from({ length: 1000 }, (_, i) => ({
      nodeId: itemAddress(from + i),
      attributeId: library.AttributeIds.Value,
    }))
    const { samplingIntervalMs, queueSize } = connection
    const parameters = { samplingInterval: samplingIntervalMs, queueSize, discardOldest: true }
    const group = await subscription.monitorItems(some, parameters, library.TimestampsToReturn.Both)
    group.on('changed', () => values++)
  }
  await sleep(2_000)
  const [before, began] = [values, performance.now()]
  await sleep(20_000)
  const rate = (values - before) / ((performance.now() - began) / 1000)
  await client.disconnect()
  servers.stop()
  return rate
}

/** As `idle`, by OPC UA. */
export async function opcuaIdle(report: Report, folder: string): Promise<void> {
  const servers: CountingServers = await startCountingServers({ machines: 10, items: 200, everyMs: 1000 })
  const devices = servers.endpoints.map((endpoint, i) => ({
    name: `d${i}`,
    protocol: 'opcua',
    connection: { endpoint, timeoutMs: 10_000 },
    periodMs: 1000,
    tags: tagsOf(200),
  }))
  const table = { platform: `mqtt://127.0.0.1:${await freePort()}`, token: 'none', devices }
  const gateway = await startGateway(folder, table, [installGateway(folder), 'run'])
  await sleep(60_000)
  report('edge.opcua_rss.bytes', rssOfPackaged(gateway.child.pid), 'bytes')
  await gateway.stop()
  servers.stop()
}
