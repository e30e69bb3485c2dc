import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assignPrefix, getRegistryAccountOf, withdrawPrefix } from '@kapok/contracts/registry'
import { getIdentifierStatistics, listRegistryNodes, type RegistryNode } from '@kapok/contracts/registry-nodes'
import { type StartedNode, startSimulatedTree } from '@kapok/identifier/start'
import { systemClock } from '@kapok/kit/clock'
import { must } from '@kapok/kit/must'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { registryLimits } from '../limits.ts'
import { freePort, TestNode, TestRegistry } from '../testing.ts'

const home = mkdtempSync(join(tmpdir(), 'kapok-tree-'))
const own = new TestNode('88.950.7')
const servers: Server[] = []
let tree: StartedNode | undefined
let door = ''
let registry: TestRegistry

beforeAll(async () => {
  const httpPort = await freePort()
  door = `http://127.0.0.1:${httpPort}`
  await startTree()
  await own.start()
  registry = await TestRegistry.make(door)
  later(0)
  await registry.run()
})
afterAll(async () => {
  await registry.stop()
  await own.stop()
  await tree?.stop()
  for (const server of servers) server.close()
  own.remove()
  rmSync(home, { recursive: true, force: true })
})

/** The clock stands still but for this. */
const later = (ms: number) => registry.kit.clock.set(registry.kit.clock.now() + ms, { running: false })

async function startTree(): Promise<void> {
  tree = await startSimulatedTree({
    home,
    port: await freePort(),
    httpPort: Number(new URL(door).port),
    secret: 'of the test',
    clock: systemClock,
    onFault: (fault) => {
      throw fault
    },
  })
}

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer)
  servers.push(server)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
/** As a proxy that ends TLS: the node sees that whoever asks is elsewhere. */
const throughProxy = () =>
  serve((asked, response) => {
    const { url = '', method, headers } = asked
    const on = request(
      `${own.url}${url}`,
      { method, headers: { ...headers, 'x-forwarded-for': '10.0.0.9' } },
      (reply) => reply.pipe(response.writeHead(reply.statusCode ?? 500, reply.headers)),
    )
    on.on('error', () => response.destroy())
    asked.pipe(on)
  })

const params = () => ({ orgId: registry.orgs.plant.id })
const assign = (url: string, prefix = own.prefix) =>
  registry.as('administrator', assignPrefix, { params: params(), body: { prefix, url } })
/** Asked anew, as after the time that an answer serves. */
async function look() {
  await registry.restart()
  return registry.as('administrator', listRegistryNodes)
}
const nodeAt = (nodes: readonly RegistryNode[], url: string) =>
  must(
    nodes.find((each) => each.url === url),
    url,
  )

test('the whole tree is told with level, parent, serial, records and answers', async () => {
  await fetch(`${door}/resolution/88.901.1001%2Fnothing`)
  const { resolves, nodes, notAsked, asOf } = await look()
  expect([resolves, nodes.length, notAsked, asOf]).toEqual([true, 26, 0, registry.kit.clock.now()])
  expect(nodes.every(({ state, details }) => state === 'answers' && details !== null)).toBe(true)
  const at = (name: string) => nodeAt(nodes, `${door}/${name}`)
  expect([at('root'), at('top'), at('88.902'), at('88.902.1003'), at('recursive')].map(({ level }) => level)).toEqual([
    'root',
    'top',
    'secondary',
    'enterprise',
    'recursive',
  ])
  expect(at('88.902.1003').parent).toBe(`${door}/88.902`)
  expect([at('88.902').parent, at('top').parent]).toEqual([`${door}/top`, `${door}/root`])
  expect([at('root').parent, at('recursive').parent]).toEqual([null, null])
  expect(at('88.901')).toMatchObject({ role: 'primary', serial: 1, takesChanges: true, prefixes: ['88.901'] })
  expect(at('88.901.1001').details?.resolutions).toContainEqual({ code: 100, count: 1 })
  expect(at('88.901').details?.records).toBeGreaterThan(7)
})

test('the public sees sums alone, the same until they are a minute old', async () => {
  await fetch(`${door}/resolution/88.901.1003%2Fnothing`)
  await registry.restart()
  const { statistics } = await registry.as('plant', getIdentifierStatistics)
  const { nodes } = await registry.as('administrator', listRegistryNodes)
  const keepers = nodes.filter(({ role }) => role === 'primary')
  expect(statistics).toEqual({
    asOf: registry.kit.clock.now(),
    identifiers: keepers.reduce((sum, { details }) => sum + (details?.records ?? 0), 0),
    resolutions: expect.any(Number),
    nodes: 26,
    nodesKnown: 26,
    nodesThatTold: 26,
  })
  expect(statistics?.resolutions).toBeGreaterThan(0)
  await fetch(`${door}/resolution/88.901.1002%2Fnothing`)
  expect(await registry.as('plant', getIdentifierStatistics)).toEqual({ statistics })
})

