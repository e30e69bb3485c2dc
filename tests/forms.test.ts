import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { addCivilDays, civilDayOf } from '@kapok/kit/clock'
import { fillProgramme } from '@kapok/subsidy/programme'
import { organisations } from '@kapok/world/province'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { launchBrowser } from './support/browser.ts'
import { chaptersIn } from './support/chapter.ts'
import { CaseDesk, fill, PapersDesk, textOf } from './support/desks.ts'
import { atDesk, newReader, onPhone, type Reader } from './support/people.ts'
import { newFolder, removeFolder, type Started, startKapok, waitFor } from './support/platform.ts'

/**
 * An empty platform is settled by its own forms, from the one-time link that `npm start` prints: what the story of a
 * living province finds already done. Every form is first sent with something wrong and says what.
 */
let platform: Started
let browser: Browser
const today = civilDayOf(Date.now())
const password = '木棉花开 in March'
const usccOf = (key: string) => (organisations.find((each) => each.key === key) as { uscc: string }).uscc

beforeAll(async () => {
  platform = await startKapok(['start'], { folder: newFolder() })
  browser = await launchBrowser()
  await platform.ready()
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await platform?.stop()
  if (platform) removeFolder(platform.folder)
})

const visit = async (how: Reader = atDesk) => (await newReader(browser, platform.url, how)).newPage()
async function joinBy(link: string, login: string, name: string, how: Reader = atDesk): Promise<Page> {
  const page = await visit(how)
  await page.goto(link)
  await fill(page, { 登录名: login, 姓名: name, 新密码: password })
  await page.getByRole('button', { name: '加入机构' }).click()
  await page.getByRole('link', { name: name }).waitFor()
  return page
}
const alertOn = (page: Page) => textOf(page.getByRole('alert').first())
/** Presses the button of an act, reads its dialog, and confirms it there. */
async function confirm(page: Page, name: string, says: string | RegExp): Promise<void> {
  await page.getByRole('button', { name, exact: true }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText(says).first().waitFor()
  await dialog.getByRole('button', { name, exact: true }).click()
  await dialog.waitFor({ state: 'hidden' })
}
async function cancel(page: Page): Promise<void> {
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: '取消' }).click()
  await dialog.waitFor({ state: 'hidden' })
}
const linkOn = (page: Page) => textOf(page.locator('code', { hasText: '/join#' }))

const chapter = chaptersIn(() => browser)
let administrator: Page
const people: Record<string, Page> = {}

chapter('the printed link makes the first administrator; the same link does nothing again', async () => {
  await waitFor('the link', () => platform.said().includes('/join#'))
  const link = /http\S+\/join#\S+/.exec(platform.said())?.[0] ?? ''
  const page = await visit()
  await page.goto(link)
  await page.getByRole('button', { name: '加入机构' }).click()
  expect(await alertOn(page)).toContain('密码至少 10 个字符')
  administrator = await joinBy(link, 'admin', '关木棉')
  await page.reload()
  expect(await alertOn(page)).toMatch(/已使用|过期|失效/)
})

chapter(
  'regions, a year’s holidays and a programme are entered; a wrong line and a programme that fails its own tests are refused',
  async () => {
    const page = administrator
    await page.getByRole('link', { name: '规则与日历' }).click()
    const regions = page.getByLabel('行政区划').last()
    await regions.fill('4406,佛山市')
    await page.getByRole('button', { name: '录入行政区划' }).click()
    await page.getByText('第 1 行不正确').first().waitFor()
    await regions.fill('44,广东省,Guangdong\n4406,佛山市,Foshan\n440606,顺德区,Shunde\n4419,东莞市,Dongguan')
    await confirm(page, '录入行政区划', '4 个地区')
    await page.getByText('现共有 4 个地区').waitFor()

    await page.getByRole('button', { name: '录入节假日表' }).click()
    expect(await alertOn(page)).toContain('请填写年份')
    const year = String(Number(today.slice(0, 4)) + 1)
    await fill(page, { 年份: year, 放假日期: `${year}-01-01` })
    await confirm(page, '录入节假日表', year)
    await page.getByText('已重新计算').waitFor()

    const text = fillProgramme(readFileSync(join(import.meta.dirname, '../programmes/sample-2026.yaml'), 'utf8'), {
      firstDay: addCivilDays(today, -30),
    })
    const publish = async (content: string) => {
      const buffer = Buffer.from(content)
      await page.getByLabel('选择规则文件').setInputFiles({ name: 'rules.yaml', mimeType: 'text/yaml', buffer })
      await expect.poll(() => page.getByLabel('规则内容').inputValue()).toBe(content)
      await page.getByRole('button', { name: '发布政策规则' }).click()
      await page.getByRole('dialog').getByRole('button', { name: '发布政策规则' }).click()
    }
    await publish(text.replace('totalFen: "9000000"', 'totalFen: "9000001"'))
    expect(await alertOn(page)).toContain('a plant that meets every clause')
    await cancel(page)
    await publish(text)
    await page.getByText('项测试全部通过').waitFor()
  },
)

