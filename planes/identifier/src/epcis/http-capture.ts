import { captureDocument, captureEvent, type ErrorBehaviour } from './capture.ts'
import { documentOf, jsonOf, singleEventOf } from './document.ts'
import type { Face, Handler, Route } from './http-face.ts'
import { bodyOf, captureHeaders, contentKindOf, type EpcisRequest, empty, json } from './http-message.ts'
import { listPage } from './http-pages.ts'
import { epcisLimits } from './limits.ts'
import { EpcisProblem } from './problem.ts'
import { xmlDocumentOf } from './xml.ts'

function behaviourOf(request: EpcisRequest): ErrorBehaviour {
  const text = request.headers['gs1-capture-error-behaviour']
  if (text === undefined || text === 'rollback') return 'rollback'
  if (text === 'proceed') return 'proceed'
  throw new EpcisProblem('ValidationException', 'GS1-Capture-Error-Behaviour: rollback or proceed expected')
}

const capture: Handler = async (request, face) => {
  const kind = contentKindOf(request)
  const behaviour = behaviourOf(request)
  const body = await bodyOf(request, epcisLimits.captureBytes)
  const document = kind === 'xml' ? xmlDocumentOf(body) : documentOf(jsonOf(body), body.length)
  const job = await captureDocument(document, behaviour, face)
  face.subscriptions.captured()
  return empty(202, {
    Location: `${face.baseUrl}/capture/${job.captureID}`,
    'GS1-Capture-Error-Behaviour': behaviour,
    ...captureHeaders,
  })
}

const captureOne: Handler = async (request, face) => {
  if (contentKindOf(request) === 'xml')
    throw new EpcisProblem('UnsupportedMediaTypeException', 'one event alone is JSON; XML documents go to /capture')
  const of = singleEventOf(jsonOf(await bodyOf(request, epcisLimits.eventBytes)))
  const eventID = await captureEvent(of, face.store)
  face.subscriptions.captured()
  return empty(201, { Location: `${face.baseUrl}/events/${encodeURIComponent(eventID)}` })
}

const job: Handler = (_request, face: Face, [id = '']) => {
  const found = face.jobs.get(id)
  if (found === undefined)
    throw new EpcisProblem('NoSuchResourceException', `there is no capture job ${id.slice(0, 100)}`)
  return json(200, found)
}

const jobs: Handler = (request, face) =>
  listPage(request, face, (after, limit) => ({
    found: face.jobs.list({ after, limit, descending: true }).map(({ id, document }) => ({ key: id, item: document })),
  }))

const discovery = {
  ...captureHeaders,
  'GS1-Capture-Error-Behaviour': 'rollback',
  'Accept-Post': 'application/json, application/ld+json, application/xml',
}

export const captureRoutes: readonly Route[] = [
  {
    path: '/capture',
    discovery,
    methods: { POST: { to: 'capture', handle: capture }, GET: { to: 'manage', handle: jobs } },
  },
  { path: '/capture/{}', methods: { GET: { to: 'manage', handle: job } } },
]

/** `POST /events`; http-resources.ts puts it beside the GET. */
export const postEvent = { to: 'capture', handle: captureOne } as const
