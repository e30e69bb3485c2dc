import type { CoverageDay, DeviceFacts, GatewayDay } from '@kapok/contracts/ports'
import { addCivilDays } from '@kapok/kit/clock'
import type { Kit } from '@kapok/kit-store/kit'

/** A day with fewer points says too little to be called identical to another. */
const digestPointsMin = 60

export interface SealedDay extends CoverageDay {
  corrected: boolean
  sealHash: string | null
}

interface DayRow {
  device_id: string
  day: string
  revision: number
  points: bigint
  minutes: number
  gaps: number
  good_bp: number
  signed: bigint | null
  digest: string
  identical: string[] | null
}

interface OrgDayRow {
  day: string
  revision: number
  active_minutes: number
  seal_hash: string
  gateways: GatewayDay[]
  second_source: number | null
}

/**
 * What the seals say of these devices and days, corrections included, beside the second source. One row a device and
 * day, also for days without data and days not sealed yet.
 */
export async function coverageDays(
  kit: Kit,
  ask: { orgId: string; devices: readonly DeviceFacts[]; fromDay: string; toDay: string },
): Promise<SealedDay[]> {
  const range = [ask.orgId, ask.fromDay, ask.toDay]
  const [rows, orgRows] = await kit.db.tx({ job: 'evidence' }, async (tx) => [
    await tx.rows<DayRow>(
      `WITH newest AS (
         SELECT DISTINCT ON (device_id, day) * FROM evidence.device_day
         WHERE org_id = $1 AND day BETWEEN $2 AND $3 ORDER BY device_id, day, revision DESC)
       SELECT n.device_id, to_char(n.day, 'YYYY-MM-DD') AS day, n.revision, n.points, n.minutes, n.gaps, n.good_bp, n.signed,
         encode(n.digest, 'hex') AS digest,
         CASE WHEN n.points < $4 THEN NULL ELSE
           (SELECT array_agg(DISTINCT o.device_id::text) FROM evidence.device_day o
            WHERE o.digest = n.digest AND (o.device_id, o.day) <> (n.device_id, n.day)
              AND o.revision = (SELECT max(revision) FROM evidence.device_day l
                WHERE l.org_id = o.org_id AND l.device_id = o.device_id AND l.day = o.day))
         END AS identical
       FROM newest n`,
      [...range, digestPointsMin],
    ),
    await tx.rows<OrgDayRow>(
      `SELECT DISTINCT ON (d.day) to_char(d.day, 'YYYY-MM-DD') AS day, d.revision, d.active_minutes, d.gateways,
         encode(s.leaf_hash, 'hex') AS seal_hash,
         (SELECT r.active_minutes FROM evidence.reading r
          WHERE r.org_id = d.org_id AND r.day = d.day ORDER BY filing DESC LIMIT 1) AS second_source
       FROM evidence.org_day d JOIN evidence.seal s USING (leaf_index)
       WHERE d.org_id = $1 AND d.day BETWEEN $2 AND $3 ORDER BY d.day, d.revision DESC`,
      range,
    ),
  ])
  const byDevice = new Map(rows.map((row) => [`${row.device_id} ${row.day}`, row]))
  const byDay = new Map(orgRows.map((row) => [row.day, row]))
  const result: SealedDay[] = []
  for (const device of ask.devices)
    for (let day = ask.fromDay; day <= ask.toDay; day = addCivilDays(day, 1)) {
      const row = byDevice.get(`${device.id} ${day}`)
      const org = byDay.get(day)
      result.push({
        deviceId: device.id,
        deviceName: device.name,
        day,
        sealed: org !== undefined,
        corrected: (org?.revision ?? 0) > 0,
        sealHash: org?.seal_hash ?? null,
        minutes: row?.minutes ?? 0,
        points: Number(row?.points ?? 0),
        gaps: row?.gaps ?? 0,
        goodBp: row?.good_bp ?? 0,
        digest: row?.digest ?? '',
        identicalTo: row?.identical ?? [],
        secondSourceMinutes: org?.second_source ?? null,
        orgMinutes: org?.active_minutes ?? 0,
        signedBp: shareOf(row),
        gateways: together(org?.gateways ?? []),
      })
    }
  return result
}

/** Rounded down: a day is signed whole only when every point is. */
function shareOf(row: DayRow | undefined): number | null {
  if (row === undefined || row.signed === null) return null
  return row.points === 0n ? 0 : Number((row.signed * 10_000n) / row.points)
}

/** Several gateways may be away at once, so their minutes are not added up. */
const together = (gateways: readonly GatewayDay[]): CoverageDay['gateways'] => ({
  missing: gateways.reduce((sum, each) => sum + each.missing, 0),
  gapMinutes: gateways.reduce((most, each) => Math.max(most, each.gapMinutes), 0),
  doubled: gateways.reduce((sum, each) => sum + each.doubled, 0),
})
