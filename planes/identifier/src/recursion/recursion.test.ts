import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  coveredPart,
  decodeFrame,
  decodeMessage,
  digestOf,
  encodeMessage,
  type HandleMessage,
  type HandleValue,
  newValue,
  operationFlags,
  responses,
  type Site,
  splitIntoPackets,
} from '../handle/handle.ts'
import { IdentifierNode } from '../node/node.ts'
import { siteValue } from '../node/service.ts'
import { delegate, type Simulation, startSimulation } from '../node/simulation.ts'
import { resolveByTcp } from '../resolution/client.ts'
import { TestStores } from '../store/testing.ts'
import { recursionLimits } from './limits.ts'
import { Resolver } from './resolver.ts'

const time = { now: 1_735_646_400_000 }
const clock = { now: () => time.now }
const value = (index: number, type: string, data: string, seconds = 600, permissions = 0x0e) =>
  newValue(index, type, Buffer.from(data), { ttl: { kind: 'relative', seconds }, permissions })
const question = (handle: string) => ({ handle, indexes: [], types: [], authoritative: false })
const dataOf = ({ body }: Pick<HandleMessage, 'body'>) =>
  body.kind === 'values' ? body.values.map(({ data }) => Buffer.from(data).toString()) : []

const stores = new TestStores()
const nodeDefaults = {
  host: '127.0.0.1',
  address: '127.0.0.1',
  port: 0,
  clock,
}
let tree: Simulation
const nodeOf = (name: string) => tree.nodes.get(name) as IdentifierNode
const rootSites = () => [nodeOf('root').site()]
const write = (name: string, handle: string, ...values: HandleValue[]) =>
  nodeOf(name).records.change(handle, '', () => ({ next: values }))
beforeAll(async () => {
  tree = await startSimulation({ open: () => stores.open(), clock })
  await write(
    '88.901.1001',
    '88.901.1001/spindle',
    value(1, 'URL', 'https://example.com/1'),
    value(7, 'COST', '1', 600, 0x0c),
  )
})
afterAll(async () => {
  await tree.stop()
  await stores.close()
})

test('a recursive node finds a part from the root down, tells the way, and knows it the next time', async () => {
  const resolver = new Resolver({ roots: rootSites, clock })
  const first = await resolver.resolution(question('88.901.1001/spindle'))
  expect(first).toMatchObject({ from: 'network', reply: { response: responses.success } })
  expect(dataOf(first.reply)).toEqual(['https://example.com/1'])
  const ports = ['root', 'top', '88.901', '88.901.1001'].map((name) => `127.0.0.1:${tree.ports.get(name)}`)
  expect(first.steps.map(({ of }) => of)).toEqual(['0.NA', '88', '88.901', '88.901.1001'])
  expect(first.steps.map(({ server, response }) => [server, response])).toEqual([
    [ports[0], responses.prefixReferral],
    [ports[1], responses.prefixReferral],
    [ports[2], responses.success],
    [ports[3], responses.success],
  ])
  expect(await resolver.resolution(question('88.901.1001/spindle'))).toMatchObject({ from: 'cache', steps: [] })
  // The way is known: one step for another part, and one more for another enterprise of the same secondary.
  expect((await resolver.resolution(question('88.901.1001/none'))).steps).toHaveLength(1)
  expect((await resolver.resolution(question('88.901.1002/none'))).steps).toHaveLength(2)
})

test('whoever asks the recursive node gets the answer; a node that does not recurse refers', async () => {
  const ask = (name: string, handle: string) =>
    resolveByTcp({ host: '127.0.0.1', port: tree.ports.get(name) ?? 0 }, { handle }, 7, time.now)
  expect(dataOf(await ask('recursive', '88.901.1001/spindle'))).toEqual(['https://example.com/1'])
  expect((await ask('recursive', '88.999/x')).response).toBe(responses.handleNotFound)
  expect(await ask('root', '88.901.1001/spindle')).toMatchObject({
    response: responses.prefixReferral,
    body: { handle: '0.NA/88' },
  })
  expect(await ask('88.901', '88.901.1001/spindle')).toMatchObject({
    response: responses.serviceReferral,
    body: { handle: '0.NA/88.901.1001' },
  })
  expect((await ask('88.902', '88.901.1001/spindle')).response).toBe(responses.notResponsible)
})

