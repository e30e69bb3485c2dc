import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeData, newValue, rsaPublicKeyData } from '../../handle/handle.ts'
import { IdentifierNode } from '../../node/node.ts'
import { TestStores } from '../../store/testing.ts'
import { storeWith } from '../../testing.ts'
import { faceLimits } from '../limits.ts'

const prefix = '0.NA/88.608.8889'
const value = (index: number, type: string, data: string | Uint8Array, permissions = 0x0e) =>
  newValue(index, type, Buffer.from(data), { permissions, timestamp: 1_700_000_000 })
const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 })
const owner = encodeData({ format: 'admin', permissions: 0xfff, handle: prefix, index: 0 })
const part = [
  value(1, 'URL', 'https://example.com/p/1'),
  value(2, 'EMAIL', 'a@example.com'),
  value(7, 'COST', '12.50', 0x0c),
]
const faults: unknown[] = []
const time = { now: 1_735_646_400_000 }
const stores = new TestStores()
const node = new IdentifierNode({
  records: await storeWith(stores, [
    [
      prefix,
      [
        value(100, 'HS_ADMIN', owner),
        value(300, 'HS_PUBKEY', encodeData({ format: 'key', key: rsaPublicKeyData(rsa.publicKey) })),
        value(301, 'HS_SECKEY', 's3cret', 0x0c),
      ],
    ],
    ['88.608.8889/part', part],
    ['88.608.8889/轴 #1', [value(1, 'URL', 'x')]],
  ]),
  host: '127.0.0.1',
  address: '127.0.0.1',
  port: 0,
  httpPort: 0,
  homes: ['88.608.8889'],
  clock: { now: () => time.now },
  onFault: (fault) => faults.push(fault),
})
let origin = ''
beforeAll(async () => {
  origin = `http://127.0.0.1:${(await node.run()).httpPort}`
})
afterAll(async () => {
  await node.stop()
  await stores.close()
  expect(faults).toEqual([])
})

