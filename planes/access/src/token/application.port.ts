import type { ApplicationPort } from '@kapok/contracts/ports'
import type { Kit } from '@kapok/kit-store/kit'
import { secretHash } from '../session/session.ts'
import { findToken } from './token.store.ts'

/** Who an API token is, for doors other than HTTP. */
export function applicationPort(kit: Kit): ApplicationPort {
  return {
    async byToken(token) {
      if (!/^kpt_[\w-]{20,100}$/.test(token)) return undefined
      const row = await kit.db.tx({ job: 'access' }, (tx) => findToken(tx, secretHash(token), kit.clock.now()))
      return row && { tokenId: row.id, orgId: row.org_id, scopes: row.scopes, expiresAt: row.expires_at.getTime() }
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
