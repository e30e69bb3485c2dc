import type { KeyObject } from 'node:crypto'
import type { OrganisationPort } from '@kapok/contracts/ports'
import { unknownThing } from '@kapok/contracts/refusal'
import {
  assignPrefix,
  checkRegistryAccount,
  getRegistryAccount,
  getRegistryAccountOf,
  listRegistryAccounts,
  withdrawPrefix,
} from '@kapok/contracts/registry'
import { parseIdentifier } from '@kapok/identifier/name'
import { afterCommit } from '@kapok/kit-store/after-commit'
import { sqlState } from '@kapok/kit-store/db'
import type { Kit } from '@kapok/kit-store/kit'
import { listRows } from '@kapok/kit-store/list'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'
import type { Nodes } from '../node/nodes.ts'
import { refuse } from '../refusals.ts'
import { type Account, accountOf } from './account.ts'
import { checkAccount } from './check-account.ts'
import { nodeUrlOf } from './node-url.ts'
import { platformValues } from './platform-values.ts'

interface AccountStation {
  organisations: OrganisationPort
  nodes: Nodes
  key: () => KeyObject
  /** There is something to read from a node. */
  wake(): void
}

const select = `SELECT a.*, (SELECT count(*) FROM registry.identifier i WHERE i.org_id = a.org_id) AS identifiers
  FROM registry.account a`
type Counted = Account & { identifiers: bigint }

export function accountRoutes(kit: Kit, station: AccountStation): RouteHandler[] {
  return [ofMine(), ...ofAdministrator(kit, station)]
}

function ofMine(): RouteHandler {
  return handle(getRegistryAccount, async ({ tx, orgId }) => {
    const row = await tx.row<Counted>(`${select} WHERE a.org_id = $1`, [orgId])
    if (row === undefined) return { account: null }
    return {
      account: {
        prefix: row.prefix,
        identifiers: Number(row.identifiers),
        syncedAt: row.synced_at?.getTime() ?? null,
        syncing: row.sync_wanted,
        fault: row.fault,
      },
    }
  })
}

function ofAdministrator(kit: Kit, { organisations, nodes, key, wake }: AccountStation): RouteHandler[] {
  const nameOf = async (orgId: string) => (await organisations.byId(orgId))?.name ?? ''
  return [
    handle(listRegistryAccounts, async ({ tx, query }) => {
      const { rows, total } = await listRows<Counted>(tx, {
        select,
        search: ['prefix'],
        sorts: { prefix: 'prefix' },
        otherwise: 'prefix',
        query,
      })
      const shown = rows.map(async (row) => ({
        orgId: row.org_id,
        organisation: await nameOf(row.org_id),
        prefix: row.prefix,
        url: row.url,
        identifiers: Number(row.identifiers),
        syncedAt: row.synced_at?.getTime() ?? null,
        fault: row.fault,
      }))
      return { rows: await Promise.all(shown), total }
    }),
    handle(getRegistryAccountOf, async ({ tx, params: { orgId } }) => {
      const account = await accountOf(tx, orgId)
      if (account === undefined) throw unknownThing('prefix')
      const { prefix, url } = account
      return { orgId, organisation: await nameOf(orgId), prefix, url, values: platformValues(prefix, key()) }
    }),
    handle(assignPrefix, async ({ tx, params: { orgId }, body }) => {
      const organisation = await organisations.byId(orgId)
      if (organisation === undefined) throw unknownThing('organisation')
      if (organisation.kind !== 'enterprise') throw refuse('registry.not_enterprise')
      const url = nodeUrlOf(body.url)
      if (url === undefined) throw refuse('registry.url')
      const prefix = parseIdentifier(`${body.prefix}/x`).canonical.slice(0, -2)
      // What was listed and prepared under another prefix goes with it.
      await tx.run('DELETE FROM registry.account WHERE org_id = $1 AND prefix <> $2', [orgId, prefix])
      try {
        await tx.run(
          `INSERT INTO registry.account (org_id, prefix, url, assigned_at) VALUES ($1, $2, $3, $4)
           ON CONFLICT (org_id) DO UPDATE SET url = excluded.url, sync_wanted = true, fault = NULL`,
          [orgId, prefix, url, new Date(kit.clock.now())],
        )
      } catch (cause) {
        if (sqlState(cause) === '23505') throw refuse('registry.prefix_taken', { prefix }, { cause })
        throw cause
      }
      afterCommit(wake)
      return {}
    }),
    handle(withdrawPrefix, async ({ tx, params }) => {
      if ((await tx.run('DELETE FROM registry.account WHERE org_id = $1', [params.orgId])) === 0)
        throw unknownThing('prefix')
      return {}
    }),
    handle(checkRegistryAccount, async ({ tx, params: { orgId } }) => {
      const account = await accountOf(tx, orgId)
      if (account === undefined) throw unknownThing('prefix')
      const fault = await nodes.inCall(() => checkAccount(nodes.clientOf(account), account.prefix))
      if (fault === undefined) {
        await tx.run('UPDATE registry.account SET sync_wanted = true, fault = NULL WHERE org_id = $1', [orgId])
        afterCommit(wake)
      }
      return { fault: fault ?? null }
    }),
  ]
}
