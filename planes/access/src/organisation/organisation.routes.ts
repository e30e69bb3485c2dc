import { createOrganisation, listOrganisations } from '@kapok/contracts/access'
import { type OrgKind, rolesOfKind } from '@kapok/contracts/roles'
import { usccFault } from '@kapok/contracts/uscc'
import { sqlState } from '@kapok/kit-store/db'
import type { Kit } from '@kapok/kit-store/kit'
import { listRows } from '@kapok/kit-store/list'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'
import { makeLink } from '../member/one-time-link.ts'
import { refuse } from '../refusals.ts'

interface OrganisationRow {
  id: string
  name: string
  kind: OrgKind
  uscc: string | null
  region: string
  members: bigint
  created_at: Date
}

const select = `SELECT o.*, (SELECT count(*) FROM access.member m WHERE m.org_id = o.id) AS members
  FROM access.organisation o`

function viewOf(row: OrganisationRow) {
  const { id, name, kind, uscc, region } = row
  return { id, name, kind, uscc, region, members: Number(row.members), createdAt: row.created_at.getTime() }
}

export function organisationRoutes(kit: Kit): RouteHandler[] {
  return [
    handle(listOrganisations, async (call) => {
      const { rows, total } = await listRows<OrganisationRow>(call.tx, {
        select,
        where: call.query.kind === undefined ? [] : [['kind = $?', call.query.kind]],
        search: ['name', 'uscc'],
        sorts: { name: 'name', kind: 'kind', region: 'region', createdAt: 'created_at' },
        otherwise: 'created_at DESC, name',
        query: call.query,
      })
      return { rows: rows.map(viewOf), total }
    }),
    handle(createOrganisation, async (call) => {
      const { name, kind, uscc, region } = call.body
      if (uscc !== undefined && usccFault(uscc) !== undefined) throw refuse('uscc.wrong', { uscc })
      if (uscc === undefined && (kind === 'enterprise' || kind === 'supplier')) throw refuse('uscc.missing')
      const row: OrganisationRow = {
        id: kit.ids.uuid(),
        name: name.trim(),
        kind,
        uscc: uscc ?? null,
        region,
        members: 0n,
        created_at: new Date(kit.clock.now()),
      }
      try {
        await call.tx.run('INSERT INTO access.organisation VALUES ($1, $2, $3, $4, $5, $6)', [
          row.id,
          row.name,
          row.kind,
          row.uscc,
          row.region,
          row.created_at,
        ])
      } catch (error) {
        if (sqlState(error) === '23505') throw refuse('organisation.taken', {}, { cause: error })
        throw error
      }
      const { link } = await makeLink(kit, call.tx, { purpose: 'join', orgId: row.id, roles: rolesOfKind[kind] })
      return { organisation: viewOf(row), link }
    }),
  ]
}
