import type { Kit } from '@kapok/kit-store/kit'
import type { Account } from '../account/account.ts'
import { keepIdentifiers } from '../identifier/identifier.store.ts'
import { registerAtNode } from '../identifier/register-identifier.ts'
import { registryLimits } from '../limits.ts'
import { type NodeClient, NodeTrouble } from '../node/node-client.ts'
import type { Sentence } from '../record/fact-fault.ts'
import { type ImportRow, noteRows } from './import.store.ts'

type Outcome = Pick<ImportRow, 'row' | 'state' | 'fault'>

/**
 * Registers the next rows of a file that runs and notes what became of them; false when there are no more, or it was stopped.
 * Rejects with NodeTrouble when the node is away: what was answered is noted, the rest waits.
 */
export async function runImport(kit: Kit, client: NodeClient, { org_id }: Account, importId: string): Promise<boolean> {
  const inside = { job: 'registry' }
  const rows = await kit.db.tx(inside, async (tx) => {
    const waiting = await tx.rows<ImportRow>(
      `SELECT r.row, r.handle, r.facts FROM registry.import_row r JOIN registry.import f ON f.id = r.import_id
       WHERE f.id = $1 AND f.state = 'running' AND r.state = 'waiting' ORDER BY r.row LIMIT $2`,
      [importId, registryLimits.rowsAStep],
    )
    if (waiting.length === 0)
      await tx.run(
        `UPDATE registry.import SET state = 'done', hold = NULL, finished_at = $2 WHERE id = $1 AND state = 'running'`,
        [importId, new Date(kit.clock.now())],
      )
    return waiting
  })
  if (rows.length === 0) return false
  const outcomes = await Promise.all(rows.map((row) => registered(client, row)))
  const answered = outcomes.filter((each): each is Outcome => !(each instanceof NodeTrouble))
  const good = new Set(answered.flatMap(({ row, state }) => (state === 'failed' ? [] : [row])))
  await kit.db.tx(inside, async (tx) => {
    await noteRows(tx, importId, answered)
    await keepIdentifiers(
      tx,
      org_id,
      rows
        .filter(({ row }) => good.has(row))
        .map(({ handle, facts }) => ({ id: kit.ids.uuid(), handle, facts, registeredAt: kit.clock.now() })),
    )
    if (answered.length > 0) await tx.run('UPDATE registry.import SET hold = NULL WHERE id = $1', [importId])
  })
  const trouble = outcomes.find((each) => each instanceof NodeTrouble)
  if (trouble) throw trouble
  return true
}

async function registered(client: NodeClient, { row, handle, facts }: ImportRow): Promise<Outcome | NodeTrouble> {
  try {
    const outcome = await registerAtNode(client, { handle, facts })
    return outcome === 'taken' ? { row, state: 'failed', fault: taken } : { row, state: outcome, fault: null }
  } catch (error) {
    if (!(error instanceof NodeTrouble)) throw error
    if (error.kind !== 'refused') return error
    const { message } = error
    const fault = { zh: `节点没有接受：${message}`, en: `The node did not take it: ${message}` }
    return { row, state: 'failed', fault }
  }
}

const taken: Sentence = {
  zh: '标识后缀：已登记且内容不同，没有覆盖；如需修改，请在列表中打开它',
  en: 'Suffix: registered with other facts and not overwritten; open it in the list to change it',
}
