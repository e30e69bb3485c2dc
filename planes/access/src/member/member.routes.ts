import {
  getJoin,
  inviteMember,
  join as joinContract,
  listMembers,
  resetMember,
  setMemberDisabled,
} from '@kapok/contracts/access'
import { unknownThing } from '@kapok/contracts/refusal'
import { type OrgKind, type Role, rolesOfKind } from '@kapok/contracts/roles'
import type { Kit } from '@kapok/kit-store/kit'
import { listRows } from '@kapok/kit-store/list'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'
import { refuse } from '../refusals.ts'
import { cookieOf, type SessionCookie, viewOf } from '../session/session.routes.ts'
import { join } from './join.ts'
import { findLink, makeLink } from './one-time-link.ts'

export function memberRoutes(kit: Kit, cookie: SessionCookie): RouteHandler[] {
  return [
    handle(getJoin, async (call) => {
      const link = await kit.db.tx({ job: 'access' }, (tx) => findLink(tx, call.params.token, kit.clock.now()))
      if (link === undefined) throw refuse('link.spent')
      return {
        purpose: link.purpose,
        organisationName: link.org_name,
        login: link.login,
        expiresAt: link.expires_at.getTime(),
      }
    }),
    handle(joinContract, async (call) => {
      const { secret, member } = await join(kit, cookie.sessionHours, call.body)
      call.reply.header('set-cookie', cookieOf(secret, cookie))
      return viewOf(member)
    }),
    handle(listMembers, async (call) => {
      const { rows, total } = await listRows<{
        user_id: string
        login: string
        name: string
        roles: Role[]
        disabled: boolean
        created_at: Date
        last_sign_in: Date | null
      }>(call.tx, {
        select: 'SELECT user_id, login, name, roles, disabled, created_at, last_sign_in FROM access.member',
        where: [['org_id = $?', call.params.orgId]],
        search: ['login', 'name'],
        sorts: { login: 'login', name: 'name', lastSignIn: 'last_sign_in' },
        otherwise: 'login',
        query: call.query,
      })
      return {
        total,
        rows: rows.map((row) => ({
          userId: row.user_id,
          login: row.login,
          name: row.name,
          roles: row.roles,
          disabled: row.disabled,
          createdAt: row.created_at.getTime(),
          lastSignIn: row.last_sign_in?.getTime() ?? null,
        })),
      }
    }),
    handle(inviteMember, async (call) => {
      const organisation = await call.tx.row<{ kind: OrgKind }>('SELECT kind FROM access.organisation WHERE id = $1', [
        call.params.orgId,
      ])
      if (organisation === undefined) throw unknownThing('organisation')
      for (const role of call.body.roles)
        if (!rolesOfKind[organisation.kind].includes(role)) throw refuse('role.foreign', { role })
      return makeLink(kit, call.tx, { purpose: 'join', orgId: call.params.orgId, roles: call.body.roles })
    }),
    handle(resetMember, async (call) => {
      const member = await call.tx.row<{ org_id: string }>('SELECT org_id FROM access.member WHERE user_id = $1', [
        call.params.userId,
      ])
      if (member === undefined) throw unknownThing('member')
      await call.tx.run('DELETE FROM access.session WHERE user_id = $1', [call.params.userId])
      return makeLink(kit, call.tx, { purpose: 'reset', orgId: member.org_id, roles: [], userId: call.params.userId })
    }),
    handle(setMemberDisabled, async (call) => {
      const changed = await call.tx.run('UPDATE access.member SET disabled = $2 WHERE user_id = $1', [
        call.params.userId,
        call.body.disabled,
      ])
      if (changed === 0) throw unknownThing('member')
      if (call.body.disabled) await call.tx.run('DELETE FROM access.session WHERE user_id = $1', [call.params.userId])
      return {}
    }),
  ]
}
