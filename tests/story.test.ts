import { organisations } from '@kapok/world/province'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, type TestContext, test } from 'vitest'
import { launchBrowser } from './support/browser.ts'
import { CaseDesk, PapersDesk } from './support/desks.ts'
import { atDesk, newReader, onPhone, played, type Reader } from './support/people.ts'
import { newFolder, removeFolder, type Started, startKapok } from './support/platform.ts'

/**
 * The chain end to end, as its people see it: a fresh world, a real browser, the real server; every act is done on the
 * page where that person does it. The tests are one story and follow each other.
 */
let world: Started
let browser: Browser
let today = ''
const contexts: BrowserContext[] = []
/** What went wrong on any page that anybody opened. */
const wrong: string[] = []

beforeAll(async () => {
  world = await startKapok(['world'], { folder: newFolder() })
  browser = await launchBrowser()
  await world.ready()
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await world?.stop()
  if (world) removeFolder(world.folder)
})

async function visit(how: Reader): Promise<Page> {
  const context = await newReader(browser, world.url, how)
  contexts.push(context)
  const page = await context.newPage()
  page.on('pageerror', (error) => wrong.push(`${page.url()}: ${error.message}`))
  return page
}
/** Enters as one of the province's people through the sign-in page. */
async function enter(name: string, how: Reader = atDesk): Promise<Page> {
  const page = await visit(how)
  await page.goto('/sign-in')
  await page.getByRole('button', { name: `以${name}的身份进入` }).click()
  await page.waitForURL((url) => url.pathname !== '/sign-in')
  return page
}
const usccOf = (key: string) => organisations.find((each) => each.key === key && 'uscc' in each) as { uscc: string }
const dayBefore = (n: number) => new Date(Date.parse(`${today}T00:00:00Z`) - n * 86_400_000).toISOString().slice(0, 10)
/** A chapter that follows the ones before: when one of them failed, it has nothing to stand on. */
let told = true
function chapter(title: string, tell: () => Promise<void>, timeout = 120_000) {
  test(
    title,
    async ({ skip }: TestContext) => {
      if (!told) skip('an earlier chapter failed')
      told = false
      await tell()
      told = true
    },
    timeout,
  )
}

const story = { caseNo: '', voucherNo: '', redemptionNo: '' }

chapter(
  'a stranger reads the public page while the past is still coming, and its totals move',
  async () => {
    const page = await visit(atDesk)
    await page.goto('/')
    const paid = page.locator('.stat', { hasText: '已支付' }).locator('.figure').first()
    await paid.waitFor()
    await page.getByText('数据仍在到达').waitFor()
    const first = await paid.innerText()
    await expect.poll(() => paid.innerText(), { timeout: 120_000 }).not.toBe(first)
    await played(world.url)
    await page.getByText('数据仍在到达').waitFor({ state: 'detached' })
    today = ((await (await fetch(`${world.url}/api/world`)).json()) as { today: string }).today
  },
  240_000,
)

chapter('on a phone the enterprise is told what is wrong with its application, corrects it and files it', async () => {
  const page = await enter('梁建国', onPhone)
  const desk = new PapersDesk(page)
  await page.goto('/plant/cases')
  await page.getByRole('link', { name: '申领服务券' }).click()
  await desk.section('合同信息')
  const uscc = usccOf('cloud').uscc
  const mistyped = uscc.slice(0, -1) + (uscc.endsWith('1') ? '2' : '1')
  await desk.fill({
    合同编号: 'HT-2026-0815',
    合同签订日期: dayBefore(30),
    供应商统一社会信用代码: mistyped,
    接入设备台数: '2',
  })
  await desk.keep()
  expect(await page.getByRole('alert').innerText()).toContain('校验位不正确')
  await desk.fill({ 供应商统一社会信用代码: uscc })
  await desk.keep()
  await desk.section('合同明细与金额')
  await page.getByLabel('合同内容').selectOption({ label: '质量追溯 · 应用服务费 · 40 %' })
  await desk.fill({ 产品或服务: '质量追溯服务（一年）', 金额: '60,000' })
  await desk.keep()
  await page.getByRole('button', { name: '核对并提交' }).click()
  expect(await page.getByRole('alert').innerText()).toContain('“上传材料”还没有填写完')
  await desk.attach({ 合同: 'contract' })
  story.caseNo = await desk.submit()
})

chapter('the supplier confirms, county, city and province decide, after one return with its correction', async () => {
  const { caseNo } = story
  await new CaseDesk(await enter('林晓'), '/supplier').act(caseNo, '确认属实')
  await new CaseDesk(await enter('何静')).act(caseNo, '退回补正', {
    reason: '合同附件缺少价格明细，请补充。',
    toStep: '申请企业',
  })
  const plant = await enter('梁建国', onPhone)
  await new CaseDesk(plant, '/plant/cases').open(caseNo)
  expect(await plant.getByText('退回原因').first().innerText()).toBeTruthy()
  await plant.getByRole('button', { name: '补正' }).click()
  const papers = new PapersDesk(plant)
  await papers.attach({ 其他: 'price-list' })
  await papers.submit()
  await new CaseDesk(await enter('林晓'), '/supplier').act(caseNo, '确认属实')
  for (const officer of ['何静', '陈志远', '李文']) await new CaseDesk(await enter(officer)).act(caseNo, '同意')
  await plant.goto('/plant/vouchers')
  const row = plant.getByRole('row', { name: /24,000\.00/ }).filter({ hasText: '已发券' })
  story.voucherNo = await row.getByRole('cell').first().innerText()
  expect(story.voucherNo).not.toBe('')
})
