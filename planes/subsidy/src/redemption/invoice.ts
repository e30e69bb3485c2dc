import type { Tx } from '@kapok/kit-store/db'
import { refuseSubsidy } from '../refusals.ts'
import type { RedemptionFacts } from './redemption.routes.ts'

type Invoice = RedemptionFacts['invoices'][number]

/** The id under which an invoice is known everywhere: 20 digits (数电票), else code and number. Refuses half of one. */
export function canonicalInvoice({ code, number }: Pick<Invoice, 'code' | 'number'>): string {
  if (number.length === 20 && code === null) return number
  if (number.length === 8 && code !== null) return `${code}-${number}`
  throw refuseSubsidy('invoice.number', { invoice: number })
}

/**
 * Takes the invoices for a redemption (INV-10): each serves one redemption family, over all cities and years. A
 * correction takes them anew. The primary key decides between two that take the same invoice at once.
 */
export async function takeInvoices(
  tx: Tx,
  caseId: string,
  invoices: readonly Invoice[],
  parties: { seller: string; buyer: string },
): Promise<void> {
  await freeInvoices(tx, caseId)
  for (const invoice of invoices) {
    const id = canonicalInvoice(invoice)
    if (invoice.sellerUscc !== parties.seller || invoice.buyerUscc !== parties.buyer)
      throw refuseSubsidy('invoice.party', { invoice: id })
    const [gross, allocated] = [BigInt(invoice.grossFen), BigInt(invoice.allocatedFen)]
    if (allocated <= 0n || allocated > gross) throw refuseSubsidy('invoice.allocation', { invoice: id })
    const taken = await tx.run('INSERT INTO subsidy.invoice_use VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING', [
      id,
      caseId,
      gross,
      allocated,
    ])
    if (taken !== 1) throw refuseSubsidy('invoice.used', { invoice: id })
  }
}

/** A redemption that was rejected or withdrawn gives its invoices back. */
export async function freeInvoices(tx: Tx, caseId: string): Promise<void> {
  await tx.run('DELETE FROM subsidy.invoice_use WHERE case_id = $1', [caseId])
}
