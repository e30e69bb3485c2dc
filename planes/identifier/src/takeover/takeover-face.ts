import { objectIn, ValueJsonError } from '../face/handle-rest/json.ts'
import { valueToJson } from '../face/handle-rest/value-json.ts'
import type { RestUsers } from '../face/handle-rest/who.ts'
import { type Face, type HttpReply, type HttpRequest, jsonReply } from '../face/http.ts'
import { canonicalHandle, type HandleValue, readOrUndefined } from '../handle/handle.ts'
import { nameOfUser, type User } from '../registration/authentication.ts'
import { decodeContent } from '../store/store.ts'
import type { TakeoverDesk } from './desk.ts'
import type { LateRecord } from './late-records.ts'
import { takeoverLimits } from './limits.ts'
import { TakeoverError } from './take-over.ts'

interface TakeoverFaceOptions {
  desk: TakeoverDesk
  users: RestUsers
  /** Whether a user administers the prefixes above all that are homed here. */
  mayCommand(user: User): Promise<boolean>
  /** Whether a user administers all prefixes that are homed here. */
  mayAdminister(user: User): Promise<boolean>
  /** What the parent has to register now for each prefix, by its record. */
  toRegister(): ReadonlyMap<string, readonly HandleValue[]>
}

interface Route {
  /** Who: the administrator of the prefix above, or also that of the prefix itself. */
  who: 'parent' | 'either'
  does(body: Record<string, unknown>): HttpReply | Promise<HttpReply>
}

/**
 * Takeover in an emergency (应急接管) over HTTP, by whoever proves to administer: `POST /takeover {"prefix"}` at the mirror,
 * `POST /handback {"from"?}` at the node that came back; `GET` of both tells how it stands. `POST /takeover/late` and
 * `/takeover/end` are what the node that came back says to the one that stands in.
 */
export function takeoverFace(options: TakeoverFaceOptions): Face {
  const { desk } = options
  const register = () =>
    Object.fromEntries([...options.toRegister()].map(([handle, values]) => [handle, values.map(valueToJson)]))
  const routes: Record<string, Route> = {
    'POST /takeover': {
      who: 'parent',
      does: async ({ prefix }) => {
        await desk.takeOver(typeof prefix === 'string' ? canonicalHandle(prefix) : '')
        return jsonReply(200, { ...desk.taken(), register: register() })
      },
    },
    'GET /takeover': {
      who: 'either',
      does: () => {
        const taken = desk.taken()
        return taken
          ? jsonReply(200, { ...taken, register: register() })
          : jsonReply(404, { message: 'this node stands in for nobody' })
      },
    },
    'POST /takeover/late': {
      who: 'either',
      does: async ({ items }) => jsonReply(200, { results: await desk.takeLate(lateRecords(items)) }),
    },
    'POST /takeover/end': { who: 'either', does: async () => jsonReply(200, await desk.end()) },
    'POST /handback': {
      who: 'either',
      does: ({ from }) => {
        desk.beginHandBack(from === undefined ? undefined : addressIn(from))
        return jsonReply(202, desk.handBackState, { location: '/handback' })
      },
    },
    'GET /handback': {
      who: 'either',
      does: () => {
        const state = desk.handBackState
        if (state.state !== 'done') return jsonReply(200, state)
        const conflicts = state.done.conflicts.slice(0, takeoverLimits.conflictsTold)
        const counted = { ...state.done, conflicts, conflictsInAll: state.done.conflicts.length }
        return jsonReply(200, { state: 'done', ...counted, register: register() })
      },
    },
  }
  return (request) => {
    const route = routes[`${request.method} ${request.url.pathname}`]
    return route && answered(route, request, options)
  }
}

async function answered(route: Route, request: HttpRequest, options: TakeoverFaceOptions): Promise<HttpReply> {
  const { users, mayCommand, mayAdminister } = options
  if (!request.isPrivate) return jsonReply(403, { message: 'a node is commanded over HTTPS only' })
  const user = await users.needed(request, 'this is for the administrator of the prefix above')
  if ('status' in user) return user
  const may = (await mayCommand(user)) || (route.who === 'either' && (await mayAdminister(user)))
  if (!may)
    return jsonReply(403, { message: `${nameOfUser(user)} does not administer the prefix above, which decides this` })
  try {
    return await route.does(objectIn(request.body))
  } catch (error) {
    if (error instanceof TakeoverError) return jsonReply(409, { message: error.message })
    if (error instanceof ValueJsonError) return jsonReply(400, { message: error.message })
    throw error
  }
}

function addressIn(from: unknown): string {
  const url = typeof from === 'string' ? URL.parse(from) : null
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw new ValueJsonError('from', 'the HTTP address of the node that stands in, e.g. http://10.0.0.3:8000')
  return url.href.replace(/\/$/, '')
}

function lateRecords(items: unknown): LateRecord[] {
  if (!Array.isArray(items) || items.length > takeoverLimits.lateRecords)
    throw new ValueJsonError('items', `a list of at most ${takeoverLimits.lateRecords} records`)
  return items.map((item) => {
    const { handle, by, content } = (item ?? {}) as Record<string, unknown>
    if (typeof handle !== 'string' || typeof by !== 'string' || (content !== null && typeof content !== 'string'))
      throw new ValueJsonError('items', 'records with handle, by and content in base64, or null when it was deleted')
    const bytes = content === null ? null : Buffer.from(content, 'base64')
    if (bytes !== null && readOrUndefined(() => decodeContent(bytes)) === undefined)
      throw new ValueJsonError('items', `the content of a record of ${handle}`)
    return { handle, by, content: bytes }
  })
}
