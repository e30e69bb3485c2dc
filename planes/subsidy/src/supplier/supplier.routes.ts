import { listCustomers, listSupplierCaps, setSupplierCap, suspendSupplier } from '@kapok/contracts/subsidy'
import { addCivilDays, civilDayOf } from '@kapok/kit/clock'
import { formatYuan } from '@kapok/kit/money'
import type { Tx } from '@kapok/kit-store/db'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'
import { inside } from '../inside.ts'
import { chart } from '../ledger/chart.ts'
import { balances, mustPost } from '../ledger/ledger.ts'
import { openCap } from '../ledger/open-cap.ts'
import { listPage } from '../list.ts'
import { currentProgramme, currentProgrammes, pinnedProgramme } from '../programme/programme.store.ts'
import type { Programme } from '../programme/programme.ts'
import { countUse } from '../redemption/coverage.ts'
import { refuseSubsidy } from '../refusals.ts'
import type { Subsidy } from '../station.ts'
import { type Voucher, voucherColumns } from '../voucher/voucher.store.ts'

interface Standing {
  uscc: string
  name: string
  suspended: boolean
  reason: string | null
}

export function supplierRoutes(s: Subsidy): RouteHandler[] {
  return [
    handle(listSupplierCaps, ({ tx, query, actor }) =>
      inside(tx, async () => {
        const programmes = query.programmeId
          ? [await currentProgramme(tx, query.programmeId)]
          : await currentProgrammes(tx)
        const own = actor.orgKind === 'supplier' ? await s.ports.organisations.byId(actor.orgId ?? '') : undefined
        const suppliers = own === undefined ? await s.ports.organisations.ofKind('supplier') : [own]
        const known = new Map(
          suppliers.flatMap((each) => (each.uscc === null ? [] : [[each.uscc, each.name] as const])),
        )
        const standings = new Map(
          (await tx.rows<Standing>('SELECT * FROM subsidy.supplier_standing')).map((row) => [row.uscc, row]),
        )
        const rows = []
        for (const programme of programmes)
          for (const [uscc, name] of known) rows.push(await capRow(tx, programme, uscc, name, standings.get(uscc)))
        const wanted = rows.filter(
          (row) => !query.search || `${row.supplierName} ${row.supplierUscc}`.includes(query.search),
        )
        sortCaps(wanted, query.sort)
        const size = query.size ?? 20
        const from = ((query.page ?? 1) - 1) * size
        return { rows: wanted.slice(from, from + size), total: wanted.length }
      }),
    ),
    handle(setSupplierCap, ({ tx, body, key, orgId }) =>
      inside(tx, async () => {
        const programme = await currentProgramme(tx, body.programmeId)
        const supplier = await s.ports.organisations.byUscc(body.supplierUscc)
        if (supplier?.kind !== 'supplier') throw refuseSubsidy('supplier.unknown', { uscc: body.supplierUscc })
        await changeCap(tx, programme, body.supplierUscc, BigInt(body.capFen), {
          key: `cap:${orgId}:${key}`,
          reason: body.reason,
          at: s.kit.clock.now(),
        })
        const standing = await standingOf(tx, body.supplierUscc)
        return capRow(tx, programme, body.supplierUscc, supplier.name, standing)
      }),
    ),
    handle(suspendSupplier, ({ tx, params, body }) =>
      inside(tx, async () => {
        const supplier = await s.ports.organisations.byUscc(params.supplierUscc)
        if (supplier?.kind !== 'supplier') throw refuseSubsidy('supplier.unknown', { uscc: params.supplierUscc })
        await tx.run(
          `INSERT INTO subsidy.supplier_standing VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (uscc) DO UPDATE SET name = $2, suspended = $3, reason = $4, since = $5`,
          [params.supplierUscc, supplier.name, body.suspended, body.reason, new Date(s.kit.clock.now())],
        )
        return {}
      }),
    ),
    handle(listCustomers, async ({ tx, query, orgId }) => {
      const page = await listPage<Voucher>(
        tx,
        {
          columns: voucherColumns,
          from: 'subsidy.voucher v',
          where: ['v.supplier_org = $1'],
          values: [orgId],
          search: ['v.filer_name', 'v.no', `v.contract->>'no'`],
          sorts: { enterpriseName: 'v.filer_name', faceFen: 'v.face_fen' },
          order: 'v.issued_at DESC, v.no',
        },
        query,
      )
      const rows = []
      for (const voucher of page.rows) rows.push(await customerRow(s, tx, voucher))
      return { rows, total: page.total }
    }),
  ]
}

