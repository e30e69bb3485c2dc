import { afterAll, describe, expect, test } from 'vitest'
import { epcisLimits } from './limits.ts'
import { sampleDocument, sampleLife, sampleNames } from './sample-events.ts'
import { eventsOf, problemOf, serveEpcis } from './testing.ts'

const { base, store, stop, post, get } = await serveEpcis()
afterAll(stop)

const { part, place } = sampleNames
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
})
