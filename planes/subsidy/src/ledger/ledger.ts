import { createHash } from 'node:crypto'
import type { Fen } from '@kapok/kit/money'
import type { Tx } from '@kapok/kit-store/db'
import { refuseSubsidy } from '../refusals.ts'

/** One balanced move of a posting; accounts are full names of one ledger (`m/…/prov:avail`). */
export interface Move {
  from: string
  to: string
  fen: Fen
}

export interface Posting {
  /** Idempotency key; the same key with the same moves posts once. */
  key: string
  cause: string
  /** Voucher number, document number or batch: what the posting is about. */
  reference: string
  at: number
  moves: readonly Move[]
}

export type PostResult = { outcome: 'posted' | 'repeated' } | { outcome: 'short'; account: string }

/**
 * Posts all moves or none, in the transaction of the command that causes them. `short` names the account that would
 * fall below zero; nothing was changed then. Refuses `ledger.key_reused` when the key was used for other moves.
 * Moves of zero are left out; a posting without a move is a repetition of nothing.
 */
export async function post(tx: Tx, posting: Posting): Promise<PostResult> {
  const moves = posting.moves.filter((move) => move.fen !== 0n)
  if (moves.length === 0) return { outcome: 'repeated' }
  const row = await tx.row<{ outcome: string; short_account: string | null }>(
    'SELECT outcome, short_account FROM subsidy.post($1, $2, $3, $4, $5, $6, $7, $8)',
    postValues({ ...posting, moves }),
    'subsidy-post',
  )
  if (row?.outcome === 'conflict') throw refuseSubsidy('ledger.key_reused', { key: posting.key })
  if (row?.outcome === 'short') return { outcome: 'short', account: row.short_account ?? '' }
  return { outcome: row?.outcome === 'repeated' ? 'repeated' : 'posted' }
}

/** Parameters of `subsidy.post`, in its order. */
export function postValues(posting: Posting): unknown[] {
  const { key, cause, reference, at, moves } = posting
  return [
    key,
    bodyHash(posting),
    cause,
    reference,
    new Date(at),
    moves.map((move) => move.from),
    moves.map((move) => move.to),
    moves.map((move) => move.fen.toString()),
  ]
}

/** Hash of what a key stands for: cause, reference and moves, not the time of the attempt. */
function bodyHash({ cause, reference, moves }: Posting): string {
  const hash = createHash('sha256').update(`${cause}\n${reference}`)
  for (const { from, to, fen } of moves) hash.update(`\n${from} ${to} ${fen}`)
  return hash.digest('hex')
}

/** Posts, and refuses with the account's name when it does not hold enough. */
export async function mustPost(tx: Tx, posting: Posting): Promise<void> {
  const result = await post(tx, posting)
  if (result.outcome === 'short') throw refuseSubsidy('budget.short', { account: result.account })
}

/** Balances (credits − debits) by account name; an account that does not exist holds nothing. */
export async function balances(tx: Tx, names: readonly string[]): Promise<Map<string, Fen>> {
  const rows = await tx.rows<{ name: string; balance: bigint }>(
    'SELECT name, credits - debits AS balance FROM subsidy.account WHERE name = ANY ($1)',
    [names],
  )
  const found = new Map(rows.map((row) => [row.name, row.balance]))
  return new Map(names.map((name) => [name, found.get(name) ?? 0n]))
}
