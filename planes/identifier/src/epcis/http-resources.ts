import { epcisContext } from './context.ts'
import { type EventType, eventTypes } from './event.ts'
import { type EventTermKind, identifierOf } from './event-terms.ts'
import { postEvent } from './http-capture.ts'
import type { Face, Handler, Route } from './http-face.ts'
import { empty, json, parametersOf } from './http-message.ts'
import { eventsPage, type ListPart, listPage } from './http-pages.ts'
import { epcisLimits } from './limits.ts'
import { EpcisProblem } from './problem.ts'
import { type QueryParameters, readQuery } from './query.ts'
import { queryDocument } from './query-document.ts'
import { everyone, runQuery } from './query-run.ts'
import { shortTerm } from './vocabulary.ts'

const noResource = (what: string): EpcisProblem =>
  new EpcisProblem('NoSuchResourceException', `there is no ${what.slice(0, 300)}`)

const events: Handler = (request, face) => eventsPage(request, face, { parameters: {} })

const event: Handler = (request, face, [id = '']) => {
  const mayRead = face.mayReadOf?.(request) ?? everyone
  const found = face.store.withId(id).filter(mayRead)
  if (found.length === 0) throw noResource(`event ${id}`)
  const links = request.headers['gs1-epc-format'] === 'Always_GS1_Digital_Link'
  return json(200, queryDocument(found, { now: face.clock.now(), asDigitalLinks: links ? face.canonical : undefined }))
}

/** A resource whose values are listed, and below each of which its events are found. */
interface TopLevel {
  path: string
  /** Type and member of the list; EPCs are a bare array. */
  list?: { type: string; member: string }
  /** Parameter that finds the events of a value. */
  parameter: string
  kind?: EventTermKind
  normal: (text: string, face: Face) => string
}

const identifier = (text: string, face: Face) => identifierOf(text, face.canonical)

const topLevels: readonly TopLevel[] = [
  {
    path: 'eventTypes',
    list: { type: 'EventTypeItemList', member: 'eventType' },
    parameter: 'eventType',
    normal: (text) => text,
  },
  { path: 'epcs', parameter: 'MATCH_anyEPC', kind: 'epc', normal: identifier },
  {
    path: 'bizSteps',
    list: { type: 'BizStepItemList', member: 'bizStep' },
    parameter: 'EQ_bizStep',
    kind: 'bizStep',
    normal: (text) => shortTerm('bizStep', text),
  },
  {
    path: 'bizLocations',
    list: { type: 'BizLocationItemList', member: 'bizLocation' },
    parameter: 'EQ_bizLocation',
    kind: 'bizLocation',
    normal: identifier,
  },
  {
    path: 'readPoints',
    list: { type: 'ReadPointItemList', member: 'readPoint' },
    parameter: 'EQ_readPoint',
    kind: 'readPoint',
    normal: identifier,
  },
  {
    path: 'dispositions',
    list: { type: 'DispositionItemList', member: 'disposition' },
    parameter: 'EQ_disposition',
    kind: 'disposition',
    normal: (text) => shortTerm('disposition', text),
  },
]

/** Whether the caller sees any event with this value; who sees none is not told that there is such a value. */
function isThere(face: Face, { parameter }: TopLevel, value: string, mayRead = everyone): boolean {
  const query = readQuery({ [parameter]: [value] } as QueryParameters, face.canonical, {})
  return runQuery(face.store, query, { perPage: 1, mayRead }).events.length > 0
}

function valuesOf(face: Face, of: TopLevel, after: string | undefined, limit: number): string[] {
  if (of.kind !== undefined) return face.store.terms(of.kind, after, limit)
  return eventTypes.filter(
    (type) => after === undefined || eventTypes.indexOf(type) > eventTypes.indexOf(after as EventType),
  )
}

function routesOf(of: TopLevel): Route[] {
  const list: Handler = (request, face) => {
    const mayRead = face.mayReadOf?.(request)
    const visible = (value: string) =>
      (of.kind !== undefined && mayRead === undefined) || isThere(face, of, value, mayRead)
    return listPage(
      request,
      face,
      (after, limit) => {
        const found: ListPart['found'] = []
        let from = after
        for (let looked = 0; found.length < limit; ) {
          const values = valuesOf(face, of, from, limit)
          for (const value of values) if (visible(value)) found.push({ key: value, item: value })
          from = values.at(-1)
          looked += values.length
          if (values.length < limit) return { found }
          if (looked >= epcisLimits.listLooks) return { found, ...(from === undefined ? {} : { goOn: from }) }
        }
        return { found: found.slice(0, limit) }
      },
      (items) =>
        of.list === undefined ? items : { '@context': epcisContext, type: of.list.type, [of.list.member]: items },
    )
  }
  const one: Handler = (request, face, [value = '']) => {
    check(face, value, face.mayReadOf?.(request))
    return json(200, ['events'])
  }
  const check = (face: Face, value: string, mayRead: ReturnType<NonNullable<Face['mayReadOf']>>) => {
    const known =
      of.kind === undefined
        ? eventTypes.some((type) => type === value)
        : isThere(face, of, of.normal(value, face), mayRead)
    if (!known) throw noResource(`${of.path} ${value}`)
  }
  const eventsOf: Handler = (request, face, [value = '']) => {
    if (parametersOf(request.query).nextPageToken === undefined) check(face, value, face.mayReadOf?.(request))
    return eventsPage(request, face, { parameters: { [of.parameter]: [of.normal(value, face)] } })
  }
  return [
    { path: `/${of.path}`, methods: { GET: { to: 'read', handle: list } } },
    { path: `/${of.path}/{}`, methods: { GET: { to: 'read', handle: one } } },
    { path: `/${of.path}/{}/events`, methods: { GET: { to: 'read', handle: eventsOf } } },
  ]
}

const forgetToken: Handler = (_request, face, [token = '']) => {
  if (!face.tokens.forget(token)) throw noResource('such nextPageToken, or its time is over')
  return empty(204)
}

export const resourceRoutes: readonly Route[] = [
  { path: '/events', methods: { GET: { to: 'read', handle: events }, POST: postEvent } },
  { path: '/events/{}', methods: { GET: { to: 'read', handle: event } } },
  ...topLevels.flatMap(routesOf),
  { path: '/nextPageToken/{}', methods: { DELETE: { to: 'read', handle: forgetToken } } },
]
