import { spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { addCivilDays, civilDayOf } from '@kapok/kit/clock'
import { organisations } from '@kapok/world/province'
import mqtt from 'mqtt'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { violationsOn } from './support/axe.ts'
import { launchBrowser } from './support/browser.ts'
import { chaptersIn } from './support/chapter.ts'
import { CaseDesk, fill, PapersDesk, textOf } from './support/desks.ts'
import { pressOn, tabTo, typeDay, typeInto } from './support/keyboard.ts'
import { atDesk, newReader, onPhone, played, type Reader } from './support/people.ts'
import { newFolder, removeFolder, type Started, startKapok } from './support/platform.ts'

/**
 * The chain end to end, as its people see it: a fresh world, a real browser, the real server; every act is done on the
 * page where that person does it. The tests are one story and follow each other.
 */
let world: Started
let browser: Browser
let today = ''
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
async function paidOnHome(page: Page): Promise<string> {
  await page.goto('/')
  return textOf(page.locator('.stat', { hasText: '已支付' }).locator('.figure').first())
}
const fenOf = (text: string) => Number(text.replace(/[^\d.]/g, '').replace('.', ''))

/** Presses the button of the world's banner and waits until the day has come. */
async function nextWorkingDay(page: Page): Promise<void> {
  const banner = page.getByRole('region', { name: '样例省状态' })
  const day = async () => (await textOf(banner.locator('time'))).slice(0, 10)
  const before = await day()
  const button = banner.getByRole('button', { name: '前进到下一个工作日' })
  await button.click()
  await expect.poll(day, { timeout: 60_000 }).not.toBe(before)
  await expect.poll(() => button.isEnabled(), { timeout: 60_000 }).toBe(true)
  await played(world.url)
}

/** What `mosquitto_pub` of the shown command does, on a machine that may not have it. */
async function publish(command: string): Promise<void> {
  const option = (flag: string) => new RegExp(` -${flag} (?:'([^']*)'|(\\S+))`).exec(command)?.slice(1).join('') ?? ''
  const client = await mqtt.connectAsync(`mqtt://${option('h')}:${option('p')}`, { username: option('u') })
  await client.publishAsync(option('t'), option('m'), { qos: 1 })
  await client.endAsync()
}

/** What `curl` of the shown command does. */
async function post(command: string): Promise<void> {
  const [, url = '', ...rest] = /curl -X POST '([^']+)'(.*)/.exec(command) ?? []
  const headers = [...(rest[0] ?? '').matchAll(/-H '([^:]+): ([^']+)'/g)].map(([, name = '', value = '']) => [
    name,
    value,
  ])
  const body = /-d '([^']*)'/.exec(command)?.[1]
  const reply = await fetch(url, { method: 'POST', headers: Object.fromEntries(headers), body })
  expect(reply.status).toBe(200)
}

function verifyOffline(bundle: string, keys: string): { code: number | null; said: string } {
  const kapok = join(import.meta.dirname, '../server/src/kapok.ts')
  const { status, stdout } = spawnSync(process.execPath, [kapok, 'verify', bundle, '--keys', keys], {
    encoding: 'utf8',
  })
  return { code: status, said: stdout }
}

const chapter = chaptersIn(() => browser)

const story = { caseNo: '', voucherNo: '', redemptionNo: '' }

