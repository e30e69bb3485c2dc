import { listAccesses } from '@kapok/contracts/registry-trace'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'
import { accountOf } from '../account/account.ts'
import { platformIndexes } from '../account/platform-values.ts'
import type { Nodes } from '../node/nodes.ts'
import { refuse } from '../refusals.ts'
import { nodeAccesses, shaped } from '../trace/node-replies.ts'

/** Who looked at what is not public, as the enterprise's own node wrote it down. */
export function accessRoutes(nodes: Nodes): RouteHandler[] {
  return [
    handle(listAccesses, async ({ tx, orgId, query: { before, size = 50 } }) => {
      const account = await accountOf(tx, orgId)
      if (account === undefined) throw refuse('registry.no_account')
      const { prefix } = account
      const options = new URLSearchParams({
        prefix,
        pageSize: `${size}`,
        ...(before !== undefined && { before: `${before}` }),
      })
      const reply = await nodes.inCall(() => nodes.clientOf(account).get(`/api/accesses?${options}`))
      const platform = `${platformIndexes.key}:0.NA/${prefix}`.toUpperCase()
      const { accesses } = shaped(nodeAccesses, reply)
      return {
        accesses: accesses.map(({ at, asked, ...access }) => ({
          ...access,
          at: Date.parse(at),
          asked: asked ?? null,
          isPlatform: access.user.toUpperCase() === platform,
        })),
      }
    }),
  ]
}
