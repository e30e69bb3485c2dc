import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { canonicalUri, LmdbEventStore } from '../../epcis/epcis.ts'
import { sampleDocument, sampleLife, sampleNames } from '../../epcis/sample-events.ts'
import { encodeData } from '../../handle/handle.ts'
import { type Simulation, startSimulation } from '../../node/simulation.ts'
import { TestStores } from '../../store/testing.ts'

const secret = 's3cret-of-the-test'
const clock = { now: () => Date.UTC(2026, 1, 1) }
const folder = mkdtempSync(join(tmpdir(), 'kapok-events-face-'))
const stores = new TestStores()
const events: LmdbEventStore[] = []
const faults: unknown[] = []
let tree: Simulation
let node = ''
beforeAll(async () => {
  tree = await startSimulation({
    open: () => stores.open(),
    openEvents: (name) => {
      const store = new LmdbEventStore({ folder: join(folder, name), clock, canonical: canonicalUri })
      events.push(store)
      return store
    },
    clock,
    httpPort: 0,
    secret,
    onFault: (fault) => faults.push(fault),
  })
  node = `http://127.0.0.1:${tree.httpPort}/88.901.1001`
})
afterAll(async () => {
  await tree.stop()
  for (const store of events) await store.close()
  await stores.close()
  rmSync(folder, { recursive: true, force: true })
  expect(faults).toEqual([])
})

const as = (user: string) => ({
  authorization: `Basic ${Buffer.from(`${encodeURIComponent(user)}:${secret}`).toString('base64')}`,
})
const owner = as('301:0.NA/88.901.1001')
const ask = (path: string, headers: Record<string, string> = owner) => fetch(`${node}${path}`, { headers })
const capture = (body: unknown, headers: Record<string, string> = owner) =>
  fetch(`${node}/epcis/capture`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })

test('an enterprise captures what happened, finds it, and a recall of its steel names the customers', async () => {
  const captured = await capture(sampleDocument([3, 4, 5].flatMap((batch) => sampleLife(batch))))
  expect(captured.status).toBe(202)
  const job = await (
    await fetch(captured.headers.get('location')?.replace(/^.*\/epcis/, `${node}/epcis`) ?? '', { headers: owner })
  ).json()
  expect(job).toMatchObject({ running: false, success: true })
  const part = encodeURIComponent(sampleNames.part(12))
  const found = await (await ask(`/epcis/events?MATCH_anyEPC=${part}`)).json()
  expect(found.epcisBody.queryResults.resultsBody.eventList).toHaveLength(3)
  const recalled = await (
    await ask(`/recall?${[3, 4, 5].map((batch) => `id=${encodeURIComponent(sampleNames.steel(batch))}`).join('&')}`)
  ).json()
  expect(recalled.byParty.map(({ party }: { party: string }) => party).sort()).toEqual([
    '',
    ...[103, 104, 105].map(sampleNames.partner).sort(),
  ])
  const traced = await (await ask(`/trace?id=${part}&direction=backward`)).json()
  expect(traced.nodes.map(({ id }: { id: string }) => id)).toContain(sampleNames.steel(3))
})

