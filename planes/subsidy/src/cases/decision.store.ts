import { createHash } from 'node:crypto'
import { canonicalJson, type Json } from '@kapok/kit/canonical-json'
import type { Fen } from '@kapok/kit/money'
import type { Tx } from '@kapok/kit-store/db'
import type { ClauseResult } from '../programme/assess.ts'
import type { Programme } from '../programme/programme.ts'

/** One number of a computation, for people: what it is called, what it is, in which unit (a code of `unitWords`). */
export interface TracedNumber {
  name: string
  label: { zh: string; en: string }
  value: string
  unit: string
}

/** What a decision stood on. Facts are a snapshot: later changes of the registers do not change it (INV-14). */
export interface Decision {
  programme: Programme
  facts: Record<string, unknown>
  clauses: readonly ClauseResult[]
  numbers: readonly TracedNumber[]
  coverage?: Record<string, unknown> | null
  approvedFen?: Fen | null
}

export async function storeDecision(tx: Tx, caseId: string, version: number, decision: Decision): Promise<void> {
  const { programme, facts, clauses, numbers, coverage, approvedFen } = decision
  const factsJson = canonicalJson(facts as Json)
  await tx.run(`INSERT INTO subsidy.decision VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, [
    caseId,
    version,
    programme.id,
    programme.sha256,
    factsJson,
    createHash('sha256').update(factsJson).digest('hex'),
    JSON.stringify(clauses),
    JSON.stringify(numbers),
    coverage ? JSON.stringify(coverage) : null,
    approvedFen ?? null,
  ])
}

export interface StoredDecision {
  version: number
  ruleId: string
  ruleSha256: string
  facts: Record<string, unknown>
  factsSha256: string
  clauses: ClauseResult[]
  numbers: TracedNumber[]
  coverage: Record<string, unknown> | null
  approvedFen: bigint | null
}

/** The newest decision of a case, or undefined before its first submission. */
export async function lastDecision(tx: Tx, caseId: string): Promise<StoredDecision | undefined> {
  return tx.row<StoredDecision>(
    `SELECT version, rule_id AS "ruleId", rule_sha256 AS "ruleSha256", facts, facts_sha256 AS "factsSha256", clauses,
      numbers, coverage, approved_fen AS "approvedFen"
     FROM subsidy.decision WHERE case_id = $1 ORDER BY version DESC LIMIT 1`,
    [caseId],
  )
}
