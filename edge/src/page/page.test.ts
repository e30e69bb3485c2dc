import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SettableClock } from '@kapok/kit/clock'
import { makeLog } from '@kapok/kit/log'
import { afterEach, expect, test } from 'vitest'
import { CommandError, startGateway } from '../command.ts'
import { simulate } from '../drivers/modbus/simulator.ts'
import { until } from '../testing.ts'
import { PagePassword } from './password.ts'
import { routes } from './routes.ts'

const running: (() => void | Promise<void>)[] = []
afterEach(async () => {
  for (const stop of running.splice(0).reverse()) await stop()
})
const password = 'correct horse'
const clock = new SettableClock()

async function gateway(more: object = {}) {
  clock.set(Date.now(), { running: true })
  const plc = await simulate()
  running.push(() => plc.stop())
  plc.set('holding/0', 'uint16', 7)
  const home = mkdtempSync(join(tmpdir(), 'kapok-page-'))
  running.push(() => rmSync(home, { recursive: true }))
  const file = join(home, 'plant.yaml')
  const tags = [{ property: 'secretSpeed', address: 'holding/0', type: 'uint16', write: { min: 0, max: 100 } }]
  const device = { name: 'm<1>', protocol: 'modbus', connection: plc.settings, periodMs: 50, tags }
  writeFileSync(file, JSON.stringify({ devices: [device], ...more }))
  const edge = await startGateway({ tagTableFile: file, home, clock, log: makeLog('test', 'silent') })
  running.push(() => edge.stop())
  const origin = edge.statusUrl.slice(0, -1)
  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${origin}${path}`, { headers: { 'Accept-Language': 'en', ...headers }, redirect: 'manual' })
  const post = (path: string, form: Record<string, string>, headers: Record<string, string> = {}) =>
    fetch(`${origin}${path}`, {
      method: 'POST',
      headers: { Origin: origin, 'Accept-Language': 'en', ...headers },
      body: new URLSearchParams(form),
      redirect: 'manual',
    })
  const cookieOf = (reply: Response) => ({ Cookie: (reply.headers.get('set-cookie') ?? '').split(';')[0] ?? '' })
  const signedIn = async () => cookieOf(await post('/password', { password }))
  await until('the machine to be read', async () => (await (await get('/status')).text()).includes('secretSpeed'))
  return { plc, home, origin, get, post, signedIn, cookieOf }
}

test('without a session every route is refused and shows nothing; state for programs stays on loopback', async () => {
  const { get, post, signedIn } = await gateway()
  const asked = [...Object.keys(routes), 'POST /sign-out', 'GET /nowhere']
  expect(asked.length).toBeGreaterThan(8)
  const refusals = async () => {
    for (const route of asked) {
      const [method, path = ''] = route.split(' ')
      const query = '?device=m%3C1%3E&property=secretSpeed'
      const reply = method === 'GET' ? await get(path + query) : await post(path, { device: 'm<1>' })
      expect([route, reply.status]).toEqual([route, 401])
      const text = await reply.text()
      expect(text).not.toContain('m&lt;1&gt;')
      expect(text).not.toContain('secretSpeed')
    }
  }
  await refusals()
  const cookie = await signedIn()
  await refusals()
  for (const path of [
    '/',
    '/device?device=m%3C1%3E',
    '/tag?device=m%3C1%3E&property=secretSpeed',
    '/log',
    '/writes',
    '/set-up',
  ])
    expect([path, (await get(path, cookie)).status]).toEqual([path, 200])
  expect(await (await get('/device?device=m%3C1%3E', cookie)).text()).toContain('secretSpeed')
  expect((await get('/device?device=other', cookie)).status).toBe(404)
  expect((await get('/', { Cookie: `${cookie.Cookie}x` })).status).toBe(401)
  await post('/sign-out', {}, cookie)
  expect((await get('/', cookie)).status).toBe(401)
  expect((await get('/metrics')).status).toBe(200)
  expect((await get('/status', { Origin: 'http://evil.example' })).status).toBe(403)
})

test('why a machine and its tag are not read stands in the language of the reader, and the English does not stand beside it', async () => {
  const { plc, get, signedIn } = await gateway()
  const cookie = await signedIn()
  plc.faults.missing.add('holding/0')
  await until('the tag to be refused', async () =>
    (await (await get('/status')).text()).includes('illegal data address'),
  )
  const shown = async (path: string, language: string) =>
    (await get(path, { ...cookie, 'Accept-Language': language })).text()
  for (const path of ['/', '/device?device=m%3C1%3E', '/tag?device=m%3C1%3E&property=secretSpeed']) {
    const zh = await shown(path, 'zh-CN')
    expect(zh).toContain('holding/0: 非法数据地址')
    expect(zh).not.toContain('illegal')
    expect(await shown(path, 'en')).toContain('holding/0: illegal data address')
  }
})

test('a form of another site, a foreign name of the host and a body without end are refused', async () => {
  const { post, signedIn, origin } = await gateway()
  const cookie = await signedIn()
  const form = { device: 'm<1>', property: 'secretSpeed', value: '8', who: 'w', sure: 'on' }
  for (const Origin of ['http://evil.example', 'null', `${origin}0`])
    expect((await post('/write', form, { ...cookie, Origin })).status).toBe(403)
  const rebound = await new Promise((done, fail) => {
    request(`${origin}/status`, { headers: { Host: 'evil.example' } }, (reply) => done(reply.statusCode))
      .on('error', fail)
      .end()
  })
  expect(rebound).toBe(421)
  expect((await post('/write', { ...form, value: 'x'.repeat(20_000) }, cookie)).status).toBe(413)
})

test('the session cookie is out of reach of scripts and other sites; page and answers keep to the strict policy', async () => {
  const { post, get } = await gateway()
  const reply = await post('/password', { password })
  expect(reply.status).toBe(303)
  expect(reply.headers.get('set-cookie')).toMatch(
    /^kapok-edge-\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/,
  )
  const policy = (await get('/')).headers.get('content-security-policy')
  expect(policy).toContain("default-src 'none'; style-src 'self'; script-src 'self'")
  expect(policy).not.toContain('unsafe')
})

test('the password is set once, kept only as a hash that others cannot read, and guessing it ends soon', async () => {
  const { post, home } = await gateway()
  expect((await post('/password', { password: 'short' })).status).toBe(422)
  expect((await post('/password', { password })).status).toBe(303)
  expect((await post('/password', { password: 'another long one' })).status).toBe(401)
  const file = join(home, 'page-password.json')
  expect(readFileSync(file, 'utf8')).not.toContain(password)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const statuses: number[] = []
  for (let i = 0; i < 7; i++) statuses.push((await post('/sign-in', { password: `guess ${i} of many` })).status)
  expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429])
  const late = await post('/sign-in', { password })
  expect(late.status).toBe(429)
  expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0)
})

test('beyond loopback the first password needs the token of the log', () => {
  const home = mkdtempSync(join(tmpdir(), 'kapok-page-'))
  running.push(() => rmSync(home, { recursive: true }))
  const page = new PagePassword(home)
  expect(page.isToken(page.token)).toBe(true)
  expect(page.isToken(`${page.token.slice(1)}x`)).toBe(false)
  expect(page.isToken('')).toBe(false)
})

test('the page goes beyond loopback only with a certificate', async () => {
  const refused = gateway({ page: { host: '0.0.0.0', port: 8443 } })
  await expect(refused).rejects.toThrow(CommandError)
  await expect(refused).rejects.toThrow('table.page.cert: a certificate and its key are expected')
})

test('a write from the page reaches the machine, with who did it; without a name it does not', async () => {
  const { post, signedIn, plc, get } = await gateway()
  const cookie = await signedIn()
  const form = { device: 'm<1>', property: 'secretSpeed', value: '42', who: '王 <b>', sure: 'on' }
  expect((await post('/write', { ...form, who: ' ' }, cookie)).status).toBe(422)
  const wrong = await post('/write', { ...form, value: '101' }, cookie)
  expect([wrong.status, await wrong.text()]).toEqual([
    422,
    expect.stringContaining('101 is outside of the range from 0 to 100.'),
  ])
  expect(plc.get('holding/0', 'uint16')).toBe(7)
  expect(await (await post('/write', form, cookie)).text()).toContain('read back as it was written')
  expect(plc.get('holding/0', 'uint16')).toBe(42)
  const record = await (await get('/writes', cookie)).text()
  expect(record).toContain('王 &lt;b&gt;')
  expect(record).toContain('7 → 42')
})

test('an enrolment that fails says why in the page, and the gateway goes on', async () => {
  const { post, signedIn, get } = await gateway()
  const cookie = await signedIn()
  const enrol = async (platform: string) => {
    const reply = await post('/set-up', { platform, code: 'AAAA-BBBB' }, cookie)
    return [reply.status, await reply.text()]
  }
  expect(await enrol('kapok')).toEqual([422, expect.stringContaining('begins with http:// or https://')])
  expect(await enrol('http://127.0.0.1:1')).toEqual([422, expect.stringContaining('cannot be reached')])
  expect(await (await get('/', cookie)).text()).toContain('Not set up')
})

test('with the platform’s address and a one-time code the gateway is enrolled from its page and sends at once', async () => {
  const { post, signedIn, get, home } = await gateway()
  const asked: { code: string; publicKey: string }[] = []
  const platform = createServer((ask, answer) => {
    let body = ''
    ask.on('data', (chunk) => (body += String(chunk)))
    ask.on('end', () => {
      if (ask.url === '/api/gateways/enrol') asked.push(JSON.parse(body) as { code: string; publicKey: string })
      answer.end(
        JSON.stringify(
          ask.url === '/api/platform' ? { mqttPort: 1 } : { token: 't', gatewayId: 'g', name: '一号厂房' },
        ),
      )
    })
  }).listen(0, '127.0.0.1')
  running.push(() => void platform.close())
  await until('the platform to listen', () => platform.listening)
  const address = `http://127.0.0.1:${(platform.address() as AddressInfo).port}`
  const cookie = await signedIn()
  const reply = await post('/set-up', { platform: address, code: 'aaaa-bbbb' }, cookie)
  expect([reply.status, await reply.text()]).toEqual([200, expect.stringContaining('一号厂房')])
  expect(asked).toMatchObject([
    { code: 'AAAA-BBBB', publicKey: expect.stringMatching(/^[\w-]{43}$/), firstSequence: 1 },
  ])
  expect(statSync(join(home, 'identity.json')).mode & 0o777).toBe(0o600)
  const overview = await (await get('/', cookie)).text()
  expect(overview).toContain('mqtt://127.0.0.1:1')
  expect(overview).not.toContain('Not set up')
})
