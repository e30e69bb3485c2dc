import { recallIdentifier, traceIdentifier } from '@kapok/contracts/registry-trace'
import { IdentifierError, parseIdentifier } from '@kapok/identifier/name'
import type { Tx } from '@kapok/kit-store/db'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'
import { accountOf } from '../account/account.ts'
import type { Nodes } from '../node/nodes.ts'
import { refuse } from '../refusals.ts'
import { nodeRecall, nodeTrace, shaped } from './node-replies.ts'

/** What the own list of identifiers knows of names that events use. */
type Known = ReadonlyMap<string, { handle: string; name: string }>

/** Where a thing comes from, where it went, and whom a recall reaches: asked of the enterprise's own node. */
export function traceRoutes(nodes: Nodes): RouteHandler[] {
  return [
    handle(traceIdentifier, async ({ tx, orgId, query }) => {
      const { direction, depth } = query
      const start = await nameInEvents(tx, orgId, query.id)
      const options = new URLSearchParams({ id: start, direction, ...(depth !== undefined && { depth: `${depth}` }) })
      const { nodes: found, edges, cut } = shaped(nodeTrace, await asked(tx, orgId, nodes, `/trace?${options}`))
      const known = await knownAmong(
        tx,
        orgId,
        found.map(({ id }) => id),
      )
      return {
        start,
        nodes: found.map(({ id, kind, depth, hidden, touched }) => ({
          ...called(known, id),
          kind,
          depth,
          hidden,
          touched,
        })),
        edges: edges.map(({ from, to, kind, since, until }) => ({ from, to, kind, since, until: until ?? null })),
        cut,
      }
    }),
    handle(recallIdentifier, async ({ tx, orgId, query }) => {
      const start = await nameInEvents(tx, orgId, query.id)
      const path = `/recall?${new URLSearchParams({ id: start })}`
      const { touched, byParty, trace } = shaped(nodeRecall, await asked(tx, orgId, nodes, path))
      const last = new Map(touched.map((each) => [each.id, each.last]))
      const known = await knownAmong(tx, orgId, [...last.keys(), ...byParty.map(({ party }) => party)])
      const parties = byParty.map(({ party, ids }) => ({
        party,
        name: known.get(party)?.name ?? null,
        things: ids.map((id) => ({
          ...called(known, id),
          seenAt: last.get(id)?.time ?? null,
          place: last.get(id)?.place ?? null,
        })),
      }))
      // What nobody was seen to get stands last.
      parties.sort((one, other) => Number(one.party === '') - Number(other.party === ''))
      return { start, parties, cut: trace.cut }
    }),
  ]
}

async function asked(tx: Tx, orgId: string, nodes: Nodes, path: string): Promise<unknown> {
  const account = await accountOf(tx, orgId)
  if (account === undefined) throw refuse('registry.no_account')
  return nodes.inCall(() => nodes.clientOf(account).get(path))
}

/** Events name things by GS1 keys where they have them; who writes a handle of the own list means that name. */
async function nameInEvents(tx: Tx, orgId: string, text: string): Promise<string> {
  try {
    const { scheme, canonical, digitalLink } = parseIdentifier(text.trim())
    if (scheme !== 'handle') return digitalLink ?? canonical
    const row = await tx.row<{ gs1: string }>(
      'SELECT gs1 FROM registry.identifier WHERE org_id = $1 AND handle IN ($2, $3)',
      [orgId, text.trim(), canonical],
    )
    return row?.gs1 || canonical
  } catch (error) {
    if (!(error instanceof IdentifierError)) throw error
    // Events may name things by any URI.
    if (/^[a-z][a-z0-9+.-]*:\S+$/i.test(text.trim())) return text.trim()
    throw refuse('identifier.fact', {
      why: { zh: `“${text.slice(0, 60)}”不是标识：${error.message}`, en: error.message },
    })
  }
}

async function knownAmong(tx: Tx, orgId: string, ids: readonly string[]): Promise<Known> {
  const rows = await tx.rows<{ handle: string; name: string; gs1: string }>(
    `SELECT handle, name, gs1 FROM registry.identifier WHERE org_id = $1 AND (gs1 = ANY($2) OR handle = ANY($2))`,
    [orgId, ids.filter((id) => id !== '')],
  )
  return new Map(rows.flatMap((row) => [row.handle, row.gs1].filter((id) => id !== '').map((id) => [id, row] as const)))
}

const called = (known: Known, id: string) => {
  const found = known.get(id)
  return { id, name: found?.name || null, handle: found?.handle ?? null }
}