chapter(
  'organisations are created and their people join; a credit code with a wrong check digit is named',
  async () => {
    const page = administrator
    await page.getByRole('link', { name: '机构与成员' }).click()
    const settle = async (key: string, name: string, kind: string, region: string, uscc: string) => {
      await fill(page, { 机构名称: name, 统一社会信用代码: uscc, 地区代码: region })
      await page.locator('#orgKind').selectOption({ label: kind })
      await page.getByRole('button', { name: '创建机构' }).click()
      if (key === '') return
      await page.getByRole('link', { name }).waitFor()
      people[key] = await joinBy(await linkOn(page), key, `${name}的人`)
    }
    await settle('', '凤城注塑', '工业企业', '440606', '91440606MA5KAP0310')
    expect(await alertOn(page)).toContain('校验位不正确')
    await settle('mould', '凤城注塑', '工业企业', '440606', usccOf('mould'))
    await settle('cloud', '穗云平台', '供应商', '440606', usccOf('cloud'))
    await settle('shunde', '顺德经促局', '县（区）主管部门', '440606', '')
    await settle('province', '省工信厅', '省主管部门', '44', '')
    await settle('finance', '省财政厅', '财政部门', '44', '')
    await settle('operator', '南粤通信', '电信运营商', '44', '')

    // A member's password is reset by a link, and a member can be barred and let in again.
    await page.getByRole('link', { name: '凤城注塑' }).click()
    await confirm(page, '重置密码', '一次性链接')
    const reset = await visit(onPhone)
    await reset.goto(await linkOn(page))
    await fill(reset, { 新密码: password })
    await reset.getByRole('button', { name: '设置新密码' }).click()
    await reset.waitForURL('**/plant')
    people.mould = reset
    await confirm(page, '禁用', '立即退出')
    await confirm(page, '恢复', '可以重新登录')
    await reset.goto('/sign-in')
    await fill(reset, { 登录名: 'mould', 密码: 'wrong password' })
    await reset.getByRole('button', { name: '登录', exact: true }).click()
    expect(await alertOn(reset)).toContain('账号或密码不正确')
    await fill(reset, { 密码: password })
    await reset.getByRole('button', { name: '登录', exact: true }).click()
    await reset.waitForURL('**/plant')
  },
)

chapter('finance appropriates and allocates; a move without its document is not even asked about', async () => {
  const page = people.finance as Page
  await page.goto('/finance')
  await page.locator('#appropriate-amount').fill('20,000,000')
  await page.getByRole('button', { name: '下达预算' }).click()
  expect(await alertOn(page)).toContain('请填写依据文号')
  await page.locator('#appropriate-document').fill('粤财工〔2026〕1号')
  await confirm(page, '下达预算', '粤财工〔2026〕1号')
  await page.getByText('已记账').waitFor()
  await page.getByLabel('市', { exact: true }).selectOption({ label: '佛山市' })
  await page.locator('#allocate-amount').fill('30,000,000')
  await page.locator('#allocate-document').fill('粤工信〔2026〕1号')
  await page.getByRole('button', { name: '分配', exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: '分配', exact: true }).click()
  expect(await alertOn(page)).toMatch(/余额|不足|额度/)
  await cancel(page)
  await page.locator('#allocate-amount').fill('8,000,000')
  await confirm(page, '分配', '佛山市')
  await page.getByRole('row').filter({ hasText: '佛山市' }).getByText('8,000,000.00').first().waitFor()
  await page.getByRole('link', { name: '账本' }).click()
  await page.getByText('平衡', { exact: true }).waitFor()
})