chapter(
  'a stranger reads the public page while the past is still coming, and its totals move',
  async () => {
    const page = await visit(atDesk)
    await page.goto('/')
    const paid = page.locator('.stat', { hasText: '已支付' }).locator('.figure').first()
    await paid.waitFor()
    await page.getByText('数据仍在到达').waitFor()
    const first = await textOf(paid)
    await expect.poll(() => textOf(paid), { timeout: 300_000 }).not.toBe(first)
    await played(world.url)
    await page.getByText('数据仍在到达').waitFor({ state: 'detached' })
    today = ((await (await fetch(`${world.url}/api/world`)).json()) as { today: string }).today
  },
  400_000,
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
  expect(await textOf(page.getByRole('alert'))).toContain('校验位不正确')
  await desk.fill({ 供应商统一社会信用代码: uscc })
  await desk.keep()
  await desk.section('合同明细与金额')
  await page.getByLabel('合同内容').selectOption({ label: '质量追溯 · 应用服务费 · 40 %' })
  await desk.fill({ 产品或服务: '质量追溯服务（一年）', 金额: '60,000' })
  await desk.keep()
  await page.getByRole('button', { name: '核对并提交' }).click()
  expect(await textOf(page.getByRole('alert'))).toContain('“上传材料”还没有填写完')
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
  expect(await textOf(plant.getByText('退回原因').first())).toBeTruthy()
  await plant.getByRole('link', { name: '补正' }).click()
  const papers = new PapersDesk(plant)
  await papers.attach({ 其他: 'price-list' })
  await papers.submit()
  await new CaseDesk(await enter('林晓'), '/supplier').act(caseNo, '确认属实')
  for (const officer of ['何静', '陈志远', '李文']) await new CaseDesk(await enter(officer)).act(caseNo, '同意')
  await plant.goto('/plant/vouchers')
  const row = plant.getByRole('row', { name: /24,000\.00/ }).filter({ hasText: '已发券' })
  story.voucherNo = await textOf(row.getByRole('cell').first())
  expect(story.voucherNo).not.toBe('')
})

chapter('an application can be filled in and filed by the keyboard alone', async () => {
  const page = await enter('冯丽')
  const button = (name: string) => page.getByRole('button', { name, exact: true })
  await page.goto('/plant/apply/new')
  await pressOn(page, button('合同信息'))
  await typeInto(page, { 合同编号: 'HT-2026-0816' })
  await typeDay(page, '合同签订日期', dayBefore(12))
  await typeInto(page, { 供应商统一社会信用代码: usccOf('integrator').uscc, 接入设备台数: '0' })
  await page.keyboard.press('Enter')
  await pressOn(page, button('合同明细与金额'))
  await pressOn(page, page.getByLabel('合同内容'), 'ArrowDown')
  await typeInto(page, { 产品或服务: '设备状态监控服务（一年）', 金额: '12,345.67' })
  await page.keyboard.press('Enter')
  await tabTo(page, button('上传材料'))
  await new PapersDesk(page).attach({ 合同: 'contract' })
  await pressOn(page, button('核对并提交'))
  await pressOn(page, button('提交'))
  await page.getByRole('heading', { name: '已提交' }).waitFor()
  // The focus is where a screen reader goes on reading.
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('H1')
})

chapter('the clock is moved on to the next working day by the button that everybody has', async () => {
  const page = await visit(atDesk)
  await page.goto('/')
  await nextWorkingDay(page)
})

chapter('the administrator invites an engineer, who joins by the one-time link and sees a machine live', async () => {
  const admin = await enter('平台管理员')
  await admin.getByLabel('搜索机构或代码').fill('凤城')
  await admin.getByRole('link', { name: '凤城注塑（样例）' }).click()
  await admin.getByLabel('企业负责人').uncheck()
  await admin.getByLabel('企业工程师').check()
  await admin.getByRole('button', { name: '生成一次性链接' }).click()
  const link = await textOf(admin.locator('code', { hasText: '/join#' }))

  const engineer = await visit(atDesk)
  await engineer.goto(link)
  await new PapersDesk(engineer).fill({ 登录名: 'engineer', 姓名: '岑工' })
  await engineer.getByLabel('新密码').fill('木棉花开 in March')
  await engineer.getByRole('button', { name: '加入机构' }).click()
  await engineer.getByRole('link', { name: '设备', exact: true }).first().click()
  await engineer.getByRole('link', { name: '注塑机 1' }).click()
  await engineer.getByText('实时连接').waitFor()
  const seen = new Set<string>()
  const cell = engineer.locator('.stat', { hasText: '料筒温度' })
  await expect.poll(async () => seen.add(await textOf(cell)).size, { timeout: 60_000 }).toBeGreaterThan(4)
  // 90 days, one cell a day, most of them covered.
  const strip = engineer.getByRole('region', { name: '最近 90 天的用量证据' })
  expect(await strip.locator('.strip-cells').getByRole('button').count()).toBe(90)
  await engineer.getByText('90 天', { exact: true }).click()
  await engineer.getByText('每天平均').waitFor()
  expect(await violationsOn(engineer)).toEqual([])

  // A new device in three steps, its first data seen at once, by the commands that the page shows.
  await engineer.goto('/plant/connect')
  await new PapersDesk(engineer).fill({ 设备名称: '注塑机 3' })
  await engineer.getByLabel('使用已有产品').check()
  await engineer.getByLabel('产品', { exact: true }).selectOption({ label: '注塑机' })
  await engineer.getByRole('button', { name: '创建设备并生成凭证' }).click()
  await engineer.getByText('正在等待第一条数据').waitFor()
  await publish(await textOf(engineer.locator('pre.command', { hasText: 'mosquitto_pub' })))
  await engineer.getByText('数据已到达').waitFor()
  const step = engineer.getByRole('region', { name: '第三步：看到数据' })
  await engineer.getByText('Kapok · HTTP').click()
  await post(
    (await textOf(engineer.locator('pre.command', { hasText: 'curl' }))).replace(
      /("values":\{"\w+":)[^,}]+/,
      (_, start) => `${start}17`,
    ),
  )
  await step.getByText('17', { exact: true }).waitFor()
  await engineer.getByRole('link', { name: '打开设备页面' }).click()
  await engineer.getByRole('heading', { name: '注塑机 3' }).waitFor()
})

