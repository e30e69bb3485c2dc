import type { CaseHead } from '@kapok/kit-store/case/case.store'
import type { Tx } from '@kapok/kit-store/db'
import { pinnedProgramme } from '../programme/programme.store.ts'
import { refuseSubsidy } from '../refusals.ts'
import { documentText } from '../words.ts'

export type DocumentRole = keyof typeof documentText

/** Documents that a case needs: by its programme, and the licence for a certification. */
export async function documentsOf(tx: Tx, head: CaseHead): Promise<DocumentRole[]> {
  if (head.kind === 'certification') return ['licence']
  if (head.ruleSha256 === null) return []
  return (await pinnedProgramme(tx, head.ruleSha256)).documents[head.kind]
}

/** Refuses a submission that lacks a document, naming all that are missing. */
export async function requireDocuments(tx: Tx, head: CaseHead): Promise<void> {
  const rows = await tx.rows<{ role: string }>('SELECT DISTINCT role FROM subsidy.file WHERE case_id = $1', [head.id])
  const present = new Set(rows.map((row) => row.role))
  const missing = (await documentsOf(tx, head)).filter((role) => !present.has(role))
  if (missing.length === 0) return
  const roles = missing.map((role) => `${documentText[role].zh} / ${documentText[role].en}`).join(', ')
  throw refuseSubsidy('document.missing', { roles })
}
