import type { ApplicationPort } from '@kapok/contracts/ports'
import type { TokenScope } from '@kapok/contracts/route'
import type { Kit } from '@kapok/kit-store/kit'
import { secretHash } from '../session/session.ts'

/** Who an API token is, for doors other than HTTP. */
export function applicationPort(kit: Kit): ApplicationPort {
  return {
    async byToken(token) {
      if (!/^kpt_[\w-]{20,100}$/.test(token)) return undefined
      const now = new Date(kit.clock.now())
      const row = await kit.db.tx({ job: 'access' }, (tx) =>
        tx.row<{ tokenId: string; orgId: string; scopes: TokenScope[]; expiresAt: Date }>(
          `UPDATE access.api_token SET last_used = $2
           WHERE secret_sha256 = $1 AND expires_at > $2 AND revoked_at IS NULL
           RETURNING id AS "tokenId", org_id AS "orgId", scopes, expires_at AS "expiresAt"`,
          [secretHash(token), now],
        ),
      )
      return row && { ...row, expiresAt: row.expiresAt.getTime() }
    },
    async stillValid(tokenIds) {
      if (tokenIds.length === 0) return []
      const rows = await kit.db.tx({ job: 'access' }, (tx) =>
        tx.rows<{ id: string }>(
          'SELECT id FROM access.api_token WHERE id = ANY ($1) AND expires_at > $2 AND revoked_at IS NULL',
          [tokenIds, new Date(kit.clock.now())],
        ),
      )
      return rows.map(({ id }) => id)
    },
  }
}
