import type { OrganisationPort } from '@kapok/contracts/ports'
import { civilDayOf } from '@kapok/kit/clock'
import type { Kit } from '@kapok/kit-store/kit'
import { refuse } from '../refusals.ts'

interface Reading {
  uscc: string
  day: string
  activeMinutes: number
  bytes: number
}

/**
 * Files an operator's readings, all or none. A second filing of the same day is kept beside the first and wins; the
 * platform never changes what an operator said.
 */
export async function fileReadings(
  kit: Kit,
  organisations: OrganisationPort,
  operatorId: string,
  readings: readonly Reading[],
): Promise<number> {
  const today = civilDayOf(kit.clock.now())
  const orgIds = new Map<string, string>()
  for (const { uscc, day } of readings) {
    if (day >= today) throw refuse('reading.future', { day })
    if (orgIds.has(uscc)) continue
    const organisation = await organisations.byUscc(uscc)
    if (organisation?.kind !== 'enterprise') throw refuse('reading.unknown-organisation', { uscc })
    orgIds.set(uscc, organisation.id)
  }
  // The next filing number must see other operators' filings too, so this stands in the plane's own scope.
  return kit.db.tx({ job: 'evidence' }, async (tx) => {
    for (const { uscc, day, activeMinutes, bytes } of readings)
      await tx.run(
        `INSERT INTO evidence.reading
           SELECT $1, $2, coalesce(max(filing) + 1, 0), $3, $4, $5, $6 FROM evidence.reading WHERE org_id = $1 AND day = $2`,
        [orgIds.get(uscc), day, operatorId, activeMinutes, bytes, new Date(kit.clock.now())],
      )
    return readings.length
  })
}
