import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import {
  defaultFlags,
  encodeMessage,
  type HandleValue,
  newValue,
  operations,
  ourVersion,
  responses,
  splitIntoPackets,
} from '../handle/handle.ts'
import { administratorValues } from '../node/administrator.ts'
import { IdentifierNode } from '../node/node.ts'
import { resolveByTcp, resolveByUdp } from '../resolution/client.ts'
import { resolutionLimits } from '../resolution/limits.ts'
import { TestStores } from '../store/testing.ts'
import { storeWith } from '../testing.ts'
import type { RateOptions } from './limits.ts'
import { RateLimiter } from './rate-limiter.ts'
import { Rates } from './rates.ts'

const time = { now: 1_735_646_400_000 }
const clock = { now: () => time.now }
const stores = new TestStores()
const nodes: IdentifierNode[] = []
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.stop()
  await stores.close()
})
const owner = { handle: '0.NA/88.1', index: 301 }
const text = (length: number): HandleValue[] => [newValue(1, 'T', Buffer.alloc(length, 'x'))]

async function nodeWith(rates: Partial<RateOptions>) {
  const records = await storeWith(stores, [
    ['0.NA/88.1', administratorValues('88.1', { secret: 's3cret' }, 0)],
    ['88.1/a', text(1)],
    ['88.1/full', text(380)],
    ['88.1/long', text(15_000)],
  ])
  const at = { host: '127.0.0.1', address: '127.0.0.1', port: 0, httpPort: 0 }
  const node = new IdentifierNode({ records, ...at, homes: ['88.1'], clock, rates: { uncounted: [], ...rates } })
  nodes.push(node)
  const { port, httpPort } = await node.run()
  return { peer: { host: '127.0.0.1', port }, url: `http://127.0.0.1:${httpPort}` }
}
const put = (url: string, handle: string, secret = 's3cret') =>
  fetch(`${url}/api/handles/${handle}`, {
    method: 'PUT',
    headers: { authorization: `Basic ${Buffer.from(`301%3A${owner.handle}:${secret}`).toString('base64')}` },
    body: JSON.stringify([{ index: 1, type: 'URL', data: 'https://example.com' }]),
  })

test('what was spent comes back with time, key by key, and the longest unused key gives way', () => {
  const limiter = new RateLimiter({ perS: 2, burst: 3 }, 2)
  expect([1, 2, 3, 4].map(() => limiter.take('a', 0))).toEqual([0, 0, 0, 500])
  expect(limiter.take('b', 0)).toBe(0)
  expect([limiter.take('a', 499), limiter.take('a', 500), limiter.take('a', 500)]).toEqual([1, 0, 500])
  expect(limiter.take('b', 600, 4)).toBeGreaterThan(0)
  limiter.take('c', 600)
  // Two keys are known: one of a and b was forgotten.
  expect(limiter.take('a', 600) === 0 || limiter.take('b', 600, 3) === 0).toBe(true)
})

test('an address that asks too often is told 603, over HTTP 429 with the time to wait; other addresses are not', async () => {
  const { peer, url } = await nodeWith({ requests: { perS: 1, burst: 5 } })
  const ask = async () => (await resolveByTcp(peer, { handle: '88.1/a' }, 1, time.now)).response
  const codes: number[] = []
  for (let i = 0; i < 6; i++) codes.push(await ask())
  expect(codes).toEqual([1, 1, 1, 1, 1, responses.dailyLimit])
  const refused = await fetch(`${url}/api/handles/88.1/a`)
  expect([refused.status, refused.headers.get('retry-after'), (await refused.json()).responseCode]).toEqual([
    429,
    '1',
    603,
  ])
  time.now += 1_000
  expect([await ask(), await ask()]).toEqual([1, responses.dailyLimit])
  const own = new Rates()
  for (let i = 0; i < 30_000; i++) expect(own.request('127.0.0.1', 0)).toBeUndefined()
  expect(own.request('10.0.0.1', 0)).toBeUndefined()
})

test('by UDP one in a while is told; the others get nothing', async () => {
  const { peer } = await nodeWith({ requests: { perS: 0.001, burst: 2 } })
  const codes: (number | string)[] = []
  for (let i = 0; i < 4; i++)
    codes.push(
      await resolveByUdp(peer, { handle: '88.1/a' }, i, time.now, [100]).then(
        ({ response }) => response,
        () => 'nothing',
      ),
    )
  expect(codes).toEqual([1, 1, responses.dailyLimit, 'nothing'])
})

