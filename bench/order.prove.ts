import { encodeCompactBatch } from '@kapok/contracts/compact-batch'
import { dataMigrations, dataPlane } from '@kapok/data'
import { runIngest } from '@kapok/data/ingest'
import { deriveTouchedHours } from '@kapok/data/rollup'
import { type TestKit, testKit } from '@kapok/kit-store/testing'
import mqtt from 'mqtt'
import { makeDevices } from './start-ingest.ts'

const day = '2026-09-10'
const dayStart = Date.parse(`${day}T00:00:00+08:00`)

interface Sent {
  property: string
  at: number
  value: number
  quality: number
}

/**
 * The same day of points sent in order, and shuffled, duplicated and a day late, each on its own platform: roll-ups
 * and meters must be equal to the last bit. With the fault `drop-late` the copy loses a point, which this must notice.
 */
export default async function proveOrder(args: {
  short: boolean
  fault?: string
}): Promise<{ ok: boolean; tried: string; result: string }> {
  const points = dayOfPoints(args.short ? 3000 : 60_000)
  const inOrder = await numbersOf([points], dayStart + 86_400_000 + 3_600_000)
  const shuffled = shuffle(points, 7)
  if (args.fault === 'drop-late')
    shuffled.splice(
      shuffled.findIndex(({ at }) => at === points.at(-1)?.at),
      1,
    )
  const [first, second] = [shuffled.slice(0, shuffled.length / 3), shuffled.slice(shuffled.length / 3)]
  // A third on the day, derived; the rest a day late, all of it twice, and everything derived again.
  const late = await numbersOf([first, shuffle([...second, ...shuffled], 11)], dayStart + 2 * 86_400_000 + 3_600_000)
  const equal = inOrder.map(({ name, text }, i) => ({ name, equal: text === late[i]?.text }))
  return {
    ok: equal.every((each) => each.equal) && inOrder.every(({ text }) => text.length > 100),
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

/** Sends the parts, each at one receive time, derives after each, and returns the numbers as text. */
async function numbersOf(parts: readonly Sent[][], finalTime: number): Promise<{ name: string; text: string }[]> {
  const kit = await testKit({ migrations: [dataMigrations] })
  kit.clock.set(finalTime, { running: false })
  const ingest = await runIngest(kit, { mqttPort: 0, mqttHosts: ['127.0.0.1'], httpPort: 0 })
  try {
    const { orgId, devices } = await makeDevices(kit, { devices: 1, properties: 3 })
    for (const part of parts) {
      const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${ingest.mqttPort}`, {
        username: devices[0]?.token ?? '',
        reconnectPeriod: 0,
      })
      for (let i = 0; i < part.length; i += 1000) {
        const batch = encodeCompactBatch(part.slice(i, i + 1000).map((point) => ({ device: '', ...point })))
        await client.publishAsync('kapok/v1/points', Buffer.from(batch), { qos: 1 })
      }
      await client.endAsync()
      await ingest.flush()
      await deriveTouchedHours(kit)
    }
    const meter = await dataPlane(kit).port.meterDay(orgId, day)
    return [
      { name: '1m', text: await rollupText(kit, 'rollup_1m') },
      { name: '1h', text: await rollupText(kit, 'rollup_1h') },
      // Device ids are drawn at random and stand in no number.
      { name: 'meter', text: JSON.stringify(meter.map((row) => ({ ...row, deviceId: '' }))) },
    ]
  } finally {
    await ingest.stop()
    await kit.stop()
  }
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
