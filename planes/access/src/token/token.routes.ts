import { createToken, listTokens, revokeToken } from '@kapok/contracts/access'
import { unknownThing } from '@kapok/contracts/refusal'
import type { TokenScope } from '@kapok/contracts/route'
import { afterCommit } from '@kapok/kit-store/after-commit'
import type { Kit } from '@kapok/kit-store/kit'
import { listRows } from '@kapok/kit-store/list'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'
import { secretHash } from '../session/session.ts'

interface TokenRow {
  id: string
  name: string
  scopes: TokenScope[]
  created_at: Date
  expires_at: Date
  last_used: Date | null
}

const viewOf = (row: TokenRow) => ({
  id: row.id,
  name: row.name,
  scopes: row.scopes,
  createdAt: row.created_at.getTime(),
  expiresAt: row.expires_at.getTime(),
  lastUsed: row.last_used?.getTime() ?? null,
})

export function tokenRoutes(kit: Kit): RouteHandler[] {
  return [
    handle(listTokens, async (call) => {
      const { rows, total } = await listRows<TokenRow>(call.tx, {
        select: 'SELECT * FROM access.api_token',
        where: [['org_id = $? AND revoked_at IS NULL', call.orgId]],
        search: ['name'],
        sorts: { name: 'name', createdAt: 'created_at', expiresAt: 'expires_at' },
        otherwise: 'created_at DESC',
        query: call.query,
      })
      return { rows: rows.map(viewOf), total }
    }),
    handle(createToken, async (call) => {
      const secret = `kpt_${kit.ids.secret()}`
      const now = kit.clock.now()
      const row: TokenRow = {
        id: kit.ids.uuid(),
        name: call.body.name,
        scopes: call.body.scopes,
        created_at: new Date(now),
        expires_at: new Date(now + call.body.days * 86_400_000),
        last_used: null,
      }
      await call.tx.run(
        `INSERT INTO access.api_token (id, org_id, name, scopes, secret_sha256, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)`,
        [row.id, call.orgId, row.name, row.scopes, secretHash(secret), row.created_at, row.expires_at],
      )
      return { token: viewOf(row), secret }
    }),
    handle(revokeToken, async (call) => {
      const changed = await call.tx.run(
        'UPDATE access.api_token SET revoked_at = $3 WHERE id = $1 AND org_id = $2 AND revoked_at IS NULL',
        [call.params.tokenId, call.orgId, new Date(kit.clock.now())],
      )
      if (changed === 0) throw unknownThing('token')
      const { orgId } = call
      afterCommit(() => kit.bus.emit('token.changed', { orgId }))
      return {}
    }),
  ]
}