const basic = (user: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`,
})
const asOwner = basic('301%3A0.NA/88.608.8889', 's3cret')
async function send(
  method: string,
  path: string,
  { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
) {
  const reply = await fetch(`${origin}${path}`, {
    method,
    headers,
    redirect: 'manual',
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await reply.text()
  return {
    status: reply.status,
    headers: reply.headers,
    text,
    json: text.startsWith('{') ? JSON.parse(text) : undefined,
  }
}

describe('reading', () => {
  test('a record is told as Handle.Net tells it, public values alone', async () => {
    const { status, json } = await send('GET', '/api/handles/88.608.8889/part')
    expect(status).toBe(200)
    expect(json).toEqual({
      responseCode: 1,
      handle: '88.608.8889/part',
      values: [
        {
          index: 1,
          type: 'URL',
          data: { format: 'string', value: 'https://example.com/p/1' },
          ttl: 86_400,
          timestamp: '2023-11-14T22:13:20Z',
        },
        {
          index: 2,
          type: 'EMAIL',
          data: { format: 'string', value: 'a@example.com' },
          ttl: 86_400,
          timestamp: '2023-11-14T22:13:20Z',
        },
      ],
    })
  })

  test('types, indexes, a suffix with any letters, pretty and callback are as asked for', async () => {
    const indexesOf = async (path: string, headers = {}) =>
      (await send('GET', path, { headers })).json.values?.map((each: { index: number }) => each.index)
    expect(await indexesOf('/api/handles/88.608.8889/part?type=EMAIL')).toEqual([2])
    expect(await indexesOf('/api/handles/88.608.8889/part?type=EMAIL&index=1')).toEqual([1, 2])
    expect(await indexesOf(`/api/handles/88.608.8889/${encodeURIComponent('轴 #1')}`)).toEqual([1])
    expect(await indexesOf('/api/handles/88.608.8889/part', asOwner)).toEqual([1, 2, 7])
    expect(await indexesOf('/api/handles/88.608.8889/part?publicOnly', asOwner)).toEqual([1, 2])
    expect((await send('GET', '/api/handles/88.608.8889/part?pretty')).text).toContain('\n  "handle"')
    const script = await send('GET', '/api/handles/88.608.8889/part?callback=show')
    expect(script.text).toMatch(/^\/\*\*\/show\(\{.*\}\);$/)
    expect((await send('GET', '/api/handles/88.608.8889/part?callback=a%3Balert(1)')).text).toMatch(/^\{/)
    expect((await send('HEAD', '/api/handles/88.608.8889/part')).text).toBe('')
  })

  test.each([
    ['/api/handles/88.608.8889/none', 404, 100],
    ['/api/handles/88.608.8889/part?type=PHONE', 200, 200],
    ['/api/handles/88.608.1/x', 400, 301],
    ['/api/handles/no-slash', 400, 102],
    ['/api/handles/88.608.8889/%E0%A4%A', 400, 102],
    ['/api/handles/88.608.8889/part?index=one', 400, 4],
  ])('%s is told with %i and %i', async (path, status, responseCode) => {
    expect(await send('GET', path)).toMatchObject({ status, json: { responseCode } })
  })
})

describe('writing', () => {
  const path = '/api/handles/88.608.8889/new'
  const url = { index: 1, type: 'URL', data: 'https://example.com/1' }

  test('a record is made, replaced, changed by index, and deleted, each with HTTP’s own code', async () => {
    const as = { headers: asOwner }
    expect(await send('PUT', path, { ...as, body: { values: [url] } })).toMatchObject({
      status: 201,
      json: { responseCode: 1 },
    })
    expect(await send('PUT', `${path}?overwrite=false`, { ...as, body: [url] })).toMatchObject({
      status: 409,
      json: { responseCode: 101 },
    })
    expect(
      await send('PUT', path, { ...as, body: [url, { index: 3, type: 'A', data: { format: 'hex', value: '00ff' } }] }),
    ).toMatchObject({ status: 200 })
    expect(
      await send('PUT', `${path}?index=4`, {
        ...as,
        body: {
          index: 4,
          type: 'B',
          data: { format: 'base64', value: 'AAE=' },
          permissions: '1100',
          ttl: '2030-01-01T00:00:00Z',
        },
      }),
    ).toMatchObject({ status: 200 })
    expect((await send('GET', path, as)).json.values).toMatchObject([
      { index: 1 },
      { index: 3, data: { format: 'base64', value: 'AP8=' } },
      { index: 4, permissions: '1100', ttl: '2030-01-01T00:00:00Z' },
    ])
    expect(await send('DELETE', `${path}?index=3&index=4`, as)).toMatchObject({ status: 200 })
    expect(await send('DELETE', `${path}?index=3`, as)).toMatchObject({ status: 400, json: { responseCode: 200 } })
    expect(await send('DELETE', path, as)).toMatchObject({ status: 200 })
    expect(await send('DELETE', path, as)).toMatchObject({ status: 404 })
  })

  test('predefined types are written as they are read', async () => {
    const as = { headers: asOwner }
    const { n, e, kty } = rsa.publicKey.export({ format: 'jwk' })
    const values = [
      {
        index: 100,
        type: 'HS_ADMIN',
        data: { format: 'admin', value: { handle: prefix, index: 300, permissions: '011111110011' } },
      },
      { index: 200, type: 'HS_VLIST', data: { format: 'vlist', value: [{ handle: prefix, index: 300 }] } },
      { index: 300, type: 'HS_PUBKEY', data: { format: 'key', value: { kty, n, e } } },
    ]
    expect((await send('PUT', path, { ...as, body: values })).status).toBe(201)
    expect((await send('GET', path)).json.values).toMatchObject(values)
    expect((await send('DELETE', path, as)).status).toBe(200)
  })

  test.each([
    ['no JSON', '{', 'the body: expected JSON'],
    ['no index', [{ type: 'URL', data: 'x' }], 'values[0].index'],
    ['an index of 0', [{ ...url, index: 0 }], 'values[0].index: expected a whole number from 1'],
    ['a TTL in the past of all times', [{ ...url, ttl: '1969-01-01' }], 'values[0].ttl'],
    ['permissions of five bits', [{ ...url, permissions: '11111' }], 'values[0].permissions'],
    ['odd hexadecimal', [{ ...url, data: { format: 'hex', value: '0' } }], 'values[0].data.value'],
    ['a site as text', [{ index: 1, type: 'HS_SITE', data: 'here' }], 'values[0].data'],
    ['half a letter', [{ ...url, data: '\ud800' }], 'values[0].data'],
    ['2,049 values', Array.from({ length: 2_049 }, (_, i) => ({ ...url, index: i + 1 })), 'at most 2048'],
  ])('%s is refused with its place', async (_, body, message) => {
    const reply = await send('PUT', path, { headers: asOwner, body })
    expect(reply).toMatchObject({ status: 400, json: { responseCode: 202, message: expect.stringContaining(message) } })
  })

  test('nobody, a stranger and a wrong secret change nothing', async () => {
    const nobody = await send('PUT', path, { body: [url] })
    expect(nobody).toMatchObject({ status: 401, json: { responseCode: 402 } })
    expect(nobody.headers.get('www-authenticate')).toMatch(
      /^Basic realm="handle", Handle sessionId="[0-9a-f]{32}", nonce="/,
    )
    for (const headers of [
      basic('301%3A0.NA/88.608.8889', 'guessed'),
      basic('301%3A88.608.8889/part', 's3cret'),
      basic('', ''),
    ])
      expect((await send('PUT', path, { headers, body: [url] })).status).toBe(401)
    expect((await send('GET', path)).status).toBe(404)
  })

  test('who goes away in the middle of a body leaves no fault behind', async () => {
    const socket = connect(Number(new URL(origin).port), '127.0.0.1')
    await once(socket, 'connect')
    socket.write(`PUT ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"half`)
    await sleep(50)
    socket.destroy()
    await sleep(50)
    expect((await send('GET', '/api/site')).status).toBe(200)
    expect(faults).toEqual([])
  })

  test('a body that is too long is not gathered', async () => {
    const reply = await send('PUT', path, { headers: asOwner, body: 'x'.repeat(faceLimits.bodyBytes + 1) }).catch(
      () => undefined,
    )
    expect(reply?.status ?? 413).toBe(413)
  })
})

