import type { Tx } from '@kapok/kit-store/db'

/**
 * The plane's inner door: for `work` this transaction has the plane's own scope beside the actor's, so that a decision,
 * its postings and its messages are one transaction with the command that caused them. What the actor may see is read
 * before it is opened, under the actor's own scope.
 */
export async function inside<T>(tx: Tx, work: () => Promise<T>): Promise<T> {
  const before = await tx.row<{ job: string | null }>(`SELECT current_setting('app.job', true) AS job`)
  await tx.run(`SELECT set_config('app.job', 'subsidy', true)`)
  const result = await work()
  await tx.run(`SELECT set_config('app.job', $1, true)`, [before?.job ?? ''])
  return result
}
