import { allocate, appropriate, getTrialBalance, listPostings } from '@kapok/contracts/subsidy'
import type { Tx } from '@kapok/kit-store/db'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'
import { inside } from '../inside.ts'
import { chart } from '../ledger/chart.ts'
import { balances, mustPost, type Posting } from '../ledger/ledger.ts'
import { listPage } from '../list.ts'
import { currentProgramme } from '../programme/programme.store.ts'
import { refuseSubsidy } from '../refusals.ts'
import type { Subsidy } from '../station.ts'
import { issueApproved } from '../voucher/issue-voucher.ts'

/** 预算: treasury → province → city, and back what a city has not issued. */
export function budgetRoutes(s: Subsidy): RouteHandler[] {
  const posted = async (tx: Tx, ledger: string, posting: Posting) => {
    await mustPost(tx, posting)
    const province = chart(ledger).province
    const left = (await balances(tx, [province])).get(province) ?? 0n
    return { postingId: posting.key, provinceAvailableFen: left.toString() }
  }
  return [
    handle(appropriate, ({ tx, body, key, orgId }) =>
      inside(tx, async () => {
        const { ledger } = await currentProgramme(tx, body.programmeId)
        const c = chart(ledger)
        const moves = [{ from: c.treasury, to: c.province, fen: BigInt(body.amountFen) }]
        const at = s.kit.clock.now()
        const posting = {
          key: `appropriate:${orgId}:${key}`,
          cause: 'appropriate',
          reference: body.documentNo,
          at,
          moves,
        }
        return posted(tx, ledger, posting)
      }),
    ),
    handle(allocate, ({ tx, body, key, orgId }) =>
      inside(tx, async () => {
        const programme = await currentProgramme(tx, body.programmeId)
        const city = await tx.row(`SELECT 1 FROM subsidy.region WHERE code = $1 AND length(code) = 4`, [body.city])
        if (city === undefined) throw refuseSubsidy('budget.city', { city: body.city })
        const c = chart(programme.ledger)
        const [from, to] =
          body.direction === 'allocate' ? [c.province, c.city(body.city)] : [c.city(body.city), c.province]
        const at = s.kit.clock.now()
        const posting = {
          key: `${body.direction}:${orgId}:${key}`,
          cause: body.direction,
          reference: body.documentNo,
          at,
          moves: [{ from, to, fen: BigInt(body.amountFen) }],
        }
        const reply = await posted(tx, programme.ledger, posting)
        // New quota serves those who wait, in the order in which they filed.
        if (body.direction === 'allocate')
          await issueApproved(s, tx, { region: body.city, ruleSha256: programme.sha256 }, at)
        return reply
      }),
    ),
    handle(getTrialBalance, ({ tx, query }) =>
      inside(tx, async () =>
        trialBalance(tx, (await currentProgramme(tx, query.programmeId)).ledger, s.kit.clock.now()),
      ),
    ),
    handle(listPostings, ({ tx, query }) =>
      inside(tx, async () => {
        const ledger = query.programmeId && (await currentProgramme(tx, query.programmeId)).ledger
        const page = await listPage<{
          id: string
          at: Date
          cause: string
          reference: string
          from: string
          to: string
          fen: bigint
        }>(
          tx,
          {
            columns: `p.key AS id, p.at, p.cause, p.reference, f.name AS "from", t.name AS "to", m.fen`,
            from: `subsidy.posting p CROSS JOIN LATERAL unnest(p.sources, p.targets, p.amounts) WITH ORDINALITY
                AS m (source, target, fen, line)
              JOIN subsidy.account f ON f.id = m.source JOIN subsidy.account t ON t.id = m.target`,
            where: ledger ? [`split_part(f.name, '/', 2) = $1`] : [],
            values: ledger ? [ledger] : [],
            search: ['p.reference', 'p.cause', 'f.name', 't.name'],
            sorts: { at: 'p.at', fen: 'm.fen', cause: 'p.cause' },
            order: 'p.at DESC, p.key, m.line',
          },
          query,
        )
        return {
          total: page.total,
          rows: page.rows.map((row) => ({ ...row, at: row.at.getTime(), fen: row.fen.toString() })),
        }
      }),
    ),
  ]
}

const accountText: Readonly<Record<string, { zh: string; en: string }>> = {
  'ext:treasury': { zh: '国库', en: 'Treasury' },
  'prov:avail': { zh: '省级未分配', en: 'Province, unallocated' },
  'city:avail': { zh: '地市可用额度', en: 'Cities, available' },
  'v:issued': { zh: '服务券·已发', en: 'Vouchers, issued' },
  'v:locked': { zh: '服务券·兑现中', en: 'Vouchers, in redemption' },
  'v:payable': { zh: '服务券·应付', en: 'Vouchers, payable' },
  'v:paid': { zh: '服务券·已付', en: 'Vouchers, paid' },
}

/** Accounts of the money ledger summed by what they mean; their sum is zero or something is broken. */
async function trialBalance(tx: Tx, ledger: string, now: number) {
  const rows = await tx.rows<{ name: string; debits: bigint; credits: bigint; accounts: bigint }>(
    `SELECT CASE WHEN split_part(name, '/', 3) LIKE 'city:%' THEN 'city:avail'
        WHEN split_part(name, '/', 3) LIKE 'v:%' THEN 'v:' || split_part(split_part(name, '/', 3), ':', 3)
        ELSE split_part(name, '/', 3) END AS name,
      sum(debits)::bigint AS debits, sum(credits)::bigint AS credits, count(*) AS accounts
     FROM subsidy.account WHERE name LIKE 'm/' || $1 || '/%' GROUP BY 1 ORDER BY 1`,
    [ledger],
  )
  const postings = await tx.row<{ n: bigint }>(
    `SELECT count(*) AS n FROM subsidy.posting p JOIN subsidy.account a ON a.id = p.sources[1]
     WHERE split_part(a.name, '/', 2) = $1`,
    [ledger],
  )
  const sum = rows.reduce((total, row) => total + row.credits - row.debits, 0n)
  return {
    asOf: now,
    accounts: rows.map((row) => ({
      name: row.name,
      label: accountText[row.name] ?? { zh: row.name, en: row.name },
      debitFen: row.debits.toString(),
      creditFen: row.credits.toString(),
      balanceFen: (row.credits - row.debits).toString(),
      accounts: Number(row.accounts),
    })),
    sumFen: sum.toString(),
    postings: Number(postings?.n ?? 0n),
  }
}
