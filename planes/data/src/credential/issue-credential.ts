import { createHash } from 'node:crypto'
import type { credential } from '@kapok/contracts/data'
import type { Tx } from '@kapok/kit-store/db'
import type { Kit } from '@kapok/kit-store/kit'
import type { Static } from 'typebox'
import { refuseData } from '../refusals.ts'

export type Credential = Static<typeof credential>
const validMax = 10

/** A new secret of 256 bits. Only its SHA-256 is stored; the token is returned once. */
export async function issueCredential(
  kit: Kit,
  tx: Tx,
  { orgId, deviceId, purpose }: { orgId: string; deviceId: string; purpose: 'live' | 'import' },
): Promise<{ credential: Credential; token: string }> {
  const now = kit.clock.now()
  const valid = await tx.row<{ n: bigint }>(
    'SELECT count(*) AS n FROM data.credential WHERE device_id = $1 AND (ends_at IS NULL OR ends_at > $2)',
    [deviceId, new Date(now)],
  )
  if (Number(valid?.n ?? 0) >= validMax) throw refuseData('credential.too_many', { limit: validMax })
  const token = kit.ids.secret()
  const id = kit.ids.uuid()
  const hint = token.slice(0, 6)
  await tx.run(
    `INSERT INTO data.credential (id, org_id, device_id, purpose, secret_sha256, hint, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [id, orgId, deviceId, purpose, createHash('sha256').update(token).digest(), hint, new Date(now)],
  )
  return { credential: { id, deviceId, purpose, hint, createdAt: now, endsAt: null, lastUsedAt: null }, token }
}
