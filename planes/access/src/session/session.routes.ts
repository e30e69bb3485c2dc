import { changePassword, getSession, signIn as signInContract, signOut } from '@kapok/contracts/access'
import type { Kit } from '@kapok/kit-store/kit'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'
import { refuse } from '../refusals.ts'
import { findSession, type SignedIn } from './session.store.ts'
import { hashPassword, type MemberRow, passwordFits, secretHash } from './session.ts'
import { signIn } from './sign-in.ts'

const cookieName = 'kapok_session'

export interface SessionCookie {
  sessionHours: number
  secure: boolean
}

export function secretInCookies(header: string | undefined): string | undefined {
  return new RegExp(`(?:^|;\\s*)${cookieName}=([\\w-]{20,100})`).exec(header ?? '')?.[1]
}

export function cookieOf(secret: string, options: SessionCookie): string {
  const age = secret === '' ? 0 : options.sessionHours * 3600
  return `${cookieName}=${secret}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${age}${options.secure ? '; Secure' : ''}`
}

/** The session as its holder sees it. */
export function viewOf(member: SignedIn | undefined) {
  if (member === undefined) return { user: null, organisation: null, roles: ['public' as const], expiresAt: null }
  return {
    user: { id: member.userId ?? '', login: member.login, name: member.userName },
    organisation: {
      id: member.orgId ?? '',
      name: member.orgName,
      kind: member.orgKind ?? 'enterprise',
      uscc: member.uscc,
      region: member.region,
    },
    roles: [...member.roles],
    expiresAt: member.expiresAt,
  }
}

export function sessionRoutes(kit: Kit, cookie: SessionCookie): RouteHandler[] {
  const memberOf = async (header: string | undefined) => {
    const secret = secretInCookies(header)
    if (secret === undefined) return undefined
    return kit.db.tx({ job: 'access' }, (tx) => findSession(tx, secretHash(secret), kit.clock.now()))
  }
  return [
    handle(getSession, async (call) => viewOf(await memberOf(call.headers.cookie))),
    handle(signInContract, async (call) => {
      const { secret, member } = await signIn(kit, cookie.sessionHours, { ...call.body, ip: call.ip })
      call.reply.header('set-cookie', cookieOf(secret, cookie))
      return viewOf(member)
    }),
    handle(signOut, async (call) => {
      const secret = secretInCookies(call.headers.cookie)
      const { userId } = call.actor
      await kit.db.tx({ job: 'access' }, async (tx) => {
        if (secret !== undefined)
          await tx.run('DELETE FROM access.session WHERE secret_sha256 = $1', [secretHash(secret)])
        if (call.query.everywhere === true && userId !== undefined)
          await tx.run('DELETE FROM access.session WHERE user_id = $1', [userId])
      })
      call.reply.header('set-cookie', cookieOf('', cookie))
      return {}
    }),
    handle(changePassword, async (call) => {
      const { current, next } = call.body
      if (current === next) throw refuse('password.same')
      const secret = secretInCookies(call.headers.cookie) ?? ''
      await kit.db.tx({ job: 'access' }, async (tx) => {
        const member = await tx.row<MemberRow>('SELECT * FROM access.member WHERE user_id = $1', [call.actor.userId])
        if (member === undefined || !(await passwordFits(member.password_hash, current))) throw refuse('sign-in.wrong')
        await tx.run('UPDATE access.member SET password_hash = $2 WHERE user_id = $1', [
          member.user_id,
          await hashPassword(next),
        ])
        await tx.run('DELETE FROM access.session WHERE user_id = $1 AND secret_sha256 <> $2', [
          member.user_id,
          secretHash(secret),
        ])
      })
      return {}
    }),
  ]
}
