import { must } from '@kapok/kit/must'
import { sqlState } from '@kapok/kit-store/db'
import type { Kit } from '@kapok/kit-store/kit'
import { refuse } from '../refusals.ts'
import { hashPassword } from '../session/session.ts'
import { type OpenedSession, openSession } from '../session/sign-in.ts'
import { findLink } from './one-time-link.ts'

/** Uses a one-time link: makes the member (or sets the new password), spends the link and opens a session. */
export async function join(
  kit: Kit,
  sessionHours: number,
  ask: { token: string; login?: string; name?: string; password: string },
): Promise<OpenedSession> {
  const passwordHash = await hashPassword(ask.password)
  try {
    return await kit.db.tx({ job: 'access' }, async (tx) => {
      const now = kit.clock.now()
      const link = await findLink(tx, ask.token, now)
      if (link === undefined) throw refuse('link.spent')
      await tx.run('UPDATE access.one_time_link SET used_at = $2 WHERE secret_sha256 = $1', [
        link.secret_sha256,
        new Date(now),
      ])
      if (link.purpose === 'reset') {
        const userId = must(link.user_id, 'a reset link names its member')
        await tx.run('UPDATE access.member SET password_hash = $2 WHERE user_id = $1', [userId, passwordHash])
        await tx.run('DELETE FROM access.session WHERE user_id = $1', [userId])
        return openSession(kit, tx, userId, sessionHours)
      }
      if (ask.login === undefined || ask.name === undefined) throw refuse('link.incomplete')
      const userId = kit.ids.uuid()
      await tx.run(
        `INSERT INTO access.member (user_id, org_id, login, name, roles, password_hash, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)`,
        [userId, link.org_id, ask.login.toLowerCase(), ask.name.trim(), link.roles, passwordHash, new Date(now)],
      )
      return openSession(kit, tx, userId, sessionHours)
    })
  } catch (error) {
    if (sqlState(error) === '23505') throw refuse('login.taken', { login: ask.login }, { cause: error })
    throw error
  }
}