test('a node elsewhere tells everybody what it is, and the platform’s user how it stands, with who follows it', async () => {
  const url = await throughProxy()
  await assign(url)
  const before = nodeAt((await look()).nodes, url)
  expect(before).toMatchObject({ organisation: registry.orgs.plant.name, level: 'enterprise', parent: `${door}/top` })
  expect([before.state, before.role, before.details]).toEqual(['answers', 'primary', null])
  const { values } = await registry.as('administrator', getRegistryAccountOf, { params: params() })
  await own.asAdministrator('PUT', `/api/handles/0.NA/${own.prefix}?index=various`, values)
  await own.asAdministrator('GET', '/mirror/transactions?after=1')
  const after = nodeAt((await look()).nodes, url)
  expect(after.details?.mirrors).toEqual([
    {
      user: expect.stringMatching(/^300:0\.NA\/88\.950\.7$/i),
      behind: expect.any(Number),
      silentMs: expect.any(Number),
    },
  ])
  expect(after.details?.mirrors[0]?.behind).toBeGreaterThan(0)
})

test('a node that dies is told with the time since, and what it said before; the others are told as ever', async () => {
  await assign(own.url)
  const first = nodeAt((await look()).nodes, own.url)
  expect(first).toMatchObject({ state: 'answers', failsSince: null })
  await own.stop()
  later(60_000)
  const diedAt = registry.kit.clock.now()
  const asked = async () => {
    await expect
      .poll(async () => (await registry.as('administrator', listRegistryNodes)).asOf, {
        timeout: registryLimits.healthFreshMs * 3,
      })
      .toBe(registry.kit.clock.now())
    return registry.as('administrator', listRegistryNodes)
  }
  const dead = await asked()
  const silent = { state: 'silent', failsSince: diedAt, answeredAt: first.answeredAt, details: first.details }
  expect(nodeAt(dead.nodes, own.url)).toMatchObject(silent)
  expect(dead.nodes.filter(({ state }) => state === 'answers')).toHaveLength(26)
  later(60_000)
  expect(nodeAt((await asked()).nodes, own.url)).toMatchObject(silent)
  await own.start()
  later(60_000)
  expect(nodeAt((await asked()).nodes, own.url)).toMatchObject({ state: 'answers', failsSince: null })
})

test('what is no node is told as strange: another answer, a redirection, a body without a length, one that is too long', async () => {
  const health = JSON.stringify({ role: 'primary', prefixes: [], serial: 1, takesChanges: true })
  const long = health + ' '.repeat(registryLimits.nodeAnswerBytes)
  const answers: Record<string, (response: ServerResponse) => void> = {
    '/other/health': (response) => response.writeHead(404).end('nothing'),
    '/away/health': (response) => response.writeHead(302, { location: `${own.url}/health` }).end(),
    '/endless/health': (response) => response.writeHead(200, { 'transfer-encoding': 'chunked' }).end(health),
    '/wrong/health': (response) => response.end(health.replace('primary', 'king')),
    '/long/health': (response) => response.writeHead(200, { 'content-length': long.length }).end(long),
    '/text/health': (response) => response.writeHead(200, { 'content-length': 3 }).end('no!'),
    '/good/health': (response) => response.writeHead(200, { 'content-length': health.length }).end(health),
  }
  const url = await serve(({ url = '' }, response) => answers[url]?.(response))
  for (const path of ['other', 'away', 'endless', 'wrong', 'long', 'text']) {
    await assign(`${url}/${path}`)
    expect(nodeAt((await look()).nodes, `${url}/${path}`), path).toMatchObject({ state: 'strange', details: null })
  }
  await assign(`${url}/good`)
  expect(nodeAt((await look()).nodes, `${url}/good`).state).toBe('answers')
})

test('one that takes a connection and says nothing holds nobody up beyond its time', async () => {
  const url = await serve(() => {})
  await assign(url)
  const { nodes } = await look()
  expect(nodeAt(nodes, url).state).toBe('silent')
  expect(nodes.filter(({ state }) => state === 'answers')).toHaveLength(26)
  await registry.as('administrator', withdrawPrefix, { params: params() })
})

test('when the door itself is dead its nodes stay in the list, as silent', async () => {
  await look()
  await tree?.stop()
  tree = undefined
  later(1_000)
  await expect
    .poll(
      async () =>
        (await registry.as('administrator', listRegistryNodes)).nodes.filter(({ state }) => state === 'silent').length,
      { timeout: registryLimits.healthFreshMs * 3 },
    )
    .toBe(26)
  await registry.restart()
  expect(await registry.as('plant', getIdentifierStatistics)).toEqual({ statistics: null })
  const { nodes } = await registry.as('administrator', listRegistryNodes)
  expect(nodes.map(({ url, state, level }) => [url, state, level])).toEqual([[door, 'silent', 'unknown']])
})
