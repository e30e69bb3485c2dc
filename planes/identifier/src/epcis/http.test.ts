import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { SettableClock } from '@kapok/kit/clock'
import { randomIds } from '@kapok/kit/ids'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LmdbEventStore } from './event-store.ts'
import { EpcisFace } from './http.ts'
import { epcisLimits } from './limits.ts'
import { EpcisProblem } from './problem.ts'
import { sampleDocument, sampleLife, sampleNames } from './sample-events.ts'

const clock = new SettableClock()
clock.set(Date.UTC(2026, 1, 1), { running: false })
const folder = mkdtempSync(join(tmpdir(), 'kapok-epcis-http-'))
const store = new LmdbEventStore({ folder, clock, canonical: () => undefined })
const jobs = store.documents('jobs', epcisLimits.captureJobs)
const queries = store.documents('queries', epcisLimits.namedQueries)
let server: Server
let face: EpcisFace
let base = ''

beforeAll(async () => {
  server = createServer(async (request, response) => {
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
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  face = new EpcisFace({
    store,
    jobs,
    queries,
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
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  face.stop()
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(base + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
const get = async (path: string, headers: Record<string, string> = {}) => {
  const response = await fetch(path.startsWith('http') ? path : base + path, { headers })
  return {
    status: response.status,
    headers: response.headers,
    json: (await response.json()) as Record<string, unknown>,
  }
}
const eventsOf = (json: Record<string, unknown>): Record<string, unknown>[] =>
  (json as { epcisBody: { queryResults: { resultsBody: { eventList: Record<string, unknown>[] } } } }).epcisBody
    .queryResults.resultsBody.eventList
const problemOf = async (response: Response) => {
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  const { type, status, detail } = (await response.json()) as { type: string; status: number; detail: string }
  expect(status).toBe(response.status)
  return `${status} ${type} ${detail}`
}
const { part, pallet, place } = sampleNames
const document = (...batches: number[]) => sampleDocument(batches.flatMap((batch) => sampleLife(batch)) as never)
const at = encodeURIComponent

describe('EPCIS over HTTP', () => {
  test('captures a document and finds its events by any EPC, a step, a place', async () => {
    const captured = await post('/capture', document(1, 2))
    expect([captured.status, captured.headers.get('gs1-epcis-version')]).toEqual([202, '2.0.0'])
    const job = await get(captured.headers.get('location') ?? '')
    expect(job).toMatchObject({
      status: 200,
      json: { running: false, success: true, errors: [], captureErrorBehaviour: 'rollback' },
    })
    const found = await get(`/events?MATCH_anyEPC=${at(part(5))}`)
    expect(found.status).toBe(200)
    expect(found.json).toMatchObject({ type: 'EPCISQueryDocument', schemaVersion: '2.0' })
    expect(found.json['@context']).toEqual([expect.any(String), { ex: 'https://ns.example.com/epcis/' }])
    expect(eventsOf(found.json).map(({ type, bizStep }) => `${type} ${bizStep}`)).toEqual([
      'TransformationEvent commissioning',
      'AggregationEvent packing',
      'AggregationEvent unpacking',
    ])
    expect(eventsOf(found.json)[0]).toMatchObject({
      eventID: expect.stringMatching(/^ni:\/\/\/sha-256;/),
      recordTime: '2026-02-01T00:00:00.000Z',
    })
    const steps = await get(`/events?EQ_bizStep=shipping%7Creceiving&EQ_bizLocation=${at(place(101))}`)
    expect(eventsOf(steps.json).map(({ bizStep }) => bizStep)).toEqual(['receiving'])
  })

  test('refuses a wrong context, 5,001 events, too many bytes, a wrong event, other media, each with its own error', async () => {
    const one = document(50)
    expect(await problemOf(await post('/capture', { ...one, '@context': 'https://example.com/' }))).toMatch(
      /^400 epcisException:ValidationException @context: the GS1 EPCIS context/,
    )
    const many = sampleDocument(Array.from({ length: 5_001 }, () => ({})))
    const tooMany = await post('/capture', many)
    expect(tooMany.headers.get('gs1-epcis-capture-limit')).toBe('5000')
    expect(await problemOf(tooMany)).toMatch(/^413 epcisException:CaptureLimitExceededException/)
    expect(await problemOf(await post('/capture', ' '.repeat(epcisLimits.captureBytes + 1)))).toMatch(
      /^413 epcisException:Capture/,
    )
    expect(await problemOf(await post('/capture', sampleDocument([{ type: 'ObjectEvent' }])))).toMatch(
      /^400 epcisException:ValidationException epcisBody.eventList\[0\].eventTime/,
    )
    expect(await problemOf(await post('/capture', '{', { 'content-type': 'text/csv' }))).toMatch(
      /^415 epcisException:Unsupported/,
    )
    expect(await problemOf(await post('/capture', '{'))).toMatch(
      /^400 epcisException:ValidationException the body is not JSON/,
    )
    expect(store.lastSeq()).toBe(10)
  })

  test('keeps nothing of a document with a duplicate, or with proceed what can be kept', async () => {
    const all = document(3, 1)
    const rolledBack = await post('/capture', all)
    const { json: failed } = await get(rolledBack.headers.get('location') ?? '')
    expect(failed).toMatchObject({ success: false, errors: [...Array(5)].map(() => ({ status: 409 })) })
    expect(store.lastSeq()).toBe(10)
    const wrong = sampleDocument([{ type: 'ObjectEvent' }, ...sampleLife(1), ...sampleLife(3)] as never)
    const proceeded = await post('/capture', wrong, { 'gs1-capture-error-behaviour': 'proceed' })
    expect(proceeded.headers.get('gs1-capture-error-behaviour')).toBe('proceed')
    const { json: job } = await get(proceeded.headers.get('location') ?? '')
    expect(job).toMatchObject({ success: false, captureErrorBehaviour: 'proceed' })
    expect((job.errors as { type: string }[]).map(({ type }) => type)).toEqual([
      'epcisException:ValidationException',
      ...Array(5).fill('epcisException:ResourceAlreadyExistsException'),
    ])
    expect(store.lastSeq()).toBe(15)
  })

  test('takes one event with 201 and refuses it the second time with 409, but not its error declaration', async () => {
    const event = {
      ...sampleLife(60)[2],
      '@context': [
        'https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld',
        { ex: 'https://ns.example.com/epcis/' },
      ],
    }
    const created = await post('/events', event)
    expect(created.status).toBe(201)
    const { json } = await get(created.headers.get('location') ?? '')
    expect(eventsOf(json)).toMatchObject([{ 'ex:truck': '粤B10060' }])
    expect(await problemOf(await post('/events', event))).toMatch(/^409 epcisException:ResourceAlreadyExistsException/)
    const declared = {
      ...event,
      errorDeclaration: { declarationTime: '2026-02-01T00:00:00Z', reason: 'incorrect_data' },
    }
    expect((await post('/events', declared)).status).toBe(201)
    expect(eventsOf((await get(created.headers.get('location') ?? '')).json)).toHaveLength(2)
    expect(await problemOf(await fetch(`${base}/events/urn:none`))).toMatch(
      /^404 epcisException:NoSuchResourceException/,
    )
  })

  test('takes XML', async () => {
    const xml = `<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:2" schemaVersion="2.0"><EPCISBody><EventList><ObjectEvent>
      <eventTime>2026-01-05T08:00:00Z</eventTime><eventTimeZoneOffset>+08:00</eventTimeZoneOffset>
      <epcList><epc>urn:epc:id:sgtin:9506000.013435.xml</epc></epcList><action>ADD</action></ObjectEvent></EventList></EPCISBody></epcis:EPCISDocument>`
    expect((await post('/capture', xml, { 'content-type': 'application/xml' })).status).toBe(202)
    const found = await get(`/epcs/${at('urn:epc:id:sgtin:9506000.013435.xml')}/events`)
    expect(eventsOf(found.json)).toMatchObject([{ type: 'ObjectEvent', action: 'ADD' }])
  })

  test('gives pages until the last, the same although more is captured meanwhile, and forgets a token', async () => {
    const seen: string[] = []
    let next: string | undefined = `/events?EQ_action=OBSERVE&perPage=2`
    for (let n = 0; next !== undefined && n < 20; n++) {
      const { json, headers } = await get(next)
      seen.push(...eventsOf(json).map(({ eventID }) => String(eventID)))
      next = /<([^>]*)>; rel="next"/.exec(headers.get('link') ?? '')?.[1]
      if (next !== undefined) expect(headers.get('gs1-next-page-token-expires')).toMatch(/^2026-02-01T00:10/)
      if (n === 0) await post('/capture', document(70))
    }
    // Two of each of the batches 1, 2, 3, and of batch 60 an event and its error declaration.
    expect(seen).toHaveLength(8)
    const { headers } = await get('/events?perPage=1')
    const token =
      new URL(/<([^>]*)>/.exec(headers.get('link') ?? '')?.[1] ?? '').searchParams.get('nextPageToken') ?? ''
    expect((await fetch(`${base}/nextPageToken/${token}`, { method: 'DELETE' })).status).toBe(204)
    expect(await problemOf(await fetch(`${base}/events?perPage=1&nextPageToken=${token}`))).toMatch(
      /^400 epcisException:QueryParameter/,
    )
  })

  test('lists what there is of each resource, and below it the events', async () => {
    expect((await get('/eventTypes')).json).toMatchObject({
      type: 'EventTypeItemList',
      eventType: ['ObjectEvent', 'AggregationEvent', 'TransformationEvent'],
    })
    expect((await get('/bizSteps?perPage=2')).json).toMatchObject({
      type: 'BizStepItemList',
      bizStep: ['commissioning', 'packing'],
    })
    expect((await get('/bizSteps/shipping')).json).toEqual(['events'])
    expect((await get('/eventTypes/AggregationEvent/events?perPage=1')).headers.get('link')).toContain('rel="next"')
    expect(eventsOf((await get(`/bizLocations/${at(place(1))}/events`)).json)).toHaveLength(2)
    expect(await problemOf(await fetch(`${base}/epcs/${at('https://example.com/none')}/events`))).toMatch(/^404/)
    expect(await problemOf(await fetch(`${base}/eventTypes/Event/events`))).toMatch(/^404/)
    expect(await problemOf(await fetch(`${base}/nothing`))).toMatch(/^404 epcisException:NoSuchResourceException/)
  })

  test('keeps a query under a name, answers it, refuses a second one and forgets it', async () => {
    const query = {
      '@context': { mine: 'https://ns.example.com/epcis/' },
      EQ_bizStep: ['shipping'],
      'EQ_mine:truck': '粤B10002',
    }
    const created = await post('/queries', { name: 'truck', query })
    expect([created.status, created.headers.get('location')]).toEqual([201, `${base}/queries/truck`])
    expect(eventsOf((await get('/queries/truck/events')).json)).toMatchObject([{ epcList: [pallet(2)] }])
    expect((await get('/queries')).json).toEqual([{ name: 'truck', query }])
    expect(await problemOf(await post('/queries', { name: 'truck', query }))).toMatch(
      /^409 epcisException:ResourceAlreadyExists/,
    )
    expect(await problemOf(await post('/queries', { name: 'none', query: { EQ_none: 1 } }))).toMatch(
      /^400 epcisException:QueryParameter/,
    )
    expect(await problemOf(await post('/queries', { name: 'a/b', query: {} }))).toMatch(
      /^400 epcisException:QueryValidation/,
    )
    expect(await problemOf(await fetch(`${base}/queries/truck/events?stream=true`))).toMatch(
      /^400 epcisException:SubscriptionControls/,
    )
    expect(await problemOf(await post('/queries/truck/subscriptions', {}))).toMatch(
      /^501 epcisException:ImplementationException/,
    )
    expect((await fetch(`${base}/queries/truck`, { method: 'DELETE' })).status).toBe(204)
    expect(await problemOf(await fetch(`${base}/queries/truck/events`))).toMatch(
      /^404 epcisException:NoSuchNameException/,
    )
  })

  test('says what it can do, and refuses versions, forms and methods that it has not', async () => {
    const options = await fetch(`${base}/capture`, { method: 'OPTIONS' })
    expect([options.status, options.headers.get('allow'), options.headers.get('gs1-epcis-capture-limit')]).toEqual([
      204,
      'OPTIONS, POST, GET',
      '5000',
    ])
    const refused = async (headers: Record<string, string>) => problemOf(await fetch(`${base}/events`, { headers }))
    for (const headers of [
      { accept: 'application/xml' },
      { 'gs1-epcis-version': '1.2' },
      { 'gs1-cbv-min': '2.1' },
      { 'gs1-epcis-max': '1.2' },
      { 'gs1-epc-format': 'Always_EPC_URN' },
    ] as Record<string, string>[])
      expect(await refused(headers)).toMatch(/^406 epcisException:NotAcceptableException/)
    expect(await problemOf(await fetch(`${base}/events`, { method: 'DELETE' }))).toMatch(/^405/)
    expect(await problemOf(await fetch(`${base}/events?EQ_eventID=${'x'.repeat(9_000)}`))).toMatch(
      /^414 epcisException:URITooLong/,
    )
    expect(await problemOf(await fetch(`${base}/events?maxEventCount=2`))).toMatch(
      /^413 epcisException:QueryTooLargeException/,
    )
  })

  test('gives each only what he may see, and lets only those capture who may', async () => {
    const reader = { authorization: 'Bearer reader' }
    expect(await problemOf(await post('/capture', document(80), reader))).toMatch(
      /^403 epcisException:SecurityException/,
    )
    const { json } = await get(`/events?MATCH_anyEPC=${at(pallet(1))}`, reader)
    expect(eventsOf(json).map(({ type }) => type)).toEqual(['ObjectEvent', 'ObjectEvent'])
    expect((await get('/eventTypes', reader)).json).toMatchObject({ eventType: ['ObjectEvent'] })
    expect((await get('/bizSteps', reader)).json).toMatchObject({ bizStep: ['receiving', 'shipping'] })
    const seen: string[] = []
    for (let next: string | undefined = '/epcs?perPage=1'; next !== undefined; ) {
      const { json: epcs, headers } = await get(next, reader)
      seen.push(...(epcs as unknown as string[]))
      next = /<([^>]*)>/.exec(headers.get('link') ?? '')?.[1]
    }
    expect(seen).toContain(pallet(1))
    expect(seen).not.toContain(part(5))
    const made = await fetch(`${base}/epcs/${at(part(5))}/events`, { headers: reader })
    expect(await problemOf(made)).toMatch(/^404/)
  })

  test('opens a subscription over a socket, and refuses what is none', async () => {
    await post('/queries', { name: 'shipped', query: { EQ_bizStep: 'shipping' } })
    const sent: string[] = []
    let closed: number | undefined
    const socket = {
      send: (text: string) => sent.push(text),
      close: (code: number) => (closed = code),
      onClose: () => {},
    }
    const ask = (path: string, query: string) =>
      face.subscribe({ method: 'GET', path, query, headers: {}, body: nothing() }, socket as never)
    expect(() => ask('/events', 'stream=true')).toThrow(/a WebSocket opens on/)
    expect(() => ask('/queries/none/events', 'stream=true')).toThrow(/there is no query none/)
    expect(() => ask('/queries/shipped/events', 'stream=true&perPage=3')).toThrow(/^perPage: one of stream/)
    expect(() => ask('/queries/shipped/events', '')).toThrow(/either stream=true or a schedule/)
    ask('/queries/shipped/events', 'stream=true')
    const [subscription] = (await get('/queries/shipped/subscriptions')).json as unknown as { subscriptionID: string }[]
    await post('/capture', document(90))
    for (let n = 0; n < 100 && sent.length === 0; n++) await turn()
    expect(eventsOf(JSON.parse(sent[0] ?? '{}'))).toMatchObject([{ epcList: [pallet(90)] }])
    const gone = await fetch(`${base}/queries/shipped/subscriptions/${subscription?.subscriptionID}`, {
      method: 'DELETE',
    })
    expect([gone.status, closed]).toEqual([204, 1000])
  })

  test('answers any request with a status of its own, never by 500', async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'events',
        'capture',
        'queries',
        'epcs',
        'eventTypes',
        'bizSteps',
        'subscriptions',
        'nextPageToken',
        '%',
        '%ff',
        '__proto__',
        'ObjectEvent',
      ),
      fc.string({ maxLength: 8 }).map(encodeURIComponent),
    )
    const parameter = fc.tuple(
      fc.constantFrom(
        'perPage',
        'nextPageToken',
        'MATCH_epc',
        'EQ_bizStep',
        'GE_eventTime',
        'EQ_ex:truck',
        'orderBy',
        '__proto__',
        'stream',
      ),
      fc
        .oneof(fc.string({ maxLength: 12 }), fc.constantFrom('1', 'shipping', 'eventTime', '2026-01-01T00:00:00Z'))
        .map(encodeURIComponent),
    )
    const requests = fc.record({
      method: fc.constantFrom('GET', 'POST', 'DELETE', 'OPTIONS', 'PUT'),
      path: fc.array(piece, { maxLength: 4 }).map((parts) => `/${parts.join('/')}`),
      query: fc
        .array(parameter, { maxLength: 3 })
        .map((list) => list.map(([name, value]) => `${name}=${value}`).join('&')),
      headers: fc.dictionary(
        fc.constantFrom(
          'content-type',
          'accept',
          'gs1-epcis-version',
          'gs1-extensions',
          'gs1-epc-format',
          'content-length',
        ),
        fc.oneof(
          fc.string({ maxLength: 12 }),
          fc.constantFrom('application/json', '2.0', 'ex=https://ns.example.com/epcis/'),
        ),
      ),
      body: fc.oneof(fc.string({ maxLength: 20 }), fc.json({ maxDepth: 2 })),
    })
    const expected = [200, 201, 202, 204, 400, 404, 405, 406, 409, 413, 415, 501]
    await fc.assert(
      fc.asyncProperty(requests, async ({ body, ...request }) => {
        const broken: unknown[] = []
        const { status } = await face.handle({ ...request, body: nothing(Buffer.from(body)) }, (error) =>
          broken.push(error),
        )
        expect(broken).toEqual([])
        expect(expected).toContain(status)
      }),
      { numRuns: Number(process.env.KAPOK_FUZZ_RUNS ?? 500) },
    )
  })
})

async function* nothing(...parts: Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* parts
}
