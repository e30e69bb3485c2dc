import type { FiguresPort, Indicator, ProgrammeTotals, QuotaFigures } from '@kapok/contracts/ports'
import type { Tx } from '@kapok/kit-store/db'
import { chart } from '../ledger/chart.ts'
import { balances } from '../ledger/ledger.ts'
import { currentProgrammes } from '../programme/programme.store.ts'
import type { Programme } from '../programme/programme.ts'
import type { Subsidy } from '../station.ts'

/** Figures for the public page and the cockpit; every one is a query over what the ledger and the cases say. */
export function figures(s: Subsidy): FiguresPort {
  const inDoor = <T>(work: (tx: Tx) => Promise<T>) => s.kit.db.tx({ job: 'subsidy' }, work)
  const chosen = async (tx: Tx, programmeId: string | undefined) =>
    (await currentProgrammes(tx)).filter((each) => programmeId === undefined || each.id === programmeId)
  return {
    totals: () =>
      inDoor(async (tx) => {
        const out: ProgrammeTotals[] = []
        for (const programme of await chosen(tx, undefined)) out.push(await totalsOf(s, tx, programme))
        return out
      }),
    indicators: (programmeId) =>
      inDoor(async (tx) => {
        const ids = (await chosen(tx, programmeId)).map((each) => each.id)
        const out: Indicator[] = []
        for (const indicator of indicators) out.push(await measure(s, tx, indicator, ids))
        return out
      }),
    quotas: (programmeId) =>
      inDoor(async (tx) => {
        const [programme] = await chosen(tx, programmeId)
        return programme === undefined ? [] : quotasOf(tx, programme)
      }),
    desks: (programmeId) =>
      inDoor(async (tx) => {
        const rows = await tx.rows<{ desk: string; open: bigint; overdue: bigint }>(
          `SELECT desk, count(*) AS open, count(*) FILTER (WHERE due < $1) AS overdue FROM subsidy.case_head
           WHERE desk IS NOT NULL AND submitted_at IS NOT NULL AND (programme_id IS NULL OR $2::text IS NULL OR programme_id = $2)
           GROUP BY desk ORDER BY array_position(ARRAY['filer', 'supplier', 'county', 'city', 'province', 'finance'], desk)`,
          [new Date(s.kit.clock.now()), programmeId ?? null],
        )
        return rows.map((row) => ({ desk: row.desk, open: Number(row.open), overdue: Number(row.overdue) }))
      }),
  }
}

interface IndicatorRow {
  code: string
  name: { zh: string; en: string }
  definition: { zh: string; en: string }
  unit: { zh: string; en: string }
  /** Gives one row `value`, `count`; $1 = ids of programmes. */
  query: string
}

