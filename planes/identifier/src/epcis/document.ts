import { type Namespaces, namespacesOf } from './context.ts'
import { type EventInContext, instantOf } from './event.ts'
import { checkEvent } from './event-shape.ts'
import { epcisLimits } from './limits.ts'
import { EpcisProblem, invalid, type Misfit } from './problem.ts'

/** Events of a document as they stand in it, each checked by `eventOf`. */
export interface EpcisDocument {
  namespaces: Namespaces
  events: readonly unknown[]
  /** Where the list stands, for the places of errors. */
  path: string
  /** Of the whole document. */
  bytes: number
}

/** JSON of a body. Throws EpcisProblem: too long, not UTF-8, not JSON. */
export function jsonOf(body: Uint8Array): unknown {
  if (body.length > epcisLimits.captureBytes) throw tooLong()
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch (cause) {
    throw new EpcisProblem('ValidationException', `the body is not UTF-8: ${String(cause)}`)
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.slice(0, 200) : ''
    throw new EpcisProblem('ValidationException', `the body is not JSON: ${why}`)
  }
}

export const tooLong = (most: number = epcisLimits.captureBytes): EpcisProblem =>
  new EpcisProblem('CaptureLimitExceededException', `the body has at most ${most} bytes; send it in parts`)

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * The events of an EPCISDocument or EPCISQueryDocument (EPCIS 2.0 §9.2). Throws EpcisProblem: 400 for what is none, with the
 * places; 413 for too many events. The master data of a header is not looked at.
 */
export function documentOf(json: unknown, bytes = epcisLimits.captureBytes): EpcisDocument {
  const misfits: Misfit[] = []
  if (!isObject(json)) throw invalid([{ path: 'document', expected: 'an object' }])
  const namespaces = namespacesOf(json['@context'], '@context', misfits)
  const { type, schemaVersion, creationDate, epcisBody } = json
  if (type !== 'EPCISDocument' && type !== 'EPCISQueryDocument')
    misfits.push({ path: 'type', expected: 'EPCISDocument or EPCISQueryDocument' })
  if (!/^2(?:\.\d+){0,2}$/.test(String(schemaVersion))) misfits.push({ path: 'schemaVersion', expected: '2.0' })
  if (type === 'EPCISDocument' && !(typeof creationDate === 'string' && instantOf(creationDate) !== undefined))
    misfits.push({ path: 'creationDate', expected: 'a time with its zone' })
  const { path, events } =
    type === 'EPCISQueryDocument'
      ? listAt(json, ['epcisBody', 'queryResults', 'resultsBody', 'eventList'], misfits)
      : isObject(epcisBody) && epcisBody.event !== undefined
        ? { path: 'epcisBody.event', events: [epcisBody.event] }
        : listAt(json, ['epcisBody', 'eventList'], misfits)
  if (misfits.length > 0) throw invalid(misfits)
  if (events.length > epcisLimits.captureEvents)
    throw new EpcisProblem(
      'CaptureLimitExceededException',
      `a document has at most ${epcisLimits.captureEvents} events, this one ${events.length}; send it in parts`,
    )
  return { namespaces, events, path, bytes }
}

function listAt(
  json: unknown,
  names: readonly string[],
  misfits: Misfit[],
): { path: string; events: readonly unknown[] } {
  let here = json
  for (const name of names) here = isObject(here) ? here[name] : undefined
  const path = names.join('.')
  if (Array.isArray(here)) return { path, events: here }
  misfits.push({ path, expected: 'a list of events' })
  return { path, events: [] }
}

/** The event at a place of a document, or what is wrong with it. */
export function eventOf(document: EpcisDocument, index: number): EventInContext | Misfit[] {
  const path = document.path.endsWith('List') ? `${document.path}[${index}]` : document.path
  const value = document.events[index]
  // In a short document no event is too long.
  if (
    document.bytes > epcisLimits.eventBytes &&
    Buffer.byteLength(JSON.stringify(value) ?? '') > epcisLimits.eventBytes
  )
    return [{ path, expected: `an event of at most ${epcisLimits.eventBytes} bytes` }]
  return inContext(value, path, document.namespaces)
}

function inContext(value: unknown, path: string, outer: Namespaces): EventInContext | Misfit[] {
  let namespaces = outer
  if (isObject(value) && value['@context'] !== undefined) {
    // The document has named the GS1 context already: here only prefixes are added.
    const misfits: Misfit[] = []
    const own = namespacesOf([...[value['@context']].flat(), ...gs1Named], `${path}.@context`, misfits)
    if (misfits.length > 0) return misfits
    namespaces = { ...outer, ...own }
    delete value['@context']
  }
  const event = checkEvent(value, path, namespaces)
  return Array.isArray(event) ? event : { event, namespaces }
}
const gs1Named = ['https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld']

/** The event of `POST /events`: one event with an `@context` of its own. Throws EpcisProblem with the wrong places. */
export function singleEventOf(json: unknown): EventInContext {
  if (!isObject(json)) throw invalid([{ path: 'event', expected: 'an object' }])
  const misfits: Misfit[] = []
  const namespaces = namespacesOf(json['@context'], '@context', misfits)
  if (misfits.length > 0) throw invalid(misfits)
  delete json['@context']
  const event = checkEvent(json, 'event', namespaces)
  if (Array.isArray(event)) throw invalid(event)
  return { event, namespaces }
}
