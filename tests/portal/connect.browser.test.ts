import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startGateway } from '@kapok/edge/command'
import { loadModel } from '@kapok/edge/models'
import { playModel } from '@kapok/edge/play-model'
import { systemClock } from '@kapok/kit/clock'
import { makeLog } from '@kapok/kit/log'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { firstAdministrator, makePlant } from '../support/plant.ts'
import { newFolder, processesOf, removeFolder, type Started, startKapok } from '../support/platform.ts'

// Connecting a machine as an engineer does it: the page, its command in a shell, the value on the page.
const root = join(import.meta.dirname, '../..')
const folder = newFolder()
let platform: Started
let browser: Browser
let page: Page

beforeAll(async () => {
  platform = await startKapok(['start'], { folder })
  await platform.ready()
  const plant = await makePlant(platform, await firstAdministrator(platform), {
    devices: 0,
    properties: [{ identifier: 'speed', type: 'float' }],
  })
  browser = await launchBrowser()
  page = await browser.newPage({ viewport: { width: 1440, height: 1000 }, locale: 'en' })
  await page.goto(`${platform.url}/sign-in`)
  await page.locator('#login').fill(plant.manager.login)
  await page.locator('#password').fill('a long enough password')
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/plant/)
}, 180_000)
afterAll(async () => {
  await browser?.close()
  await platform?.stop()
  expect(processesOf(folder)).toEqual([])
  removeFolder(folder)
}, 60_000)

test('a machine is made, the command that the page shows is run in a shell, and its value appears on the page', async () => {
  await page.goto(`${platform.url}/plant/connect`)
  await page.locator('#deviceName').fill('press 1')
  await page.locator('input[name=from]').nth(1).check()
  await page.locator('#productId').selectOption({ label: 'P' })
  await page.locator('form button[type=submit]').click()
  const command = (await page.locator('pre.command').first().textContent()) ?? ''
  expect(command).toMatch(/^npx --yes mqtt pub -h 127\.0\.0\.1 /)
  // npx finds the client in the repository's own node_modules.
  await promisify(execFile)('sh', ['-c', command], { cwd: root, timeout: 60_000 })
  await page.getByText('21.5', { exact: true }).waitFor()
  const screenshots = process.env.KAPOK_SCREENSHOTS
  if (screenshots !== undefined) await page.screenshot({ path: join(screenshots, 'connect-done.png'), fullPage: true })
})

test('a machine is chosen from the library, its table is given to a gateway, and the values of the played machine appear', async () => {
  const screenshots = process.env.KAPOK_SCREENSHOTS
  const picture = async (name: string) => {
    if (screenshots !== undefined) await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true })
  }
  await page.goto(`${platform.url}/plant/connect`)
  await page.locator('#deviceName').fill('gateway 1')
  await page.locator('input[name=kind]').nth(1).check()
  await page.locator('form button[type=submit]').click()
  const token = (await page.locator('code.hash').first().textContent()) ?? ''

  await page.goto(`${platform.url}/plant/connect`)
  await page.locator('#deviceName').fill('meter 1')
  await page.locator('form button[type=submit]').click()
  await page.getByRole('alert').getByText('Models').waitFor()
  await page.locator('#modelSearch').fill('no such maker')
  await page.getByText('No model fits.').waitFor()
  await picture('library-empty')
  await page.locator('#modelKind').selectOption('energy-meter')
  await page.locator('#modelSearch').fill('sdm120')
  await page.getByText('Eastron SDM120 single-phase energy meter').click()
  await page.getByText('will be made, with 10 properties').waitFor()
  await picture('library-chosen')
  await page.locator('form button[type=submit]').click()
  await page.locator('#machineHost').fill('127.0.0.1')
  const piece = (await page.locator('pre.tag-table').textContent()) ?? ''
  await picture('library-table')

  const played = await playModel(await loadModel('eastron-sdm120'))
  const mqtt = new URL(platform.url).hostname
  const { mqttPort } = (await (await fetch(`${platform.url}/api/platform`)).json()) as { mqttPort: number }
  const home = newFolder()
  const table = `platform: mqtt://${mqtt}:${mqttPort}\ntoken: ${token}\ndevices:\n${piece.replace('unit: 1', `unit: 1, port: ${played.connection.port}`)}`
  writeFileSync(join(home, 'plant.yaml'), table)
  const gateway = await startGateway({
    tagTableFile: join(home, 'plant.yaml'),
    home,
    clock: systemClock,
    log: makeLog('edge'),
  })
  await page.getByText('Data has arrived.').waitFor({ timeout: 30_000 })
  await page.locator('li.stat').getByText('forwardActiveEnergy').waitFor()
  await picture('library-arrived')
  await gateway.stop()
  await played.stop()
  removeFolder(home)
}, 120_000)
