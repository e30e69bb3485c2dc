import type { OrganisationPort, OrgFacts } from '@kapok/contracts/ports'
import type { Kit } from '@kapok/kit-store/kit'

const columns = 'SELECT id, name, kind, uscc, region FROM access.organisation'

/** Organisations as the other planes may know them. */
export function organisationPort(kit: Kit): OrganisationPort {
  const ask = <T>(sql: string, values: unknown[], take: (rows: OrgFacts[]) => T): Promise<T> =>
    kit.db.tx({ job: 'access' }, async (tx) => take(await tx.rows<OrgFacts>(sql, values)))
  return {
    byId: (orgId) => ask(`${columns} WHERE id = $1`, [orgId], (rows) => rows[0]),
    byUscc: (uscc) => ask(`${columns} WHERE uscc = $1`, [uscc], (rows) => rows[0]),
    ofKind: (kind, regionPrefix = '') =>
      ask(
        `${columns} WHERE kind = $1 AND region LIKE $2 || '%' ORDER BY region, name`,
        [kind, regionPrefix],
        (rows) => rows,
      ),
  }
}
