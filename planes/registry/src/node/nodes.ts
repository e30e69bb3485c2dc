import type { KeyObject } from 'node:crypto'
import type { Account } from '../account/account.ts'
import { registryLimits } from '../limits.ts'
import type { Sentence } from '../record/fact-fault.ts'
import { refuse } from '../refusals.ts'
import { Gate } from './gate.ts'
import { NodeClient, NodeTrouble } from './node-client.ts'

/** The nodes at which the platform registers; each is asked so much at a time, whoever asks. */
export class Nodes {
  readonly #key: () => KeyObject
  readonly #gates = new Map<string, Gate>()
  readonly #clients = new Map<string, NodeClient>()
  readonly #ends = new AbortController()
  #callsOpen = 0

  constructor(key: () => KeyObject) {
    this.#key = key
  }

  clientOf({ org_id, url, prefix }: Pick<Account, 'org_id' | 'url' | 'prefix'>): NodeClient {
    const name = `${org_id} ${prefix} ${url}`
    const known = this.#clients.get(name)
    if (known) return known
    const { origin } = new URL(url)
    const gate = this.#gates.get(origin) ?? new Gate(registryLimits.nodeCallsAtOnce)
    this.#gates.set(origin, gate)
    const client = new NodeClient({ url, prefix, key: this.#key(), gate, ends: this.#ends.signal })
    this.#clients.set(name, client)
    return client
  }

  /** Work of a person's call, which holds a connection while it waits: a silent node must not take all of them. Throws refusals. */
  async inCall<T>(work: () => Promise<T>): Promise<T> {
    if (this.#callsOpen >= registryLimits.callsAtOnce) throw refuse('registry.busy')
    this.#callsOpen++
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof NodeTrouble)) throw error
      if (error.kind === 'silent') throw refuse('registry.node_silent', {}, { cause: error })
      throw refuse(error.kind === 'denied' ? 'registry.node_denied' : 'registry.node_refused', { why: error.message })
    } finally {
      this.#callsOpen--
    }
  }

  stop(): void {
    this.#ends.abort()
  }
}

/** Why nothing goes on, for people. */
export function troubleSentence({ kind, message }: NodeTrouble): Sentence {
  if (kind === 'silent')
    return {
      zh: `企业标识节点没有应答，将自动重试（${message}）`,
      en: `The node of the prefix does not answer; it is tried again (${message})`,
    }
  return {
    zh: `企业标识节点不允许平台登记：${message}`,
    en: `The node of the prefix does not let the platform register: ${message}`,
  }
}