chapter('the enterprise redeems its voucher on sealed use, with typed papers and files', async () => {
  const page = await enter('梁建国', onPhone)
  const desk = new PapersDesk(page)
  await page.goto('/plant/vouchers')
  await page.getByRole('row').filter({ hasText: story.voucherNo }).getByRole('link', { name: '兑现服务券' }).click()
  await page.getByText(story.voucherNo).first().waitFor()
  await desk.section('设备、期间与金额')
  for (const machine of ['注塑机 1', '注塑机 2']) await page.getByLabel(machine, { exact: true }).check()
  await page.locator('.strip-cells').first().waitFor()
  await desk.keep()
  await desk.section('发票与付款')
  const invoice = { 发票号码: '26440000009900000815', 开票日期: dayBefore(20), 价税合计: '60,000', 本次使用: '60,000' }
  await desk.fill({ ...invoice, 付款日期: dayBefore(10), 付款金额: '60,000', 付款凭证号: '转账 20260815' })
  await desk.keep()
  // The phone rings and the page is loaded again: what was filled in is still there.
  await page.reload()
  await page.getByText('暂存在本浏览器').waitFor()
  await desk.section('验收与收款账户')
  await desk.fill({ 验收日期: dayBefore(1), 交付内容: '质量追溯服务已上线并验收。', 开户银行: '样例银行顺德分行' })
  await desk.fill({ 银行账号: '6228000020260815' })
  await desk.keep()
  await desk.attach({ 发票: 'invoice', 付款凭证: 'payment', 验收证明: 'acceptance' })
  story.redemptionNo = await desk.submit()
})

chapter('the review sees the paper beside the evidence and decides; the notice is public', async () => {
  const { redemptionNo } = story
  await new CaseDesk(await enter('林晓'), '/supplier').act(redemptionNo, '确认属实')
  const county = await enter('何静')
  const desk = new CaseDesk(county)
  await desk.open(redemptionNo)
  for (const beside of ['兑现材料', '封存用量', '判定依据与计算'])
    await county.getByRole('region', { name: beside }).waitFor()
  expect(await textOf(county.getByRole('region', { name: '封存用量' }))).toContain('60 / 60')
  expect(await violationsOn(county)).toEqual([])
  await desk.decide('同意')
  // The city's officer decides with the keyboard alone.
  const city = await enter('陈志远')
  await new CaseDesk(city).open(redemptionNo)
  await pressOn(city, city.getByLabel('同意', { exact: true }), 'Space')
  await pressOn(city, city.getByRole('button', { name: '继续' }))
  const dialog = city.getByRole('dialog')
  expect(await textOf(dialog)).toContain('24,000.00')
  await pressOn(city, dialog.getByRole('button', { name: '同意' }))
  await city.getByText('已办理，结果已写入经过。').waitFor()
  await new CaseDesk(await enter('李文')).act(redemptionNo, '同意')

  const stranger = await visit(onPhone)
  await stranger.goto('/notices')
  const notice = stranger.getByRole('row').filter({ hasText: redemptionNo })
  expect(await textOf(notice)).toContain('24,000.00')
  expect(await textOf(notice)).toContain('公示中')
})

