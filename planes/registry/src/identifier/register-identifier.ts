import type { NodeClient } from '../node/node-client.ts'
import type { CheckedFacts } from '../record/check-facts.ts'
import { saysTheSame, valuesOf } from '../record/record-values.ts'

/**
 * Registers at the node without overwriting: `same` when a record is there that says the same, as after a try whose answer was
 * lost; `taken` when one says something else. Rejects with NodeTrouble.
 */
export async function registerAtNode(
  client: NodeClient,
  { handle, facts }: CheckedFacts,
): Promise<'done' | 'same' | 'taken'> {
  if (await client.create(handle, valuesOf(facts))) return 'done'
  const current = await client.read(handle)
  // Deleted between the two: whoever asks again registers it.
  return current !== undefined && saysTheSame(facts, current) ? 'same' : 'taken'
}
