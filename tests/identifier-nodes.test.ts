import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { kapok, mirrorArguments, type NodeProcess, NodeProcesses, valuesOf } from './support/identifier-nodes.ts'

// Nodes as somebody runs them: processes of their own, in folders of their own, delegated by hand as the words at their start say.
const nodes = new NodeProcesses()
afterAll(() => nodes.stop())

let root: NodeProcess
let recursive: NodeProcess
beforeAll(async () => {
  root = await nodes.start('root', ['--role', 'root'])
  const above = ['--root', `127.0.0.1:${root.port}`]
  let parent = { name: 'root', prefix: '0.NA' }
  for (const [role, prefix] of [
    ['top', '88'],
    ['secondary', '88.904'],
    ['enterprise', '88.904.1'],
  ] as const) {
    const node = await nodes.start(role, ['--role', role, '--prefix', prefix, ...above])
    const reply = await nodes.write(
      parent.name,
      parent.prefix,
      `0.NA/${prefix}`,
      await valuesOf(node.url, `0.NA/${prefix}`),
    )
    expect([reply.status, await reply.text()]).toEqual([201, expect.any(String)])
    parent = { name: role, prefix }
  }
  const trust = ['--trust', join(root.home, 'root-key.jwk')]
  recursive = await nodes.start('recursive', ['--role', 'recursive', ...above, ...trust])
}, 120_000)

const enterprise = () => nodes.get('enterprise')
const part = (n: number) => `88.904.1/P${n}`
const url = (n: number) => [{ index: 1, type: 'URL', data: `https://example.com/${n}` }]
const found = async (handle: string) => (await fetch(`${recursive.url}/resolution/${handle}`)).json()

test('a part is registered with its node and found from the root down', async () => {
  expect((await nodes.write('enterprise', '88.904.1', part(1), url(1))).status).toBe(201)
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
  expect((await nodes.write('enterprise', '88.904.1', '88.904.2/x', url(1))).status).toBe(400)
})

test('kill -9 while parts are registered: whatever was acknowledged is there, once', async () => {
  const acknowledged: number[] = []
  const registering = Promise.all(
    Array.from({ length: 4 }, async (_, worker) => {
      for (let n = 1_000 + worker; ; n += 4) {
        const reply = await nodes.write('enterprise', '88.904.1', part(n), url(n)).catch(() => undefined)
        if (reply?.status !== 201) return
        acknowledged.push(n)
      }
    }),
  )
  await expect.poll(() => acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(40)
  await nodes.end('enterprise', 'SIGKILL')
  await registering
  await nodes.start('enterprise', ['--role', 'enterprise', '--prefix', '88.904.1', '--root', `127.0.0.1:${root.port}`])
  const lost = []
  for (const n of acknowledged)
    if ((await valuesOf(enterprise().url, part(n)))?.[0]?.data.value !== url(n)[0]?.data) lost.push(n)
  expect(lost).toEqual([])
})

test('a mirror introduces itself, is let in, and answers for the enterprise when that is dead', async () => {
  const mirror = await nodes.startMirror('mirror', 'enterprise', '88.904.1', ['--root', `127.0.0.1:${root.port}`])
  expect(mirror.said()).toContain('PUT /api/handles/88.904.1/mirror')
  const site = await (await fetch(`${mirror.url}/api/site`)).json()
  const beside = [{ index: 3, type: 'HS_SITE', data: { format: 'site', value: site } }]
  expect((await nodes.write('secondary', '88.904', '0.NA/88.904.1?index=various', beside)).status).toBe(200)
  await expect
    .poll(async () => (await valuesOf(mirror.url, part(1)))?.[0]?.data.value, { timeout: 30_000 })
    .toBe('https://example.com/1')
  await nodes.end('enterprise', 'SIGKILL')
  expect(await found(`${part(1)}`)).toMatchObject({ responseCode: 1 })
  // What the recursive node knows of the way is doubted after five seconds; the mirror may have to be asked for first.
  let asked = 0
  await expect.poll(() => found(`88.904.1/never${asked++}`), { timeout: 20_000 }).toMatchObject({ responseCode: 100 })
  const refused = await fetch(`${mirror.url}/api/handles/88.904.1/x`, { method: 'PUT', body: JSON.stringify(url(1)) })
  expect((await refused.json()).responseCode).toBe(7)
})

test('the mirror is started to take over, takes changes, and does so after kill -9', async () => {
  await nodes.end('mirror', 'SIGTERM')
  const args = mirrorArguments(enterprise(), '88.904.1', ['--root', `127.0.0.1:${root.port}`])
  const registers = async (n: number) => {
    const mirror = nodes.get('mirror')
    const authorization = await nodes.proof(mirror, 'enterprise', '88.904.1')
    const body = JSON.stringify(url(n))
    return (await fetch(`${mirror.url}/api/handles/${part(n)}`, { method: 'PUT', headers: { authorization }, body }))
      .status
  }
  const taker = await nodes.start('mirror', [...args, '--take-over'])
  // Its words come one after another.
  await expect.poll(() => taker.said()).toContain('It takes changes now')
  expect(await registers(5_001)).toBe(201)
  await nodes.end('mirror', 'SIGKILL')
  const again = await nodes.start('mirror', args)
  await expect.poll(() => again.said()).toContain('in the place of')
  expect(await registers(5_002)).toBe(201)
  const health = await (await fetch(`${nodes.get('mirror').url}/health`)).json()
  expect(health).toMatchObject({ role: 'taker', prefixes: ['88.904.1'], serial: 2, takesChanges: true })
  expect(await valuesOf(nodes.get('mirror').url, part(5_001))).toHaveLength(1)
})

test.each([
  [['--role', 'enterprise', '--prefix', '88.904.1'], '--root 10.0.0.1:2641'],
  [['--role', 'enterprise', '--prefix', '88.1', '--root', '127.0.0.1:1'], '“88.1” is none'],
  [['--role', 'top', '--prefix', '88', '--root', 'root.example:2641'], 'write IP address and port'],
  [['--role', 'mirror', '--prefix', '88'], 'write index:handle'],
  [['--role', 'king'], 'Say which node it is'],
  [['--role', 'recursive', '--root', '127.0.0.1:1', '--trust', join(nodes.folder, 'none.jwk')], 'which holds no key'],
  [['--role', 'root', '--sign', 'dsa'], 'write ed25519, sm2, rsa or none'],
  [[], 'Say which node it is'],
])('%j is refused in a sentence', async (args, sentence) => {
  const child = spawn(process.execPath, [kapok, 'run', 'resolver', '--home', join(nodes.folder, 'none'), ...args], {
    env: { PATH: process.env.PATH ?? '', HOME: nodes.folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const code = await new Promise((done) => child.once('exit', done))
  expect([code, text]).toEqual([2, expect.stringContaining(sentence)])
})
