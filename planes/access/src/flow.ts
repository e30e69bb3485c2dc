import { join } from 'node:path'
import type { OrganisationPort } from '@kapok/contracts/ports'
import { unknownThing } from '@kapok/contracts/refusal'
import type { Tx } from '@kapok/kit-store/db'
import type { Kit } from '@kapok/kit-store/kit'
import type { Actor, Plane } from '@kapok/kit-store/plane'
import { auditRoutes } from './audit/audit.routes.ts'
import { appendAudit } from './audit/audit.ts'
import { memberRoutes } from './member/member.routes.ts'
import { firstAdministratorLink } from './organisation/first-administrator.ts'
import { organisationPort } from './organisation/organisation.port.ts'
import { organisationRoutes } from './organisation/organisation.routes.ts'
import { cookieOf, type SessionCookie, secretInCookies, sessionRoutes, viewOf } from './session/session.routes.ts'
import { findSession } from './session/session.store.ts'
import { secretHash } from './session/session.ts'
import { openSession } from './session/sign-in.ts'
import { applicationPort } from './token/application.port.ts'
import { tokenRoutes } from './token/token.routes.ts'
import { findTokenActor } from './token/token.store.ts'

export interface AccessPlane extends Plane {
  organisations: OrganisationPort
  /** The member behind a request's cookie, or the organisation behind its API token; undefined for the public. */
  whoAsks(headers: { cookie?: string; authorization?: string }): Promise<Actor | undefined>
  appendAudit: typeof appendAudit
  firstAdministratorLink(): Promise<string | undefined>
  /** Opens a session without a password; only a world mounts a route upon it. */
  enterAs(tx: Tx, userId: string): Promise<{ setCookie: string; session: ReturnType<typeof viewOf> }>
  people(): Promise<
    { userId: string; name: string; orgId: string; orgName: string; kind: string; region: string; role: string }[]
  >
}

export { applicationPort }
export const accessMigrations = { plane: 'access', folder: join(import.meta.dirname, '../migrations') }

// organisation → member → sign-in → right → audit
export function accessPlane(kit: Kit, cookie: SessionCookie): AccessPlane {
  return {
    name: 'access',
    migrations: accessMigrations,
    routes: [
      ...organisationRoutes(kit),
      ...memberRoutes(kit, cookie),
      ...sessionRoutes(kit, cookie),
      ...tokenRoutes(kit),
      ...auditRoutes(),
    ],
    jobs: [
      {
        name: 'access.session.sweep',
        everyMs: 3_600_000,
        run: () =>
          kit.db.tx({ job: 'access' }, async (tx) => {
            await tx.run('DELETE FROM access.session WHERE expires_at < $1', [new Date(kit.clock.now())])
          }),
      },
    ],
    organisations: organisationPort(kit),
    async whoAsks({ cookie: cookies, authorization }) {
      const bearer = /^Bearer (kpt_[\w-]{20,100})$/.exec(authorization ?? '')?.[1]
      const secret = secretInCookies(cookies)
      if (bearer === undefined && secret === undefined) return undefined
      return kit.db.tx({ job: 'access' }, (tx) =>
        bearer === undefined
          ? findSession(tx, secretHash(secret ?? ''), kit.clock.now())
          : findTokenActor(tx, secretHash(bearer), kit.clock.now()),
      )
    },
    appendAudit,
    firstAdministratorLink: () => firstAdministratorLink(kit),
    async enterAs(tx, userId) {
      const known = await tx.row('SELECT 1 FROM access.member WHERE user_id = $1 AND NOT disabled', [userId])
      if (known === undefined) throw unknownThing('member')
      const { secret, member } = await openSession(kit, tx, userId, cookie.sessionHours)
      return { setCookie: cookieOf(secret, cookie), session: viewOf(member) }
    },
    people: () =>
      kit.db.tx({ job: 'access' }, (tx) =>
        tx.rows(`SELECT m.user_id AS "userId", m.name, o.id AS "orgId", o.name AS "orgName", o.kind, o.region, m.roles[1] AS role
          FROM access.member m JOIN access.organisation o ON o.id = m.org_id WHERE NOT m.disabled
          ORDER BY o.kind, o.region, o.name, m.name`),
      ),
  }
}
