import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { encodeCompactBatch } from '@kapok/contracts/compact-batch'
import { dataMigrations } from '@kapok/data'
import { type TestKit, testKit } from '@kapok/kit-store/testing'
import { LoadClient, publishPacket } from './mqtt-load.ts'
import { type IngestProcess, makeDevices, startIngest } from './start-ingest.ts'

const clientsMax = 2
const metrics = 100
/** What ingest holds at most: 48 MiB of rows at which it stops reading, and what every session had under way then. */
const pendingBytesMax = 64 << 20
const rssBytesMax = 640 << 20
/** Below this there was no overload, and the run says nothing. */
const pendingBytesMin = 40 << 20

const floodMsMax = 150_000

const faults: Record<string, string> = { 'no-pushback': 'fault-no-pushback.ts' }

/**
 * Devices send as fast as their sockets take it to an ingest whose disk needs two seconds for a sync. It must slow them
 * down instead of growing: rows in memory and resident memory stay below their bounds, device HTTP answers 503 with a
 * time to wait, and what was acknowledged is what is stored. With the fault `no-pushback` it reads on.
 */
export default async function proveOverload(args: {
  short: boolean
  fault?: string
}): Promise<{ ok: boolean; tried: string; result: string }> {
  const kit = await testKit({ migrations: [dataMigrations] })
  const planted = faults[args.fault ?? '']
  let ingest: IngestProcess | undefined
  const flooders: Flooder[] = []
  try {
    const { devices } = await makeDevices(kit, { devices: clientsMax, properties: metrics })
    ingest = await startIngest(kit, { preload: ['fault-slow-disk.ts', ...(planted === undefined ? [] : [planted])] })
    for (const { token } of devices) flooders.push(await Flooder.connect(ingest.mqttPort, token))
    for (const flooder of flooders) flooder.run()
    const seen = { pending: 0, rss: 0, busy: false }
    // On a busy machine the flood takes its time to rise; what counts begins when ingest is full.
    let full = 0
    for (const began = performance.now(); performance.now() - began < floodMsMax; await sleep(100)) {
      const { pendingBytes, rss } = await ingest.state()
      seen.pending = Math.max(seen.pending, pendingBytes)
      seen.rss = Math.max(seen.rss, rss)
      seen.busy ||= await answersBusy(ingest.httpPort, devices[0]?.token ?? '')
      if (full === 0 && pendingBytes > pendingBytesMin) full = performance.now()
      if (full > 0 && performance.now() - full > (args.short ? 3000 : 60_000)) break
      // Memory of the machine is not the proof's to use up: a bound that is broken twice over is broken.
      if (rss > 2 * rssBytesMax) break
    }
    for (const flooder of flooders) await flooder.finish()
    await ingest.flush()
    const accepted = flooders.reduce((sum, { acknowledged }) => sum + acknowledged, 0) * metrics
    const stored = await storedPoints(kit)
    const inMiB = (bytes: number) => `${Math.round(bytes / (1 << 20))} MiB`
    return {
      ok:
        seen.pending > pendingBytesMin &&
        seen.pending < pendingBytesMax &&
        seen.rss < rssBytesMax &&
        seen.busy &&
        accepted > 0 &&
        accepted === stored,
      tried: `${clientsMax} devices without a pause against a disk of two seconds a sync, ${accepted} points accepted`,
      result: `${stored} stored, at most ${inMiB(seen.pending)} of rows in memory and ${inMiB(seen.rss)} resident, HTTP ${seen.busy ? 'said' : 'never said'} 503`,
    }
  } finally {
    for (const flooder of flooders) flooder.client.close()
    // Its disk is slow: a drain would take as long as the flood.
    ingest?.child.kill('SIGKILL')
    await kit.stop()
  }
}

/** Whether device HTTP turns a request away with a time to wait. Its body has no point. */
async function answersBusy(port: number, token: string): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${token}/attributes?clientKeys=none`).catch(
    () => undefined,
  )
  await answer?.text()
  return answer?.status === 503 && answer.headers.get('retry-after') !== null
}

/** Writes as fast as its socket takes, every message at a time of its own. */
class Flooder {
  readonly client: LoadClient
  sent = 0
  readonly #from = Date.now() - 12 * 3_600_000
  #stopped = false
  #running: Promise<void> | undefined

  private constructor(client: LoadClient) {
    this.client = client
  }

  static async connect(port: number, token: string): Promise<Flooder> {
    return new Flooder(await LoadClient.connect(port, token))
  }

  get acknowledged(): number {
    return this.client.acknowledged
  }

  run(): void {
    this.#running = this.#flood()
  }

  /** Stops, and waits until everything that was written is acknowledged. */
  async finish(): Promise<void> {
    this.#stopped = true
    this.client.socket.emit('drain')
    await this.#running
    while (this.acknowledged < this.sent && !this.client.socket.destroyed) await sleep(100)
  }

  async #flood(): Promise<void> {
    const { socket } = this.client
    const points = Array.from({ length: metrics }, (_, i) => ({
      device: '',
      property: `m${i}`,
      at: this.#from,
      value: i,
    }))
    const { packet: template, idAt, payloadAt } = publishPacket('kapok/v1/points', encodeCompactBatch(points))
    // Behind magic, flags, the dictionary and its length, and the number of times.
    const timeAt = payloadAt + 8 + template.readUInt32LE(payloadAt + 4) + 1
    while (!this.#stopped) {
      const packet = Buffer.from(template)
      packet.writeUInt16BE((this.sent % 65_535) + 1, idAt)
      writeTime(packet, timeAt, this.#from + this.sent++)
      if (!socket.write(packet)) await Promise.race([once(socket, 'drain'), this.client.closed])
      else if (this.sent % 50 === 0) await sleep(0)
    }
  }
}

/** Zigzag of a time of our days as a varint: six bytes. */
function writeTime(packet: Buffer, to: number, at: number): void {
  let rest = at * 2
  for (let i = 0; i < 6; i++) {
    packet[to + i] = (rest % 128) | (i < 5 ? 0x80 : 0)
    rest = Math.floor(rest / 128)
  }
}

async function storedPoints(kit: TestKit): Promise<number> {
  const result = await kit.clickhouse.query({
    query: 'SELECT sum(n) AS n FROM (SELECT uniqExact(at) AS n FROM point GROUP BY series)',
    format: 'JSONEachRow',
  })
  return Number((await result.json<{ n: number | string }>())[0]?.n ?? 0)
}
