import { get } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { resolveByTcp } from '../resolution/client.ts'
import { TestStores } from '../store/testing.ts'
import { type Simulation, startSimulation } from './simulation.ts'

const secret = 's3cret-of-the-test'
const time = { now: 1_735_646_400_000 }
const clock = { now: () => time.now }
const stores = new TestStores()
let tree: Simulation
let door = ''
const faults: unknown[] = []
beforeAll(async () => {
  tree = await startSimulation({
    open: () => stores.open(),
    clock,
    httpPort: 0,
    secret,
    onFault: (fault) => faults.push(fault),
  })
  door = `http://127.0.0.1:${tree.httpPort}`
})
afterAll(async () => {
  await tree.stop()
  await stores.close()
  expect(faults).toEqual([])
})

const handle = '88.901.1001/P1'
const digitalLink = 'https://id.gs1.org/01/09521234543213/21/P1'
const authorization = (prefix: string, key = secret) =>
  `Basic ${Buffer.from(`301%3A0.NA/${prefix}:${key}`).toString('base64')}`
const put = (name: string, values: unknown, key = authorization('88.901.1001')) =>
  fetch(`${door}/api/handles/${name}`, { method: 'PUT', headers: { authorization: key }, body: JSON.stringify(values) })
const resolutionOf = async (text: string) => (await fetch(`${door}/resolution/${encodeURIComponent(text)}`)).json()
/** By a client that sends the path as it is; a URL would drop the dots. */
function locationOf(path: string): Promise<string | undefined> {
  return new Promise((done, fail) => {
    get({ host: '127.0.0.1', port: tree.httpPort, path }, (reply) => done(reply.resume().headers.location)).on(
      'error',
      fail,
    )
  })
}
const link = (linkType: string, href: string, more = {}) => JSON.stringify({ linkType, href, title: 'Shaft', ...more })

const values = [
  { index: 1, type: 'URL', data: 'https://example.com/shaft' },
  { index: 2, type: 'GS1_DL', data: digitalLink },
  { index: 3, type: 'OID', data: '1.2.156.3088.1' },
  { index: 2_000, type: 'NAME', data: '泵轴' },
  { index: 2_001, type: 'COST', data: '12.50', permissions: '1100' },
]

test('one record says the same over Handle, Handle REST, the way to it, SNMS, IDHub, DID and GS1, by each of its names', async () => {
  expect((await put(handle, values)).status).toBe(201)
  const native = await resolveByTcp(
    { host: '127.0.0.1', port: tree.ports.get('recursive') ?? 0 },
    { handle },
    1,
    time.now,
  )
  const facts =
    native.body.kind === 'values'
      ? native.body.values.map(({ type, data }) => [type, Buffer.from(data).toString()])
      : []
  expect(facts).toEqual(values.slice(0, 4).map(({ type, data }) => [type, data]))
  const factsIn = ({ values: said }: { values: { type: string; data: { value: string } }[] }) =>
    said.map(({ type, data }) => [type, data.value])
  expect(factsIn(await (await fetch(`${door}/api/handles/${handle}`)).json())).toEqual(facts)
  for (const name of [
    handle,
    digitalLink,
    '(01)09521234543213(21)P1',
    'urn:epc:id:sgtin:952123454.0321.P1',
    'urn:oid:1.2.156.3088.1',
  ])
    expect(factsIn(await resolutionOf(name))).toEqual(facts)
  const snms = await (await fetch(`${door}/88.901.1001/identityv2/data/detail?handle=${handle}`)).json()
  expect(factsIn({ values: snms.data.value })).toEqual(facts)
  const retrieve = `/api/v1/doip?operationId=0.DOIP/Op.Retrieve&targetId=${handle}`
  const idhub = await (await fetch(`${door}/88.901.1001${retrieve}`, { method: 'POST' })).json()
  const { elements } = idhub.data.attributes as { elements: { type: string; data: string }[] }
  expect(elements.map(({ type, data }) => [type, data])).toEqual(facts)
  const byName = door.replace('127.0.0.1', 'localhost')
  const did = await (await fetch(`${byName}/handles/88.901.1001/P1/did.json`)).json()
  expect(factsIn({ values: did.record })).toEqual(facts)
  const redirect = await fetch(`${door}/01/09521234543213/21/P1`, { redirect: 'manual' })
  expect([redirect.status, redirect.headers.get('location')]).toEqual([307, 'https://example.com/shaft'])
  const linkset = await fetch(`${door}/01/09521234543213/21/P1?linkType=linkset`)
  expect(await linkset.json()).toMatchObject({
    linkset: [
      {
        anchor: `${door}/01/09521234543213/21/P1`,
        itemDescription: '泵轴',
        'https://ref.gs1.org/voc/pip': [{ href: 'https://example.com/shaft' }],
      },
    ],
  })
})