test('an answer lives as long as its values say; that there is none, a short time', async () => {
  const resolver = new Resolver({ roots: rootSites, clock })
  const urlOf = async (handle: string) => dataOf((await resolver.resolution(question(handle))).reply)
  await write('88.901.1002', '88.901.1002/a', value(1, 'URL', 'old', 60))
  expect(await urlOf('88.901.1002/a')).toEqual(['old'])
  expect(await urlOf('88.901.1002/b')).toEqual([])
  await write('88.901.1002', '88.901.1002/a', value(1, 'URL', 'new', 60))
  await write('88.901.1002', '88.901.1002/b', value(1, 'URL', 'there', 60))
  time.now += recursionLimits.negativeTtlSeconds * 1_000 + 1
  expect(await urlOf('88.901.1002/b')).toEqual(['there'])
  expect(await urlOf('88.901.1002/a')).toEqual(['old'])
  time.now += 30_000
  expect(await urlOf('88.901.1002/a')).toEqual(['new'])
})

test('an enterprise that moved is found at its new place as soon as its old one is silent, and its parent is not asked each time', async () => {
  const resolver = new Resolver({ roots: rootSites, clock })
  await write('88.902.1006', '88.902.1006/a', value(1, 'URL', 'here'))
  await resolver.resolve(question('88.902.1006/a'))
  await nodeOf('88.902.1006').stop()
  time.now += recursionLimits.doubtAfterMs + 1
  expect((await resolver.resolution(question('88.902.1006/b'))).reply.response).toBe(responses.error)
  const { steps } = await resolver.resolution(question('88.902.1006/c'))
  expect(steps.filter(({ of }) => of === '88.902')).toEqual([])
  const moved = new IdentifierNode({ ...nodeDefaults, records: nodeOf('88.902.1006').records, homes: ['88.902.1006'] })
  await moved.run()
  try {
    await delegate(nodeOf('88.902'), '88.902.1006', moved.site(), clock)
    time.now += recursionLimits.doubtAfterMs + 1
    await write('88.902.1006', '88.902.1006/d', value(1, 'URL', 'there'))
    expect(dataOf(await resolver.resolve(question('88.902.1006/d')))).toEqual(['there'])
  } finally {
    await moved.stop()
  }
})

test('the same question of many is asked of others once', async () => {
  const resolver = new Resolver({ roots: rootSites, clock })
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => resolver.resolution(question('88.901.1001/spindle'))),
  )
  expect(new Set(answers.map(({ steps }) => steps)).size).toBe(1)
})

test('what is asked for near its end is fetched anew meanwhile', async () => {
  const resolver = new Resolver({ roots: rootSites, clock })
  await write('88.901.1003', '88.901.1003/a', value(1, 'URL', 'old', 100))
  await resolver.resolve(question('88.901.1003/a'))
  await write('88.901.1003', '88.901.1003/a', value(1, 'URL', 'new', 100))
  time.now += 95_000
  expect(dataOf((await resolver.resolution(question('88.901.1003/a'))).reply)).toEqual(['old'])
  await expect.poll(async () => dataOf((await resolver.resolution(question('88.901.1003/a'))).reply)).toEqual(['new'])
})

