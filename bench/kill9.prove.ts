import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { dataMigrations } from '@kapok/data'
import { type TestKit, testKit } from '@kapok/kit-store/testing'
import { LoadClient, publishPacket } from './mqtt-load.ts'
import { type IngestProcess, makeDevices, startIngest } from './start-ingest.ts'

const clientsMax = 8
const inFlight = 16

/**
 * Ingest is killed (SIGKILL) again and again under load and started anew on the same folder. Every point that was
 * acknowledged must then be in the store exactly once. With the fault `acknowledge-first` ingest acknowledges before it
 * writes, which this must notice.
 */
export default async function proveKill9(args: {
  short: boolean
  fault?: string
}): Promise<{ ok: boolean; tried: string; result: string }> {
  const kills = args.short ? 8 : 200
  const kit = await testKit({ migrations: [dataMigrations] })
  const fault = args.fault === 'acknowledge-first' ? ('acknowledge-first' as const) : undefined
  let ingest: IngestProcess | undefined
  try {
    const { devices } = await makeDevices(kit, { devices: clientsMax, properties: 1 })
    const acknowledged = devices.map(() => new Set<number>())
    const next = devices.map(() => 0)
    const start = Date.now() - 24 * 3_600_000
    // Deterministic, so that a failing run can be repeated: the delays derive from the number of the kill.
    for (let kill = 0; kill < kills; kill++) {
      ingest = await startIngest(kit, fault === undefined ? {} : { fault })
      const { child, mqttPort } = ingest
      const clients = await Promise.all(
        devices.map(async ({ token }, i) => {
          const client = await LoadClient.connect(mqttPort, token)
          send(client, start, next, acknowledged, i)
          return client
        }),
      )
      await sleep(20 + delayOf(kill))
      child.kill('SIGKILL')
      await once(child, 'exit')
      // What the kernel still holds for the sockets counts: an acknowledgement that arrives was given.
      await sleep(5)
      for (const client of clients) client.close()
    }
    ingest = await startIngest(kit)
    await ingest.flush()
    return await judge(kit, devices, acknowledged, next, start, kills)
  } finally {
    await ingest?.stop()
    await kit.stop()
  }
}

const delayOf = (kill: number) => createHash('sha256').update(`kill ${kill}`).digest().readUInt16BE(0) % 400

/** Keeps `inFlight` messages under way; every message is a point at its own time with its own value. */
function send(client: LoadClient, start: number, next: number[], acknowledged: Set<number>[], i: number): void {
  const sentAs = new Map<number, number>()
  const one = () => {
    const n = next[i] ?? 0
    next[i] = n + 1
    const { packet, idAt } = publishPacket(
      'kapok/v1/telemetry',
      Buffer.from(JSON.stringify({ ts: start + n, values: { m0: n } })),
    )
    const id = (n % 65_535) + 1
    packet.writeUInt16BE(id, idAt)
    sentAs.set(id, n)
    client.socket.write(packet)
  }
  client.onAck = (id) => {
    const n = sentAs.get(id)
    if (n !== undefined) acknowledged[i]?.add(n)
    sentAs.delete(id)
    one()
  }
  for (let k = 0; k < inFlight; k++) one()
}

async function judge(
  kit: TestKit,
  devices: { id: string }[],
  acknowledged: Set<number>[],
  sent: number[],
  start: number,
  kills: number,
): Promise<{ ok: boolean; tried: string; result: string }> {
  let missing = 0
  let wrong = 0
  let twice = 0
  let total = 0
  for (const [i, { id }] of devices.entries()) {
    const row = await kit.db.tx({ job: 'data' }, (tx) =>
      tx.row<{ id: bigint }>('SELECT id FROM data.series WHERE device_id = $1', [id]),
    )
    const result = await kit.clickhouse.query({
      query: `SELECT toUnixTimestamp64Milli(at) AS ms, any(value) AS v, count() AS n FROM point FINAL
        WHERE series = {series:UInt32} GROUP BY at`,
      query_params: { series: Number(row?.id ?? 0) },
      format: 'JSONEachRow',
    })
    const found = new Map<number, { v: number; n: number }>()
    for (const { ms, v, n } of await result.json<{ ms: string | number; v: number; n: string | number }>())
      found.set(Number(ms) - start, { v, n: Number(n) })
    for (const n of acknowledged[i] ?? []) {
      total++
      const point = found.get(n)
      if (point === undefined) missing++
      else if (point.v !== n) wrong++
      else if (point.n !== 1) twice++
    }
    for (const n of found.keys()) if (n >= (sent[i] ?? 0)) wrong++
  }
  return {
    ok: total > 0 && missing === 0 && wrong === 0 && twice === 0,
    tried: `${kills} kills of ingest under load, ${total} points acknowledged`,
    result: `${missing} missing, ${wrong} wrong, ${twice} more than once`,
  }
}
