import type { Fen } from '@kapok/kit/money'
import { must } from '@kapok/kit/must'
import type { Tx } from '@kapok/kit-store/db'
import type { ContractFacts } from '../application/application.routes.ts'
import { type CapHold, type CapKind, chart, cityOf, type VoucherMoney } from '../ledger/chart.ts'

export interface Voucher {
  no: string
  programmeId: string
  ruleSha256: string
  ledger: string
  applicationId: string
  filerOrg: string
  filerName: string
  filerUscc: string
  supplierOrg: string | null
  supplierName: string
  supplierUscc: string
  region: string
  faceFen: Fen
  contract: ContractFacts
  caps: { kind: CapKind; id: string; fen: string }[]
  state: 'issued' | 'locked' | 'payable' | 'settled' | 'expired'
  issuedAt: Date
  validTo: Date
}

export const voucherColumns = `v.no, v.programme_id AS "programmeId", v.rule_sha256 AS "ruleSha256", v.ledger,
  v.application_id AS "applicationId", v.filer_org AS "filerOrg", v.filer_name AS "filerName",
  v.filer_uscc AS "filerUscc", v.supplier_org AS "supplierOrg", v.supplier_name AS "supplierName",
  v.supplier_uscc AS "supplierUscc", v.region, v.face_fen AS "faceFen", v.contract, v.caps, v.state,
  v.issued_at AS "issuedAt", v.valid_to AS "validTo"`

export async function voucherByNo(tx: Tx, no: string): Promise<Voucher | undefined> {
  return tx.row<Voucher>(`SELECT ${voucherColumns} FROM subsidy.voucher v WHERE v.no = $1`, [no])
}

/** The voucher, locked until the transaction ends; it must exist. */
export async function lockVoucher(tx: Tx, no: string): Promise<Voucher> {
  const row = await tx.row<Voucher>(`SELECT ${voucherColumns} FROM subsidy.voucher v WHERE v.no = $1 FOR UPDATE`, [no])
  return must(row, `voucher ${no}`)
}

/** The state in which a posting left the voucher; a copy for lists, the balances say the truth. */
export async function setVoucherState(tx: Tx, no: string, state: Voucher['state']): Promise<void> {
  await tx.run('UPDATE subsidy.voucher SET state = $2 WHERE no = $1', [no, state])
}

export const chartOf = (voucher: Pick<Voucher, 'ledger'>) => chart(voucher.ledger)

export function moneyOf(voucher: Pick<Voucher, 'no' | 'region' | 'faceFen' | 'caps'>): VoucherMoney {
  const caps: CapHold[] = voucher.caps.map((each) => ({ ...each, fen: BigInt(each.fen) }))
  return { no: voucher.no, city: cityOf(voucher.region), face: voucher.faceFen, caps }
}
