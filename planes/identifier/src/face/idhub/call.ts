import { type HandleValue, responses } from '../../handle/handle.ts'
import type { NodeService } from '../../node/service.ts'
import type { User } from '../../registration/authentication.ts'
import type { ChangingRecords } from '../../registration/changing-records.ts'
import type { Reply } from '../../resolution/exchange.ts'
import type { Json } from '../handle-rest/json.ts'
import type { RestUsers } from '../handle-rest/who.ts'
import type { HttpRequest } from '../http.ts'
import type { UserRecords } from '../user-records.ts'

export interface IdhubOptions {
  service: NodeService
  records: ChangingRecords
  users: RestUsers
  clock: { now(): number }
}

/** One request, with who sent it. */
export interface Call {
  request: HttpRequest
  body: Json
  user: User | undefined
  records: UserRecords
  options: IdhubOptions
}

/** An answer that is not 1: a code of the Handle protocol, which IDHub's codes repeat. */
export class IdhubRefusal extends Error {
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

export type Route = (call: Call) => Promise<unknown>

/** The values that whoever asks may read. Throws IdhubRefusal. */
export async function valuesOf(records: UserRecords, handle: string): Promise<readonly HandleValue[]> {
  const { body } = succeeded(await records.read(handle))
  return body.kind === 'values' ? body.values : []
}

/** Now, in seconds. */
export const seconds = ({ clock }: IdhubOptions): number => Math.floor(clock.now() / 1_000)

/** The reply, where it is one of success. Throws IdhubRefusal. */
export function succeeded(reply: Reply): Reply {
  const { response, body } = reply
  if (response === responses.success) return reply
  const message = body.kind === 'error' ? body.message : ''
  throw new IdhubRefusal(
    response,
    response === responses.authenticationNeeded ? 'prove who you are first: /api/v1/doip/public/challenge' : message,
  )
}
