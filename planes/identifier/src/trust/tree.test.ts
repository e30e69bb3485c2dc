import { createPublicKey } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  decodeMessage,
  type HandleValue,
  makeJwsKey,
  newValue,
  operationFlags,
  operations,
  responses,
} from '../handle/handle.ts'
import { IdentifierNode } from '../node/node.ts'
import { type Simulation, startSimulation } from '../node/simulation.ts'
import { Resolver } from '../recursion/resolver.ts'
import { resolveByTcp, resolveByUdp } from '../resolution/client.ts'
import { exchangeOf } from '../resolution/exchange.ts'
import type { RecordStore } from '../store/store.ts'
import { TestStores } from '../store/testing.ts'
import { trustLimits } from './limits.ts'
import { makeServerKey, type NodeKeys } from './node-keys.ts'

const secret = 's3cret-of-the-test'
const time = { now: 1_735_646_400_000 }
const clock = { now: () => time.now }
const stores = new TestStores()
/** The stores below the nodes, by name: what is written there is signed by nobody. */
const opened = new Map<string, RecordStore>()
const server = makeServerKey()
const stranger = makeServerKey()
// One enterprise signs by SM2, one by RSA, all others by Ed25519.
const kinds = new Map([
  ['88.903.1001', 'sm2'],
  ['88.903.1002', 'rsa'],
] as const)
const keys = (name: string): NodeKeys => ({
  server: name === '88.903' ? stranger : server,
  records: makeJwsKey(kinds.get(name as '88.903.1001') ?? 'ed25519'),
})
let tree: Simulation
let door = ''
beforeAll(async () => {
  const open = (name: string) => {
    const store = stores.open()
    opened.set(name, store)
    return store
  }
  tree = await startSimulation({ open, clock, httpPort: 0, secret, keys })
  door = `http://127.0.0.1:${tree.httpPort}`
})
afterAll(async () => {
  await tree.stop()
  await stores.close()
})

const nodeOf = (name: string) => tree.nodes.get(name) as IdentifierNode
const resolutionOf = async (handle: string) => (await fetch(`${door}/resolution/${handle}`)).json()
function put(handle: string, values: unknown, query = '') {
  const authorization = `Basic ${Buffer.from(`301%3A0.NA/${handle.split('/')[0]}:${secret}`).toString('base64')}`
  const body = JSON.stringify(values)
  return fetch(`${door}/api/handles/${handle}${query}`, { method: 'PUT', headers: { authorization }, body })
}
const part = [
  { index: 1, type: 'URL', data: 'https://example.com/1' },
  { index: 2_000, type: 'NAME', data: '泵轴' },
]
const typesOf = (values: readonly { index: number; type: string }[]) => values.map(({ index, type }) => [index, type])

test.each(['88.901.1001', '88.903.1001', '88.903.1002'])(
  'what is registered at %s is signed, and verified from the root down',
  async (prefix) => {
    const handle = `${prefix}/P1`
    expect((await put(handle, part)).status).toBe(201)
    const { values, verified } = await resolutionOf(handle)
    expect(typesOf(values)).toEqual([
      [1, 'URL'],
      [400, 'HS_SIGNATURE'],
      [2_000, 'NAME'],
    ])
    expect(verified).toMatchObject({
      verdict: 'verified',
      steps: [
        { kind: 'certificate', of: '88', holds: true },
        { kind: 'certificate', of: '88.90'.concat(prefix[5] ?? ''), holds: true },
        { kind: 'certificate', of: prefix, holds: true },
        { kind: 'signature', of: handle, holds: true },
        { kind: 'values', of: handle, holds: true },
      ],
    })
  },
)

test('each change is signed anew; a signature of the client’s own stays, and what was read is written again', async () => {
  const handle = '88.901.1002/P1'
  await put(handle, part)
  await put(handle, [{ index: 2_001, type: 'BATCH', data: 'B1' }], '?index=various')
  const read = await (await fetch(`${door}/api/handles/${handle}`)).json()
  expect(typesOf(read.values)).toEqual([
    [1, 'URL'],
    [400, 'HS_SIGNATURE'],
    [2_000, 'NAME'],
    [2_001, 'BATCH'],
  ])
  expect((await put(handle, read.values)).status).toBe(200)
  expect((await resolutionOf(handle)).verified.verdict).toBe('verified')
  const own = 'eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIzMDA6ODguOTAxLjEwMDIvYWxpY2UifQ.AAAA'
  const signed = '88.901.1002/P2'
  await put(signed, [...part, { index: 400, type: 'HS_SIGNATURE', data: own }])
  const { values, verified } = await resolutionOf(signed)
  expect(typesOf(values)).toEqual([
    [1, 'URL'],
    [400, 'HS_SIGNATURE'],
    [401, 'HS_SIGNATURE'],
    [2_000, 'NAME'],
  ])
  expect([values[1].data.value, verified.verdict]).toEqual([own, 'verified'])
})

test('a batch is signed, and the same batch again gives the same results', async () => {
  const { records } = nodeOf('88.901.1003')
  const item = (n: number) => ({
    handle: `88.901.1003/B${n}`,
    values: [newValue(1, 'URL', Buffer.from(`https://example.com/${n}`))],
  })
  const items = Array.from({ length: 40 }, (_, n) => item(n))
  const results = await records.batch('b', '', items)
  time.now += 10_000
  expect(await records.batch('b', '', items)).toEqual(results)
  await expect(records.batch('b', '', items.slice(1))).rejects.toThrow('with other items before')
  expect((await resolutionOf('88.901.1003/B39')).verified.verdict).toBe('verified')
})

