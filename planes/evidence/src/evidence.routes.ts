import {
  getBundle,
  getCheckpoint,
  getConsistency,
  getInclusion,
  getLogKeys,
  getStrip,
  importReadings,
  listReadings,
  listSeals,
} from '@kapok/contracts/evidence'
import type { DeviceFacts } from '@kapok/contracts/ports'
import { unknownThing } from '@kapok/contracts/refusal'
import { addCivilDays } from '@kapok/kit/clock'
import { must } from '@kapok/kit/must'
import { toHex } from '@kapok/kit/signed-note'
import type { Kit } from '@kapok/kit-store/kit'
import { listRows } from '@kapok/kit-store/list'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'
import { coverageDays, type SealedDay } from './coverage/coverage.ts'
import { makeBundle } from './coverage/make-bundle.ts'
import type { EvidencePorts } from './flow.ts'
import type { EvidenceLog } from './log/log.ts'
import { fingerprintOf } from './log/signed-note.ts'
import { refuse } from './refusals.ts'
import { fileReadings } from './second-source/file-readings.ts'

const stripDaysMax = 400
/** What the strip calls a covered day when no programme is at hand. */
const stripMinMinutes = 240
const stripToleranceBp = 2_000

export function evidenceRoutes(kit: Kit, ports: EvidencePorts, log: EvidenceLog): RouteHandler[] {
  const chosenDevices = async (orgId: string, deviceId: string | undefined): Promise<DeviceFacts[]> => {
    const own = await ports.devices.ofOrg(orgId)
    const chosen = deviceId === undefined ? own : own.filter((device) => device.id === deviceId)
    if (deviceId !== undefined && chosen.length === 0) throw unknownThing('device')
    return chosen
  }
  return [
    handle(getStrip, async (call) => {
      const { from, to, deviceId } = call.query
      checkRange(from, to)
      const devices = await chosenDevices(call.orgId, deviceId)
      const days = await coverageDays(kit, { orgId: call.orgId, devices, fromDay: from, toDay: to })
      return {
        minMinutes: stripMinMinutes,
        toleranceBp: stripToleranceBp,
        days: days.map((day) => {
          const { digest: _, ...shown } = day
          return { ...shown, state: stateOf(day) }
        }),
      }
    }),
    handle(listSeals, async (call) => {
      const { rows, total } = await listRows<{
        org_id: string
        day: string
        revision: number
        leaf_index: bigint
        leaf_hash: Buffer
        chain_hash: Buffer
        sealed_at: Date
        devices: number
        points: bigint
      }>(call.tx, {
        select: `SELECT org_id, to_char(day, 'YYYY-MM-DD') AS day, revision, leaf_index, leaf_hash, chain_hash, sealed_at, devices, points
          FROM evidence.seal`,
        where: [['org_id = $?', call.orgId]],
        search: ['day'],
        sorts: { day: 'day', leafIndex: 'leaf_index' },
        otherwise: 'leaf_index DESC',
        query: call.query,
      })
      return {
        total,
        rows: rows.map((row) => ({
          organisationId: row.org_id,
          day: row.day,
          revision: row.revision,
          leafIndex: Number(row.leaf_index),
          leafHash: toHex(row.leaf_hash),
          chainHash: toHex(row.chain_hash),
          sealedAt: row.sealed_at.getTime(),
          devices: row.devices,
          points: Number(row.points),
        })),
      }
    }),
    handle(getBundle, async (call) => {
      const { from, to, deviceId } = call.query
      checkRange(from, to)
      const organisation = must(await ports.organisations.byId(call.orgId), 'the organisation of a member')
      const devices = await chosenDevices(call.orgId, deviceId)
      const text = await makeBundle(kit, log, { organisation, devices, fromDay: from, toDay: to })
      return {
        bytes: new TextEncoder().encode(text),
        mediaType: 'application/json',
        fileName: `kapok-bundle-${from}-${to}.json`,
      }
    }),
    handle(getCheckpoint, async () => {
      const newest = await log.newest()
      return newest === undefined
        ? null
        : { origin: log.origin, size: newest.size, rootHash: toHex(newest.rootHash), at: newest.at, note: newest.note }
    }),
    handle(getLogKeys, async () => ({
      origin: log.origin,
      ed25519: { verifierKey: log.keys.ed25519, fingerprint: fingerprintOf(log.keys.ed25519) },
      sm2: { verifierKey: log.keys.sm2, fingerprint: fingerprintOf(log.keys.sm2) },
    })),
    handle(getInclusion, async (call) => {
      const proof = await log.inclusion(call.query.leaf, call.query.size)
      if (proof === undefined) throw refuse('proof.none')
      return { leafHash: toHex(proof.leafHash), path: proof.path.map(toHex) }
    }),
    handle(getConsistency, async (call) => {
      const path = await log.consistency(call.query.first, call.query.second)
      if (path === undefined) throw refuse('proof.none')
      return { path: path.map(toHex) }
    }),
    handle(importReadings, async (call) => ({
      accepted: await fileReadings(kit, ports.organisations, call.orgId, call.body.readings),
    })),
    handle(listReadings, async (call) => {
      const { search, ...page } = call.query
      const asked = search?.trim() ?? ''
      // A day, or an enterprise by its name or code; who is called what is for the access plane to say.
      const byDay = /^\d{4}(-\d{0,2})*$/.test(asked)
      const named = async () =>
        (await ports.organisations.ofKind('enterprise'))
          .filter((each) => `${each.name} ${each.uscc ?? ''}`.includes(asked))
          .map((each) => each.id)
      const { rows, total } = await listRows<{
        org_id: string
        day: string
        active_minutes: number
        bytes: bigint
        filed_at: Date
      }>(call.tx, {
        select: `SELECT org_id, to_char(day, 'YYYY-MM-DD') AS day, active_minutes, bytes, filed_at FROM evidence.reading`,
        where: [
          ['operator_id = $?', call.orgId],
          ...(asked === '' || byDay ? [] : [['org_id = ANY($?)', await named()] as const]),
        ],
        search: ['day'],
        sorts: { day: 'day', filedAt: 'filed_at', activeMinutes: 'active_minutes' },
        otherwise: 'day DESC, org_id',
        query: byDay ? call.query : page,
      })
      return {
        total,
        rows: await Promise.all(
          rows.map(async (row) => {
            const organisation = await ports.organisations.byId(row.org_id)
            return {
              uscc: organisation?.uscc ?? '',
              organisationName: organisation?.name ?? '',
              day: row.day,
              activeMinutes: row.active_minutes,
              bytes: Number(row.bytes),
              filedAt: row.filed_at.getTime(),
            }
          }),
        ),
      }
    }),
  ]
}

function checkRange(from: string, to: string): void {
  if (from > to || addCivilDays(from, stripDaysMax) < to) throw refuse('range.too-long', { days: stripDaysMax })
}

function stateOf(day: SealedDay): 'covered' | 'partial' | 'gap' | 'disputed' | 'open' {
  if (!day.sealed) return 'open'
  if (day.points === 0) return 'gap'
  if (day.identicalTo.length > 0 || disagrees(day)) return 'disputed'
  return day.minutes >= stripMinMinutes ? 'covered' : 'partial'
}

function disagrees({ secondSourceMinutes, orgMinutes }: SealedDay): boolean {
  if (secondSourceMinutes === null) return false
  return (
    Math.abs(secondSourceMinutes - orgMinutes) * 10_000 > Math.max(orgMinutes, secondSourceMinutes) * stripToleranceBp
  )
}
