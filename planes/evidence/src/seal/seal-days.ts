import type { DevicePort } from '@kapok/contracts/ports'
import { addCivilDays, civilDayOf } from '@kapok/kit/clock'
import { leafHash } from '@kapok/kit/merkle'
import type { Tx } from '@kapok/kit-store/db'
import type { Kit } from '@kapok/kit-store/kit'
import { chainHash, genesisHash, type Leaf, leafOf, leafText, type Sealable } from './leaf.ts'
import { chainHeadOf, insertSeal, lastSealedDay, newestSeal } from './seal.store.ts'

/** A day is closed this long after it ended, so that a gateway that was offline overnight is still in the first seal. */
const graceMs = 6 * 3_600_000
/** One run never seals more days of one organisation than this; the next run goes on. */
const daysPerRun = 400
/** Seals are appended one at a time, by whichever server runs the job. */
const sealLock = 5284

/**
 * Closes every day whose grace period is over and corrects days that got later data. The meters come by query from
 * the deduplicated store, after ingest has handed over everything it acknowledged.
 */
export async function sealDays(kit: Kit, devices: DevicePort): Promise<{ sealed: number; corrected: number }> {
  const now = kit.clock.now()
  const lastDay = addCivilDays(civilDayOf(now - graceMs), -1)
  const result = { sealed: 0, corrected: 0 }
  await devices.flush()
  const orgIds = [...(await devices.orgsWithDevices())].sort()
  // Looked at together, appended one after the other: the log's order must not hang on which query was faster.
  const touched = await Promise.all(orgIds.map((orgId) => touchedDays(kit, devices, orgId, now)))
  for (const [i, orgId] of orgIds.entries()) {
    result.corrected += await correctDays(kit, devices, orgId, touched[i] ?? [], now)
    const own = await devices.ofOrg(orgId)
    const sealed = await kit.db.tx({ job: 'evidence' }, (tx) => lastSealedDay(tx, orgId))
    const first =
      sealed === undefined
        ? civilDayOf(Math.min(now, ...own.map((device) => device.createdAt)))
        : addCivilDays(sealed, 1)
    for (let day = first, n = 0; day <= lastDay && n < daysPerRun; day = addCivilDays(day, 1), n++) {
      await sealDay(kit, devices, orgId, day, 0)
      result.sealed++
    }
  }
  return result
}

/** Days that got points since the last look, in order; none before the first. */
async function touchedDays(kit: Kit, devices: DevicePort, orgId: string, now: number): Promise<string[]> {
  const seen = await kit.db.tx({ job: 'evidence' }, (tx) =>
    tx.row<{ received_through: Date }>('SELECT received_through FROM evidence.watermark WHERE org_id = $1', [orgId]),
  )
  return seen === undefined ? [] : [...(await devices.daysTouched(orgId, seen.received_through.getTime(), now))].sort()
}

/** A touched day that is sealed already and whose meters differ now gets a correction seal. */
async function correctDays(
  kit: Kit,
  devices: DevicePort,
  orgId: string,
  touched: readonly string[],
  now: number,
): Promise<number> {
  let corrected = 0
  for (const day of touched) {
    const newest = await kit.db.tx({ job: 'evidence' }, (tx) => newestSeal(tx, orgId, day))
    if (newest === undefined) continue
    corrected += (await sealDay(kit, devices, orgId, day, newest.revision + 1, newest.leaf)) ? 1 : 0
  }
  await kit.db.tx({ job: 'evidence' }, (tx) =>
    tx.run(
      `INSERT INTO evidence.watermark VALUES ($1, $2)
       ON CONFLICT (org_id) DO UPDATE SET received_through = greatest(evidence.watermark.received_through, $2)`,
      [orgId, new Date(now)],
    ),
  )
  return corrected
}

async function sealDay(
  kit: Kit,
  devices: DevicePort,
  orgId: string,
  day: string,
  revision: number,
  earlier?: string,
): Promise<boolean> {
  const found = { organisation: orgId, day, ...(await devices.meterDay(orgId, day)) }
  return kit.db.tx({ job: 'evidence' }, async (tx) => {
    await tx.run('SELECT pg_advisory_xact_lock($1)', [sealLock])
    if (earlier !== undefined && saysTheSame(earlier, found)) return false
    await append(kit, tx, { ...found, revision })
    return true
  })
}

/** A seal of an earlier format is compared in its own: that a new one says more is no correction. */
function saysTheSame(earlierLeaf: string, now: Omit<Sealable, 'revision' | 'sequence'>): boolean {
  const { format, revision, sequence } = JSON.parse(earlierLeaf) as Leaf
  return leafText(leafOf({ ...now, revision, sequence }, format)) === earlierLeaf
}

async function append(kit: Kit, tx: Tx, seal: Omit<Sealable, 'sequence'>): Promise<void> {
  const head = await chainHeadOf(tx, seal.organisation)
  const leaf = leafOf({ ...seal, sequence: head === undefined ? 0 : head.sequence + 1 })
  const text = leafText(leaf)
  await insertSeal(tx, {
    leaf,
    text,
    leafHash: leafHash(text),
    chainHash: chainHash(head?.chainHash ?? genesisHash, text),
    sealedAt: kit.clock.now(),
  })
}
