import { limits } from '@kapok/kit/limits'
import type { Tx } from '@kapok/kit-store/db'
import type { Kit } from '@kapok/kit-store/kit'
import { refuse } from '../refusals.ts'
import { countAttempts, findSession, insertSession, noteAttempt, type SignedIn } from './session.store.ts'
import { type MemberRow, nobodysPassword, passwordFits, secretHash } from './session.ts'

const windowMs = 15 * 60_000
/** An address may belong to a whole office. */
const attemptsPerAddress = 10 * limits.signInAttemptsPer15Minutes

export interface OpenedSession {
  secret: string
  member: SignedIn
}

/** Checks login and password and opens a session. Refuses after too many attempts for the login or from the address. */
export async function signIn(
  kit: Kit,
  sessionHours: number,
  ask: { login: string; password: string; ip: string },
): Promise<OpenedSession> {
  const now = kit.clock.now()
  const login = ask.login.trim().toLowerCase()
  const subjects = [`login:${login}`, `address:${ask.ip}`]
  const member = await kit.db.tx({ job: 'access' }, async (tx) => {
    const byLogin = await countAttempts(tx, `login:${login}`, now - windowMs)
    const byAddress = await countAttempts(tx, `address:${ask.ip}`, now - windowMs)
    if (byLogin >= limits.signInAttemptsPer15Minutes || byAddress >= attemptsPerAddress)
      throw refuse('sign-in.limited', { minutes: 15 })
    return tx.row<MemberRow>('SELECT * FROM access.member WHERE login = $1', [login])
  })
  const fits = await passwordFits(member?.password_hash ?? (await nobodysPassword), ask.password)
  if (member === undefined || !fits || member.disabled) {
    await kit.db.tx({ job: 'access' }, (tx) => noteAttempt(tx, subjects, now))
    throw refuse('sign-in.wrong')
  }
  return kit.db.tx({ job: 'access' }, async (tx) => {
    await tx.run('DELETE FROM access.sign_in_attempt WHERE subject = $1', [`login:${login}`])
    return openSession(kit, tx, member.user_id, sessionHours)
  })
}

/** Opens a session for a member whose right to it was checked. */
export async function openSession(kit: Kit, tx: Tx, userId: string, sessionHours: number): Promise<OpenedSession> {
  const now = kit.clock.now()
  const secret = kit.ids.secret()
  await insertSession(tx, {
    secretSha256: secretHash(secret),
    userId,
    nowMs: now,
    expiresMs: now + sessionHours * 3_600_000,
    keep: limits.sessionsPerUser,
  })
  await tx.run('UPDATE access.member SET last_sign_in = $2 WHERE user_id = $1', [userId, new Date(now)])
  const member = await findSession(tx, secretHash(secret), now)
  if (member === undefined) throw refuse('sign-in.wrong')
  return { secret, member }
}
