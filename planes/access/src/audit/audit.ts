import { createHash } from 'node:crypto'
import type { AuditEvent } from '@kapok/contracts/ports'
import { canonicalJson, type Json } from '@kapok/kit/canonical-json'
import type { Tx } from '@kapok/kit-store/db'

/** Hash before the first event. */
export const genesis = Buffer.alloc(32)

/** `h_i = SHA-256(0x01 ‖ h_{i-1} ‖ event)`, the event being its canonical JSON text. */
export function nextHash(previous: Uint8Array, event: string): Buffer {
  return createHash('sha256').update(Buffer.of(0x01)).update(previous).update(event).digest()
}

export interface ChainedEvent {
  index: number
  event: string
  hash: Uint8Array
}

/** Index of the first event that does not fit its predecessor (changed, dropped, swapped, inserted); undefined if none. */
export function firstBroken(events: readonly ChainedEvent[]): number | undefined {
  let previous: Uint8Array = genesis
  for (const [position, { index, event, hash }] of events.entries()) {
    if (index !== position || !nextHash(previous, event).equals(hash)) return position
    previous = hash
  }
  return undefined
}

/** Appends one event. The caller's transaction must be in the scope `audit`; appends wait for each other. */
export async function appendAudit(tx: Tx, event: AuditEvent): Promise<void> {
  await tx.run('SELECT pg_advisory_xact_lock(5282)', [], 'audit-lock')
  const head = await tx.row<{ index: bigint; hash: Buffer }>(
    'SELECT index, hash FROM access.audit_event ORDER BY index DESC LIMIT 1',
    [],
    'audit-head',
  )
  const text = canonicalJson(event as unknown as Json)
  await tx.run(
    'INSERT INTO access.audit_event VALUES ($1, $2, $3, $4)',
    [head === undefined ? 0n : head.index + 1n, new Date(event.at), text, nextHash(head?.hash ?? genesis, text)],
    'audit-append',
  )
}
