import type { OrganisationPort } from '@kapok/contracts/ports'
import { unknownThing } from '@kapok/contracts/refusal'
import {
  changeIdentifier,
  deleteIdentifier,
  getIdentifier,
  listIdentifiers,
  type RegistryFacts,
  registerIdentifier,
  syncIdentifiers,
} from '@kapok/contracts/registry'
import { afterCommit } from '@kapok/kit-store/after-commit'
import type { Tx } from '@kapok/kit-store/db'
import type { Kit } from '@kapok/kit-store/kit'
import { listRows } from '@kapok/kit-store/list'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'
import { type Account, accountOf } from '../account/account.ts'
import type { NodeClient } from '../node/node-client.ts'
import type { Nodes } from '../node/nodes.ts'
import { type CheckedFacts, checkFacts, isFault } from '../record/check-facts.ts'
import { faultSentence } from '../record/fact-fault.ts'
import { changesTo } from '../record/record-values.ts'
import { refuse } from '../refusals.ts'
import { type IdentifierRow, identifierOf, keepIdentifiers } from './identifier.store.ts'
import { registerAtNode } from './register-identifier.ts'

export interface IdentifierStation {
  organisations: OrganisationPort
  nodes: Nodes
  /** There is something to read from a node, or to register. */
  wake(): void
}

export function identifierRoutes(kit: Kit, station: IdentifierStation): RouteHandler[] {
  return [...reading(), ...changing(kit, station)]
}

const registered = (row: IdentifierRow) => ({
  id: row.id,
  handle: row.handle,
  registeredAt: row.registered_at.getTime(),
})

function reading(): RouteHandler[] {
  return [
    handle(listIdentifiers, async ({ tx, query, orgId }) => {
      const { rows, total } = await listRows<IdentifierRow>(tx, {
        select: 'SELECT * FROM registry.identifier',
        where: [['org_id = $?', orgId]],
        search: ['handle', 'name', 'model', 'batch', 'gs1'],
        sorts: { handle: 'handle', name: 'name', model: 'model', batch: 'batch', registeredAt: 'registered_at' },
        otherwise: 'registered_at DESC, handle',
        query,
      })
      const shown = rows.map((row) => {
        const { name, model, batch, gs1 } = row
        return { ...registered(row), name, model, batch, gs1 }
      })
      return { rows: shown, total }
    }),
    handle(getIdentifier, async ({ tx, orgId, params }) => {
      const row = await identifierOf(tx, orgId, params.identifierId)
      if (row === undefined) throw unknownThing('identifier')
      return { ...registered(row), facts: row.facts }
    }),
  ]
}

function changing(kit: Kit, { organisations, nodes, wake }: IdentifierStation): RouteHandler[] {
  const own = async (tx: Tx, orgId: string): Promise<Account> => {
    const account = await accountOf(tx, orgId)
    if (account === undefined) throw refuse('registry.no_account')
    return account
  }
  const checked = async ({ org_id, prefix }: Account, facts: RegistryFacts): Promise<CheckedFacts> => {
    const manufacturer = (await organisations.byId(org_id))?.name ?? ''
    const outcome = checkFacts(facts, { prefix, manufacturer })
    if (isFault(outcome)) throw refuse('identifier.fact', { why: faultSentence(outcome), field: outcome.key })
    return outcome
  }
  return [
    handle(registerIdentifier, async ({ tx, orgId, body }) => {
      const account = await own(tx, orgId)
      const thing = await checked(account, body.facts)
      const outcome = await nodes.inCall(() => registerAtNode(nodes.clientOf(account), thing))
      if (outcome === 'taken') throw refuse('identifier.taken', { handle: thing.handle })
      await keepIdentifiers(tx, orgId, [{ id: kit.ids.uuid(), ...thing, registeredAt: kit.clock.now() }])
      const row = await tx.row<{ id: string }>('SELECT id FROM registry.identifier WHERE org_id = $1 AND handle = $2', [
        orgId,
        thing.handle,
      ])
      return { id: row?.id ?? '', handle: thing.handle }
    }),
    handle(changeIdentifier, async ({ tx, orgId, params, body }) => {
      const account = await own(tx, orgId)
      const row = await identifierOf(tx, orgId, params.identifierId)
      if (row === undefined) throw unknownThing('identifier')
      const thing = await checked(account, body.facts)
      if (thing.handle !== row.handle) throw refuse('identifier.suffix_stays')
      await nodes.inCall(() => changeAtNode(nodes.clientOf(account), thing))
      await keepIdentifiers(tx, orgId, [{ id: row.id, ...thing, registeredAt: kit.clock.now() }])
      return {}
    }),
    handle(deleteIdentifier, async ({ tx, orgId, params }) => {
      const account = await own(tx, orgId)
      const row = await identifierOf(tx, orgId, params.identifierId)
      if (row === undefined) throw unknownThing('identifier')
      await nodes.inCall(() => nodes.clientOf(account).remove(row.handle))
      await tx.run('DELETE FROM registry.identifier WHERE org_id = $1 AND id = $2', [orgId, row.id])
      return {}
    }),
    handle(syncIdentifiers, async ({ tx, orgId }) => {
      await own(tx, orgId)
      await kit.db.tx({ job: 'registry' }, (inner) =>
        inner.run('UPDATE registry.account SET sync_wanted = true WHERE org_id = $1', [orgId]),
      )
      afterCommit(wake)
      return {}
    }),
  ]
}

/** Values that are none of the facts stay, and so do indexes, rights and TTL of those that are. */
async function changeAtNode(client: NodeClient, { handle: name, facts }: CheckedFacts): Promise<void> {
  const current = await client.read(name)
  if (current === undefined) throw unknownThing('identifier')
  const { put, removed } = changesTo(facts, current)
  // A name that moves to another value must be free before it is put.
  if (removed.length > 0) await client.removeValues(name, removed)
  if (put.length > 0) await client.put(name, put)
}
