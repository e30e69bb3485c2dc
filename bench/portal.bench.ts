import type { Browser, BrowserContext, Request } from 'playwright-core'
import { addressOf, type Look, looks } from '../tests/portal/looks.ts'
import { launchBrowser } from '../tests/support/browser.ts'
import { atDesk, enterAs, newReader, peopleOf, played } from '../tests/support/people.ts'
import { newFolder, removeFolder, startKapok } from '../tests/support/platform.ts'
import { personOf, thingsOf } from '../tests/support/things.ts'

/** How often each page is opened; the first opening of all is not counted. */
const rounds = 2

interface Asked {
  page: string
  path: string
  ms: number
}

/**
 * The portal over a living world: what the first page brings over the wire, and how long the API
 * calls of every page take, asked by a browser as its reader would.
 */
export default async function portalBench(report: (name: string, value: number, unit: string) => void): Promise<void> {
  const folder = newFolder()
  const world = await startKapok(['world'], { folder })
  const browser = await launchBrowser()
  try {
    await world.ready()
    await played(world.url)
    report('portal.first_load.bytes', await firstLoadBytes(browser, world.url), 'bytes')
    const people = await peopleOf(world.url)
    const ids = await thingsOf(browser, world.url, people)
    const asked: Asked[] = []
    for (const role of new Set(looks.map((look) => look.as))) {
      const context = await newReader(browser, world.url, atDesk)
      if (role !== undefined) await enterAs(context, personOf(people, role).userId)
      for (const look of looks.filter((each) => each.as === role))
        for (let round = 0; round <= rounds; round++) {
          const calls = await callsOf(context, look, ids)
          if (round > 0) asked.push(...calls)
        }
      await context.close()
    }
    asked.sort((a, b) => a.ms - b.ms)
    const slowest = asked.at(-1)
    report('portal.api_calls', asked.length, 'calls')
    report('portal.api_p50.ms', asked[Math.floor(asked.length * 0.5)]?.ms ?? Number.NaN, 'ms')
    report('portal.api_p95.ms', asked[Math.floor(asked.length * 0.95)]?.ms ?? Number.NaN, 'ms')
    report('portal.api_slowest.ms', slowest?.ms ?? Number.NaN, 'ms')
    process.stdout.write(`the slowest: ${slowest?.path} of the page ${slowest?.page}\n`)
  } finally {
    await browser.close()
    await world.stop()
    removeFolder(folder)
  }
}

/** What the first page brings over the wire, in the form in which the server sends it; API replies are not counted. */
async function firstLoadBytes(browser: Browser, url: string): Promise<number> {
  const context = await newReader(browser, url, atDesk)
  const page = await context.newPage()
  const finished: Request[] = []
  page.on('requestfinished', (request) => finished.push(request))
  await page.goto('/')
  await page.waitForSelector('h1')
  await page.waitForTimeout(1500)
  const files = finished.filter((request) => !new URL(request.url()).pathname.startsWith('/api/'))
  const sizes = await Promise.all(files.map((request) => request.sizes()))
  await context.close()
  if (!files.some((request) => request.url().endsWith('.js'))) throw new Error('the page loaded no script')
  return sizes.reduce((sum, { responseBodySize }) => sum + responseBodySize, 0)
}

/** Opens a page and takes the times of its calls from the browser. */
async function callsOf(context: BrowserContext, look: Look, ids: Record<string, string>): Promise<Asked[]> {
  const page = await context.newPage()
  await page.goto(addressOf(look, ids))
  await page.waitForSelector('h1')
  await page.waitForTimeout(700)
  const entries = await page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .map((each) => ({ name: each.name, ms: each.duration }))
      .filter(({ name }) => new URL(name).pathname.startsWith('/api/')),
  )
  await page.close()
  return entries.map(({ name, ms }) => ({ page: look.name, path: new URL(name).pathname, ms }))
}