test('a dead enterprise delays none but its own names, is left alone after two failures, and its known parts are told still', async () => {
  const resolver = new Resolver({ roots: rootSites, clock })
  await write('88.903.1001', '88.903.1001/a', value(1, 'URL', 'known', 60))
  expect(dataOf(await resolver.resolve(question('88.903.1001/a')))).toEqual(['known'])
  await nodeOf('88.903.1001').stop()
  time.now += 61_000
  const stale = await resolver.resolution(question('88.903.1001/a'))
  expect(stale).toMatchObject({ from: 'stale', reply: { response: responses.success } })
  expect(await resolver.resolution(question('88.903.1001/b'))).toMatchObject({ reply: { response: responses.error } })
  expect(resolver.stats().resting).toEqual([`127.0.0.1:${tree.ports.get('88.903.1001')}`])
  // Nothing is sent to it now, and others are asked as ever.
  expect((await resolver.resolution(question('88.903.1001/c'))).steps).toEqual([])
  expect((await resolver.resolution(question('88.903.1002/x'))).reply.response).toBe(responses.handleNotFound)
  time.now += recursionLimits.staleSeconds * 1_000 + 61_000
  expect((await resolver.resolution(question('88.903.1001/a'))).reply.response).toBe(responses.error)
})

test.each([
  ['sideways', '88.902', '88.902'],
  ['up', '88', '88'],
  ['to the same place', '88.904', '88.904'],
  ['past the name', '88.904.1001.7', '88.904.1001.7'],
  ['nowhere', '', ''],
])('a node that refers %s is not believed', async (_, prefix) => {
  const liar = new IdentifierNode({ ...nodeDefaults, records: stores.open(), homes: [] })
  const site = () => ({ ...liar.site() })
  Object.assign(liar.service, {
    reply: () => ({
      response: responses.prefixReferral,
      body: {
        kind: 'referral',
        handle: prefix && `0.NA/${prefix}`,
        values: [siteValue(1, 'HS_SITE.PREFIX', site(), 0)],
      },
    }),
  })
  await liar.run()
  try {
    await delegate(nodeOf('top'), '88.904', liar.site(), clock)
    const resolver = new Resolver({ roots: rootSites, clock })
    const { reply, steps } = await resolver.resolution(question('88.904.1001/x'))
    expect(reply).toMatchObject({
      response: responses.error,
      body: { message: expect.stringContaining('not on the way') },
    })
    expect(steps).toHaveLength(3)
    // What it said of a neighbour was not kept.
    expect(dataOf((await resolver.resolution(question('88.901.1001/spindle'))).reply)).toEqual([
      'https://example.com/1',
    ])
  } finally {
    await liar.stop()
  }
})

test('answers that were not asked for, or are for another handle, are passed over', async () => {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  const sites: Site[] = [
    {
      ...nodeOf('root').site(),
      servers: [
        {
          id: 1,
          address: '127.0.0.1',
          publicKey: new Uint8Array(),
          interfaces: [{ admin: false, query: true, transport: 'UDP', port }],
        },
      ],
    },
  ]
  socket.on('message', (datagram, from) => {
    const { envelope, message } = decodeFrame(datagram)
    const asked = decodeMessage(message)
    const say = (handle: string, requestId: number, digest: Buffer) => {
      const body = { kind: 'values', handle, values: siteValues } as const
      const bytes = encodeMessage({
        ...asked,
        response: responses.success,
        flags: operationFlags.returnDigest,
        body: { ...body, values: [...body.values] },
        requestDigest: { algorithm: 'SHA-256', digest },
      })
      for (const packet of splitIntoPackets({ ...envelope, requestId }, bytes))
        socket.send(packet, from.port, from.address)
    }
    const right = digestOf('SHA-256', coveredPart(message))
    say('0.NA/88', envelope.requestId + 1, right)
    say('0.NA/88', envelope.requestId, Buffer.alloc(32))
    say('0.NA/99', envelope.requestId, right)
  })
  const siteValues = [siteValue(1, 'HS_SITE', nodeOf('88.902').site(), 0)]
  try {
    const resolver = new Resolver({ roots: () => sites, clock })
    const { reply, steps } = await resolver.resolution(question('88/x'))
    expect(reply).toMatchObject({
      response: responses.error,
      body: { message: expect.stringContaining('another handle') },
    })
    expect(steps).toHaveLength(1)
    expect(resolver.stats().answers).toBe(0)
  } finally {
    socket.close()
  }
})
