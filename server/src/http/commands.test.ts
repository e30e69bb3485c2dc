import { type TestKit, testKit } from '@kapok/kit-store/testing'
import type { FastifyInstance } from 'fastify'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { migrationsOfAll } from '../planes.ts'
import { againOnDeadlock } from './routes.ts'
import { serveApi } from './testing.ts'

let kit: TestKit
let app: FastifyInstance
let cookie = ''

beforeAll(async () => {
  kit = await testKit({ migrations: migrationsOfAll.slice(1) })
  const api = await serveApi(kit)
  app = api.app
  const { planes } = api
  const link = await planes.access.firstAdministratorLink()
  const joined = await app.inject({
    method: 'POST',
    url: '/api/join',
    payload: { token: link?.split('#')[1], login: 'root', name: 'Root', password: 'a long enough password' },
  })
  cookie = String(joined.headers['set-cookie']).split(';')[0] ?? ''
})
afterAll(async () => {
  await app.close()
  await kit.stop()
})

const create = (name: string, headers: Record<string, string> = {}, more: object = {}) =>
  app.inject({
    method: 'POST',
    url: '/api/organisations',
    headers: { cookie, 'x-kapok': '1', ...headers },
    payload: { name, kind: 'county', region: '440606', ...more },
  })
const organisations = async () =>
  (await app.inject({ url: '/api/organisations?size=100', headers: { cookie } })).json() as { total: number }

test('the same command twice at once is done once, and every caller gets the same reply, byte for byte', async () => {
  const list = () => app.inject({ url: '/api/regions', headers: { cookie } })
  const put = () =>
    app.inject({
      method: 'PUT',
      url: '/api/regions',
      headers: { cookie, 'x-kapok': '1', 'idempotency-key': 'at-once-1' },
      payload: { regions: [{ code: '44', name: '广东省', nameEn: 'Guangdong' }] },
    })
  const replies = await Promise.all(Array.from({ length: 8 }, put))
  expect(replies.map((reply) => reply.statusCode)).toEqual(Array(8).fill(200))
  expect(new Set(replies.map((reply) => reply.body)).size).toBe(1)
  expect(replies.filter((reply) => reply.headers['idempotency-hit'] === 'true')).toHaveLength(7)
  expect((await list()).body).toContain('广东省')
})

test('a command whose reply holds a secret is done once, and the secret is kept nowhere', async () => {
  const before = await organisations()
  const replies = await Promise.all(Array.from({ length: 4 }, () => create('同时', { 'idempotency-key': 'secret-1' })))
  const done = replies.filter((reply) => reply.statusCode === 200)
  expect(done).toHaveLength(1)
  for (const reply of replies) if (reply !== done[0]) expect(reply.json()).toMatchObject({ code: 'command.done' })
  expect((await organisations()).total).toBe(before.total + 1)
  const secret = String(done[0]?.json().link).split('#')[1] ?? ''
  const client = new pg.Client({ connectionString: kit.ownerUrl })
  await client.connect()
  const { rows } = await client.query<{ text: string }>(
    `SELECT r::text AS text FROM kit.command_receipt r UNION ALL SELECT l::text FROM access.one_time_link l
     UNION ALL SELECT event FROM access.audit_event`,
  )
  await client.end()
  expect(secret.length).toBeGreaterThan(40)
  expect(rows.length).toBeGreaterThan(3)
  for (const { text } of rows) expect(text).not.toContain(secret)
})

test('another body under a used key is refused and changes nothing', async () => {
  await create('第一', { 'idempotency-key': 'conflict-1' })
  const before = await organisations()
  const other = await create('第二', { 'idempotency-key': 'conflict-1' })
  expect(other.statusCode).toBe(409)
  expect(other.json()).toMatchObject({ code: 'command.conflict' })
  expect((await organisations()).total).toBe(before.total)
})

test('a refused command leaves no receipt: the same key works once the reason is mended', async () => {
  await create('已有')
  const key = { 'idempotency-key': 'mended-1' }
  expect((await create('已有', key)).statusCode).toBe(409)
  expect((await create('已有二', key)).statusCode).toBe(200)
})

test('a command from a browser without the X-Kapok header, and an unknown field, are refused with a sentence', async () => {
  const foreign = await app.inject({
    method: 'POST',
    url: '/api/organisations',
    headers: { cookie },
    payload: { name: 'x', kind: 'county', region: '44' },
  })
  expect(foreign.statusCode).toBe(400)
  expect(foreign.json().message).toContain('X-Kapok')
  const misspelt = await create('误写', {}, { regoin: '44' })
  expect(misspelt.statusCode).toBe(400)
  expect(misspelt.json()).toMatchObject({ code: 'request.invalid' })
})

test('a NUL character anywhere is refused as bad input, not as a fault of ours', async () => {
  const inPath = await app.inject({ url: '/api/programmes/%00', headers: { cookie } })
  const inBody = await create('a\u0000b')
  for (const reply of [inPath, inBody]) {
    expect(reply.statusCode).toBe(400)
    expect(reply.json().message).toContain('U+0000')
  }
})

test('a refusal is one sentence in the reader’s language with the number that the log holds', async () => {
  const zh = await app.inject({ url: '/api/organisations' })
  const en = await app.inject({ url: '/api/organisations', headers: { 'accept-language': 'en-GB,en' } })
  expect(zh.json()).toMatchObject({ code: 'session.missing', message: '请先登录。' })
  expect(en.json()).toMatchObject({ code: 'session.missing', message: 'Sign in first.' })
  expect(zh.json().requestId).toBe(zh.headers['x-request-id'])
})

