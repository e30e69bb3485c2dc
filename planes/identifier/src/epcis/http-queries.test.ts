import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sampleDocument, sampleLife, sampleNames } from './sample-events.ts'
import { eventsOf, problemOf, serveEpcis } from './testing.ts'

const { base, face, stop, post, get } = await serveEpcis()
afterAll(stop)

const { part, pallet } = sampleNames
const document = (...batches: number[]) => sampleDocument(batches.flatMap((batch) => sampleLife(batch)) as never)
const at = encodeURIComponent

describe('EPCIS over HTTP', () => {
  beforeAll(async () => {
    await post('/capture', document(1, 2))
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