test('nobody and strangers learn nothing; who is let in by the prefix’s record reads and does not write', async () => {
  const stranger = as('301:0.NA/88.901.1002')
  for (const path of ['/epcis/events', '/epcis/capture', '/trace?id=x', '/recall?id=x']) {
    expect((await ask(path, {})).status).toBe(401)
    expect((await ask(path, stranger)).status).toBe(401)
  }
  expect((await capture(sampleDocument([]), stranger)).status).toBe(401)
  const records = tree.nodes.get('88.901.1001')?.records
  await records?.change<never>('88.901.1001/auditor', '', () => ({
    next: [
      {
        index: 301,
        type: 'HS_SECKEY',
        data: Buffer.from(secret),
        ttl: { kind: 'relative', seconds: 60 },
        permissions: 0x0c,
        timestamp: 0,
        references: [],
      },
    ],
  }))
  const auditor = as('301:88.901.1001/auditor')
  expect((await ask('/epcis/events', auditor)).status).toBe(403)
  await records?.change<never>('0.NA/88.901.1001', '', (current) => ({
    next: [
      ...(current?.values ?? []),
      {
        index: 101,
        type: 'HS_ADMIN',
        data: encodeData({ format: 'admin', permissions: 0x400, handle: '88.901.1001/auditor', index: 301 }),
        ttl: { kind: 'relative', seconds: 60 },
        permissions: 0x0e,
        timestamp: 0,
        references: [],
      },
    ],
  }))
  expect((await ask('/epcis/events', auditor)).status).toBe(200)
  expect((await capture(sampleDocument(sampleLife(9)), auditor)).status).toBe(403)
})

test.each(['/trace', '/trace?id=x&direction=sideways', '/trace?id=x&depth=0', '/recall?id=x&depth=many'])(
  '%s is refused with how it is asked',
  async (path) => {
    const reply = await ask(path)
    expect([reply.status, (await reply.json()).message]).toEqual([
      400,
      expect.stringContaining('direction=forward|backward'),
    ])
  },
)

describe('a subscription over WebSocket', () => {
  const address = (query: string, name = 'watch') =>
    `${node.replace('http', 'ws')}/epcis/queries/${name}/events?${query}`
  const open = async (query: string, headers: Record<string, string> = owner) => {
    const socket = new WebSocket(address(query), { headers })
    const messages: { epcisBody: { queryResults: { resultsBody: { eventList: unknown[] } } } }[] = []
    socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString('utf8'))))
    const [status] = await Promise.race([
      once(socket, 'open').then(() => [101]),
      once(socket, 'unexpected-response').then(([, reply]) => [(reply as IncomingMessage).statusCode]),
      once(socket, 'error').then(([error]) => [String(error)]),
    ])
    return { socket, messages, status }
  }
  const eventsIn = (messages: Awaited<ReturnType<typeof open>>['messages']) =>
    messages.flatMap(({ epcisBody }) => epcisBody.queryResults.resultsBody.eventList)
  const subscriptions = async () =>
    ((await (await ask('/epcis/queries/watch/subscriptions')).json()) as unknown[]).length

  beforeAll(async () => {
    const made = await fetch(`${node}/epcis/queries`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...owner },
      body: JSON.stringify({ name: 'watch', query: { eventType: ['ObjectEvent'] } }),
    })
    expect(made.status).toBe(201)
  })

  test('tells each event once when it is captured, and ends with the socket', async () => {
    const { socket, messages, status } = await open('stream=true')
    expect(status).toBe(101)
    const document = sampleDocument(sampleLife(77))
    expect((await capture(document)).status).toBe(202)
    const objects = sampleLife(77).filter((event) => (event as { type: string }).type === 'ObjectEvent').length
    await expect.poll(() => eventsIn(messages).length).toBe(objects)
    expect(await subscriptions()).toBe(1)
    socket.close()
    await expect.poll(subscriptions).toBe(0)
  })

  test('is for whoever may read the events; what is wrong with it is told by HTTP', async () => {
    expect((await open('stream=true', {})).status).toBe(401)
    expect((await open('stream=true', as('301:0.NA/88.901.1002'))).status).toBe(401)
    expect((await open('stream=maybe')).status).toBe(400)
    expect(await subscriptions()).toBe(0)
  })

  test('of somebody who asks for no WebSocket leaves nothing behind', async () => {
    const reply = await new Promise<IncomingMessage>((done, fail) => {
      const headers = { ...owner, connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '1' }
      get(address('stream=true').replace('ws', 'http'), { headers }, done).on('error', fail)
    })
    expect(reply.resume().statusCode).toBe(400)
    await expect.poll(subscriptions).toBe(0)
  })
})
