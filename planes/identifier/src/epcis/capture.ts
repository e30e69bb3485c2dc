import { setImmediate as turn } from 'node:timers/promises'
import type { Json } from '@kapok/kit/canonical-json'
import type { Clock } from '@kapok/kit/clock'
import type { Ids } from '@kapok/kit/ids'
import { type EpcisDocument, eventOf } from './document.ts'
import type { EventInContext } from './event.ts'
import type { EventStore } from './event-store.ts'
import type { KeptDocuments } from './kept-documents.ts'
import { epcisLimits } from './limits.ts'
import { EpcisProblem, invalid, type ProblemBody } from './problem.ts'

export type ErrorBehaviour = 'rollback' | 'proceed'

/** OpenAPI file of EPCIS 2.0, CaptureJob. */
export interface CaptureJob {
  captureID: string
  createdAt: string
  finishedAt?: string
  running: boolean
  success: boolean
  captureErrorBehaviour: ErrorBehaviour
  errors: ProblemBody[]
}

export interface CaptureWith {
  store: EventStore
  jobs: KeptDocuments
  clock: Clock
  ids: Ids
}

/** Errors that a job keeps; the rest is counted. */
const errorsKept = 100

/**
 * Captures a document (EPCIS 2.0 §8.1). With `rollback` an invalid event refuses the document at once (thrown, with its
 * place); what the repository has already makes the job fail and nothing is kept. With `proceed` all that can be kept is.
 * The answered job has ended and its events are on the disk.
 */
export async function captureDocument(
  document: EpcisDocument,
  behaviour: ErrorBehaviour,
  { store, jobs, clock, ids }: CaptureWith,
): Promise<CaptureJob> {
  const createdAt = clock.now()
  const errors: ProblemBody[] = []
  const events: EventInContext[] = []
  for (let i = 0; i < document.events.length; i++) {
    if (i % epcisLimits.eventsATurn === 0) await turn()
    const event = eventOf(document, i)
    if (!Array.isArray(event)) events.push(event)
    else if (behaviour === 'rollback') throw invalid(event)
    else errors.push(invalid(event).body())
  }
  const captured = await store.capture(events, behaviour)
  for (const each of captured) if ('duplicate' in each) errors.push(alreadyThere(each.duplicate).body())
  const job: CaptureJob = {
    captureID: jobId(createdAt, ids),
    createdAt: new Date(createdAt).toISOString(),
    finishedAt: new Date(clock.now()).toISOString(),
    running: false,
    success: errors.length === 0,
    captureErrorBehaviour: behaviour,
    errors: told(errors),
  }
  await jobs.put(job.captureID, job as unknown as Json)
  return job
}

/** Captures one event; its id. Throws 409 when the repository has it. */
export async function captureEvent(of: EventInContext, store: EventStore): Promise<string> {
  const [captured] = await store.capture([of], 'rollback')
  if (captured === undefined || 'duplicate' in captured) throw alreadyThere(captured?.duplicate ?? '')
  return captured.eventID
}

export const alreadyThere = (eventID: string): EpcisProblem =>
  new EpcisProblem(
    'ResourceAlreadyExistsException',
    `the repository has the event ${eventID} already; to say that it was wrong, send it with an errorDeclaration`,
  )

/** Ids in the order of time, so that the newest are found first and the oldest forgotten. */
function jobId(at: number, ids: Ids): string {
  return `${at.toString(16).padStart(12, '0')}-${ids.uuid()}`
}

function told(errors: ProblemBody[]): ProblemBody[] {
  if (errors.length <= errorsKept) return errors
  const more = new EpcisProblem(
    'ValidationException',
    `and ${errors.length - errorsKept} more errors of this kind`,
  ).body()
  return [...errors.slice(0, errorsKept), more]
}