test('every answer carries the security headers, and API answers are never stored', async () => {
  const { headers } = await app.inject({ url: '/api/session' })
  expect(headers['content-security-policy']).toContain("default-src 'self'")
  expect(headers['content-security-policy']).not.toContain("'unsafe-eval'")
  expect(headers).toMatchObject({
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
  })
})

test('a USCC with a wrong check digit is refused by name; a body of two megabytes is refused by its limit', async () => {
  const wrong = await create('假企业', {}, { kind: 'enterprise', uscc: '91331081307655191M' })
  expect(wrong.statusCode).toBe(422)
  expect(wrong.json().message).toContain('91331081307655191M')
  const large = await create('大', {}, { padding: 'x'.repeat(2 << 20) })
  expect(large.statusCode).toBe(413)
  expect(large.json()).toMatchObject({ code: 'body.too_large' })
})

test('every command is in the audit, the refused ones too, and the chain verifies', async () => {
  const list = await app.inject({ url: '/api/audit?size=100', headers: { cookie } })
  const outcomes = (list.json() as { rows: { route: string; outcome: string }[] }).rows.map(
    ({ route, outcome }) => `${route} ${outcome}`,
  )
  expect(outcomes).toContain('access.join.use done')
  expect(outcomes).toContain('access.organisation.create done')
  expect(outcomes).toContain('access.organisation.create refused')
  const verdict = await app.inject({ url: '/api/audit/verify', headers: { cookie } })
  expect(verdict.json()).toMatchObject({ brokenAt: null })
})

test('a role that the kind of organisation does not have cannot be granted', async () => {
  const { organisation } = (await create('只有审核')).json() as { organisation: { id: string } }
  const invite = await app.inject({
    method: 'POST',
    url: `/api/organisations/${organisation.id}/members`,
    headers: { cookie, 'x-kapok': '1' },
    payload: { roles: ['platform.administrator'] },
  })
  expect(invite.statusCode).toBe(422)
  expect(invite.json()).toMatchObject({ code: 'role.foreign' })
})

test('a visitor who sends commands without end is slowed down with a time to wait, and a member is not', async () => {
  const check = () => app.inject({ method: 'DELETE', url: '/api/session', headers: { 'x-kapok': '1' } })
  const statuses: number[] = []
  for (let i = 0; i < 70; i++) statuses.push((await check()).statusCode)
  expect(statuses.slice(0, 50)).toEqual(Array(50).fill(200))
  expect(statuses.at(-1)).toBe(429)
  const refused = await check()
  expect(refused.headers['retry-after']).toBeDefined()
  expect((await create('不受影响')).statusCode).toBe(200)
})

test('two transactions that lock each other out both come through: the one that gave way runs again', async () => {
  const client = new pg.Client({ connectionString: kit.ownerUrl })
  await client.connect()
  await client.query(`CREATE SCHEMA trial; GRANT USAGE ON SCHEMA trial TO kapok_app;
    CREATE TABLE trial.pair (id int PRIMARY KEY, n int); GRANT ALL ON trial.pair TO kapok_app; INSERT INTO trial.pair VALUES (1, 0), (2, 0)`)
  let runs = 0
  const both = (first: number, second: number) =>
    againOnDeadlock(() =>
      kit.db.tx({}, async (tx) => {
        runs++
        await tx.run('UPDATE trial.pair SET n = n + 1 WHERE id = $1', [first])
        await new Promise((go) => setTimeout(go, 200))
        await tx.run('UPDATE trial.pair SET n = n + 1 WHERE id = $1', [second])
      }),
    )
  await Promise.all([both(1, 2), both(2, 1)])
  const { rows } = await client.query<{ n: number }>('SELECT n FROM trial.pair ORDER BY id')
  await client.query('DROP SCHEMA trial CASCADE')
  await client.end()
  expect(rows.map(({ n }) => n)).toEqual([2, 2])
  expect(runs).toBe(3)
})

test('a command from a page of another site is not done, whatever it carries; one from our own page is', async () => {
  const before = await organisations()
  for (const origin of ['http://evil.example', 'null', 'https://localhost:8080.evil.example'])
    expect((await create('外站', { origin })).json()).toMatchObject({ code: 'origin.foreign' })
  expect((await organisations()).total).toBe(before.total)
  expect((await create('本站', { origin: 'http://localhost:8080' })).statusCode).toBe(200)
  expect((await create('本站二', { origin: 'http://factory.example', host: 'factory.example' })).statusCode).toBe(200)
})

test('what breaks a contract is told in the reader’s language, with its place', async () => {
  const wrong = (language: string, payload: unknown) =>
    app.inject({
      method: 'POST',
      url: '/api/organisations',
      headers: { cookie, 'x-kapok': '1', 'accept-language': language, 'content-type': 'application/json' },
      payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
    })
  const message = async (language: string, payload: unknown) =>
    ((await wrong(language, payload)).json() as { message: string }).message
  expect(await message('zh-CN', { kind: 'county', region: '440606' })).toContain('body 缺少 name')
  expect(await message('en', { kind: 'county', region: '440606' })).toContain('body: name is missing')
  expect(await message('zh-CN', { name: '甲', kind: 'county', region: '440606', colour: 1 })).toContain('不认识 colour')
  expect(await message('zh-CN', { name: '甲', kind: 'village', region: '440606' })).toMatch(
    /body\.kind .*[\u4e00-\u9fff]/,
  )
  expect(await message('zh-CN', '{"name":')).toContain('请求体不是有效的 JSON')
  expect(await message('en', '{"name":')).toContain('the body is not valid JSON')
})
