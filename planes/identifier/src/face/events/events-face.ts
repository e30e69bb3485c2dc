import { Readable } from 'node:stream'
import type { Clock } from '@kapok/kit/clock'
import { randomIds } from '@kapok/kit/ids'
import type { Access } from '../../access-log/access-log.ts'
import { canonicalUri, EpcisFace, EpcisProblem, epcisLimits, type LmdbEventStore } from '../../epcis/epcis.ts'
import { nameOfUser, type User } from '../../registration/authentication.ts'
import { type Direction, recall, storeSource, trace } from '../../trace/trace.ts'
import type { NotProven, RestUsers } from '../handle-rest/who.ts'
import {
  type Face,
  type FaceSocket,
  flatHeaders,
  type HttpReply,
  type HttpRequest,
  jsonReply,
  tooManyReply,
} from '../http.ts'

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
  epcis.run()
  return Object.assign(answer, { upgrade, stop: () => epcis.stop() })

  function answer(request: HttpRequest): Promise<HttpReply> | undefined {
    const [, first = '', ...rest] = request.url.pathname.split('/')
    if (first !== 'epcis' && first !== 'trace' && first !== 'recall') return undefined
    return withUser(request, async () => {
      if (first !== 'epcis') return traced(request, first, source)
      const { status, headers, body = '' } = await epcis.handle(epcisRequest(request, rest), onFault)
      return { status, headers, body }
    })
  }

  /** The subscription is made before the socket is open, so that what is wrong with it is told by HTTP. */
  function upgrade(request: HttpRequest) {
    const [, first = '', ...rest] = request.url.pathname.split('/')
    if (first !== 'epcis') return undefined
    return withUser<HttpReply | { open(socket: FaceSocket): void }>(request, async () => {
      const socket = new LaterSocket()
      try {
        epcis.subscribe(epcisRequest(request, rest), socket)
      } catch (error) {
        if (!(error instanceof EpcisProblem)) throw error
        return { status: error.status, headers: problemType, body: JSON.stringify(error.body()) }
      }
      return { open: (opened) => socket.opened(opened) }
    })
  }

  async function withUser<Answer = HttpReply>(
    request: HttpRequest,
    answer: () => Promise<Answer>,
  ): Promise<Answer | HttpReply> {
    if (request.method === 'OPTIONS') return answer()
    const user = await users.whoSent(request)
    const to = request.method === 'GET' || request.method === 'HEAD' ? 'read' : 'write'
    if (user === undefined)
      return refused(users, request, { status: 401, message: 'events are told to users whom this node knows' })
    if ('status' in user) return refused(users, request, user)
    const isAllowed = await may(user, to)
    if (to === 'read') await noted({ user: nameOfUser(user), asked: request.target, wasRefused: !isAllowed })
    if (isAllowed) return answer()
    return refused(users, request, { status: 403, message: `${nameOfUser(user)} may not ${to} events here` })
  }
}

const problemType = { 'content-type': 'application/problem+json' }

const epcisRequest = ({ method, url, headers, body }: HttpRequest, path: string[]) => ({
  method,
  path: `/${path.join('/')}`,
  query: url.search.slice(1),
  headers: flatHeaders(headers),
  body: Readable.from([body]),
})

/** Keeps what is sent until the socket is open. */
class LaterSocket implements FaceSocket {
  #socket: FaceSocket | undefined
  readonly #before: ((socket: FaceSocket) => void)[] = []

  opened(socket: FaceSocket): void {
    this.#socket = socket
    for (const run of this.#before.splice(0)) run(socket)
  }

  send(text: string): void {
    this.#run((socket) => socket.send(text))
  }

  close(code: number, reason: string): void {
    this.#run((socket) => socket.close(code, reason))
  }

  onClose(closed: () => void): void {
    this.#run((socket) => socket.onClose(closed))
  }

  #run(run: (socket: FaceSocket) => void): void {
    if (this.#socket) run(this.#socket)
    else this.#before.push(run)
  }
}

function refused(users: RestUsers, request: HttpRequest, { status, message, tooMuch }: NotProven): HttpReply {
  if (tooMuch) return tooManyReply(tooMuch)
  const problem = new EpcisProblem('SecurityException', message, { status })
  return {
    status,
    headers: { ...problemType, ...(status === 401 && users.challenge(request)) },
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
