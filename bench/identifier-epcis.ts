import { join } from 'node:path'
import { canonicalUri, EpcisFace, type EpcisRequest, epcisLimits, LmdbEventStore } from '@kapok/identifier/epcis'
import { systemClock } from '@kapok/kit/clock'
import { randomIds } from '@kapok/kit/ids'
import { sampleDocument, sampleLife, sampleNames } from '../planes/identifier/src/epcis/sample-events.ts'

type Report = (name: string, value: number, unit: string) => void

/** Of one document. */
const livesPerDocument = 200
const eventsPerLife = 5
const begins = Date.UTC(2026, 0, 5)

/** Serial numbers in no order, so that each falls on another page, at times that go on. */
const lifeOf = (n: number) => {
  const batch = Math.imul(n, 0x9e3779b1) >>> 0
  return sampleLife(batch, begins + n * 1_000 - batch * 60_000)
}
const documentOf = (first: number) =>
  Buffer.from(
    JSON.stringify(sampleDocument(Array.from({ length: livesPerDocument }, (_, i) => lifeOf(first + i)).flat())),
  )

function openFace(folder: string): { face: EpcisFace; store: LmdbEventStore } {
  const store = new LmdbEventStore({ folder: join(folder, 'events'), clock: systemClock, canonical: canonicalUri })
  const face = new EpcisFace({
    store,
    jobs: store.documents('jobs', epcisLimits.captureJobs),
    queries: store.documents('queries', epcisLimits.namedQueries),
    canonical: canonicalUri,
    clock: systemClock,
    ids: randomIds,
    baseUrl: 'http://localhost',
  })
  return { face, store }
}

async function* once(bytes: Buffer): AsyncIterable<Uint8Array> {
  yield bytes
}
const request = (method: string, path: string, query: string, body = Buffer.alloc(0)): EpcisRequest => ({
  method,
  path,
  query,
  headers: { 'content-type': 'application/json' },
  body: once(body),
})

/** Captures lives from `from` up to `to`, four documents on the way; each must be taken whole. */
async function captureLives(face: EpcisFace, from: number, to: number): Promise<void> {
  let next = from
  const sender = async () => {
    while (next < to) {
      const first = next
      next += livesPerDocument
      const { status, headers } = await face.handle(request('POST', '/capture', '', documentOf(first)))
      if (status !== 202) throw new Error(`document ${first}: ${status}`)
      const job = await face.handle(request('GET', new URL(headers.Location ?? '').pathname, ''))
      if (JSON.parse(job.body ?? '').success !== true) throw new Error(`document ${first}: ${job.body}`)
    }
  }
  await Promise.all([sender(), sender(), sender(), sender()])
}

/**
 * Documents of 1,000 events in JSON, read, checked, hashed and on the disk before they are answered; then a million of them, and
 * the events of one part asked for by MATCH_anyEPC. The process also makes the documents and reads the answers.
 */
export async function epcis(report: Report, folder: string): Promise<void> {
  const { face, store } = openFace(folder)
  const million = Number(process.env.KAPOK_BENCH_EVENTS ?? 1_000_000)
  const lives = million / eventsPerLife
  const some = Math.min(20_000, lives / 2)
  await captureLives(face, 0, 2_000)
  const began = performance.now()
  await captureLives(face, 2_000, 2_000 + some)
  report(
    'identifier.epcis_capture.events_per_s',
    Math.round((some * eventsPerLife) / ((performance.now() - began) / 1_000)),
    'events/s',
  )
  const beganRest = performance.now()
  await captureLives(face, 2_000 + some, lives)
  const rest = (lives - some - 2_000) * eventsPerLife
  report(
    'identifier.epcis_capture_to_1m.events_per_s',
    Math.round(rest / ((performance.now() - beganRest) / 1_000)),
    'events/s',
  )
  if (store.lastSeq() !== million) throw new Error(`${store.lastSeq()} events are kept`)
  const times: number[] = []
  for (let i = 0; i < 5_000; i++) {
    const batch = Math.imul(Math.floor(Math.random() * lives), 0x9e3779b1) >>> 0
    const epc = encodeURIComponent(sampleNames.part(batch * 4 + (i % 4)))
    const asked = performance.now()
    const { body } = await face.handle(request('GET', '/events', `MATCH_anyEPC=${epc}`))
    const found = JSON.parse(body ?? '').epcisBody.queryResults.resultsBody.eventList.length
    times.push(performance.now() - asked)
    if (found !== 3) throw new Error(`${epc}: ${found} events`)
  }
  times.sort((a, b) => a - b)
  const rounded = (ms: number | undefined) => Math.round((ms ?? 0) * 100) / 100
  report('identifier.epcis_any_epc_p50.ms', rounded(times[2_500]), 'ms')
  report('identifier.epcis_any_epc_p99.ms', rounded(times[4_950]), 'ms')
  face.stop()
  await store.close()
}