chapter('the province changes a supplier’s cap, suspends it and lifts the suspension, each with a reason', async () => {
  const page = people.province as Page
  await page.goto('/province/suppliers')
  await page.getByRole('button', { name: '调整', exact: true }).click()
  await page.getByRole('button', { name: '调整额度' }).click()
  expect(await alertOn(page)).toContain('请填写理由')
  await fill(page, { 额度: '4,000,000', 理由: '上年度评价调整' })
  await confirm(page, '调整额度', '4,000,000.00')
  await page.getByRole('row').filter({ hasText: '穗云平台' }).getByText('4,000,000.00').first().waitFor()
  for (const [act, state] of [
    ['暂停', '已暂停'],
    ['解除暂停', '正常'],
  ] as const) {
    await page.getByRole('button', { name: '调整', exact: true }).click()
    await fill(page, { 理由: '抽查' })
    await confirm(page, act, '穗云平台')
    await page.getByRole('row').filter({ hasText: '穗云平台' }).getByText(state, { exact: true }).waitFor()
  }
})

chapter(
  'a plant on a phone makes a product, connects a device, renames, disables, deletes and restores it, and changes its credentials',
  async () => {
    const page = people.mould as Page
    await page.goto('/plant/products/new')
    await page.getByRole('button', { name: '创建产品' }).click()
    expect(await alertOn(page)).toContain('请填写产品名称')
    await fill(page, { 产品名称: '注塑机', 标识: 'temperature', 名称: '料筒温度', 单位: '℃' })
    await page.getByRole('button', { name: '创建产品' }).click()
    await page.getByRole('link', { name: '注塑机' }).click()
    await page.getByRole('button', { name: '添加属性' }).click()
    await page.getByLabel('标识').last().fill('shots')
    await page.getByLabel('名称', { exact: true }).last().fill('模次')
    await page.getByRole('button', { name: '保存为新版本' }).click()
    await page.getByText('新版本已保存').waitFor()

    await page.goto('/plant/connect')
    await page.getByRole('button', { name: '创建设备并生成凭证' }).click()
    expect(await alertOn(page)).toContain('请填写设备名称')
    await fill(page, { 设备名称: '1 号注塑机' })
    await page.getByLabel('使用已有产品').check()
    await page.getByLabel('产品', { exact: true }).selectOption({ label: '注塑机' })
    await page.getByRole('button', { name: '创建设备并生成凭证' }).click()
    const token = await textOf(page.getByRole('region', { name: '第二步：发送数据' }).locator('code').first())
    const send = (body: string, bearer: string) =>
      fetch(`${platform.url}/device/v1/telemetry`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${bearer}`, 'Content-Type': 'application/json' },
        body,
      })
    await send('{"values":{"temperature":"hot"}}', token)
    await send('{"values":{"temperature":215.5}}', token)
    await page.getByText('数据已到达').waitFor()
    await page.goto('/plant/quarantine')
    await page.getByRole('row').filter({ hasText: '1 号注塑机' }).getByRole('button').click()
    await page.getByText('hot').first().waitFor()
    await confirm(page, '移除', '不能恢复')
    await page.getByText('没有隔离数据').waitFor()

    await page.goto('/plant/machines')
    await page.getByRole('link', { name: '1 号注塑机' }).click()
    await fill(page, { 设备名称: '注塑机甲' })
    await page.getByRole('button', { name: '改名' }).click()
    await page.getByRole('heading', { name: '注塑机甲' }).waitFor()
    await confirm(page, '更换', '24 小时内仍然有效')
    const fresh = await textOf(page.getByRole('region', { name: '接入凭证' }).locator('code.hash'))
    expect((await send('{"values":{"shots":7}}', fresh)).status).toBe(200)
    await confirm(page, '停用', '断开连接')
    await page.getByRole('button', { name: '启用', exact: true }).waitFor()
    expect((await send('{"values":{"shots":8}}', fresh)).status).toBe(401)
    await confirm(page, '启用', '重新上报')
    await confirm(page, '删除', '已删除')
    await page.getByLabel('显示').selectOption({ label: '已删除' })
    await page.getByRole('row').filter({ hasText: '注塑机甲' }).getByRole('button', { name: '恢复' }).click()
    await page.getByLabel('显示').selectOption({ label: '全部设备' })
    await page.getByRole('link', { name: '注塑机甲' }).waitFor()
  },
)

chapter('a token is made, works, and is revoked; a password is changed', async () => {
  const page = people.mould as Page
  await page.goto('/tokens')
  await page.getByText('还没有令牌').waitFor()
  await page.getByRole('button', { name: '创建令牌' }).click()
  expect(await alertOn(page)).toContain('请填写名称')
  await fill(page, { 名称: '报表' })
  await page.getByRole('button', { name: '创建令牌' }).click()
  await page.locator('code.hash').waitFor()
  await page.getByRole('row').filter({ hasText: '报表' }).waitFor()
  await confirm(page, '吊销', '立即被拒绝')
  await page.getByText('还没有令牌').waitFor()

  await page.goto('/account')
  await fill(page, { 当前密码: 'not this one', 新密码: `${password}!` })
  await page.getByRole('button', { name: '修改密码' }).click()
  expect(await alertOn(page)).toMatch(/当前密码|密码/)
  await fill(page, { 当前密码: password })
  await page.getByRole('button', { name: '修改密码' }).click()
  await page.getByText('密码已修改').waitFor()
})

chapter('a citizen asks whether a plant is eligible; the plant is certified by its county', async () => {
  const citizen = await visit(onPhone)
  await citizen.goto('/')
  await citizen.getByRole('link', { name: '我能不能申领、能领多少' }).click()
  await citizen.getByRole('button', { name: '查看结果' }).click()
  expect(await alertOn(citizen)).toContain('请选择企业所在县')
  const facts = { 行业代码: 'C2929', 注册日期: '2012-05-18', 上年度营业收入: '86,000,000' }
  await citizen.getByLabel('企业所在县').selectOption({ label: '顺德区' })
  await fill(citizen, { ...facts, 合同签订日期: addCivilDays(today, -9), 合同金额: '100,000' })
  await citizen.getByLabel('没有', { exact: true }).check()
  await citizen.getByLabel('合同内容').selectOption({ label: '质量追溯 · 应用服务费 · 40 %' })
  await citizen.getByRole('button', { name: '查看结果' }).click()
  await citizen.getByText('符合申领条件', { exact: true }).waitFor()
  expect(await textOf(citizen.getByRole('region', { name: '结果' }))).toContain('40,000.00')

  const page = people.mould as Page
  const desk = new PapersDesk(page)
  await page.goto('/plant/certify/new')
  await desk.section('企业情况')
  await desk.keep()
  expect(await alertOn(page)).toContain('请勾选承诺')
  await page.getByLabel('企业所在县').selectOption({ label: '顺德区' })
  await fill(page, { ...facts, 联系人姓名: '梁建国', 联系电话: '0757-2288 0000' })
  await page.getByLabel('没有', { exact: true }).check()
  await page.getByLabel('我承诺所填内容真实').check()
  await desk.keep()
  await desk.attach({ 营业执照: 'licence' })
  const caseNo = await desk.submit()
  await new CaseDesk(people.shunde as Page).act(caseNo, '同意')
  await new CaseDesk(page, '/plant/cases').open(caseNo)
  await page.getByText('认证通过').first().waitFor()
})

chapter('the operator files readings; a line that is none is named', async () => {
  const page = people.operator as Page
  await page.goto('/operator')
  const rows = page.getByLabel('读数', { exact: true })
  await rows.fill(`${usccOf('mould')},${addCivilDays(today, -1)},2000,1`)
  await page.getByRole('button', { name: '报送读数' }).click()
  expect(await textOf(page.locator('#rows-error, .error').first())).toContain('第 1 行')
  await rows.fill(`${usccOf('mould')},${addCivilDays(today, -1)},720,34862678`)
  await page.getByRole('button', { name: '报送读数' }).click()
  await page.getByText('已接收 1 条').waitFor()
  await page.getByLabel('搜索企业').fill('凤城')
  await page.getByRole('row').filter({ hasText: '34,862,678' }).waitFor()
  await page.getByLabel('搜索企业').fill('不存在')
  await page.getByText('没有找到').waitFor()
})

chapter('the administrator sees every command in an audit that is whole, and the health of every part', async () => {
  const page = administrator
  await page.goto('/admin/audit')
  await page.getByRole('button', { name: '核验全链' }).click()
  await page.getByText('条记录完整无误').waitFor()
  await page.goto('/admin/health')
  await page.getByRole('row').filter({ hasText: '正常' }).nth(2).waitFor()
})
