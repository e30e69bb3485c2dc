import { createHash } from 'node:crypto'
import type { getGatewayStanding } from '@kapok/contracts/gateway'
import type { ReplyOf } from '@kapok/contracts/route'
import type { Tx } from '@kapok/kit-store/db'
import type { Kit } from '@kapok/kit-store/kit'

type Standing = ReplyOf<typeof getGatewayStanding>
const listMax = 100

/** What arrived of a gateway by the sequence of its present key. A batch that is loaded twice counts once. */
export async function gatewayStanding(kit: Kit, tx: Tx, deviceId: string): Promise<Standing> {
  const key = await tx.row<{ id: string; public_key: Buffer; first_sequence: bigint; enrolled_at: Date }>(
    'SELECT id, public_key, first_sequence, enrolled_at FROM data.gateway_key WHERE device_id = $1 AND replaced_at IS NULL',
    [deviceId],
  )
  if (key === undefined)
    return {
      key: null,
      batches: 0,
      points: 0,
      lastSequence: 0,
      lastReceived: null,
      missing: [],
      gaps: [],
      clockSteps: [],
      doubled: 0,
    }
  const [sums, missing, gaps, steps] = await Promise.all([
    query<{ batches: string; points: string; last: string; received: string; doubled: string }>(kit, key.id, sumsQuery),
    query<Record<'sequence' | 'previous' | 'after' | 'before', string>>(kit, key.id, missingQuery, {
      before: Number(key.first_sequence) - 1,
    }),
    query<{ first: string; last: string; points: number; reason: string }>(kit, key.id, notesQuery('gap')),
    query<{ first: string; last: string }>(kit, key.id, notesQuery('clock')),
  ])
  const all = sums[0]
  return {
    key: {
      fingerprint: fingerprintOf(key.public_key),
      enrolledAt: key.enrolled_at.getTime(),
      publicKey: key.public_key.toString('base64url'),
    },
    batches: Number(all?.batches ?? 0),
    points: Number(all?.points ?? 0),
    lastSequence: Number(all?.last ?? 0),
    lastReceived: Number(all?.batches ?? 0) === 0 ? null : Number(all?.received),
    missing: missing.map(({ sequence, previous, after, before }) => ({
      from: Number(previous) + 1,
      to: Number(sequence) - 1,
      after: Number(after),
      before: Number(before),
    })),
    gaps: gaps.map(({ first, last, points, reason }) => ({
      firstAt: Number(first),
      lastAt: Number(last),
      points,
      reason,
    })),
    clockSteps: steps.map(({ first, last }) => ({ before: Number(first), after: Number(last) })),
    doubled: Number(all?.doubled ?? 0),
  }
}

/** SHA-256 of the raw key, the first 16 hexadecimal digits in groups: what the gateway's own page shows too. */
const fingerprintOf = (publicKey: Buffer) =>
  (createHash('sha256').update(publicKey).digest('hex').slice(0, 16).match(/.{4}/g) ?? []).join(' ')

const ofKey = 'FROM gateway_batch FINAL WHERE key = {key:UUID}'
const millis = (column: string) => `toUnixTimestamp64Milli(${column})`
const sumsQuery = `SELECT uniqExact(sequence) AS batches, sumIf(points, kind = 'points') AS points, max(sequence) AS last,
  max(${millis('received')}) AS received, count() - uniqExact(sequence) AS doubled ${ofKey}`
/** The step from each sequence to the next, and from the first that the key signs to the first that came. */
const missingQuery = `SELECT sequence, previous, after, before FROM (
    SELECT sequence, lagInFrame(sequence, 1, {before:UInt64}) OVER w AS previous, lagInFrame(${millis('last_at')}, 1, ${millis('first_at')}) OVER w AS after,
      ${millis('first_at')} AS before
    FROM (SELECT sequence, min(first_at) AS first_at, max(last_at) AS last_at ${ofKey} GROUP BY sequence)
    WINDOW w AS (ORDER BY sequence ROWS BETWEEN 1 PRECEDING AND CURRENT ROW))
  WHERE sequence > previous + 1 ORDER BY sequence DESC LIMIT ${listMax}`
const notesQuery = (kind: 'gap' | 'clock') =>
  `SELECT ${millis('first_at')} AS first, ${millis('last_at')} AS last, points, reason ${ofKey}
    AND kind = '${kind}' ORDER BY sequence DESC LIMIT ${listMax}`

async function query<T>(kit: Kit, key: string, text: string, more: Record<string, unknown> = {}): Promise<T[]> {
  const result = await kit.clickhouse.query({ query: text, query_params: { key, ...more }, format: 'JSONEachRow' })
  return result.json<T>()
}
