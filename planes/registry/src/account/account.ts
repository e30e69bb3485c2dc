import type { Tx } from '@kapok/kit-store/db'
import type { Sentence } from '../record/fact-fault.ts'

export interface Account {
  org_id: string
  prefix: string
  url: string
  assigned_at: Date
  sync_wanted: boolean
  synced_at: Date | null
  fault: Sentence | null
}

/** Undefined for an organisation without a prefix, and for one that the caller may not see. */
export const accountOf = (tx: Tx, orgId: string): Promise<Account | undefined> =>
  tx.row<Account>('SELECT * FROM registry.account WHERE org_id = $1', [orgId])
