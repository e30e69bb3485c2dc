import { type ChildProcess, spawn } from 'node:child_process'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { provenHeader } from '../planes/identifier/src/face/handle-rest/session.ts'
import { freePort, newFolder } from './support/platform.ts'

// Nodes as somebody runs them: processes of their own, in folders of their own, delegated by hand as the words at their start say.
const folder = newFolder()
const entry = join(import.meta.dirname, '../server/src/kapok.ts')
interface Node {
  child: ChildProcess
  port: number
  url: string
  home: string
  said(): string
}
const nodes = new Map<string, Node>()
afterAll(async () => {
  await Promise.all([...nodes.values()].map((node) => end(node, 'SIGTERM')))
  rmSync(folder, { recursive: true, force: true })
})

async function start(name: string, args: readonly string[], ports?: { port: number; httpPort: number }): Promise<Node> {
  const { port, httpPort } = ports ?? { port: await freePort(), httpPort: await freePort() }
  const home = join(folder, name)
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    KAPOK_HANDLE_PORT: `${port}`,
    KAPOK_RESOLVER_HTTP_PORT: `${httpPort}`,
    KAPOK_LOG: 'error',
  }
  const child = spawn(process.execPath, [entry, 'run', 'resolver', '--home', home, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const node = { child, port, url: `http://127.0.0.1:${httpPort}`, home, said: () => text }
  nodes.set(name, node)
  for (const began = Date.now(); ; await sleep(50)) {
    // Its words come when it serves and knows itself.
    if (text.includes(`HTTP 127.0.0.1:${httpPort}`)) break
    if (child.exitCode !== null || Date.now() - began > 30_000) throw new Error(`${name} does not answer: ${text}`)
  }
  return node
}

async function end({ child }: Node, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((done) => child.once('exit', done))
  child.kill(signal)
  await gone
}

/** Writes as the administrator of a prefix, by the key that its node made at its first start. */
async function write(node: Node, prefix: string, handle: string, values: unknown, method = 'PUT') {
  const key = createPrivateKey(readFileSync(join(node.home, `admin-${prefix}.pem`)))
  const follower = { user: { handle: `0.NA/${prefix}`, index: 300 }, key }
  const authorization = await provenHeader(node.url, follower, AbortSignal.timeout(10_000))
  return fetch(`${node.url}/api/handles/${handle}`, {
    method,
    headers: { authorization },
    body: JSON.stringify(values),
  })
}
const valuesOf = async (url: string, handle: string) =>
  (await (await fetch(`${url}/api/handles/${handle}`)).json()).values

let root: Node
let recursive: Node
beforeAll(async () => {
  root = await start('root', ['--role', 'root'])
  const above = ['--root', `127.0.0.1:${root.port}`]
  let parent = { node: root, prefix: '0.NA' }
  for (const [role, prefix] of [
    ['top', '88'],
    ['secondary', '88.904'],
    ['enterprise', '88.904.1'],
  ] as const) {
    const node = await start(role, ['--role', role, '--prefix', prefix, ...above])
    const reply = await write(parent.node, parent.prefix, `0.NA/${prefix}`, await valuesOf(node.url, `0.NA/${prefix}`))
    expect([reply.status, await reply.text()]).toEqual([201, expect.any(String)])
    parent = { node, prefix }
  }
  const trust = ['--trust', join(root.home, 'root-key.jwk')]
  recursive = await start('recursive', ['--role', 'recursive', ...above, ...trust])
}, 120_000)

const enterprise = () => nodes.get('enterprise') as Node
const part = (n: number) => `88.904.1/P${n}`
const url = (n: number) => [{ index: 1, type: 'URL', data: `https://example.com/${n}` }]
const found = async (handle: string) => (await fetch(`${recursive.url}/resolution/${handle}`)).json()

test('a part is registered with its node and found from the root down', async () => {
  expect((await write(enterprise(), '88.904.1', part(1), url(1))).status).toBe(201)
  expect(await found(part(1))).toMatchObject({
    responseCode: 1,
    from: 'network',
    steps: [{ of: '0.NA' }, { of: '88' }, { of: '88.904' }, { of: '88.904.1' }],
    verified: {
      verdict: 'verified',
      steps: [
        { kind: 'certificate', of: '88' },
        { kind: 'certificate', of: '88.904' },
        { kind: 'certificate', of: '88.904.1' },
        { kind: 'signature', of: part(1) },
        { kind: 'values', of: part(1) },
      ],
    },
  })
  expect((await write(enterprise(), '88.904.1', '88.904.2/x', url(1))).status).toBe(400)
})

test('kill -9 while parts are registered: whatever was acknowledged is there, once', async () => {
  const node = enterprise()
  const acknowledged: number[] = []
  const registering = Promise.all(
    Array.from({ length: 4 }, async (_, worker) => {
      for (let n = 1_000 + worker; ; n += 4) {
        const reply = await write(node, '88.904.1', part(n), url(n)).catch(() => undefined)
        if (reply?.status !== 201) return
        acknowledged.push(n)
      }
    }),
  )
  await expect.poll(() => acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(40)
  await end(node, 'SIGKILL')
  await registering
  await start('enterprise', ['--role', 'enterprise', '--prefix', '88.904.1', '--root', `127.0.0.1:${root.port}`], {
    port: node.port,
    httpPort: Number(new URL(node.url).port),
  })
  const lost = []
  for (const n of acknowledged)
    if ((await valuesOf(enterprise().url, part(n)))?.[0]?.data.value !== url(n)[0]?.data) lost.push(n)
  expect(lost).toEqual([])
})

test('a mirror introduces itself, is let in, and answers for the enterprise when that is dead', async () => {
  const node = enterprise()
  const verifier = /for mirrors: (\S+)/.exec(node.said())?.[1] ?? ''
  const user = '88.904.1/mirror'
  const args = [
    '--role',
    'mirror',
    '--prefix',
    '88.904.1',
    '--of',
    node.url,
    '--user',
    `300:${user}`,
    '--verifier',
    verifier,
  ]
  const mirror = await start('mirror', args)
  // Its words come one after another.
  await expect.poll(() => mirror.said()).toContain(`PUT /api/handles/${user}`)
  const key = createPublicKey(createPrivateKey(readFileSync(join(mirror.home, 'mirror.pem')))).export({ format: 'jwk' })
  await write(node, '88.904.1', user, [{ index: 300, type: 'HS_PUBKEY', data: { format: 'key', value: key } }])
  // The node's own copy of its prefix's record says who may do what there; the parent's says it to all others.
  const secondary = nodes.get('secondary') as Node
  const lets = [
    {
      index: 101,
      type: 'HS_ADMIN',
      data: { format: 'admin', value: { handle: user, index: 300, permissions: '110000000000' } },
    },
  ]
  expect((await write(node, '88.904.1', '0.NA/88.904.1?index=various', lets)).status).toBe(200)
  const site = await (await fetch(`${mirror.url}/api/site`)).json()
  const beside = [{ index: 3, type: 'HS_SITE', data: { format: 'site', value: site } }]
  expect((await write(secondary, '88.904', '0.NA/88.904.1?index=various', beside)).status).toBe(200)
  await expect
    .poll(async () => (await valuesOf(mirror.url, part(1)))?.[0]?.data.value, { timeout: 30_000 })
    .toBe('https://example.com/1')
  await end(node, 'SIGKILL')
  expect(await found(`${part(1)}`)).toMatchObject({ responseCode: 1 })
  // What the recursive node knows of the way is doubted after five seconds; the mirror may have to be asked for first.
  let asked = 0
  await expect.poll(() => found(`88.904.1/never${asked++}`), { timeout: 20_000 }).toMatchObject({ responseCode: 100 })
  const refused = await fetch(`${mirror.url}/api/handles/88.904.1/x`, { method: 'PUT', body: JSON.stringify(url(1)) })
  expect((await refused.json()).responseCode).toBe(7)
})

test.each([
  [['--role', 'enterprise', '--prefix', '88.904.1'], '--root 10.0.0.1:2641'],
  [['--role', 'enterprise', '--prefix', '88.1', '--root', '127.0.0.1:1'], '“88.1” is none'],
  [['--role', 'top', '--prefix', '88', '--root', 'root.example:2641'], 'write IP address and port'],
  [['--role', 'mirror', '--prefix', '88'], 'write index:handle'],
  [['--role', 'king'], 'Say which node it is'],
  [['--role', 'recursive', '--root', '127.0.0.1:1', '--trust', join(folder, 'none.jwk')], 'which holds no key'],
  [['--role', 'root', '--sign', 'dsa'], 'write ed25519, sm2, rsa or none'],
  [[], 'Say which node it is'],
])('%j is refused in a sentence', async (args, sentence) => {
  const child = spawn(process.execPath, [entry, 'run', 'resolver', '--home', join(folder, 'none'), ...args], {
    env: { PATH: process.env.PATH ?? '', HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const code = await new Promise((done) => child.once('exit', done))
  expect([code, text]).toEqual([2, expect.stringContaining(sentence)])
})
