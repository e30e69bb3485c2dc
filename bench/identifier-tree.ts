import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { Resolver, type Simulation, startSimulation } from '@kapok/identifier/start'
import { RecordStore } from '@kapok/identifier/store'
import { systemClock } from '@kapok/kit/clock'
import { benchRecord } from './identifier-records.ts'
import { quantile } from './quantile.ts'

type Report = (name: string, value: number, unit: string) => void

const partsOfEach = 200
const coldRuns = 1_000
const questions = 2_000
const inFlight = 16

/** The tree of root, top, three secondaries and twenty enterprises, and a recursive node that asks it; all in this process. */
export async function tree(report: Report, folder: string): Promise<void> {
  const stores: RecordStore[] = []
  const running = await startSimulation({
    clock: systemClock,
    open: (name) => {
      const store = RecordStore.open(join(folder, name), { clock: systemClock })
      stores.push(store)
      return store
    },
  })
  try {
    const enterprises = [...running.nodes.keys()].filter((name) => name.split('.').length === 3)
    for (const prefix of enterprises) {
      const store = running.nodes.get(prefix)?.records as RecordStore
      const items = Array.from({ length: partsOfEach }, (_, n) => ({ ...benchRecord(n), handle: `${prefix}/P${n}` }))
      await store.batch('parts', '', items)
    }
    report('identifier.cold_path_p99.ms', await coldPath(running, enterprises), 'ms')
    await halfDead(report, running, enterprises)
  } finally {
    await running.stop()
    for (const store of stores) await store.close()
  }
}

const resolverOf = ({ nodes }: Simulation) => {
  const root = nodes.get('root')
  if (root === undefined) throw new Error('the tree has no root')
  return new Resolver({ roots: () => [root.site()], clock: systemClock })
}

async function resolved(resolver: Resolver, handle: string): Promise<{ tookMs: number; response: number }> {
  const began = performance.now()
  const { reply } = await resolver.resolution({ handle, indexes: [], types: [], authoritative: false })
  return { tookMs: performance.now() - began, response: reply.response }
}

/** Root → top → secondary → enterprise, each time by a node that knows nothing yet. */
async function coldPath(running: Simulation, enterprises: readonly string[]): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < coldRuns; i++) {
    const handle = `${enterprises[i % enterprises.length]}/P${i % partsOfEach}`
    const { tookMs, response } = await resolved(resolverOf(running), handle)
    if (response !== 1) throw new Error(`${handle} was answered with ${response}`)
    // The first runs warm up the code.
    if (i >= 100) times.push(tookMs)
  }
  return quantile(times, 0.99)
}

/**
 * The same questions to the healthy half, when the other half answers, and when it is silent: packets and connections are
 * taken and nothing comes back. As many ask for names of the other half meanwhile, on their own, and wait for what they get.
 */
async function halfDead(report: Report, running: Simulation, enterprises: readonly string[]): Promise<void> {
  const [healthy, others] = [0, 1].map((half) => enterprises.filter((_, i) => i % 2 === half)) as [string[], string[]]
  const run = async () => {
    const resolver = resolverOf(running)
    const times: number[] = []
    let next = 0
    let isOver = false
    const nameIn = (half: readonly string[], i: number) => `${half[i % half.length]}/P${Math.floor(i / half.length)}`
    const askHealthy = async () => {
      for (let i = next++; i < questions; i = next++) {
        const { tookMs, response } = await resolved(resolver, nameIn(healthy, i))
        if (response !== 1) throw new Error(`a healthy name was answered with ${response}`)
        if (i >= questions / 4) times.push(tookMs)
      }
    }
    const askOthers = async (worker: number) => {
      for (let i = worker; !isOver; i += inFlight) {
        await resolved(resolver, nameIn(others, i % questions))
        // What is known is answered at once, and would leave nobody else a turn.
        await turn()
      }
    }
    const workers = Array.from({ length: inFlight }, (_, worker) => askOthers(worker))
    await Promise.all(Array.from({ length: inFlight }, askHealthy))
    isOver = true
    await Promise.all(workers)
    return quantile(times, 0.99)
  }
  const all = await run()
  const silent = await Promise.all(others.map((prefix) => silence(running, prefix)))
  const half = await run()
  for (const end of silent) end()
  report('identifier.healthy_p99.ms', all, 'ms')
  report('identifier.healthy_p99_half_dead.ms', half, 'ms')
  report('identifier.half_dead_p99_ratio.ratio', half / all, '')
}

/** In the place of a node something that takes all and says nothing. */
async function silence({ nodes, ports }: Simulation, prefix: string): Promise<() => void> {
  await nodes.get(prefix)?.stop()
  const port = ports.get(prefix) ?? 0
  const [udp, tcp] = [createSocket('udp4'), createServer()]
  udp.bind(port, '127.0.0.1')
  tcp.listen(port, '127.0.0.1')
  await Promise.all([once(udp, 'listening'), once(tcp, 'listening')])
  const connections = new Set<Socket>()
  tcp.on('connection', (socket) => {
    connections.add(socket)
    socket.on('error', () => {})
  })
  return () => {
    for (const socket of connections) socket.destroy()
    udp.close()
    tcp.close()
  }
}
