import type { OrgKind } from '@kapok/contracts/roles'
import type { TokenScope } from '@kapok/contracts/route'
import type { Tx } from '@kapok/kit-store/db'
import type { Actor } from '@kapok/kit-store/plane'

/** `last_used` is told to the minute: a write for every call would make each read wait for the disk. */
const lastUsedMs = 60_000

interface TokenRow {
  id: string
  last_used: Date | null
  name: string
  scopes: TokenScope[]
  expires_at: Date
  org_id: string
  org_name: string
  kind: OrgKind
  region: string
}

/** An API token that was not revoked and has not expired; notes that it was used. */
export async function findToken(tx: Tx, secretSha256: Buffer, nowMs: number): Promise<TokenRow | undefined> {
  const row = await tx.row<TokenRow>(
    `SELECT t.id, t.last_used, t.name, t.scopes, t.expires_at, o.id AS org_id, o.name AS org_name, o.kind, o.region
     FROM access.api_token t JOIN access.organisation o ON o.id = t.org_id
     WHERE t.secret_sha256 = $1 AND t.expires_at > $2 AND t.revoked_at IS NULL`,
    [secretSha256, new Date(nowMs)],
    'access-find-token',
  )
  if (row !== undefined && (row.last_used === null || nowMs - row.last_used.getTime() >= lastUsedMs))
    await tx.run('UPDATE access.api_token SET last_used = $2 WHERE id = $1', [row.id, new Date(nowMs)])
  return row
}

/** The organisation behind an API token; it asks as `public` plus scopes. */
export async function findTokenActor(tx: Tx, secretSha256: Buffer, nowMs: number): Promise<Actor | undefined> {
  const row = await findToken(tx, secretSha256, nowMs)
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
