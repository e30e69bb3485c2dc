import type { Kit } from '@kapok/kit-store/kit'
import type { Account } from '../account/account.ts'
import { registryLimits } from '../limits.ts'
import type { NodeClient } from '../node/node-client.ts'
import { factsOf, writtenAt } from '../record/record-values.ts'
import { keepIdentifiers } from './identifier.store.ts'

/**
 * Reads all that is registered under a prefix from its node into the platform's list, page by page, and takes from the list what
 * is no more there. Rejects with NodeTrouble; what was read until then is kept.
 */
export async function syncIdentifiers(kit: Kit, client: NodeClient, { org_id, prefix }: Account): Promise<void> {
  const seen = kit.ids.uuid()
  const began = new Date(kit.clock.now())
  const inside = { job: 'registry' }
  let after = ''
  for (let listed = 0; listed < registryLimits.identifiersMax; ) {
    const page = await client.list(after)
    const read = await Promise.all(
      page.map(async (handle) => ({
        handle,
        values: handle.startsWith(`${prefix}/`) ? await client.read(handle) : undefined,
      })),
    )
    const found = read.flatMap(({ handle, values }) =>
      values === undefined
        ? []
        : [
            {
              id: kit.ids.uuid(),
              handle,
              facts: factsOf(handle, values),
              registeredAt: writtenAt(values, began.getTime()),
            },
          ],
    )
    await kit.db.tx(inside, (tx) => keepIdentifiers(tx, org_id, found, seen))
    listed += page.length
    after = page.at(-1) ?? ''
    if (page.length < registryLimits.listPage) break
  }
  await kit.db.tx(inside, async (tx) => {
    // What was registered here while the node was read may stand before the place that was read.
    await tx.run(
      'DELETE FROM registry.identifier WHERE org_id = $1 AND seen IS DISTINCT FROM $2 AND registered_at < $3',
      [org_id, seen, began],
    )
    await tx.run('UPDATE registry.account SET sync_wanted = false, synced_at = $2, fault = NULL WHERE org_id = $1', [
      org_id,
      new Date(kit.clock.now()),
    ])
  })
}
