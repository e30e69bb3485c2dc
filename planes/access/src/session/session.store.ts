import type { OrgKind, Role } from '@kapok/contracts/roles'
import type { Tx } from '@kapok/kit-store/db'
import type { Actor } from '@kapok/kit-store/plane'

export interface SignedIn extends Actor {
  login: string
  uscc: string | null
  expiresAt: number
}

interface SessionRow {
  user_id: string
  login: string
  name: string
  roles: Role[]
  org_id: string
  org_name: string
  kind: OrgKind
  uscc: string | null
  region: string
  expires_at: Date
}

/** The member behind a session that has not ended. */
export async function findSession(tx: Tx, secretSha256: Buffer, nowMs: number): Promise<SignedIn | undefined> {
  const row = await tx.row<SessionRow>(
    `SELECT m.user_id, m.login, m.name, m.roles, o.id AS org_id, o.name AS org_name, o.kind, o.uscc, o.region, s.expires_at
     FROM access.session s JOIN access.member m USING (user_id) JOIN access.organisation o ON o.id = m.org_id
     WHERE s.secret_sha256 = $1 AND s.expires_at > $2 AND NOT m.disabled`,
    [secretSha256, new Date(nowMs)],
    'access-find-session',
  )
  if (row === undefined) return undefined
  return {
    userId: row.user_id,
    userName: row.name,
    login: row.login,
    orgId: row.org_id,
    orgName: row.org_name,
    orgKind: row.kind,
    uscc: row.uscc,
    region: row.region,
    roles: ['public', ...row.roles],
    expiresAt: row.expires_at.getTime(),
  }
}

export async function insertSession(
  tx: Tx,
  session: { secretSha256: Buffer; userId: string; nowMs: number; expiresMs: number; keep: number },
): Promise<void> {
  await tx.run('INSERT INTO access.session VALUES ($1, $2, $3, $4)', [
    session.secretSha256,
    session.userId,
    new Date(session.nowMs),
    new Date(session.expiresMs),
  ])
  await tx.run(
    `DELETE FROM access.session WHERE user_id = $1 AND secret_sha256 NOT IN
       (SELECT secret_sha256 FROM access.session WHERE user_id = $1 ORDER BY created_at DESC LIMIT $2)`,
    [session.userId, session.keep],
  )
}

export async function countAttempts(tx: Tx, subject: string, sinceMs: number): Promise<number> {
  const row = await tx.row<{ n: bigint }>(
    'SELECT count(*) AS n FROM access.sign_in_attempt WHERE subject = $1 AND at > $2',
    [subject, new Date(sinceMs)],
  )
  return Number(row?.n ?? 0)
}

export async function noteAttempt(tx: Tx, subjects: readonly string[], nowMs: number): Promise<void> {
  for (const subject of subjects)
    await tx.run('INSERT INTO access.sign_in_attempt VALUES ($1, $2)', [subject, new Date(nowMs)])
  await tx.run('DELETE FROM access.sign_in_attempt WHERE at < $1', [new Date(nowMs - 86_400_000)])
}
