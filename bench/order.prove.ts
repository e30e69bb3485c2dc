import { encodeCompactBatch } from '@kapok/contracts/compact-batch'
import type { OrganisationPort } from '@kapok/contracts/ports'
import { dataMigrations, dataPlane } from '@kapok/data'
import { runIngest } from '@kapok/data/ingest'
import { deriveTouchedHours } from '@kapok/data/rollup'
import { evidenceMigrations, evidencePlane } from '@kapok/evidence'
import { must } from '@kapok/kit/must'
import { type TestKit, testKit } from '@kapok/kit-store/testing'
import mqtt from 'mqtt'
import { makeDevices } from './start-ingest.ts'

const day = '2026-09-10'
const dayStart = Date.parse(`${day}T00:00:00+08:00`)
const hourMs = 3_600_000

interface Sent {
  property: string
  at: number
  value: number
  quality: number
}

/**
 * The same day of points sent in order, and shuffled, duplicated and a day late, each on its own platform: roll-ups,
 * meters and seals (leaf and chain) must be equal to the last byte. Where the day was sealed before the rest of it came,
 * its correction seal must say the same. With the fault `drop-late` the copy loses a point, which this must notice.
 */
export default async function proveOrder(args: {
  short: boolean
  fault?: string
}): Promise<{ ok: boolean; tried: string; result: string }> {
  const points = dayOfPoints(args.short ? 3000 : 60_000)
  const shuffled = shuffle(points, 7)
  if (args.fault === 'drop-late')
    shuffled.splice(
      shuffled.findIndex(({ at }) => at === points.at(-1)?.at),
      1,
    )
  const [first, second] = [shuffled.slice(0, shuffled.length / 3), shuffled.slice(shuffled.length / 3)]
  // A third on the day, derived; the rest a day late, all of it twice, and everything derived again.
  const parts = [first, shuffle([...second, ...shuffled], 11)]
  const inOrder = await numbersOf([points], { received: dayStart + 25 * hourMs, sealBetween: false })
  const late = await numbersOf(parts, { received: dayStart + 49 * hourMs, sealBetween: false })
  const corrected = await numbersOf(parts, { received: dayStart + 49 * hourMs, sealBetween: true })
  const same = (name: string, a: string, b: string) => ({ name, equal: a === b && a.length > 100 })
  const equal = [
    same('1m', inOrder.minutes, late.minutes),
    same('1h', inOrder.hours, late.hours),
    same('meter', inOrder.meter, late.meter),
    same('seals', inOrder.seals, late.seals),
    same('correction seal', inOrder.sealed.says, corrected.sealed.says),
  ]
  return {
    ok: equal.every((each) => each.equal) && inOrder.sealed.revision === 0 && corrected.sealed.revision === 1,
    tried: `${points.length} points of one day, shuffled, twice, a day late`,
    result: equal.map(({ name, equal: same }) => `${name} ${same ? 'equal' : 'DIFFERENT'}`).join(', '),
  }
}

/** A walk with gaps, repeated times with other values, values that floats cannot add exactly, and uncertain points. */
function dayOfPoints(n: number): Sent[] {
  const random = randomFrom(3)
  return Array.from({ length: n }, (_, i) => ({
    property: `m${i % 3}`,
    at: dayStart + Math.floor((i / n) * 86_400_000) + (i % 50 === 0 ? -1000 : 0),
    value: Math.round(random() * 100_000) / 100 + 0.1,
    quality: i % 17 === 0 ? 64 : 192,
  }))
    .flatMap((point, i) => (i % 40 === 0 ? [point, { ...point, value: point.value + 1 }] : [point]))
    .filter(({ at }) => at >= dayStart && at < dayStart + 86_400_000)
}

interface Numbers {
  minutes: string
  hours: string
  meter: string
  /** Every leaf of the organisation's chain, each with its hash and the chain's. */
  seals: string
  /** The newest seal of the day: its revision, and what it says of the machines. */
  sealed: { revision: number; says: string }
}