/** Use of a customer in the last 30 days: by the rule's own count, without naming its machines. */
async function customerRow(s: Subsidy, tx: Tx, voucher: Voucher) {
  const programme = await pinnedProgramme(tx, voucher.ruleSha256)
  const toDay = addCivilDays(civilDayOf(s.kit.clock.now()), -1)
  const devices = await s.ports.devices.ofOrg(voucher.filerOrg)
  const days = await s.ports.evidence.coverage({
    orgId: voucher.filerOrg,
    deviceIds: devices.map((device) => device.id),
    fromDay: addCivilDays(toDay, -29),
    toDay,
  })
  const machines = Math.max(voucher.contract.machines, 1)
  const use = countUse(days, { ...programme.evidence, required: 30 }, 0, machines)
  return {
    enterpriseId: voucher.filerOrg,
    enterpriseName: voucher.filerName,
    voucherNo: voucher.no,
    contractNo: voucher.contract.no,
    faceFen: voucher.faceFen.toString(),
    machines,
    coveredDays: Math.min(use.covered, machines * 30),
    possibleDays: machines * 30,
  }
}

async function capRow(tx: Tx, programme: Programme, uscc: string, name: string, standing: Standing | undefined) {
  const c = chart(programme.ledger)
  const [cap, used] = [c.cap('supplier', uscc), c.used('supplier', uscc)]
  const held = await balances(tx, [cap, used])
  const opened = await tx.row('SELECT 1 FROM subsidy.account WHERE name = $1', [cap])
  const left = opened === undefined ? BigInt(programme.caps.supplier.fen) : (held.get(cap) ?? 0n)
  const reserved = held.get(used) ?? 0n
  return {
    programmeId: programme.id,
    supplierUscc: uscc,
    supplierName: name,
    capFen: (left + reserved).toString(),
    reservedFen: reserved.toString(),
    leftFen: left.toString(),
    suspended: standing?.suspended ?? false,
    suspendedReason: standing?.suspended ? standing.reason : null,
  }
}

/** Moves the difference into or out of the cap; what is reserved stays reserved (INV-05). */
async function changeCap(
  tx: Tx,
  programme: Programme,
  uscc: string,
  wanted: bigint,
  by: { key: string; reason: string; at: number },
): Promise<void> {
  await openCap(tx, programme, 'supplier', uscc, BigInt(programme.caps.supplier.fen), by.at)
  const c = chart(programme.ledger)
  const [cap, used] = [c.cap('supplier', uscc), c.used('supplier', uscc)]
  // The account is locked first, so that the difference is taken against what stands.
  await tx.rows('SELECT 1 FROM subsidy.account WHERE name = ANY ($1) ORDER BY id FOR NO KEY UPDATE', [[cap, used]])
  const held = await balances(tx, [cap, used])
  const reserved = held.get(used) ?? 0n
  if (wanted < reserved) throw refuseSubsidy('cap.below_reserved', { reserved: formatYuan(reserved) })
  const difference = wanted - reserved - (held.get(cap) ?? 0n)
  if (difference === 0n) return
  const [from, to] = difference > 0n ? [c.limits, cap] : [cap, c.limits]
  const fen = difference > 0n ? difference : -difference
  await mustPost(tx, { key: by.key, cause: 'set-cap', reference: by.reason, at: by.at, moves: [{ from, to, fen }] })
}

const standingOf = (tx: Tx, uscc: string) =>
  tx.row<Standing>('SELECT * FROM subsidy.supplier_standing WHERE uscc = $1', [uscc])

function sortCaps(rows: Awaited<ReturnType<typeof capRow>>[], sort: string | undefined): void {
  const sign = sort?.startsWith('-') ? -1 : 1
  const key = sort?.replace('-', '')
  if (key === 'capFen' || key === 'reservedFen' || key === 'leftFen')
    rows.sort((a, b) => sign * (BigInt(a[key]) < BigInt(b[key]) ? -1 : 1))
  else rows.sort((a, b) => sign * a.supplierName.localeCompare(b.supplierName, 'zh'))
}
