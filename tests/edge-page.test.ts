import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startGateway } from '@kapok/edge/command'
import { simulatorOf } from '@kapok/edge/simulators'
import { systemClock } from '@kapok/kit/clock'
import { makeLog } from '@kapok/kit/log'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { violationsOn } from './support/axe.ts'
import { launchBrowser } from './support/browser.ts'
import { selfSigned } from './support/certificate.ts'
import { freePort, waitFor } from './support/platform.ts'

// The gateway's own page in a real browser, without any platform.
const password = '木棉花开在二零二七 2027'
/** Where pictures go for somebody to look at. */
const shots = process.env.KAPOK_SHOTS
let browser: Browser
let url = ''
const stopping: (() => unknown)[] = []
let plc: Awaited<ReturnType<Awaited<ReturnType<typeof simulatorOf>>>>

beforeAll(async () => {
  browser = await launchBrowser()
  plc = await (await simulatorOf('modbus'))()
  plc.set('holding/0', 'uint16', 215)
  plc.set('coil/0', 'bool', true)
  const home = mkdtempSync(join(tmpdir(), 'kapok-edge-page-'))
  const table = join(home, 'plant.yaml')
  const deadPort = await freePort()
  writeFileSync(
    table,
    JSON.stringify({
      devices: [
        {
          ...{ name: '注塑机 1', protocol: 'modbus', connection: plc.settings, periodMs: 100 },
          tags: [
            {
              property: 'barrelTemperature',
              address: 'holding/0',
              type: 'uint16',
              write: { min: 0, max: 300, interlock: 'running' },
            },
            { property: 'running', address: 'coil/0', type: 'bool', write: {} },
            { property: 'gone', address: 'holding/9', type: 'uint16' },
          ],
          derived: [{ property: 'meanTemperature', expression: 'avg(barrelTemperature, 60)' }],
          alarms: [
            {
              name: 'overheated',
              property: 'barrelAlarm',
              when: 'barrelTemperature > 260',
              severity: 'critical',
              message: { zh: '料筒过热', en: 'The barrel is too hot' },
            },
          ],
        },
        {
          name: '空压机 2',
          protocol: 'modbus',
          connection: { host: '127.0.0.1', port: deadPort },
          tags: [{ property: 'pressure', address: 'holding/0', type: 'uint16' }],
        },
      ],
    }),
  )
  plc.faults.missing.add('holding/9')
  const fd = openSync('/dev/null', 'w')
  const edge = await startGateway({
    tagTableFile: table,
    home,
    clock: systemClock,
    log: makeLog('test', 'info', { fd }),
  })
  url = edge.statusUrl
  stopping.push(
    () => rmSync(home, { recursive: true }),
    () => plc.stop(),
    () => edge.stop(),
    () => browser.close(),
  )
}, 120_000)
afterAll(async () => {
  for (const stop of stopping.reverse()) await stop()
})

type How = { width: number; theme: 'light' | 'dark'; language: 'zh-CN' | 'en' }

async function contextFor({
  width,
  theme,
  language,
}: How): Promise<{ context: BrowserContext; page: Page; wrong: string[] }> {
  const viewport = { width, height: width < 800 ? 844 : 900 }
  const context = await browser.newContext({ viewport, colorScheme: theme, locale: language })
  const page = await context.newPage()
  const wrong: string[] = []
  page.on('pageerror', (error) => wrong.push(error.message))
  page.on('console', (message) => {
    // A page that asks for the password is answered with 401.
    if (message.type() === 'error' && !message.text().includes('401')) wrong.push(message.text())
  })
  return { context, page, wrong }
}

async function look(page: Page, name: string, how: How): Promise<void> {
  if (shots !== undefined)
    await page.screenshot({
      path: join(shots, `${name}-${how.width}-${how.theme}-${how.language}.png`),
      fullPage: true,
    })
  const overflow = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
  expect([name, overflow]).toEqual([name, 0])
  expect([name, await violationsOn(page)]).toEqual([name, []])
}

test('the first visit sets the password; every page reads, fits and is accessible on a phone and on a desk', async () => {
  const tag = `tag?${new URLSearchParams({ device: '注塑机 1', property: 'barrelTemperature' })}`
  const hows: How[] = [
    { width: 390, theme: 'dark', language: 'zh-CN' },
    { width: 1440, theme: 'light', language: 'en' },
    { width: 390, theme: 'light', language: 'en' },
    { width: 1440, theme: 'dark', language: 'zh-CN' },
  ]
  for (const [i, how] of hows.entries()) {
    const { context, page, wrong } = await contextFor(how)
    const isChinese = how.language === 'zh-CN'
    await page.goto(url)
    await look(page, i === 0 ? 'password' : 'sign-in', how)
    await page.locator('input[type=password]').fill(password)
    await page.getByRole('button', { name: i === 0 ? '设定密码' : isChinese ? '登录' : 'Sign in' }).click()
    await page.getByRole('heading', { name: isChinese ? '设备' : 'Machines' }).waitFor()
    await look(page, 'overview', how)
    expect(await page.locator('main').textContent()).toContain(
      isChinese ? '端口没有程序在听' : 'nothing listens on the port',
    )
    for (const [name, path] of [
      ['device', `device?${new URLSearchParams({ device: '注塑机 1' })}`],
      ['tag', tag],
      ['log', 'log'],
      ['writes', 'writes'],
      ['set-up', 'set-up'],
    ] as const) {
      await page.goto(url + path)
      await page.locator('h1').waitFor()
      await look(page, name, how)
    }
    await page.goto(`${url}log`)
    expect(await page.locator('main').textContent()).toContain('the device cannot be read {"device":"空压机 2"')
    expect(wrong).toEqual([])
    await context.close()
  }
})

