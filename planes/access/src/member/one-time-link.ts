import type { Role } from '@kapok/contracts/roles'
import { limits } from '@kapok/kit/limits'
import type { Tx } from '@kapok/kit-store/db'
import type { Kit } from '@kapok/kit-store/kit'
import { secretHash } from '../session/session.ts'

export interface LinkRow {
  secret_sha256: Buffer
  purpose: 'join' | 'reset'
  org_id: string
  org_name: string
  roles: Role[]
  user_id: string | null
  login: string | null
  expires_at: Date
}

/**
 * Makes a link that works once and for a limited time; the administrator hands it over, so no mail server is needed.
 * The path has the secret in its fragment, which browsers send to nobody.
 */
export async function makeLink(
  kit: Kit,
  tx: Tx,
  link: { purpose: 'join' | 'reset'; orgId: string; roles: readonly Role[]; userId?: string },
): Promise<{ link: string; expiresAt: number }> {
  const secret = kit.ids.secret()
  const expiresAt = kit.clock.now() + limits.oneTimeLinkHours * 3_600_000
  await tx.run('INSERT INTO access.one_time_link VALUES ($1, $2, $3, $4, $5, $6)', [
    secretHash(secret),
    link.purpose,
    link.orgId,
    link.roles,
    link.userId ?? null,
    new Date(expiresAt),
  ])
  return { link: `${kit.baseUrl}/join#${secret}`, expiresAt }
}

/** The link behind a secret, locked, if it can still be used. */
export function findLink(tx: Tx, secret: string, nowMs: number): Promise<LinkRow | undefined> {
  return tx.row<LinkRow>(
    `SELECT l.*, o.name AS org_name, m.login FROM access.one_time_link l
     JOIN access.organisation o ON o.id = l.org_id LEFT JOIN access.member m ON m.user_id = l.user_id
     WHERE l.secret_sha256 = $1 AND l.used_at IS NULL AND l.expires_at > $2 FOR UPDATE OF l`,
    [secretHash(secret), new Date(nowMs)],
  )
}
