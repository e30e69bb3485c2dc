import type { Json } from '@kapok/kit/canonical-json'
import { epcisContext, namespacesOf } from './context.ts'
import { jsonOf } from './document.ts'
import type { Face, Handler, Route } from './http-face.ts'
import { bodyOf, contentKindOf, type EpcisRequest, empty, json, parametersOf } from './http-message.ts'
import { eventsPage, listPage } from './http-pages.ts'
import { epcisLimits } from './limits.ts'
import { EpcisProblem, invalid, type Misfit } from './problem.ts'
import { type QueryParameters, readQuery } from './query.ts'
import { scheduleFields } from './schedule.ts'
import type { OpenSocket, SubscriptionControls } from './subscriptions.ts'

/** A query under a name (OpenAPI file of EPCIS 2.0, QueryDefinition). */
interface NamedQuery {
  name: string
  query: Record<string, Json>
}

function queryNamed(face: Face, name: string): NamedQuery {
  const found = face.queries.get(name)
  if (found === undefined) throw new EpcisProblem('NoSuchNameException', `there is no query ${name.slice(0, 100)}`)
  return found as unknown as NamedQuery
}

/** Parameters and prefixes of the body of a query; its `@context` need not name the GS1 context. Throws EpcisProblem. */
function parametersOfQuery(query: Record<string, Json>): {
  parameters: QueryParameters
  namespaces: Record<string, string>
} {
  const { '@context': context, ...parameters } = query
  const misfits: Misfit[] = []
  const namespaces =
    context === undefined ? {} : namespacesOf([...[context].flat(), epcisContext], 'query.@context', misfits)
  if (misfits.length > 0) throw new EpcisProblem('QueryValidationException', invalid(misfits).message, { misfits })
  return { parameters: parameters as QueryParameters, namespaces }
}

const create: Handler = async (request, face) => {
  if (contentKindOf(request) === 'xml')
    throw new EpcisProblem('UnsupportedMediaTypeException', 'Content-Type: application/json expected')
  const body = jsonOf(await bodyOf(request, epcisLimits.queryBytes))
  const { name, query } = (typeof body === 'object' && body !== null ? body : {}) as Partial<NamedQuery>
  if (typeof name !== 'string' || !/^[\p{L}\p{N}_.~-]+$/u.test(name) || name.length > epcisLimits.queryNameCharacters)
    throw new EpcisProblem(
      'QueryValidationException',
      `name: up to ${epcisLimits.queryNameCharacters} letters, digits, "_", ".", "~" and "-" expected`,
    )
  if (typeof query !== 'object' || query === null || Array.isArray(query))
    throw new EpcisProblem('QueryValidationException', 'query: an object of parameters expected')
  const { parameters, namespaces } = parametersOfQuery(query)
  readQuery(parameters, face.canonical, namespaces)
  if (face.queries.get(name) !== undefined)
    throw new EpcisProblem('ResourceAlreadyExistsException', `there is a query ${name} already; delete it first`)
  if (face.queries.count() >= epcisLimits.namedQueries)
    throw new EpcisProblem('ImplementationException', `there are ${epcisLimits.namedQueries} named queries already`, {
      status: 503,
    })
  await face.queries.put(name, { name, query })
  return json(201, { name, query }, { Location: `${face.baseUrl}/queries/${encodeURIComponent(name)}` })
}

const all: Handler = (request, face) =>
  listPage(request, face, (after, limit) => ({
    found: face.queries.list({ after, limit }).map(({ id, document }) => ({ key: id, item: document })),
  }))

const one: Handler = (_request, face, [name = '']) => json(200, queryNamed(face, name))

const remove: Handler = async (_request, face, [name = '']) => {
  queryNamed(face, name)
  await face.queries.remove(name)
  face.subscriptions.close(name)
  return empty(204)
}

const controls = ['stream', 'reportIfEmpty', 'initialRecordTime', ...scheduleFields]

const poll: Handler = (request, face, [name = '']) => {
  const { query } = queryNamed(face, name)
  const asked = parametersOf(request.query)
  const given = controls.find((control) => Object.hasOwn(asked, control))
  if (given !== undefined)
    throw new EpcisProblem(
      'SubscriptionControlsException',
      `${given}: a subscription needs a WebSocket; send Upgrade: websocket`,
    )
  return eventsPage(request, face, { ...parametersOfQuery(query), queryName: name })
}

/** Opens a subscription over a socket. Throws EpcisProblem. */
export function subscribe(request: EpcisRequest, face: Face, name: string, socket: OpenSocket): void {
  const { parameters, namespaces } = parametersOfQuery(queryNamed(face, name).query)
  const asked = parametersOf(request.query)
  const strange = Object.keys(asked).find((each) => !controls.includes(each))
  if (strange !== undefined)
    throw new EpcisProblem(
      'SubscriptionControlsException',
      `${strange.slice(0, 100)}: one of ${controls.join(', ')} expected`,
    )
  const query = readQuery(parameters, face.canonical, namespaces)
  face.subscriptions.open(name, query, asked as SubscriptionControls, socket, face.mayReadOf?.(request))
}

const subscriptions: Handler = (request, face, [name = '']) => {
  queryNamed(face, name)
  const open = face.subscriptions.list(name)
  return listPage(request, face, (after, limit) => {
    const from = after === undefined ? 0 : open.findIndex(({ subscriptionID }) => subscriptionID === after) + 1
    return { found: open.slice(from, from + limit).map((each) => ({ key: each.subscriptionID, item: each })) }
  })
}

const noWebhooks: Handler = (_request, face, [name = '']) => {
  queryNamed(face, name)
  throw new EpcisProblem(
    'ImplementationException',
    'this node does not call others; open a WebSocket on the events of the query instead',
    { status: 501 },
  )
}

function subscriptionAt(face: Face, name: string, id: string) {
  queryNamed(face, name)
  const found = face.subscriptions.get(name, id)
  if (found === undefined)
    throw new EpcisProblem('NoSuchResourceException', `there is no subscription ${id.slice(0, 100)}`)
  return found
}

const subscription: Handler = (_request, face, [name = '', id = '']) => json(200, subscriptionAt(face, name, id))

const unsubscribe: Handler = (_request, face, [name = '', id = '']) => {
  subscriptionAt(face, name, id)
  face.subscriptions.close(name, id)
  return empty(204)
}

export const queryRoutes: readonly Route[] = [
  { path: '/queries', methods: { GET: { to: 'read', handle: all }, POST: { to: 'manage', handle: create } } },
  { path: '/queries/{}', methods: { GET: { to: 'read', handle: one }, DELETE: { to: 'manage', handle: remove } } },
  { path: '/queries/{}/events', methods: { GET: { to: 'read', handle: poll } } },
  {
    path: '/queries/{}/subscriptions',
    methods: { GET: { to: 'read', handle: subscriptions }, POST: { to: 'read', handle: noWebhooks } },
  },
  {
    path: '/queries/{}/subscriptions/{}',
    methods: { GET: { to: 'read', handle: subscription }, DELETE: { to: 'read', handle: unsubscribe } },
  },
]