/** One row of words an indicator (reference: KPI definitions); the query is what is shown behind "why this number". */
const indicators: readonly IndicatorRow[] = [
  {
    code: 'K1',
    name: { zh: '工业企业数字化升级', en: 'Industrial enterprises upgraded' },
    definition: {
      zh: '按统一社会信用代码去重：行业属 B–D 门类、至少一项兑现通过审核、当年有效使用不少于 90 天的企业数。',
      en: 'Distinct enterprises (by code) of sections B–D with at least one accepted redemption and at least 90 days of use.',
    },
    unit: { zh: '家', en: 'enterprises' },
    query: `SELECT count(DISTINCT h.filer_uscc)::text AS value, count(DISTINCT h.filer_uscc) AS count
FROM subsidy.case_head h JOIN subsidy.decision d ON d.case_id = h.id
WHERE h.kind = 'redemption' AND h.state IN ('noticed', 'payable', 'paying', 'paid') AND h.programme_id = ANY ($1)
  AND d.facts->'enterprise'->>'industry' ~ '^[BCD]' AND (d.coverage->>'coveredCivilDays')::int >= 90`,
  },
  {
    code: 'K2',
    name: { zh: '带动上云上平台', en: 'Enterprises on cloud and platform' },
    definition: {
      zh: '按统一社会信用代码去重：已获支付的上云上平台企业数。',
      en: 'Distinct enterprises (by code) whose use of cloud or platform was paid for.',
    },
    unit: { zh: '家', en: 'enterprises' },
    query: `SELECT count(DISTINCT h.filer_uscc)::text AS value, count(*) AS count
FROM subsidy.case_head h
WHERE h.kind = 'redemption' AND h.state = 'paid' AND h.programme_id = ANY ($1)`,
  },
  {
    code: 'P1',
    name: { zh: '额度使用率', en: 'Take-up of the quota' },
    definition: {
      zh: '已发服务券占用的资金（已发、兑现中、应付、已付）占已分配到地市额度的比例。',
      en: 'Money in vouchers (issued, in redemption, payable, paid) as a share of what the cities were allocated.',
    },
    unit: { zh: '%', en: '%' },
    query: `SELECT coalesce(round(100 * sum(held) FILTER (WHERE part = 'v') / nullif(sum(held), 0), 1), 0)::text AS value,
  count(*) FILTER (WHERE part = 'v' AND held > 0) AS count
FROM (SELECT split_part(split_part(name, '/', 3), ':', 1) AS part, credits - debits AS held
  FROM subsidy.account WHERE name LIKE 'm/%' AND split_part(split_part(name, '/', 2), ':', 1) = ANY ($1)) a
WHERE part IN ('v', 'city')`,
  },
  {
    code: 'P3',
    name: { zh: '申领到发券天数（中位数）', en: 'Days from application to voucher (median)' },
    definition: {
      zh: '从首次提交申领到发放服务券的日历天数的中位数。',
      en: 'Median of calendar days from the first submission of an application to the issue of its voucher.',
    },
    unit: { zh: '天', en: 'days' },
    query: `SELECT coalesce(round((percentile_cont(0.5) WITHIN GROUP (
    ORDER BY extract(epoch FROM v.issued_at - h.submitted_at) / 86400))::numeric, 1)::text, '—') AS value, count(*) AS count
FROM subsidy.voucher v JOIN subsidy.case_head h ON h.id = v.application_id
WHERE v.programme_id = ANY ($1)`,
  },
  {
    code: 'P4',
    name: { zh: '兑现到付款天数（中位数）', en: 'Days from redemption to payment (median)' },
    definition: {
      zh: '从首次提交兑现到银行付款回单的日历天数的中位数。',
      en: "Median of calendar days from the first submission of a redemption to the bank's receipt.",
    },
    unit: { zh: '天', en: 'days' },
    query: `SELECT coalesce(round((percentile_cont(0.5) WITHIN GROUP (
    ORDER BY extract(epoch FROM l.answered_at - h.submitted_at) / 86400))::numeric, 1)::text, '—') AS value, count(*) AS count
FROM subsidy.batch_line l JOIN subsidy.case_head h ON h.id = l.case_id
WHERE l.state = 'paid' AND h.programme_id = ANY ($1)`,
  },
]

async function measure(s: Subsidy, tx: Tx, row: IndicatorRow, programmeIds: readonly string[]): Promise<Indicator> {
  const found = await tx.row<{ value: string; count: bigint }>(row.query, [programmeIds])
  return {
    code: row.code,
    name: row.name,
    definition: row.definition,
    unit: row.unit,
    value: found?.value ?? '—',
    count: Number(found?.count ?? 0n),
    asOf: s.kit.clock.now(),
    query: row.query.replaceAll('$1', `'{${programmeIds.join(',')}}'`),
  }
}

/** Balances of the voucher accounts of a ledger by part and city. */
async function parts(tx: Tx, programme: Programme) {
  return tx.rows<{ city: string; part: string; held: bigint }>(
    `SELECT left(v.region, 4) AS city, split_part(split_part(a.name, '/', 3), ':', 3) AS part,
      sum(a.credits - a.debits)::bigint AS held
     FROM subsidy.voucher v JOIN subsidy.account a
       ON a.name = ANY (ARRAY(SELECT 'm/' || v.ledger || '/v:' || v.no || ':' || p
         FROM unnest(ARRAY['issued', 'locked', 'payable', 'paid']) AS p))
     WHERE v.ledger = $1 GROUP BY 1, 2`,
    [programme.ledger],
  )
}

