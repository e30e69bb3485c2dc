import type { AccessLog } from '../../access-log/access-log.ts'
import { accessLimits } from '../../access-log/limits.ts'
import { canonicalHandle, prefixHandle, responses } from '../../handle/handle.ts'
import { nameOfUser, type User } from '../../registration/authentication.ts'
import type { RestUsers } from '../handle-rest/who.ts'
import { type Face, type HttpReply, type HttpRequest, jsonReply } from '../http.ts'

const path = '/api/accesses'

/**
 * `GET /api/accesses?handle=<handle>` or `?prefix=<prefix>`, with `before` and `pageSize`: who read, or wanted to read, what is
 * not public, newest first; for whoever administers the prefix.
 */
export function accessesFace({
  accesses,
  users,
  mayRead,
}: {
  accesses: AccessLog
  users: RestUsers
  /** Whether a user may read all of the record that describes a prefix. */
  mayRead(user: User, prefixRecord: string): Promise<boolean>
}): Face {
  return (request) => (request.url.pathname === path ? listed(request) : undefined)

  async function listed(request: HttpRequest): Promise<HttpReply> {
    const { searchParams: query } = request.url
    const [handle, prefix] = [query.get('handle'), query.get('prefix')]
    const before = query.has('before') ? Number(query.get('before')) : undefined
    const pageSize = Number(query.get('pageSize') ?? 100)
    const isPage = Number.isInteger(pageSize) && pageSize >= 1 && pageSize <= accessLimits.page
    const isPlace = before === undefined || (Number.isInteger(before) && before >= 1)
    const name = handle ?? (prefix && `${prefix}/`)
    if (request.method !== 'GET' || !name || !isPage || !isPlace)
      return jsonReply(400, {
        responseCode: responses.protocolError,
        message: `GET ${path}?prefix=<prefix> or ?handle=<handle>, with pageSize=1…${accessLimits.page} and before=<seq of the last>`,
      })
    const user = await users.needed(request, 'who looked is told to the owner')
    if ('status' in user) return user
    if (!(await mayRead(user, prefixHandle(canonicalHandle(name)))))
      return jsonReply(403, {
        responseCode: responses.noPermission,
        message: `${nameOfUser(user)} does not administer this prefix`,
      })
    const found = accesses.list(handle === null ? { prefix: name.slice(0, -1) } : { handle }, {
      before,
      limit: pageSize,
    })
    return jsonReply(200, {
      responseCode: responses.success,
      accesses: found.map(({ at, ...access }) => ({ ...access, at: new Date(at).toISOString() })),
    })
  }
}
