import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createDevice, createProduct, type LiveMessage } from '@kapok/contracts/data'
import { dataMigrations, dataPlane } from '@kapok/data'
import { type Ingest, runIngest } from '@kapok/data/ingest'
import { callerOf } from '@kapok/data/testing'
import { makeLog } from '@kapok/kit/log'
import type { Actor } from '@kapok/kit-store/plane'
import { type TestKit, testKit } from '@kapok/kit-store/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { makeApp } from './app.ts'
import { type Live, liveDoor } from './live.ts'

// Two plants with a machine each; the cookie names who asks.
const [ours, theirs] = [crypto.randomUUID(), crypto.randomUUID()]
const engineerOf = (orgId: string): Actor => ({
  userId: crypto.randomUUID(),
  userName: 'an engineer',
  orgId,
  orgName: 'a plant',
  orgKind: 'enterprise',
  region: '440605',
  roles: ['public', 'plant.engineer'],
})
const actors: Record<string, Actor> = {
  ours: engineerOf(ours),
  reviewer: { ...engineerOf(ours), orgKind: 'county', roles: ['public', 'county.reviewer'] },
}

let kit: TestKit
let ingest: Ingest
let live: Live
let app: ReturnType<typeof makeApp>
let port = 0
const machines: Record<string, { deviceId: string; token: string }> = {}

beforeAll(async () => {
  kit = await testKit({ migrations: [dataMigrations] })
  ingest = await runIngest(kit, { mqttPort: 0, mqttHosts: ['127.0.0.1'], httpPort: 0 })
  for (const orgId of [ours, theirs]) {
    const call = callerOf(dataPlane(kit), kit, orgId)
    const product = await call(createProduct, {
      body: { name: 'P', properties: [{ identifier: 't', name: '温度', type: 'float', unit: '℃' }] },
    })
    machines[orgId] = await call(createDevice, { body: { name: 'M', productId: product.id } })
  }
  app = makeApp({ log: makeLog('test', 'silent'), portalFolder: '/nowhere' })
  live = liveDoor(kit, async ({ cookie }) => actors[cookie ?? ''])
  live.attach(app)
  await app.listen({ port: 0, host: '127.0.0.1' })
  port = (app.server.address() as AddressInfo).port
}, 60_000)
afterAll(async () => {
  live.stop()
  await app.close()
  await ingest.stop()
  await kit.stop()
})

const send = (orgId: string, value: number) =>
  fetch(`http://127.0.0.1:${ingest.httpPort}/device/v1/telemetry`, {
    method: 'POST',
    headers: { authorization: `Bearer ${machines[orgId]?.token}` },
    body: JSON.stringify({ ts: kit.clock.now(), values: { t: value } }),
  })
const open = (headers: Record<string, string>) => {
  const devices = [ours, theirs].map((orgId) => machines[orgId]?.deviceId).join(',')
  return new WebSocket(`ws://127.0.0.1:${port}/api/live?devices=${devices}`, { headers })
}

test('live values of one’s own machine come at once, the last value first; another plant’s never come', async () => {
  expect((await send(ours, 1)).status).toBe(200)
  expect((await send(theirs, 100)).status).toBe(200)
  const socket = open({ cookie: 'ours', origin: `http://127.0.0.1:${port}` })
  const heard: LiveMessage[] = []
  socket.on('message', (text) => heard.push(JSON.parse(String(text)) as LiveMessage))
  await once(socket, 'message')
  expect((await send(theirs, 101)).status).toBe(200)
  expect((await send(ours, 2)).status).toBe(200)
  for (const began = Date.now(); Date.now() - began < 10_000 && heard.length < 2; )
    await new Promise((go) => setTimeout(go, 20))
  socket.close()
  expect(heard.map(({ deviceId }) => deviceId)).toEqual(heard.map(() => machines[ours]?.deviceId))
  expect(heard.flatMap(({ values }) => values.map(([property, , value]) => [property, value]))).toEqual([
    ['t', 1],
    ['t', 2],
  ])
})

test('whoever is not signed in, has no right to it, or comes from a page of another site gets no socket', async () => {
  const refused = async (headers: Record<string, string>) => {
    const [, response] = (await once(open(headers), 'unexpected-response')) as [unknown, { statusCode: number }]
    return response.statusCode
  }
  expect(await refused({})).toBe(401)
  expect(await refused({ cookie: 'nobody' })).toBe(401)
  expect(await refused({ cookie: 'reviewer' })).toBe(403)
  expect(await refused({ cookie: 'ours', origin: 'http://evil.example' })).toBe(403)
})