chapter(
  'the liar’s case shows coverage, identical days and the operator’s disagreement, and the rule cuts it',
  async () => {
    const province = await enter('李文')
    await province.goto('/review')
    const queue = province.getByRole('region', { name: '等我办理' })
    await queue.getByRole('row').filter({ hasText: '南海五金加工' }).getByRole('link').click()
    const evidence = province.getByRole('region', { name: '封存用量' })
    const words = await textOf(evidence)
    expect(words).toMatch(/有 \d+ 个设备日与另一台设备完全相同/)
    expect(words).toMatch(/有 \d+ 个设备日与运营商读数不符/)
    const [, covered, required] = (/(\d+) \/ (\d+)/.exec(words) ?? []).map(Number) as [number, number, number]
    expect(covered).toBeLessThan(required)
    // ⌊(150,000 × 40 % + 60,000 × 50 %) × covered / required⌋, to the fen.
    const supported = Math.floor((90_000_00 * covered) / required)
    const desk = new CaseDesk(province)
    await desk.decide('同意', { reason: '按证据核减。' })
    const approved = province.locator('.stat', { hasText: '核定金额' }).locator('.figure')
    expect(fenOf(await textOf(approved))).toBe(supported)
  },
)

chapter('a citizen objects to the liar’s notice, which stops it; the province answers, and it runs on', async () => {
  const citizen = await visit(onPhone)
  await citizen.goto('/notices')
  const notice = citizen.getByRole('row').filter({ hasText: '南海五金加工' })
  await notice.getByRole('link', { name: '提出异议' }).click()
  await citizen.getByRole('button', { name: '提交异议' }).click()
  expect(await textOf(citizen.getByRole('alert'))).toContain('异议理由至少 10 个字')
  await fill(citizen, {
    姓名或单位名称: '何市民',
    联系方式: '13800000000',
    异议理由: '三条冲压线里只有一条真的在运转。',
  })
  await citizen.getByRole('button', { name: '提交异议' }).click()
  await citizen.getByRole('heading', { name: '异议已收到' }).waitFor()
  await citizen.goto('/notices')
  await notice.getByText('有异议，已暂停').waitFor()

  const province = await enter('李文')
  await province.goto('/review/objections')
  await province.getByRole('row').filter({ hasText: '何市民' }).getByRole('button', { name: '答复' }).click()
  await province.getByRole('button', { name: '异议不成立' }).click()
  await province.getByText('至少 5 个字').first().waitFor()
  await fill(province, { 答复内容: '核定金额已按证据只计一条线的有效用量。' })
  await province.getByRole('button', { name: '异议不成立' }).click()
  await province.getByRole('dialog').getByRole('button', { name: '异议不成立' }).click()
  await province.getByRole('row').filter({ hasText: '何市民' }).getByText('不成立').waitFor()
  await citizen.reload()
  await notice.getByText('公示中').waitFor()
})

chapter('the notice runs its working days and ends; finance makes a batch and enters the bank’s receipt', async () => {
  const stranger = await visit(atDesk)
  await stranger.goto('/notices')
  const notice = stranger.getByRole('row').filter({ hasText: story.redemptionNo })
  let days = 0
  while (!(await textOf(notice)).includes('公示期满')) {
    expect(++days, 'working days of a notice of five').toBeLessThan(8)
    await nextWorkingDay(stranger)
    await stranger.reload()
    await notice.waitFor()
  }
  expect(days).toBeGreaterThanOrEqual(5)

  const finance = await enter('周敏')
  await finance.goto('/finance/batches')
  await finance.getByRole('link', { name: story.redemptionNo }).waitFor()
  await finance.getByRole('button', { name: '生成支付批次' }).click()
  await finance.getByRole('dialog').getByRole('button', { name: '生成支付批次' }).click()
  const line = finance.getByRole('row').filter({ hasText: story.redemptionNo })
  await line.waitFor()
  const before = await paidOnHome(stranger)
  await line.getByRole('button', { name: '登记回执' }).click()
  await finance.getByLabel('回执编号').fill('ICBC-20260815-1')
  await finance
    .getByRole('region', { name: /登记回执/ })
    .getByRole('button', { name: '登记回执' })
    .click()
  const dialog = finance.getByRole('dialog')
  expect(await textOf(dialog)).toContain('24,000.00')
  await dialog.getByRole('button', { name: '登记回执' }).click()
  await line.getByText('已支付').waitFor()
  // The public page moved by exactly this amount.
  expect(fenOf(await paidOnHome(stranger)) - fenOf(before)).toBe(24_000_00)
  const plant = await enter('梁建国', onPhone)
  await new CaseDesk(plant, '/plant/cases').open(story.redemptionNo)
  await plant.getByText('已支付').first().waitFor()
})

