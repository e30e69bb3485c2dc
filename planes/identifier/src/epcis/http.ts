import { captureRoutes } from './http-capture.ts'
import type { EpcisOptions, Face, Route } from './http-face.ts'
import { checkAcceptable, type EpcisRequest, type EpcisResponse, empty, json, problem } from './http-message.ts'
import { queryRoutes, subscribe } from './http-queries.ts'
import { resourceRoutes } from './http-resources.ts'
import { epcisLimits } from './limits.ts'
import { PageTokens } from './page-tokens.ts'
import { EpcisProblem } from './problem.ts'
import { type OpenSocket, Subscriptions } from './subscriptions.ts'

/** EPCIS 2.0 over REST (§12 and its OpenAPI file) as a function from request to response; a server only carries them. */
export class EpcisFace {
  readonly #face: Face
  readonly #routes: readonly { parts: readonly string[]; route: Route }[]

  constructor(options: EpcisOptions) {
    const { store, clock, ids } = options
    this.#face = {
      ...options,
      subscriptions: new Subscriptions({ store, clock, ids }),
      tokens: new PageTokens(clock, ids),
    }
    this.#routes = [root, ...captureRoutes, ...resourceRoutes, ...queryRoutes].map((route) => ({
      parts: partsOf(route.path),
      route,
    }))
  }

  run(): void {
    this.#face.subscriptions.run()
  }

  stop(): void {
    this.#face.subscriptions.stop()
  }

  /** Never throws: what is refused is a problem, what breaks is `ImplementationException` and goes to `broken`. */
  async handle(request: EpcisRequest, broken: (error: unknown) => void = () => {}): Promise<EpcisResponse> {
    try {
      return await this.#answer(request)
    } catch (error) {
      if (error instanceof EpcisProblem) return problem(error)
      broken(error)
      return problem(new EpcisProblem('ImplementationException', 'the node could not do it; its log says why'))
    }
  }

  async #answer(request: EpcisRequest): Promise<EpcisResponse> {
    if (request.path.length + request.query.length > epcisLimits.uriLength)
      throw new EpcisProblem(
        'URITooLongException',
        `an address has at most ${epcisLimits.uriLength} characters; make it a named query`,
      )
    const { route, values } = this.#routeOf(request.path)
    const allow = ['OPTIONS', ...Object.keys(route.methods)].join(', ')
    if (request.method === 'OPTIONS') {
      checkAcceptable(request.headers)
      return empty(204, { Allow: allow, 'GS1-EPC-Format': 'Never_Translates', ...route.discovery })
    }
    const method = route.methods[request.method as 'GET']
    if (method === undefined) {
      const error = new EpcisProblem('ImplementationException', `here only ${allow} can be done`, { status: 405 })
      const answer = problem(error)
      return { ...answer, headers: { ...answer.headers, Allow: allow } }
    }
    checkAcceptable(request.headers)
    this.#face.authorise?.(request, method.to)
    return method.handle(request, this.#face, values)
  }

  #routeOf(path: string): { route: Route; values: string[] } {
    const given = partsOf(path)
    for (const { parts, route } of this.#routes) {
      if (parts.length !== given.length) continue
      const values: string[] = []
      const fits = parts.every((part, i) => {
        if (part !== '{}') return part === given[i]
        values.push(decoded(given[i] ?? ''))
        return true
      })
      if (fits) return { route, values }
    }
    throw new EpcisProblem('NoSuchResourceException', `${path.slice(0, 200)}: there is no such resource`)
  }

  /**
   * A WebSocket on `/queries/{name}/events?stream=true` or with a schedule: the subscription lasts as long as the socket.
   * Throws EpcisProblem, to be answered instead of the upgrade.
   */
  subscribe(request: EpcisRequest, socket: OpenSocket): void {
    const { route, values } = this.#routeOf(request.path)
    if (route.path !== '/queries/{}/events')
      throw new EpcisProblem('SubscriptionControlsException', 'a WebSocket opens on /queries/{name}/events')
    this.#face.authorise?.(request, 'read')
    subscribe(request, this.#face, values[0] ?? '', socket)
  }
}

const partsOf = (path: string): string[] => path.split('/').filter((part, i) => i > 0 && part !== '')

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch (cause) {
    throw new EpcisProblem(
      'NoSuchResourceException',
      `${part.slice(0, 200)}: this is no percent-encoded UTF-8 (${String(cause)})`,
    )
  }
}

const root: Route = {
  path: '/',
  methods: {
    GET: {
      to: 'read',
      handle: () =>
        json(200, [
          'events',
          'eventTypes',
          'epcs',
          'bizSteps',
          'bizLocations',
          'readPoints',
          'dispositions',
          'capture',
          'queries',
        ]),
    },
  },
}