test('what is private is private through every face', async () => {
  await put(handle, values)
  const texts = await Promise.all(
    [
      '/api/handles/88.901.1001/P1',
      '/api/handles/88.901.1001/P1?index=2001',
      `/resolution/${handle}`,
      '/01/09521234543213/21/P1?linkType=linkset',
      `/88.901.1001/identityv2/data/detail?handle=${handle}`,
      '/handles/88.901.1001/P1/did.json',
    ].map(async (path) => (await fetch(`${door}${path}`, { redirect: 'manual' })).text()),
  )
  for (const text of texts) expect(text).not.toContain('12.50')
  const idhub = `${door}/88.901.1001/api/v1/doip?operationId=0.DOIP/Op.Retrieve&targetId=${handle}`
  expect(await (await fetch(idhub, { method: 'POST' })).text()).not.toContain('12.50')
  const owner = await fetch(`${door}/api/handles/${handle}`, {
    headers: { authorization: authorization('88.901.1001') },
  })
  expect(await owner.text()).toContain('12.50')
  const neighbour = await fetch(`${door}/api/handles/${handle}`, {
    headers: { authorization: authorization('88.901.1002') },
  })
  // A secret is known to the neighbour's own node alone.
  expect(neighbour.status).toBe(401)
})

test('nobody writes below another’s prefix', async () => {
  expect((await put('88.901.1002/P1', values, authorization('88.901.1001'))).status).toBe(401)
  expect((await put(handle, values, authorization('88.901.1001', 'guessed'))).status).toBe(401)
})

test.each([
  [
    'a name that is another record’s already',
    [{ index: 1, type: 'GS1_DL', data: 'https://id.gs1.org/01/09521234543213/21/taken' }],
    'taken',
  ],
  [
    'a name out of its canonical form',
    [{ index: 1, type: 'GS1_DL', data: 'https://example.com/01/09521234543213/21/P9' }],
    'https://id.gs1.org/01/09521234543213/21/P9',
  ],
  ['a wrong check digit', [{ index: 1, type: 'GS1_DL', data: 'https://id.gs1.org/01/09521234543214' }], 'check digit'],
  [
    'two default links',
    [1, 2].map((index) => ({
      index,
      type: 'GS1_LINK',
      data: link('gs1:pip', `https://example.com/${index}`, { default: true }),
    })),
    'default',
  ],
  ['a link that runs a script', [{ index: 1, type: 'GS1_LINK', data: link('gs1:pip', 'javascript:alert(1)') }], 'URL'],
  ['a link that is no link', [{ index: 1, type: 'GS1_LINK', data: 'https://example.com' }], 'JSON object'],
])('%s is refused with the value', async (_, wrong, message) => {
  await put('88.901.1001/first', [{ index: 1, type: 'GS1_DL', data: 'https://id.gs1.org/01/09521234543213/21/taken' }])
  const reply = await put('88.901.1001/second', wrong)
  expect(reply.status).toBe(400)
  expect(await reply.json()).toMatchObject({ responseCode: 202, message: expect.stringContaining(message) })
})

test('links of a record are told by type, and a name that nobody has, or that is none, is told so', async () => {
  await put('88.901.1001/P2', [
    { index: 1, type: 'GS1_DL', data: 'https://id.gs1.org/01/09521234543213/21/P2' },
    { index: 2, type: 'GS1_LINK', data: link('gs1:pip', 'https://example.com/2', { default: true }) },
    { index: 3, type: 'GS1_LINK', data: link('gs1:dpp', 'https://example.com/dpp/2') },
  ])
  const passport = await fetch(`${door}/01/09521234543213/21/P2?linkType=gs1:dpp`, { redirect: 'manual' })
  expect(passport.headers.get('location')).toBe('https://example.com/dpp/2?linkType=gs1:dpp')
  await put('88.901.1001/P3', [
    { index: 1, type: 'URL', data: 'https://example.com/dots' },
    { index: 2, type: 'GS1_DL', data: 'https://id.gs1.org/01/09521234543213/21/..' },
  ])
  expect(await locationOf('/01/09521234543213/21/..')).toBe('https://example.com/dots')
  expect((await fetch(`${door}/01/09521234543213/21/none`)).status).toBe(404)
  expect((await fetch(`${door}/01/09521234543214`)).status).toBe(400)
  expect(await (await fetch(`${door}/.well-known/gs1resolver`)).json()).toMatchObject({ resolverRoot: door })
  expect(await resolutionOf('(01)09521234543213(21)none')).toMatchObject({ responseCode: 100 })
  expect(await resolutionOf('(01)09521234543214')).toMatchObject({
    responseCode: 102,
    message: expect.stringContaining('check digit'),
  })
})

test('the door lists its nodes, and tells the health of each by its name', async () => {
  const { nodes } = (await (await fetch(`${door}/nodes`)).json()) as { nodes: string[] }
  expect(nodes).toHaveLength(26)
  expect(nodes).toEqual(expect.arrayContaining(['root', 'top', '88.901', '88.903.1006', 'recursive']))
  const prefixes = async (name: string) =>
    ((await (await fetch(`${door}/${name}/health`)).json()) as { prefixes: string[] }).prefixes
  const all = await Promise.all(nodes.map(prefixes))
  expect(all.flat().sort()).toEqual(
    nodes.flatMap((name) => (name === 'recursive' ? [] : [{ root: '0.NA', top: '88' }[name] ?? name])).sort(),
  )
})