chapter(
  'a visitor looks up a part by its handle and by its GS1 link, and comes to the machine that made it',
  async () => {
    const { now } = (await (await fetch(`${world.url}/api/platform`)).json()) as { now: number }
    const batch = `${addCivilDays(civilDayOf(now), -1).replaceAll('-', '')}-1`
    const page = await visit(onPhone)
    await page.goto('/')
    await page.getByRole('link', { name: '标识查询' }).click()
    for (const name of [`88.901.1001/P${batch}-01`, `(01)09521234543213(21)1001-P${batch}-01`]) {
      await page.getByLabel('标识', { exact: true }).fill(name)
      await page.getByRole('button', { name: '查询' }).click()
      await page.getByRole('heading', { name: '电饭煲上盖' }).waitFor()
      await page.getByText(batch, { exact: true }).waitFor()
    }
    await page.getByRole('link', { name: '88.901.1001/M1' }).click()
    await page.getByRole('heading', { name: '注塑机 1' }).waitFor()
    await page.getByText('企业节点').first().waitFor()
    await page.getByLabel('标识', { exact: true }).fill('(01)09521234543214')
    await page.getByRole('button', { name: '查询' }).click()
    await page.getByText('check digit').waitFor()
    await page.getByLabel('标识', { exact: true }).fill('88.901.1001/none')
    await page.getByRole('button', { name: '查询' }).click()
    await page.getByText('没有登记这个标识').waitFor()
  },
)

chapter(
  'the evidence bundle is verified on the portal’s page and by the command; a changed byte is named',
  async () => {
    const page = await enter('梁建国')
    await page.goto('/plant/evidence')
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: '下载证据包' }).click(),
    ])
    const folder = newFolder()
    const file = join(folder, 'bundle.json')
    await download.saveAs(file)
    const keys = join(folder, 'keys.json')
    const pinned = await (await fetch(`${world.url}/api/evidence/keys`)).text()
    await writeFile(keys, pinned)
    // One digit of one day's minutes.
    const changed = join(folder, 'changed.json')
    const bundle = await readFile(file, 'utf8')
    await writeFile(changed, bundle.replace(/"minutes":[1-8](?=\d)/, '"minutes":9'))

    const { ed25519, sm2 } = JSON.parse(pinned) as Record<'ed25519' | 'sm2', { verifierKey: string }>
    await page.goto('/verify')
    await page.getByRole('link', { name: '打开核验页' }).click()
    await page.locator('#keys').fill(`${ed25519.verifierKey}\n${sm2.verifierKey}`)
    await page.locator('#bundle').setInputFiles(file)
    await page.getByText('真实：由您固定的密钥签名').waitFor()
    await page.locator('#bundle').setInputFiles(changed)
    await page.getByText('验证失败').waitFor()
    expect(await textOf(page.locator('#verdict li').first())).toContain('minutes')

    expect(verifyOffline(file, keys)).toMatchObject({ code: 0, said: expect.stringContaining('genuine') })
    expect(verifyOffline(changed, keys)).toMatchObject({ code: 1, said: expect.stringContaining('minutes') })
    removeFolder(folder)
  },
)

chapter('the case file is a PDF that the person who may see the case can keep', async () => {
  const page = await enter('梁建国')
  await new CaseDesk(page, '/plant/cases').open(story.redemptionNo)
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: '下载案卷（PDF）' }).click(),
  ])
  expect(download.suggestedFilename()).toBe(`${story.redemptionNo}.pdf`)
  const bytes = await readFile(await download.path())
  expect(bytes.subarray(0, 5).toString()).toBe('%PDF-')
})

chapter('no page broke, and the public pages are accessible', async () => {
  const page = await visit(onPhone)
  for (const path of ['/', '/notices', '/indicators', '/sign-in']) {
    await page.goto(path)
    await page.waitForLoadState('networkidle')
    expect(await violationsOn(page), path).toEqual([])
  }
  expect(wrong).toEqual([])
})