test('a value that changes in the machine is seen without a reload, and its alarm; a write is behind its interlock', async () => {
  const { context, page, wrong } = await contextFor({ width: 390, theme: 'light', language: 'zh-CN' })
  await page.goto(url)
  await page.locator('input[type=password]').fill(password)
  await page.getByRole('button', { name: '登录' }).click()
  await page.getByRole('heading', { name: '设备' }).waitFor()
  plc.set('holding/0', 'uint16', 270)
  await page.getByText('1 条报警').waitFor()
  await page.getByRole('link', { name: '注塑机 1' }).click()
  await page.getByRole('link', { name: 'barrelTemperature' }).click()
  await page.getByText('270').first().waitFor()
  const write = async (value: string) => {
    await page.getByLabel('新值').fill(value)
    await page.getByLabel('操作人').fill('王师傅')
    await page.getByLabel('我已确认').check()
    await page.getByRole('button', { name: '写入设备' }).click()
    return page.locator('.notice').textContent()
  }
  expect(await write('200')).toBe('已写入，回读一致。')
  expect(plc.get('holding/0', 'uint16')).toBe(200)
  plc.set('coil/0', 'bool', false)
  await page.goBack()
  await waitFor(
    'the machine to have stopped',
    async () =>
      (await (await fetch(`${url}status`)).text()).includes('"running":{"at"') &&
      !/"running":\{[^}]*"value":true/.test(await (await fetch(`${url}status`)).text()),
  )
  expect(await write('100')).toContain('联锁条件不满足：running')
  expect(plc.get('holding/0', 'uint16')).toBe(200)
  await page.goto(`${url}writes`)
  expect(await page.locator('main').textContent()).toContain('王师傅')
  // A refused write is answered with 422, which the browser logs.
  expect(wrong.filter((words) => !words.includes('422'))).toEqual([])
  await context.close()
})

test('beyond the loopback page it is TLS: the first password needs the token of the log, and no state is open there', async () => {
  const home = mkdtempSync(join(tmpdir(), 'kapok-edge-tls-'))
  const { cert, key } = selfSigned()
  writeFileSync(join(home, 'page.crt'), cert)
  writeFileSync(join(home, 'page.key'), key)
  const port = await freePort()
  const page = { host: '127.0.0.1', port, cert: join(home, 'page.crt'), key: join(home, 'page.key') }
  const tags = [{ property: 'x', address: 'holding/0', type: 'uint16' }]
  const devices = [{ name: 'm', protocol: 'modbus', connection: plc.settings, tags }]
  writeFileSync(join(home, 'plant.yaml'), JSON.stringify({ page, devices }))
  const fd = openSync(join(home, 'log'), 'w')
  const log = makeLog('test', 'info', { fd })
  const edge = await startGateway({ tagTableFile: join(home, 'plant.yaml'), home, clock: systemClock, log })
  stopping.push(
    () => rmSync(home, { recursive: true }),
    () => edge.stop(),
  )
  const ask = (method: string, path: string, form: Record<string, string> = {}) =>
    new Promise<{ status: number | undefined; cookie: string }>((done, fail) => {
      const headers = { Origin: `https://127.0.0.1:${port}` }
      const sent = request(
        { host: '127.0.0.1', port, method, path, ca: cert, ...(method === 'POST' ? { headers } : {}) },
        (reply) => {
          reply.resume()
          done({ status: reply.statusCode, cookie: String(reply.headers['set-cookie'] ?? '') })
        },
      )
      sent.on('error', fail)
      sent.end(new URLSearchParams(form).toString())
    })
  expect(await ask('GET', '/status')).toMatchObject({ status: 401 })
  expect(await ask('GET', '/metrics')).toMatchObject({ status: 401 })
  expect(await ask('POST', '/password', { password, token: 'guess' })).toMatchObject({ status: 401 })
  const [, token = ''] = /"token":"([^"]+)"/.exec(readFileSync(join(home, 'log'), 'utf8')) ?? []
  const set = await ask('POST', '/password', { password, token })
  expect(set.status).toBe(303)
  expect(set.cookie).toContain('; Secure')
})