test('a session is proven by a key once, and then carries its user until it is ended', async () => {
  const { json } = await send('POST', '/api/sessions')
  const cnonce = randomBytes(16)
  const session = (key = rsa.privateKey, id = `300:${prefix}`) => ({
    authorization: `Handle sessionId="${json.sessionId}", cnonce="${cnonce.toString('base64')}", id="${id}", type="HS_PUBKEY", alg="SHA256", signature="${sign('sha256', Buffer.concat([Buffer.from(json.nonce, 'base64'), cnonce]), key).toString('base64')}"`,
  })
  expect(await send('GET', '/api/sessions/this', { headers: session() })).toMatchObject({
    status: 200,
    json: { id: `300:${prefix}` },
  })
  const carried = { authorization: `Handle sessionId="${json.sessionId}"` }
  expect(await send('GET', '/api/handles?prefix=88.608.8889&pageSize=1', { headers: carried })).toMatchObject({
    status: 200,
    json: { handles: ['88.608.8889/part'], next: '?prefix=88.608.8889&pageSize=1&after=88.608.8889%2Fpart' },
  })
  expect((await send('DELETE', '/api/sessions/this', { headers: carried })).status).toBe(204)
  expect((await send('GET', '/api/handles?prefix=88.608.8889', { headers: carried })).status).toBe(401)
})

test('over a connection that others can read, nobody is taken for who they say they are', async () => {
  const url = new URL(`${origin}/api/handles/88.608.8889/part`)
  const request = { method: 'GET', url, target: url.pathname, body: Buffer.alloc(0) }
  const [rest] = node.faces
  const { json } = await send('POST', '/api/sessions')
  for (const headers of [asOwner, { authorization: `Handle sessionId="${json.sessionId}"` }])
    expect(await rest?.({ ...request, headers, isPrivate: false })).toMatchObject({ status: 403 })
  expect(await rest?.({ ...request, headers: asOwner, isPrivate: true })).toMatchObject({ status: 200 })
})

test('a challenge that was answered wrongly does not wait for another guess', async () => {
  const { json } = await send('POST', '/api/sessions')
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey
  const answer = (key: typeof stranger) => ({
    authorization: `Handle sessionId="${json.sessionId}", cnonce="", id="300:${prefix}", type="HS_PUBKEY", alg="SHA256", signature="${sign('sha256', Buffer.from(json.nonce, 'base64'), key).toString('base64')}"`,
  })
  expect((await send('GET', '/api/handles?prefix=88.608.8889', { headers: answer(stranger) })).status).toBe(401)
  expect((await send('GET', '/api/handles?prefix=88.608.8889', { headers: answer(rsa.privateKey) })).status).toBe(401)
})

test('where a node is, and what it does not do, is said', async () => {
  expect((await send('GET', '/api/site')).json).toMatchObject({ serialNumber: 1, servers: [{ address: '127.0.0.1' }] })
  expect((await send('POST', '/api/handles/88.608.8889/part')).status).toBe(405)
  expect((await send('OPTIONS', '/api/handles/88.608.8889/part')).status).toBe(204)
  expect((await send('GET', '/nothing')).status).toBe(404)
})
