import type { RestUsers } from '../face/handle-rest/who.ts'
import { type Face, type HttpReply, type HttpRequest, jsonReply } from '../face/http.ts'
import { nameOfUser, type User } from '../registration/authentication.ts'
import type { RecordStore } from '../store/store.ts'
import { mirrorLimits } from './limits.ts'

/** A page of a node's log as it goes over HTTP: bytes in base64. */
export interface FeedPage {
  /** Transactions that the node has in all. */
  size: number
  transactions: string[]
  /** Signs the log up to the last of them; '' when there is none. */
  checkpoint: string
}

const path = '/mirror/transactions'

/**
 * `GET /mirror/transactions?after=<n>`: the log of all changes, with everything that records hold, for whoever may read and
 * list all of this node: its mirrors.
 */
export function feedFace({
  records,
  users,
  mayFollow,
  onPage,
}: {
  records: Pick<RecordStore, 'transactions' | 'log'>
  users: RestUsers
  mayFollow(user: User): Promise<boolean>
  /** Hears who follows, and how far they are, before they are told more. */
  onPage(user: User, after: number): void
}): Face {
  return (request) => (request.url.pathname === path ? page(request) : undefined)

  async function page(request: HttpRequest): Promise<HttpReply> {
    if (!request.isPrivate) return jsonReply(403, { message: 'the log holds secrets: it is told over HTTPS only' })
    const user = await users.needed(request, 'the log is for mirrors that this node knows')
    if ('status' in user) return user
    if (!(await mayFollow(user)))
      return jsonReply(403, { message: `${nameOfUser(user)} may not read and list all of this node` })
    const after = Number(request.url.searchParams.get('after') ?? 0)
    if (request.method !== 'GET' || !Number.isInteger(after) || after < 0)
      return jsonReply(400, { message: `GET ${path}?after=<number of the last transaction that you have>` })
    onPage(user, after)
    const found = records.transactions(after, mirrorLimits.page)
    const last = found.at(-1)?.seq ?? Math.min(after, records.log.size)
    return jsonReply(200, {
      size: records.log.size,
      transactions: found.map(({ bytes }) => bytes.toString('base64')),
      checkpoint: records.log.sign(last)?.note ?? '',
    } satisfies FeedPage)
  }
}
