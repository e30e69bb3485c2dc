import type { RestUsers } from '../face/handle-rest/who.ts'
import { type Face, type HttpReply, type HttpRequest, jsonReply } from '../face/http.ts'
import type { User } from '../registration/authentication.ts'

/** What everybody may know of a node. */
export interface PublicHealth {
  /** `primary` takes changes for its prefixes, `mirror` follows, `taker` stands in, `replaced` is stood in for, `recursive` has none. */
  role: 'primary' | 'mirror' | 'taker' | 'replaced' | 'recursive'
  prefixes: readonly string[]
  /** Of its site. */
  serial: number
  takesChanges: boolean
}

/** What its operators may know. Times in ms. */
export interface InnerHealth {
  /** Why it takes no changes. */
  refuses: string | null
  records: number
  transactions: number
  bytes: number
  answersByCode: Record<string, number>
  /** Of these, the answers to questions for a handle. */
  resolutionsByCode: Record<string, number>
  followers: readonly { user: string; behind: number; silentMs: number }[]
  /** Servers of others that it leaves alone, since they did not answer. */
  resting: readonly string[]
  cachedAnswers: number
  uptimeMs: number
}

/**
 * `GET /health`: what the node is and whether it takes changes; to whoever administers it, and to programs of the same machine,
 * also how it stands.
 */
export function healthFace({
  open,
  inner,
  users,
  mayLook,
}: {
  open(): PublicHealth
  inner(): InnerHealth
  users: RestUsers
  mayLook(user: User): Promise<boolean>
}): Face {
  return (request) => {
    if (request.url.pathname !== '/health') return undefined
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return jsonReply(405, { message: 'GET' }, { allow: 'GET' })
    return told(request)
  }

  async function told(request: HttpRequest): Promise<HttpReply> {
    const user = await users.whoSent(request)
    if (user && 'status' in user) return users.refused(request, user)
    const knows = user === undefined ? isOwnMachine(request) : await mayLook(user)
    return jsonReply(200, { ...open(), ...(knows && inner()) }, { 'cache-control': 'no-store' })
  }
}

/** A proxy on this machine brings others: it says so. */
function isOwnMachine({ isPrivate, headers }: HttpRequest): boolean {
  return isPrivate && headers['x-forwarded-for'] === undefined && headers.forwarded === undefined
}
