import type { Kit } from '@kapok/kit-store/kit'
import { makeLink } from '../member/one-time-link.ts'

/**
 * On a platform without any member: makes the operating organisation and a one-time link for the first administrator.
 * There is no default password. Returns undefined when somebody has joined already.
 */
export function firstAdministratorLink(kit: Kit): Promise<string | undefined> {
  return kit.db.tx({ job: 'access' }, async (tx) => {
    await tx.run('SELECT pg_advisory_xact_lock(5281)')
    const member = await tx.row('SELECT FROM access.member LIMIT 1')
    if (member !== undefined) return undefined
    let platform = await tx.row<{ id: string }>(`SELECT id FROM access.organisation WHERE kind = 'platform' LIMIT 1`)
    if (platform === undefined) {
      platform = { id: kit.ids.uuid() }
      await tx.run(
        `INSERT INTO access.organisation VALUES ($1, '平台运营 Platform operation', 'platform', NULL, '44', $2)`,
        [platform.id, new Date(kit.clock.now())],
      )
    }
    await tx.run(`DELETE FROM access.one_time_link WHERE org_id = $1 AND used_at IS NULL`, [platform.id])
    const { link } = await makeLink(kit, tx, {
      purpose: 'join',
      orgId: platform.id,
      roles: ['platform.administrator'],
    })
    return link
  })
}
