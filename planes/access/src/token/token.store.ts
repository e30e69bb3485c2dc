import type { OrgKind } from '@kapok/contracts/roles'
import type { TokenScope } from '@kapok/contracts/route'
import type { Tx } from '@kapok/kit-store/db'
import type { Actor } from '@kapok/kit-store/plane'

interface TokenActorRow {
  name: string
  scopes: TokenScope[]
  org_id: string
  org_name: string
  kind: OrgKind
  region: string
}

/** The organisation behind an API token that was not revoked and has not expired; it asks as `public` plus scopes. */
export async function findTokenActor(tx: Tx, secretSha256: Buffer, nowMs: number): Promise<Actor | undefined> {
  const row = await tx.row<TokenActorRow>(
    `UPDATE access.api_token t SET last_used = $2 FROM access.organisation o
     WHERE o.id = t.org_id AND t.secret_sha256 = $1 AND t.expires_at > $2 AND t.revoked_at IS NULL
     RETURNING t.name, t.scopes, o.id AS org_id, o.name AS org_name, o.kind, o.region`,
    [secretSha256, new Date(nowMs)],
  )
  if (row === undefined) return undefined
  return {
    userId: undefined,
    userName: row.name,
    orgId: row.org_id,
    orgName: row.org_name,
    orgKind: row.kind,
    region: row.region,
    roles: ['public'],
    tokenScopes: row.scopes,
  }
}
