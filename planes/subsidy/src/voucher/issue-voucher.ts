import { minFen } from '@kapok/kit/money'
import { must } from '@kapok/kit/must'
import { type CaseHead, headColumns, headOf } from '@kapok/kit-store/case/case.store'
import type { Tx } from '@kapok/kit-store/db'
import type { ContractFacts } from '../application/application.routes.ts'
import { platformActor, recordEvent } from '../cases/record-event.ts'
import { type CapHold, chart, cityOf, issueMoves, splitByScene } from '../ledger/chart.ts'
import { balances, post } from '../ledger/ledger.ts'
import { openCap } from '../ledger/open-cap.ts'
import { price } from '../programme/assess.ts'
import { pinnedProgramme } from '../programme/programme.store.ts'
import { type Programme, windowOf } from '../programme/programme.ts'
import type { Subsidy } from '../station.ts'

/**
 * Issues every approved application of a city in the order of submission, as far as the quota reaches: city quota and
 * the caps of supplier, enterprise and scenes are reserved in one posting. The first one that the city's quota does not
 * cover ends the row, so that nobody overtakes (INV-17); one that only meets a cap waits and lets the others pass.
 * Runs inside the plane's door, in the transaction of the approval, or of the allocation that brought new quota.
 */
export async function issueApproved(
  s: Subsidy,
  tx: Tx,
  of: Pick<CaseHead, 'region' | 'ruleSha256'>,
  now: number,
): Promise<number> {
  const pinned = await pinnedProgramme(tx, must(of.ruleSha256, 'an approved application is pinned'))
  const city = cityOf(of.region)
  await tx.run(`SELECT pg_advisory_xact_lock(hashtextextended('issue ' || $1 || ' ' || $2, 0))`, [pinned.ledger, city])
  const rows = await tx.rows<Parameters<typeof headOf>[0]>(
    `SELECT ${headColumns('h')} FROM subsidy.case_head h WHERE h.kind = 'application' AND h.state IN ('approved', 'waiting')
      AND h.programme_id = $1 AND h.region LIKE $2 || '%' ORDER BY h.submitted_at, h.id FOR UPDATE`,
    [pinned.id, city],
  )
  let issued = 0
  let quotaGone = false
  const heads = rows.map(headOf)
  // Caps are opened before anything is issued: openings touch the one account of all limits, and a transaction that
  // holds a city or a cap must not wait for it.
  for (const head of heads) await openCaps(tx, head, now)
  for (const head of heads) {
    const programme = await pinnedProgramme(tx, must(head.ruleSha256, 'an approved application is pinned'))
    const short = quotaGone ? 'quota' : await issueOne(s, tx, programme, head, now)
    if (short === undefined) {
      issued++
      continue
    }
    if (short === 'quota') quotaGone = true
    if (head.state === 'approved') {
      const before = await s.cases.standing(tx, head)
      await recordEvent(s, tx, head, before, platformActor, { verb: 'wait', at: now, reason: null, data: { short } })
    }
  }
  return issued
}

/** Issues one voucher; returns what was short, or undefined when it was issued. */
async function issueOne(
  s: Subsidy,
  tx: Tx,
  programme: Programme,
  head: CaseHead,
  now: number,
): Promise<string | undefined> {
  const contract = (head.facts as { contract: ContractFacts }).contract
  const supplierUscc = must(head.supplierUscc, 'an approved application has a supplier')
  const c = chart(programme.ledger)
  const priced = price(programme, contract.lines)
  const enterpriseCap = c.cap('enterprise', head.filerUscc)
  const left = (await balances(tx, [enterpriseCap])).get(enterpriseCap) ?? 0n
  // An enterprise that used part of its cap gets the rest of it; with nothing left it waits.
  const face = minFen(priced.totalFen, left)
  if (face <= 0n) return 'cap:enterprise'
  const caps: CapHold[] = [
    { kind: 'supplier', id: supplierUscc, fen: face },
    { kind: 'enterprise', id: head.filerUscc, fen: face },
    ...splitByScene(face, priced.lines),
  ]
  const no = `SV${head.caseNo}`
  const result = await post(tx, {
    key: `issue:${head.id}`,
    cause: 'issue',
    reference: no,
    at: now,
    moves: issueMoves(c, { no, city: cityOf(head.region), face, caps }),
  })
  if (result.outcome === 'short') return result.account === c.city(cityOf(head.region)) ? 'quota' : result.account
  await tx.run(
    `INSERT INTO subsidy.voucher (no, programme_id, rule_sha256, ledger, application_id, filer_org, filer_name, filer_uscc,
      supplier_org, supplier_name, supplier_uscc, region, face_fen, contract, caps, state, issued_at, valid_to)
     VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,'issued',$16,$17)`,
    [
      no,
      programme.id,
      programme.sha256,
      programme.ledger,
      head.id,
      head.filerOrg,
      head.filerName,
      head.filerUscc,
      head.supplierOrg,
      head.supplierName,
      supplierUscc,
      head.region,
      face,
      JSON.stringify(contract),
      JSON.stringify(caps.map((each) => ({ ...each, fen: each.fen.toString() }))),
      new Date(now),
      new Date(validTo(programme)),
    ],
  )
  await tx.run('UPDATE subsidy.case_head SET voucher_no = $2, amount_fen = $3 WHERE id = $1', [head.id, no, face])
  const before = await s.cases.standing(tx, head)
  const data = { voucherNo: no, faceFen: face.toString() }
  await recordEvent(s, tx, head, before, platformActor, { verb: 'issue', at: now, reason: null, data })
  return undefined
}

async function openCaps(tx: Tx, head: CaseHead, now: number): Promise<void> {
  const programme = await pinnedProgramme(tx, must(head.ruleSha256, 'an approved application is pinned'))
  const contract = (head.facts as { contract: ContractFacts }).contract
  const cap = (kind: 'supplier' | 'enterprise' | 'scene', id: string) =>
    openCap(tx, programme, kind, id, BigInt(programme.caps[kind].fen), now)
  await cap('supplier', must(head.supplierUscc, 'an approved application has a supplier'))
  await cap('enterprise', head.filerUscc)
  for (const scene of [...new Set(contract.lines.map((line) => line.scene))].sort()) await cap('scene', scene)
}

/** A voucher is good until the last redeem window of its rule set closes. */
function validTo(programme: Programme): number {
  return Math.max(
    ...programme.windows
      .map(windowOf)
      .filter((each) => each.kind === 'redeem')
      .map((each) => each.closesAt),
  )
}
