import type { KeyObject } from 'node:crypto'
import { provenHeader } from '@kapok/identifier/session'
import { platformIndexes } from '../account/platform-values.ts'
import { registryLimits } from '../limits.ts'
import type { Gate } from './gate.ts'

/** A value of a record, as Handle REST tells and takes it. */
export interface RestValue {
  index: number
  type: string
  data: { format: string; value: unknown }
  permissions?: string
  ttl?: number | string
  timestamp?: string
  references?: { handle: string; index: number }[]
}

/** silent: ask again later; denied: the node does not let the platform; refused: what was asked is wrong. */
export class NodeTrouble extends Error {
  readonly kind: 'silent' | 'denied' | 'refused'
  constructor(kind: NodeTrouble['kind'], why: string, options?: ErrorOptions) {
    super(why, options)
    this.name = 'NodeTrouble'
    this.kind = kind
  }
}

interface Answer {
  status: number
  body: Record<string, unknown>
}

/** The node of a prefix over Handle REST, as the platform's user `310:0.NA/<prefix>`. Every method rejects with NodeTrouble. */
export class NodeClient {
  readonly #options: { url: string; prefix: string; key: KeyObject; gate: Gate }
  /** Ends what is being asked, when the platform stops. */
  readonly #ends: AbortSignal
  #session: { header: Promise<string>; atMs: number } | undefined

  constructor(options: { url: string; prefix: string; key: KeyObject; gate: Gate; ends: AbortSignal }) {
    this.#options = options
    this.#ends = options.ends
  }

  /** Handles under the prefix behind `after`, in the node's order. */
  async list(after: string): Promise<string[]> {
    const { prefix } = this.#options
    const query = new URLSearchParams({ prefix, pageSize: String(registryLimits.listPage), after })
    const { body } = this.#good(await this.#ask('GET', `/api/handles?${query}`))
    if (!Array.isArray(body.handles)) throw new NodeTrouble('silent', 'a list of handles was expected')
    return body.handles.filter((each) => typeof each === 'string')
  }

  /** What stands at a path of the node's other faces; its shape is for whoever asks. */
  async get(path: string): Promise<unknown> {
    return this.#good(await this.#ask('GET', path)).body
  }

  /** Values of a record; undefined when there is none. */
  async read(handle: string): Promise<RestValue[] | undefined> {
    const answer = await this.#ask('GET', pathOf(handle))
    if (answer.status === 404) return undefined
    const { values = [] } = this.#good(answer).body as { values?: unknown }
    if (!Array.isArray(values) || !values.every(isValue)) throw new NodeTrouble('silent', 'values were expected')
    return values
  }

  /** False when a record of that handle is there already. */
  async create(handle: string, values: readonly RestValue[]): Promise<boolean> {
    const answer = await this.#ask('PUT', `${pathOf(handle)}?overwrite=false`, values)
    if (answer.status === 409) return false
    this.#good(answer)
    return true
  }

  /** Adds or replaces these values; others of the record stay. */
  async put(handle: string, values: readonly RestValue[]): Promise<void> {
    this.#good(await this.#ask('PUT', `${pathOf(handle)}?index=various`, values))
  }

  async removeValues(handle: string, indexes: readonly number[]): Promise<void> {
    const query = new URLSearchParams(indexes.map((index) => ['index', String(index)]))
    this.#good(await this.#ask('DELETE', `${pathOf(handle)}?${query}`))
  }

  /** Also when it was not there any more. */
  async remove(handle: string): Promise<void> {
    const answer = await this.#ask('DELETE', pathOf(handle))
    if (answer.status !== 404) this.#good(answer)
  }

  #good(answer: Answer): Answer {
    const { status, body } = answer
    if (status < 300) return answer
    const why = String(body.message ?? `code ${body.responseCode ?? status}`)
    if (status === 401 || status === 403) throw new NodeTrouble('denied', why)
    throw new NodeTrouble(status >= 500 || status === 429 ? 'silent' : 'refused', why)
  }

  /** A session may have ended at the node, so a 401 is answered once with a new one. */
  async #ask(method: string, path: string, body?: unknown): Promise<Answer> {
    const answer = await this.#askOnce(method, path, body)
    if (answer.status !== 401) return answer
    this.#session = undefined
    return this.#askOnce(method, path, body)
  }

  #askOnce(method: string, path: string, body: unknown): Promise<Answer> {
    return this.#options.gate.run(async () => {
      const signal = AbortSignal.any([this.#ends, AbortSignal.timeout(registryLimits.nodeAnswerMs)])
      try {
        const reply = await fetch(`${this.#options.url}${path}`, {
          method,
          headers: { authorization: await this.#header() },
          signal,
          redirect: 'error',
          ...(body !== undefined && { body: JSON.stringify(body) }),
        })
        const length = Number(reply.headers.get('content-length') ?? Number.POSITIVE_INFINITY)
        if (!(length <= registryLimits.nodeAnswerBytes)) throw new Error(`an answer of ${length} bytes is not taken`)
        const json: unknown = await reply.json()
        if (reply.status !== 401) this.#wasProven()
        return { status: reply.status, body: typeof json === 'object' && json !== null ? { ...json } : {} }
      } catch (cause) {
        this.#session = undefined
        throw new NodeTrouble('silent', cause instanceof Error ? cause.message : String(cause), { cause })
      }
    })
  }

  /** A session that the node believed is named alone from then on: each proof costs it a check of a signature. */
  #wasProven(): void {
    const session = this.#session
    void session?.header.then((header) => {
      const [, id] = /sessionId="(\w+)"/.exec(header) ?? []
      session.header = Promise.resolve(`Handle sessionId="${id}"`)
    })
  }

  #header(): Promise<string> {
    const { url, prefix, key } = this.#options
    const now = performance.now()
    if (this.#session === undefined || now - this.#session.atMs > registryLimits.sessionMs) {
      const user = { handle: `0.NA/${prefix}`, index: platformIndexes.key }
      const signal = AbortSignal.any([this.#ends, AbortSignal.timeout(registryLimits.nodeAnswerMs)])
      this.#session = { header: provenHeader(url, { user, key }, signal), atMs: now }
    }
    return this.#session.header
  }
}

/** Slashes part a handle; what else an address cannot hold is percent-encoded. */
const pathOf = (handle: string) => `/api/handles/${encodeURIComponent(handle)}`

function isValue(value: unknown): value is RestValue {
  const { index, type, data } = (value ?? {}) as Record<string, unknown>
  return Number.isInteger(index) && typeof type === 'string' && typeof data === 'object' && data !== null
}
