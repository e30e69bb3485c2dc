import { Readable } from 'node:stream'
import type { Clock } from '@kapok/kit/clock'
import { randomIds } from '@kapok/kit/ids'
import type { Access } from '../../access-log/access-log.ts'
import { canonicalUri, EpcisFace, EpcisProblem, epcisLimits, type LmdbEventStore } from '../../epcis/epcis.ts'
import { nameOfUser, type User } from '../../registration/authentication.ts'
import { type Direction, recall, storeSource, trace } from '../../trace/trace.ts'
import type { NotProven, RestUsers } from '../handle-rest/who.ts'
import { type Face, flatHeaders, type HttpReply, type HttpRequest, jsonReply } from '../http.ts'

interface EventsFaceOptions {
  events: LmdbEventStore
  users: RestUsers
  /** Whether a user may read the events of this node, or write them. */
  may(user: User, to: 'read' | 'write'): Promise<boolean>
  /** Keeps who read events, or wanted to. */
  noted(access: Pick<Access, 'user' | 'asked' | 'wasRefused'>): Promise<void> | undefined
  clock: Clock
  /** Address of the node, without a slash at the end. */
  url: string
  onFault(fault: unknown): void
}

/**
 * Events of a node over HTTP: `/epcis` as EPCIS 2.0 has it, and `/trace` and `/recall` over them. Who made what of what, and who
 * got it, is nobody's business but the enterprise's and of those whom it lets in: every request is somebody's.
 */
export function eventsFace(options: EventsFaceOptions): Face {
  const { events, users, may, noted, clock, url, onFault } = options
  const epcis = new EpcisFace({
    store: events,
    jobs: events.documents('jobs', epcisLimits.captureJobs),
    queries: events.documents('queries', epcisLimits.namedQueries),
    canonical: canonicalUri,
    clock,
    ids: randomIds,
    baseUrl: `${url}/epcis`,
  })
  const source = storeSource(events, canonicalUri)
  return (request) => {
    const [, first = '', ...rest] = request.url.pathname.split('/')
    if (first !== 'epcis' && first !== 'trace' && first !== 'recall') return undefined
    return withUser(request, async () => {
      if (first !== 'epcis') return traced(request, first, source)
      const {
        status,
        headers,
        body = '',
      } = await epcis.handle(
        {
          method: request.method,
          path: `/${rest.join('/')}`,
          query: request.url.search.slice(1),
          headers: flatHeaders(request.headers),
          body: Readable.from([request.body]),
        },
        onFault,
      )
      return { status, headers, body }
    })
  }

  async function withUser(request: HttpRequest, answer: () => Promise<HttpReply>): Promise<HttpReply> {
    if (request.method === 'OPTIONS') return answer()
    const user = await users.whoSent(request)
    const to = request.method === 'GET' || request.method === 'HEAD' ? 'read' : 'write'
    if (user === undefined)
      return refused(users, { status: 401, message: 'events are told to users whom this node knows' })
    if ('status' in user) return refused(users, user)
    const isAllowed = await may(user, to)
    if (to === 'read') await noted({ user: nameOfUser(user), asked: request.target, wasRefused: !isAllowed })
    if (isAllowed) return answer()
    return refused(users, { status: 403, message: `${nameOfUser(user)} may not ${to} events here` })
  }
}

function refused(users: RestUsers, { status, message }: NotProven): HttpReply {
  const problem = new EpcisProblem('SecurityException', message, { status })
  return {
    status,
    headers: { 'content-type': 'application/problem+json', ...(status === 401 && users.challenge()) },
    body: JSON.stringify(problem.body()),
  }
}

/** `GET /trace?id=…&direction=backward&depth=…`, `GET /recall?id=…`: nodes and edges to draw, whom a recall reaches. */
async function traced(
  { method, url }: HttpRequest,
  what: 'trace' | 'recall',
  source: ReturnType<typeof storeSource>,
): Promise<HttpReply> {
  const { searchParams: query } = url
  const start = query.getAll('id').filter((id) => id !== '')
  const depth = query.has('depth') ? Number(query.get('depth')) : undefined
  const direction = query.get('direction') ?? 'forward'
  const isWrong = depth !== undefined && !(Number.isInteger(depth) && depth >= 1 && depth <= epcisLimits.traceDepth)
  if (method !== 'GET' || start.length === 0 || start.length > 100 || isWrong || !isDirection(direction))
    return jsonReply(400, {
      message: `GET /${what}?id=<identifier>&direction=forward|backward&depth=1…${epcisLimits.traceDepth}, of at most 100 identifiers`,
    })
  const options = depth === undefined ? {} : { depth }
  return jsonReply(
    200,
    what === 'trace' ? await trace(source, start, { ...options, direction }) : await recall(source, start, options),
  )
}

const isDirection = (text: string): text is Direction => text === 'forward' || text === 'backward'