/** Sends the parts, all at one receive time, derives after each, seals at the end, and returns the numbers as text. */
async function numbersOf(
  parts: readonly Sent[][],
  { received, sealBetween }: { received: number; sealBetween: boolean },
): Promise<Numbers> {
  const kit = await testKit({ migrations: [dataMigrations, evidenceMigrations] })
  kit.clock.set(dayStart, { running: false })
  const ingest = await runIngest(kit, { mqttPort: 0, mqttHosts: ['127.0.0.1'], httpPort: 0 })
  try {
    // The same ids on every platform, since they stand in the leaves.
    let ids = 0
    const newId = () => `00000000-0000-4000-8000-${String(++ids).padStart(12, '0')}`
    const { orgId, devices } = await makeDevices(kit, { devices: 1, properties: 3, newId })
    const { port } = dataPlane(kit)
    const { jobs } = evidencePlane(kit, { devices: port, organisations: nobody })
    const seal = must(
      jobs.find(({ name }) => name === 'evidence.seal'),
      'the job that seals',
    )
    kit.clock.set(received, { running: false })
    for (const [i, part] of parts.entries()) {
      await sendAll(ingest.mqttPort, devices[0]?.token ?? '', part)
      await ingest.flush()
      await deriveTouchedHours(kit)
      if (sealBetween && i === 0) await seal.run()
    }
    kit.clock.set(dayStart + 72 * hourMs, { running: false })
    await seal.run()
    const seals = await kit.db.tx({ job: 'evidence' }, (tx) =>
      tx.rows<{ day: string; leaf: string; hash: string; chain: string }>(
        `SELECT to_char(day, 'YYYY-MM-DD') AS day, leaf, encode(leaf_hash, 'hex') AS hash, encode(chain_hash, 'hex') AS chain
         FROM evidence.seal ORDER BY sequence`,
      ),
    )
    const newest = JSON.parse(seals.findLast((each) => each.day === day)?.leaf ?? '{}') as Record<string, unknown>
    return {
      minutes: await rollupText(kit, 'rollup_1m'),
      hours: await rollupText(kit, 'rollup_1h'),
      meter: JSON.stringify(await port.meterDay(orgId, day)),
      seals: seals.map(({ leaf, hash, chain }) => `${leaf} ${hash} ${chain}`).join('\n'),
      sealed: {
        revision: Number(newest.revision),
        says: JSON.stringify([newest.activeMinutes, newest.meters]),
      },
    }
  } finally {
    await ingest.stop()
    await kit.stop()
  }
}

/** Sealing asks for no organisation's name. */
const nobody: OrganisationPort = { byId: async () => undefined, byUscc: async () => undefined, ofKind: async () => [] }

async function sendAll(mqttPort: number, token: string, part: readonly Sent[]): Promise<void> {
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${mqttPort}`, { username: token, reconnectPeriod: 0 })
  for (let i = 0; i < part.length; i += 1000) {
    const batch = encodeCompactBatch(part.slice(i, i + 1000).map((point) => ({ device: '', ...point })))
    await client.publishAsync('kapok/v1/points', Buffer.from(batch), { qos: 1 })
  }
  await client.endAsync()
}

async function rollupText(kit: TestKit, table: string): Promise<string> {
  const result = await kit.clickhouse.query({
    query: `SELECT * EXCEPT (version, series), dense_rank() OVER (ORDER BY series) AS rank,
      hex(reinterpretAsUInt64(sum)), hex(reinterpretAsUInt64(integral)) FROM ${table} FINAL ORDER BY series, bucket`,
    format: 'TabSeparated',
  })
  return result.text()
}

function shuffle<T>(list: readonly T[], seed: number): T[] {
  const random = randomFrom(seed)
  const copy = [...list]
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const [a, b] = [copy[i] as T, copy[j] as T]
    copy[i] = b
    copy[j] = a
  }
  return copy
}

/** Park–Miller: a small generator, so that a failing run can be repeated. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}