async function quotasOf(tx: Tx, programme: Programme): Promise<QuotaFigures[]> {
  const c = chart(programme.ledger)
  const cities = await tx.rows<{ code: string; name: string }>(
    'SELECT code, name FROM subsidy.region WHERE length(code) = 4 ORDER BY code',
  )
  const held = await balances(
    tx,
    cities.map((city) => c.city(city.code)),
  )
  const byPart = await parts(tx, programme)
  const counts = await tx.rows<{ city: string; applications: bigint; vouchers: bigint; waiting: bigint }>(
    `SELECT left(region, 4) AS city, count(*) FILTER (WHERE submitted_at IS NOT NULL) AS applications,
      count(*) FILTER (WHERE state = 'issued') AS vouchers, count(*) FILTER (WHERE state = 'waiting') AS waiting
     FROM subsidy.case_head WHERE kind = 'application' AND programme_id = $1 GROUP BY 1`,
    [programme.id],
  )
  return cities.map(({ code, name }) => {
    const part = (of: string) => byPart.find((row) => row.city === code && row.part === of)?.held ?? 0n
    const available = held.get(c.city(code)) ?? 0n
    const [issued, locked, payable, paid] = [part('issued'), part('locked'), part('payable'), part('paid')]
    const used = issued + locked + payable + paid
    const allocated = available + used
    const count = counts.find((row) => row.city === code)
    return {
      city: code,
      cityName: name,
      allocatedFen: allocated.toString(),
      availableFen: available.toString(),
      issuedFen: issued.toString(),
      lockedFen: locked.toString(),
      payableFen: payable.toString(),
      paidFen: paid.toString(),
      takeUpBp: allocated === 0n ? 0 : Number((used * 10_000n) / allocated),
      applications: Number(count?.applications ?? 0n),
      vouchers: Number(count?.vouchers ?? 0n),
      waiting: Number(count?.waiting ?? 0n),
    }
  })
}

async function totalsOf(s: Subsidy, tx: Tx, programme: Programme): Promise<ProgrammeTotals> {
  const c = chart(programme.ledger)
  const held = await balances(tx, [c.treasury, c.province])
  const quotas = await quotasOf(tx, programme)
  const sum = (of: (row: QuotaFigures) => string) =>
    quotas.reduce((total, row) => total + BigInt(of(row)), 0n).toString()
  const counts = await tx.row<{ enterprises: bigint; suppliers: bigint; vouchers: bigint }>(
    `SELECT count(DISTINCT filer_uscc) AS enterprises, count(DISTINCT supplier_uscc) AS suppliers, count(*) AS vouchers
     FROM subsidy.voucher WHERE programme_id = $1`,
    [programme.id],
  )
  return {
    asOf: s.kit.clock.now(),
    programmeId: programme.id,
    appropriatedFen: (-(held.get(c.treasury) ?? 0n)).toString(),
    unallocatedFen: (held.get(c.province) ?? 0n).toString(),
    citiesAvailableFen: sum((row) => row.availableFen),
    issuedFen: sum((row) => row.issuedFen),
    lockedFen: sum((row) => row.lockedFen),
    payableFen: sum((row) => row.payableFen),
    paidFen: sum((row) => row.paidFen),
    enterprises: Number(counts?.enterprises ?? 0n),
    suppliers: Number(counts?.suppliers ?? 0n),
    vouchers: Number(counts?.vouchers ?? 0n),
    cities: quotas.map(({ city, cityName, allocatedFen, paidFen, vouchers }) => ({
      city,
      cityName,
      allocatedFen,
      paidFen,
      vouchers,
    })),
  }
}
