import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { Value } from 'typebox/value'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { violationsOn } from '../support/axe.ts'
import { launchBrowser } from '../support/browser.ts'
import { fixtures, ids, sessionOf } from './fixtures.ts'
import { addressOf, type Look, looks } from './looks.ts'
import { answerFrom, servePortal } from './served-portal.ts'

const dist = join(import.meta.dirname, '../../portal/dist/index.html')
const only = process.env.KAPOK_LOOKS?.split(',')
const chosen = looks.filter((look) => only === undefined || only.includes(look.name))
const visitor = sessionOf([])
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
  beforeAll(async () => {
    site = await servePortal()
    browser = await launchBrowser()
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
    await answerFrom(page, [look.as === undefined ? signedOut : sessionOf([look.as]), ...fixtures])
    await page.goto(`${site.url}${addressOf(look, ids)}`)
    await page.waitForSelector('h1')
    await page.waitForLoadState('networkidle')
    await page.waitForTimeout(250)
    return { page, wrong }
  }

  test.each(chosen.map((look) => [look.name, look] as const))(
    '%s reads, fits and is accessible on a phone in the dark and on a desk in the light',
    async (_, look) => {
      for (const how of [
        { width: 1440, theme: 'light', language: 'zh-CN' },
        { width: 390, theme: 'dark', language: 'en' },
      ] as const) {
        const { page, wrong } = await open(look, how)
        expect(wrong).toEqual([])
        const overflow = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        )
        expect(overflow, 'pixels that the page is too wide').toBeLessThanOrEqual(0)
        expect(await violationsOn(page)).toEqual([])
        await page.context().close()
      }
    },
    60_000,
  )

  test('a wrong credit code is named on top of the form, focused, and leads to its field', async () => {
    const look = looks.find((each) => each.name === 'plant-apply')!
    const { page } = await open(look, { width: 390, theme: 'light', language: 'zh-CN' })
    await page.getByRole('button', { name: '合同信息' }).click()
    await page.getByLabel('合同编号').fill('RS-2027-001')
    await page.getByLabel('合同签订日期').fill('2027-01-10')
    await page.getByLabel('供应商统一社会信用代码').fill('91440101MA5C000000')
    await page.getByLabel('接入设备台数').fill('2')
    await page.keyboard.press('Enter')
    const summary = page.getByRole('alert')
    expect(await summary.textContent()).toContain('校验位')
    expect(await summary.evaluate((box) => box === document.activeElement)).toBe(true)
    await summary.getByRole('link').click()
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('supplier')
    await page.context().close()
  })

  test('a dry run tells what fails in the reader’s language, and tags that share registers as something to look at', async () => {
    const look = looks.find((each) => each.name === 'plant-gateway')!
    for (const [how, button, says, overlap] of [
      [
        { width: 1440, theme: 'light', language: 'zh-CN' },
        '试读',
        'holding/9: 非法数据地址',
        '1 个测点与其他测点占用同一部分寄存器',
      ],
      [{ width: 390, theme: 'dark', language: 'en' }, 'Dry run', 'holding/9: illegal data address', 'This is no error'],
    ] as const) {
      const { page } = await open(look, how)
      await page.getByRole('button', { name: button, exact: true }).first().click()
      const outcome = page.getByRole('status').filter({ hasText: 'holding/9' })
      await outcome.getByText(says).waitFor()
      await outcome.getByText(overlap).waitFor()
      await outcome.getByText('shots (holding/4)').waitFor()
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      )
      expect(overflow, 'pixels that the page is too wide').toBeLessThanOrEqual(0)
      expect(await violationsOn(page)).toEqual([])
      await page.context().close()
    }
  })

  test('of a node that is silent it is told since when, what a takeover does, and whom to ask; mirrors fold under their node', async () => {
    const look = looks.find((each) => each.name === 'admin-nodes')!
    for (const [how, words] of [
      [
        { width: 1440, theme: 'dark', language: 'zh-CN' },
        {
          open: '88.901.1002 的详情',
          close: '收起 88.901 的下级',
          since: '自 2027-02-15 09:31',
          who: '上级前缀的管理员',
          lacks: '有 3 次变更没有取走',
        },
      ],
      [
        { width: 390, theme: 'light', language: 'en' },
        {
          open: 'Details of 88.901.1002',
          close: 'Hide what is below 88.901',
          since: 'since 2027-02-15 09:31',
          who: 'administrator of the prefix above decides',
          lacks: 'lacked 3 changes',
        },
      ],
    ] as const) {
      const { page } = await open(look, how)
      await page.getByRole('button', { name: words.open }).click()
      const detail = page.getByRole('region', { name: words.open })
      for (const text of [words.since, words.who, words.lacks, '--role mirror --prefix 88.901.1002'])
        await detail.getByText(text).first().waitFor()
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      )
      expect(overflow, 'pixels that the page is too wide').toBeLessThanOrEqual(0)
      expect(await violationsOn(page)).toEqual([])
      const lines = page.locator('tbody tr')
      const before = await lines.count()
      await page.getByRole('button', { name: words.close, exact: true }).click()
      expect(before - (await lines.count())).toBe(7)
      await page.getByRole('searchbox').fill('莞城')
      expect(await lines.count()).toBe(5)
      await page.context().close()
    }
  })

  test('the days of an evidence strip are walked with the arrow keys', async () => {
    const look = looks.find((each) => each.name === 'plant-evidence')!
    const { page } = await open(look, { width: 1440, theme: 'light', language: 'zh-CN' })
    const cells = page.locator('.strip-cells').first().getByRole('button')
    await cells.last().focus()
    await page.keyboard.press('Home')
    await page.keyboard.press('ArrowRight')
    expect(await cells.nth(1).evaluate((cell) => cell === document.activeElement)).toBe(true)
    expect(await page.locator('.strip-detail').textContent()).toContain('封存哈希')
    await page.context().close()
  })

  test('an act that moves money names its amount before it is done', async () => {
    const look = looks.find((each) => each.name === 'review-case')!
    const { page } = await open(look, { width: 1440, theme: 'light', language: 'zh-CN' })
    await page.getByLabel('同意').check()
    await page.getByLabel('核定金额').fill('98,000.01')
    await page.getByRole('button', { name: '继续' }).click()
    expect(await page.getByRole('alert').textContent()).toContain('98,000.00')
    await page.getByLabel('核定金额').fill('90,000')
    await page.getByRole('button', { name: '继续' }).click()
    expect(await page.getByRole('dialog').textContent()).toContain('90,000.00')
    await page.context().close()
  })
})
