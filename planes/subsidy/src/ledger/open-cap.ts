import type { Fen } from '@kapok/kit/money'
import type { Tx } from '@kapok/kit-store/db'
import type { Programme } from '../programme/programme.ts'
import { type CapKind, chart } from './chart.ts'
import { mustPost } from './ledger.ts'

/** Opens a cap account with the amount that the rules give it, once; a cap that the province set before stays as it is. */
export async function openCap(
  tx: Tx,
  programme: Pick<Programme, 'ledger'>,
  kind: CapKind,
  id: string,
  fen: Fen,
  at: number,
): Promise<void> {
  const c = chart(programme.ledger)
  const known = await tx.row('SELECT 1 FROM subsidy.posting WHERE key = $1', [capKey(programme, kind, id)])
  if (known !== undefined) return
  await mustPost(tx, {
    key: capKey(programme, kind, id),
    cause: 'open-cap',
    reference: `${kind}:${id}`,
    at,
    moves: [{ from: c.limits, to: c.cap(kind, id), fen }],
  })
}

export const capKey = (programme: Pick<Programme, 'ledger'>, kind: CapKind, id: string): string =>
  `open-cap:${programme.ledger}:${kind}:${id}`