test('a user who changes too much is told 604, a prefix below which too much is changed 605', async () => {
  const byUser = await nodeWith({ changesOfUser: { perS: 1, burst: 2 } })
  const codesOf = async (url: string) => {
    const codes: number[] = []
    for (let i = 0; i < 3; i++)
      codes.push(((await (await put(url, `88.1/n${i}`)).json()) as { responseCode: number }).responseCode)
    return codes
  }
  expect(await codesOf(byUser.url)).toEqual([1, 1, responses.registrationLimit])
  expect((await put(byUser.url, '88.1/n9')).status).toBe(429)
  const byPrefix = await nodeWith({ changesOfPrefix: { perS: 1, burst: 2 } })
  expect(await codesOf(byPrefix.url)).toEqual([1, 1, responses.prefixLimit])
})

test('whoever guesses a secret is stopped, by address, and by user from places where that was never proven', async () => {
  const { url } = await nodeWith({ guessesOfAddress: { perS: 0.01, burst: 3 } })
  const statuses: number[] = []
  for (let i = 0; i < 4; i++) statuses.push((await put(url, '88.1/x', `guess${i}`)).status)
  expect(statuses).toEqual([401, 401, 401, 429])
  // Not even the right one is looked at, so that nobody learns which it is.
  const right = await put(url, '88.1/x')
  expect([right.status, Number(right.headers.get('retry-after'))]).toEqual([429, 100])

  const rates = new Rates({ guessesOfUser: { perS: 0.01, burst: 3 }, guessesOfAddress: { perS: 1, burst: 1_000 } })
  rates.proved(owner, '10.0.0.1', true, 0)
  for (let i = 0; i < 3; i++) rates.proved({ ...owner, index: i }, `10.0.1.${i}`, false, 0)
  expect(rates.mayProve({ ...owner, index: 0 }, '10.0.1.9', 0)?.response).toBe(responses.dailyLimit)
  expect(rates.mayProve(owner, '10.0.0.1', 0)).toBeUndefined()
})

test('one address begins so many sessions, and does not take those of others', async () => {
  const { url } = await nodeWith({})
  const begin = async () => (await (await fetch(`${url}/api/sessions`, { method: 'POST' })).json()).sessionId as string
  const first = await begin()
  const end = (id: string) =>
    fetch(`${url}/api/sessions/this`, { method: 'DELETE', headers: { authorization: `Handle sessionId="${id}"` } })
  for (let i = 0; i < 64; i++) await fetch(`${url}/api/handles/88.1/x`, { method: 'PUT', body: '[]' })
  expect((await end(first)).status).toBe(404)
  expect((await end(await begin())).status).toBe(204)
})

test('beyond what an address gets at once, forged questions bring upon it at most nine times their bytes', async () => {
  const { peer } = await nodeWith({ requests: { perS: 1e6, burst: 1e6 } })
  const victim = createSocket('udp4')
  victim.bind(0, '127.0.0.1')
  await once(victim, 'listening')
  let received = 0
  victim.on('message', (datagram) => (received += datagram.length))
  const flood = async (handle: string, times: number): Promise<number> => {
    const packet = shortest(handle)
    const before = received
    for (let i = 0; i < times; i++) {
      const had = received
      victim.send(packet, peer.port, peer.host)
      await expect.poll(() => received, { interval: 1 }).toBeGreaterThan(had)
    }
    return (received - before) / (packet.length * times)
  }
  try {
    for (let spent = 0; spent < resolutionLimits.udpBurstBytes; spent += 15_000) await flood('88.1/long', 1)
    await expect.poll(async () => flood('88.1/long', 1)).toBeLessThan(9)
    const factors = [await flood('88.1/long', 50), await flood('88.1/full', 50), await flood('88.1/a', 50)]
    expect(Math.max(...factors)).toBeLessThan(9)
    expect(factors[1]).toBeGreaterThan(5)
  } finally {
    victim.close()
  }
})

/** The shortest question that is answered. */
function shortest(handle: string): Buffer {
  const message = encodeMessage({
    operation: operations.resolve,
    response: 0,
    flags: defaultFlags,
    siteInfoSerial: 0xffff,
    recursionCount: 0,
    expiration: 0,
    body: { kind: 'resolve', handle, indexes: [], types: [] },
    credential: null,
  })
  const flags = { compressed: false, encrypted: false, truncated: false }
  const envelope = { version: ourVersion, suggested: ourVersion, ...flags, sessionId: 0, requestId: 1, sequence: 0 }
  const [packet = Buffer.alloc(0)] = splitIntoPackets(envelope, message)
  return packet
}
