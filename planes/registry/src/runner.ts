import { setTimeout as sleep } from 'node:timers/promises'
import type { Kit } from '@kapok/kit-store/kit'
import { type Account, accountOf } from './account/account.ts'
import { syncIdentifiers } from './identifier/sync-identifiers.ts'
import { runImport } from './import/run-import.ts'
import { registryLimits } from './limits.ts'
import { NodeTrouble } from './node/node-client.ts'
import { type Nodes, troubleSentence } from './node/nodes.ts'

/**
 * Does what waits in the tables: lists that are to be read, files that are to be registered; each organisation's by itself, so
 * that a silent node holds up nobody else. Whatever was not noted when the platform ended is done again: it does no harm twice.
 */
export class Runner {
  readonly #kit: Kit
  readonly #nodes: Nodes
  readonly #ends = new AbortController()
  readonly #working = new Map<string, Promise<void>>()
  #running: Promise<void> | undefined
  #woken = Promise.withResolvers<void>()

  constructor(kit: Kit, nodes: Nodes) {
    this.#kit = kit
    this.#nodes = nodes
  }

  /** There is something new to do. */
  wake(): void {
    this.#woken.resolve()
  }

  run(): void {
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#ends.abort()
    this.wake()
    await this.#running
    await Promise.all(this.#working.values())
  }

  async #run(): Promise<void> {
    while (!this.#ends.signal.aborted) {
      this.#woken = Promise.withResolvers()
      try {
        await this.#begin()
      } catch (error) {
        this.#kit.log.error({ err: error }, 'registrations could not be looked for; they are in a while')
      }
      await Promise.race([this.#woken.promise, this.#rest(registryLimits.restMs)])
    }
  }

  async #begin(): Promise<void> {
    const waiting = await this.#kit.db.tx({ job: 'registry' }, (tx) =>
      tx.rows<{ org_id: string }>(`SELECT org_id FROM registry.account WHERE sync_wanted
        UNION SELECT org_id FROM registry.import WHERE state = 'running'`),
    )
    for (const { org_id: orgId } of waiting) {
      if (this.#working.has(orgId) || this.#working.size >= registryLimits.organisationsAtOnce) continue
      // Woken once more when it is done: what came in the meantime was for somebody who was on the way out.
      const work = this.#workFor(orgId).then(
        () => this.#ended(orgId, undefined),
        (error: unknown) => this.#ended(orgId, error),
      )
      this.#working.set(orgId, work)
    }
  }

  #ended(orgId: string, error: unknown): void {
    this.#working.delete(orgId)
    if (error === undefined) this.wake()
    else this.#kit.log.error({ err: error, orgId }, 'a registration failed; it is tried again in a while')
  }

  async #workFor(orgId: string): Promise<void> {
    let backOffMs: number = registryLimits.backOffMsMin
    while (!this.#ends.signal.aborted) {
      try {
        if (!(await this.#step(orgId))) return
        backOffMs = registryLimits.backOffMsMin
      } catch (error) {
        if (this.#ends.signal.aborted) return
        if (!(error instanceof NodeTrouble)) throw error
        await this.#note(orgId, error)
        await this.#rest(backOffMs)
        backOffMs = Math.min(backOffMs * 2, registryLimits.backOffMsMax)
      }
    }
  }

  /** The next piece of an organisation's work; false when there is none. A file goes before a list: somebody waits for it. */
  async #step(orgId: string): Promise<boolean> {
    const { account, importId } = await this.#workOf(orgId)
    if (account === undefined) return false
    const client = this.#nodes.clientOf(account)
    if (importId !== undefined) return (await runImport(this.#kit, client, account, importId)) || account.sync_wanted
    if (!account.sync_wanted) return false
    await syncIdentifiers(this.#kit, client, account)
    return true
  }

  #workOf(orgId: string): Promise<{ account: Account | undefined; importId: string | undefined }> {
    return this.#kit.db.tx({ job: 'registry' }, async (tx) => {
      const file = await tx.row<{ id: string }>(
        `SELECT id FROM registry.import WHERE org_id = $1 AND state = 'running' ORDER BY created_at LIMIT 1`,
        [orgId],
      )
      return { account: await accountOf(tx, orgId), importId: file?.id }
    })
  }

  async #note(orgId: string, trouble: NodeTrouble): Promise<void> {
    const why = JSON.stringify(troubleSentence(trouble))
    await this.#kit.db.tx({ job: 'registry' }, async (tx) => {
      await tx.run('UPDATE registry.account SET fault = $2 WHERE org_id = $1', [orgId, why])
      await tx.run(`UPDATE registry.import SET hold = $2 WHERE org_id = $1 AND state = 'running'`, [orgId, why])
    })
  }

  async #rest(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#ends.signal, ref: false }).catch(() => {})
  }
}
