import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// OPC UA servers that count, in a process of their own. Each item takes its next number every so often, and the server tells
// of each change: at the receiving end what is lost, there twice or out of order is seen by the numbers alone.
interface Ask {
  machines: number
  items: number
  everyMs: number
}

export interface CountingServers {
  endpoints: string[]
  /** Changes of all items so far, each of which the server puts into the queue of the item's monitored item. */
  sampled(): Promise<number>
  /** Nothing changes any more; resolves with the last number of each item, machine after machine. */
  hold(): Promise<number[]>
  pid: number | undefined
  stop(): void
}

export const itemAddress = (i: number) => `ns=1;s=c${i}`

export async function startCountingServers(ask: Ask): Promise<CountingServers> {
  const child: ChildProcess = fork(import.meta.filename, [JSON.stringify(ask)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const answer = async <T>() => ((await once(child, 'message')) as [T])[0]
  const asked = <T>(what: string) => {
    child.send(what)
    return answer<T>()
  }
  return {
    endpoints: await answer<string[]>(),
    sampled: () => asked<number>('sampled'),
    hold: () => asked<number[]>('hold'),
    pid: child.pid,
    stop: () => child.kill('SIGTERM'),
  }
}

if (process.argv[1] === import.meta.filename) {
  const { machines, items, everyMs } = JSON.parse(process.argv[2] ?? '{}') as Ask
  const folder = mkdtempSync(join(tmpdir(), 'kapok-opcua-bench-'))
  const counters = new Uint32Array(machines * items)
  const state = { isHeld: false }
  const endpoints: string[] = []
  for (let m = 0; m < machines; m++)
    endpoints.push(await startServer(folder, counters.subarray(m * items, (m + 1) * items), everyMs, state))
  process.on('message', (what) => {
    if (what === 'hold') state.isHeld = true
    process.send?.(what === 'hold' ? [...counters] : counters.reduce((sum, n) => sum + n, 0))
  })
  const end = () => {
    rmSync(folder, { recursive: true, force: true })
    process.exit(0)
  }
  process.on('disconnect', end)
  process.on('SIGTERM', end)
  process.send?.(endpoints)
}

/** A server with one variable for each counter; resolves with its endpoint. */
async function startServer(
  folder: string,
  counters: Uint32Array,
  everyMs: number,
  state: { isHeld: boolean },
): Promise<string> {
  const { OPCUAServer } = await import('node-opcua-server')
  const { OPCUACertificateManager } = await import('node-opcua-certificate-manager')
  const { DataType, StatusCodes } = await import('node-opcua-client')
  const { nodesets } = await import('node-opcua-nodesets')
  const port = await freePort()
  const certificates = () =>
    new OPCUACertificateManager({
      rootFolder: folder,
      automaticallyAcceptUnknownCertificate: true,
      disableFileWatchers: true,
    })
  const server = new OPCUAServer({
    port,
    host: '127.0.0.1',
    hostname: '127.0.0.1',
    serverCertificateManager: certificates(),
    userCertificateManager: certificates(),
    nodeset_filename: [nodesets.standard],
    serverCapabilities: {
      maxSessions: 10,
      minSupportedSampleRate: 0,
      maxMonitoredItems: 100_000,
      maxMonitoredItemsPerSubscription: 100_000,
      operationLimits: { maxNodesPerRead: 1000, maxMonitoredItemsPerCall: 1000 },
    },
  })
  await server.initialize()
  const space = server.engine.addressSpace
  if (space === null) throw new Error('the server has no address space')
  const own = space.getOwnNamespace()
  const folderNode = own.addObject({ browseName: 'Counters', organizedBy: space.rootFolder.objects })
  const variables: ReturnType<typeof own.addVariable>[] = []
  for (let i = 0; i < counters.length; i++) {
    variables.push(
      own.addVariable({
        nodeId: `s=c${i}`,
        browseName: `c${i}`,
        componentOf: folderNode,
        dataType: 'UInt32',
        minimumSamplingInterval: 0,
        value: { dataType: DataType.UInt32, value: 0 },
      }),
    )
  }
  setInterval(() => {
    if (state.isHeld) return
    const now = new Date()
    for (let i = 0; i < variables.length; i++) {
      counters[i] = (counters[i] ?? 0) + 1
      variables[i]?.setValueFromSource({ dataType: DataType.UInt32, value: counters[i] }, StatusCodes.Good, now)
    }
  }, everyMs)
  await server.start()
  return `opc.tcp://127.0.0.1:${port}`
}

function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => done(port))
    })
  })
}
