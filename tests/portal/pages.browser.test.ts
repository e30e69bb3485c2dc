import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { Value } from 'typebox/value'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { fixtures, sessionOf } from './fixtures.ts'
import { type Look, looks } from './looks.ts'
import { answerFrom, servePortal } from './served-portal.ts'

const dist = join(import.meta.dirname, '../../portal/dist/index.html')
/** With this set, every page in both themes, languages and widths is written there, to be looked at. */
const screenshots = process.env.KAPOK_SCREENSHOTS
const only = process.env.KAPOK_LOOKS?.split(',')
const chosen = looks.filter((look) => only === undefined || only.includes(look.name))
const visitor = sessionOf([], 'enterprise')
const signedOut = { ...visitor, reply: { user: null, organisation: null, roles: ['public'], expiresAt: null } }

describe('fixtures', () => {
  test.each(fixtures.map((each) => [each.contract.id, each] as const))(
    'the reply of %s keeps to its contract',
    (_, each) => {
      expect(Value.Errors(each.contract.reply, each.reply).slice(0, 3)).toEqual([])
    },
  )
})

describe.skipIf(!existsSync(dist))('pages of the built portal', () => {
  let browser: Browser
  let site: Awaited<ReturnType<typeof servePortal>>
  let axe: string
  beforeAll(async () => {
    site = await servePortal()
    browser = await launchBrowser()
    axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await site?.stop()
  })

  /** Opens a page as its reader and tells what went wrong on it: errors, breaks of the content policy, words that are missing. */
  async function open(
    look: Look,
    how: { width: number; theme: 'light' | 'dark'; language: 'zh-CN' | 'en' },
  ): Promise<{ page: Page; wrong: string[] }> {
    const context = await browser.newContext({
      viewport: { width: how.width, height: how.width < 800 ? 844 : 900 },
      colorScheme: how.theme,
      locale: how.language,
      bypassCSP: false,
    })
    await context.addInitScript(
      `if (location.protocol === 'http:') localStorage.setItem('kapok.language', '${how.language}')`,
    )
    const page = await context.newPage()
    const wrong: string[] = []
    page.on('pageerror', (error) => wrong.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().includes('WebSocket'))
        wrong.push(`${message.text()} ${message.location().url}`)
    })
    await answerFrom(page, [look.session ?? signedOut, ...fixtures])
    await page.goto(`${site.url}${look.path}`)
    await page.waitForSelector('h1')
    await page.waitForLoadState('networkidle')
    await page.waitForTimeout(250)
    return { page, wrong }
  }

  test.each(chosen.map((look) => [look.name, look] as const))(
    '%s reads, fits and is accessible on a phone in the dark and on a desk in the light',
    async (name, look) => {
      for (const how of [
        { width: 1440, theme: 'light', language: 'zh-CN' },
        { width: 390, theme: 'dark', language: 'en' },
        ...(screenshots
          ? ([
              { width: 1440, theme: 'dark', language: 'en' },
              { width: 390, theme: 'light', language: 'zh-CN' },
            ] as const)
          : []),
      ] as const) {
        const { page, wrong } = await open(look, how)
        expect(wrong).toEqual([])
        const overflow = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        )
        expect(overflow, 'pixels that the page is too wide').toBeLessThanOrEqual(0)
        if (screenshots) {
          await mkdir(screenshots, { recursive: true })
          await page.screenshot({
            path: join(screenshots, `${name}-${how.width}-${how.theme}-${how.language}.png`),
            fullPage: true,
          })
        }
        await page.evaluate(`${axe};0`)
        const violations = (await page.evaluate(
          "axe.run(document, { resultTypes: ['violations'] }).then((r) => r.violations.map((v) => v.id + ': ' + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(' | ')))",
        )) as string[]
        expect(violations).toEqual([])
        await page.context().close()
      }
    },
    60_000,
  )
})
