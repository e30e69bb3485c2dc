import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
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
