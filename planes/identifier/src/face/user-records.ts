import {
  type Body,
  canonicalHandle,
  encodeValue,
  type HandleValue,
  operationFlags,
  operations,
  responses,
} from '../handle/handle.ts'
import type { NodeService } from '../node/service.ts'
import type { User } from '../registration/authentication.ts'
import type { ChangingRecords } from '../registration/changing-records.ts'
import { exchangeOf, type Reply } from '../resolution/exchange.ts'
import { isSignature } from '../trust/record-signature.ts'

/** Records of the node as one user may read and change them; replies are the node's own. */
export class UserRecords {
  readonly #service: NodeService
  readonly #records: ChangingRecords
  readonly #user: User | undefined

  constructor(options: { service: NodeService; records: ChangingRecords; user: User | undefined }) {
    this.#service = options.service
    this.#records = options.records
    this.#user = options.user
  }

  read(handle: string): Promise<Reply> {
    const flags = operationFlags.recursive | (this.#user ? 0 : operationFlags.publicOnly)
    return this.#send(operations.resolve, { kind: 'resolve', handle, indexes: [], types: [] }, flags >>> 0)
  }

  /** What was made with the same values before counts as made, so that a request may be sent again. */
  async create(handle: string, values: readonly HandleValue[]): Promise<Reply> {
    const reply = await this.#send(operations.create, { kind: 'values', handle, values: [...values] })
    const isThere = reply.response === responses.handleExists && this.#has(handle, values)
    return isThere ? { response: responses.success, body: { kind: 'handle', handle } } : reply
  }

  /** The whole record becomes these values; there must be one. */
  async replace(handle: string, values: readonly HandleValue[]): Promise<Reply> {
    return (
      this.#missing(handle) ??
      this.#send(operations.create, { kind: 'values', handle, values: [...values] }, operationFlags.overwrite)
    )
  }

  /** These values are put in place of those with the same index. */
  async overlay(handle: string, values: readonly HandleValue[]): Promise<Reply> {
    return (
      this.#missing(handle) ??
      this.#send(operations.addValue, { kind: 'values', handle, values: [...values] }, operationFlags.overwrite)
    )
  }

  remove(handle: string): Promise<Reply> {
    return this.#send(operations.delete, { kind: 'handle', handle })
  }

  #missing(handle: string): Reply | undefined {
    return this.#records.find(canonicalHandle(handle)) === undefined
      ? { response: responses.handleNotFound, body: { kind: 'error', message: `there is no ${handle}` } }
      : undefined
  }

  #has(handle: string, values: readonly HandleValue[]): boolean {
    const found = this.#records.find(canonicalHandle(handle)) ?? []
    // A node that signs adds its signature.
    const known = found.filter((value) => !isSignature(value) || values.some(({ index }) => index === value.index))
    const bytes = (of: readonly HandleValue[]) =>
      of
        .map((value) => Buffer.from(encodeValue({ ...value, timestamp: 0 })).toString('base64'))
        .sort()
        .join()
    return bytes(known) === bytes(values)
  }

  async #send(operation: number, body: Body, flags = 0): Promise<Reply> {
    return this.#service.reply(exchangeOf(operation, body, flags), this.#user)
  }
}
