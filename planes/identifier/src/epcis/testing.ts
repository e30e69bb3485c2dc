import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SettableClock } from '@kapok/kit/clock'
import { randomIds } from '@kapok/kit/ids'
import { LmdbEventStore } from './event-store.ts'
import { EpcisFace } from './http.ts'
import { epcisLimits } from './limits.ts'
import { EpcisProblem } from './problem.ts'

/** The EPCIS face behind a real server on loopback, at a time that stands still; a bearer named reader sees ObjectEvents only. */
export async function serveEpcis() {
  const clock = new SettableClock()
  clock.set(Date.UTC(2026, 1, 1), { running: false })
  const folder = mkdtempSync(join(tmpdir(), 'kapok-epcis-http-'))
  const store = new LmdbEventStore({ folder, clock, canonical: () => undefined })
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const answer = await face.handle({
      method: request.method ?? 'GET',
      path: url.pathname,
      query: url.search.slice(1),
      headers: request.headers as Record<string, string>,
      body: request,
    })
    response.writeHead(answer.status, answer.headers).end(answer.body)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const face = new EpcisFace({
    store,
    jobs: store.documents('jobs', epcisLimits.captureJobs),
    queries: store.documents('queries', epcisLimits.namedQueries),
    canonical: () => undefined,
    clock,
    ids: randomIds,
    baseUrl: base,
    authorise: ({ headers }, to) => {
      if (headers.authorization === 'Bearer reader' && to !== 'read')
        throw new EpcisProblem('SecurityException', 'readers capture nothing')
    },
    mayReadOf: ({ headers }) =>
      headers.authorization === 'Bearer reader' ? ({ event }) => event.type === 'ObjectEvent' : undefined,
  })
  const stop = async () => {
    server.closeAllConnections()
    server.close()
    face.stop()
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  }
  return { base, face, store, stop, ...clientOf(base) }
}

function clientOf(base: string) {
  return {
    post: (path: string, body: unknown, headers: Record<string, string> = {}) =>
      fetch(base + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    get: async (path: string, headers: Record<string, string> = {}) => {
      const response = await fetch(path.startsWith('http') ? path : base + path, { headers })
      return {
        status: response.status,
        headers: response.headers,
        json: (await response.json()) as Record<string, unknown>,
      }
    },
  }
}

/** Events of an EPCISQueryDocument. */
export const eventsOf = (json: Record<string, unknown>): Record<string, unknown>[] =>
  (json as { epcisBody: { queryResults: { resultsBody: { eventList: Record<string, unknown>[] } } } }).epcisBody
    .queryResults.resultsBody.eventList

/** Status, type and sentence of a problem; throws when the answer is none. */
export async function problemOf(response: Response): Promise<string> {
  const { type, status, detail } = (await response.json()) as { type: string; status: number; detail: string }
  if (response.headers.get('content-type') !== 'application/problem+json' || status !== response.status)
    throw new Error(`${response.status} is no problem document`)
  return `${status} ${type} ${detail}`
}