test('a value that was changed behind the node’s back is told', async () => {
  const handle = '88.902.1001/P1'
  await put(handle, part)
  const forge = (values: readonly HandleValue[]) =>
    values.map((value) => (value.type === 'URL' ? { ...value, data: Buffer.from('https://example.org/') } : value))
  await opened.get('88.902.1001')?.change(handle, '', (current) => ({ next: forge(current?.values ?? []) }))
  const { verified } = await resolutionOf(handle)
  expect(verified.verdict).toBe('refused')
  expect(verified.steps.at(-1)).toEqual({
    kind: 'values',
    of: handle,
    holds: false,
    why: 'valueChanged',
    sentence: 'Value 1 (URL) is not the one that was signed.',
  })
})

test('a prefix whose key nobody certified proves nothing', async () => {
  const handle = '88.902.1002/P1'
  await put(handle, part)
  const parent = nodeOf('88.902')
  const remove = (index: number) =>
    parent.records.change('0.NA/88.902.1002', '', (current) => ({
      next: (current?.values ?? []).filter((value) => value.index !== index),
    }))
  await remove(302)
  expect((await resolutionOf(handle)).verified).toMatchObject({
    verdict: 'unproven',
    steps: [{}, {}, { of: '88.902.1002', why: 'noCertificate' }],
  })
})

test('answers are signed by the key of the site for whoever asks, and count only so', async () => {
  await put('88.901.1004/P1', part)
  const port = tree.ports.get('88.901.1004') ?? 0
  const peer = { host: '127.0.0.1', port }
  const question = { handle: '88.901.1004/P1', types: ['URL'] }
  const certified = { ...question, certifiedBy: createPublicKey(server) }
  for (const ask of [resolveByTcp, resolveByUdp])
    expect(await ask(peer, certified, 7, time.now)).toMatchObject({
      response: responses.success,
      credential: { type: 'HS_SIGNED', algorithm: 'SHA-256', signer: '' },
    })
  expect(await resolveByTcp(peer, { ...certified, handle: '88.901.1004/none' }, 7, time.now)).toMatchObject({
    response: responses.handleNotFound,
    credential: { type: 'HS_SIGNED' },
  })
  expect((await resolveByTcp(peer, question, 7, time.now)).credential).toBeNull()
  const others = { ...question, certifiedBy: createPublicKey(stranger) }
  await expect(resolveByTcp(peer, others, 7, time.now)).rejects.toThrow('without a signature that holds')
  await expect(resolveByUdp(peer, others, 7, time.now, [50])).rejects.toThrow('did not answer by UDP')
})

test('an answer without a signature is none for whoever wants it certified', async () => {
  const host = '127.0.0.1'
  const plain = new IdentifierNode({ records: stores.open(), host, address: host, port: 0, homes: ['88.1'], clock })
  const { port } = await plain.run()
  try {
    const question = { handle: '88.1/P1', certifiedBy: createPublicKey(server) }
    await expect(resolveByTcp({ host, port }, question, 7, time.now)).rejects.toThrow('without a signature that holds')
    await expect(resolveByUdp({ host, port }, question, 7, time.now, [50])).rejects.toThrow('did not answer by UDP')
  } finally {
    await plain.stop()
  }
})

test('a resolver that wants certified answers follows sites with their keys, and no others', async () => {
  const site = nodeOf('root').site()
  const resolver = new Resolver({ roots: () => [site], clock, certified: true })
  await put('88.901.1005/P1', part)
  const asked = (handle: string) => resolver.resolution({ handle, indexes: [], types: [], authoritative: false })
  expect((await asked('88.901.1005/P1')).reply.response).toBe(responses.success)
  // Whose site says another key than it signs with.
  const wrong = {
    ...site,
    servers: site.servers.map((each) => ({
      ...each,
      publicKey: nodeOf('88.903').site().servers[0]?.publicKey ?? new Uint8Array(),
    })),
  }
  const misled = new Resolver({ roots: () => [wrong], clock, certified: true })
  const without = { ...site, servers: site.servers.map((each) => ({ ...each, publicKey: new Uint8Array() })) }
  const keyless = new Resolver({ roots: () => [without], clock, certified: true })
  for (const [each, why] of [
    [misled, 'without a signature that holds'],
    [keyless, 'has no key that could certify'],
  ] as const) {
    const { reply } = await each.resolution({ handle: '88.901.1005/P1', indexes: [], types: [], authoritative: false })
    expect(reply).toMatchObject({ response: responses.error, body: { message: expect.stringContaining(why) } })
  }
})

test('with too many answers being signed, whoever asks is told that the server is busy', async () => {
  const { service } = nodeOf('88.901.1004')
  const body = { kind: 'resolve' as const, handle: '88.901.1004/P1', indexes: [], types: [] }
  const { envelope, bytes } = exchangeOf(operations.resolve, body, operationFlags.certify)
  const answers = Array.from({ length: trustLimits.certifiedWaiting + 1 }, () =>
    service.answer({ envelope, message: bytes }),
  )
  const last = answers.pop()
  if (last === undefined || last instanceof Promise) throw new Error('the last waits too')
  expect(decodeMessage(last.message)).toMatchObject({ response: responses.serverBusy, credential: null })
  expect((await Promise.all(answers)).map((each) => each && decodeMessage(each.message).response)).not.toContain(
    responses.serverBusy,
  )
  const again = await service.answer({ envelope, message: bytes })
  expect(again && decodeMessage(again.message).response).toBe(responses.success)
})
