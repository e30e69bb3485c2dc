import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { getSession } from '@kapok/contracts/access'
import type { RegistryFacts } from '@kapok/contracts/registry'
import { startSimulatedTree } from '@kapok/identifier/start'
import { systemClock } from '@kapok/kit/clock'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeResult } from '../../planes/registry/src/import/excel.ts'
import { gs1DataMatrix, qrCode } from '../../server/src/http/labels/symbol.ts'
import { violationsOn } from '../support/axe.ts'
import { launchBrowser } from '../support/browser.ts'
import { atDesk, newReader, onPhone, type Reader } from '../support/people.ts'
import { filmOf, pictureOf } from '../support/picture-of.ts'
import { firstAdministrator, makePlant, password } from '../support/plant.ts'
import { freePort, newFolder, processesOf, removeFolder, type Started, startKapok } from '../support/platform.ts'
import { readLabels } from '../support/read-labels.ts'

// A supplier of parts registers a batch by Excel, prints its labels, and somebody who scans one sees what the part is: an
// empty platform, a whole tree of identifier nodes, a real browser.
const prefix = '88.901.1001'
const secret = 'the secret of the prefix’s administrator'
const folder = newFolder()
const treeHome = newFolder()
let tree: Awaited<ReturnType<typeof startSimulatedTree>>
let treeUrl = ''
let platform: Started
let browser: Browser
let plantName = ''
let login = ''
const wrong: string[] = []

beforeAll(async () => {
  const httpPort = await freePort()
  treeUrl = `http://127.0.0.1:${httpPort}`
  tree = await startSimulatedTree({
    home: treeHome,
    port: await freePort(),
    httpPort,
    secret,
    clock: systemClock,
    onFault: (fault) => wrong.push(String(fault)),
  })
  platform = await startKapok(['start'], { folder, env: { KAPOK_RESOLVER_URL: treeUrl } })
  await platform.ready()
  const plant = await makePlant(platform, await firstAdministrator(platform), {
    devices: 0,
    properties: [{ identifier: 'speed', type: 'float' }],
  })
  plantName = (await plant.manager.call(getSession, {})).organisation?.name ?? ''
  login = plant.manager.login
  browser = await launchBrowser()
}, 180_000)
afterAll(async () => {
  await browser?.close()
  await platform?.stop()
  await tree?.stop()
  expect(processesOf(folder)).toEqual([])
  removeFolder(folder)
  removeFolder(treeHome)
  expect(wrong).toEqual([])
}, 60_000)

async function visit(how: Reader = atDesk): Promise<Page> {
  const page = await (await newReader(browser, platform.url, how)).newPage()
  page.on('pageerror', (error) => wrong.push(`${page.url()}: ${error.message}`))
  return page
}
async function signIn(as: string, how?: Reader): Promise<Page> {
  const page = await visit(how)
  await page.goto('/sign-in')
  await page.locator('#login').fill(as)
  await page.locator('#password').fill(password)
  await page.keyboard.press('Enter')
  await page.waitForURL((url) => url.pathname !== '/sign-in')
  return page
}
const give = async (page: Page, name: string, rows: RegistryFacts[]) => {
  const buffer = await writeResult(
    rows.map((facts) => ({ facts, result: '', remark: '' })),
    'zh',
  )
  const mimeType = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
  await page.locator('#identifierFile').setInputFiles({ name, mimeType, buffer })
}

test('the administrator assigns a prefix, its keeper adds the values that the page shows, and the check says that it works', async () => {
  const page = await signIn('root')
  await page.goto('/admin/registry')
  await page.getByLabel('企业', { exact: true }).selectOption({ label: plantName })
  await page.getByLabel('前缀', { exact: true }).fill(prefix)
  await page.getByLabel('节点地址').fill(`${treeUrl}/${prefix}`)
  await page.getByRole('button', { name: '分配前缀' }).click()
  const values = page.locator('pre.command')
  await values.waitFor()
  await page.getByRole('button', { name: '检查节点是否允许平台登记' }).click()
  await page.getByText('节点不认识平台的公钥').waitFor()
  const user = Buffer.from(`${encodeURIComponent(`301:0.NA/${prefix}`)}:${secret}`).toString('base64')
  const reply = await fetch(`${treeUrl}/${prefix}/api/handles/0.NA/${prefix}?index=various`, {
    method: 'PUT',
    headers: { authorization: `Basic ${user}` },
    body: (await values.textContent()) ?? '',
  })
  expect(reply.status).toBe(200)
  await page.getByRole('button', { name: '检查节点是否允许平台登记' }).click()
  await page.getByText('节点允许平台登记。').waitFor()
  expect(await violationsOn(page)).toEqual([])
})

const part = (n: number, more: RegistryFacts = {}): RegistryFacts => ({
  suffix: `P20270201-${n}`,
  name: '泵轴',
  gs1: '09521234543220',
  serial: `1001-${n}`,
  batch: '20270201',
  producedAt: '2027-02-01 09:30',
  ...more,
})
let scanned: string[] = []

test('a batch with two bad rows is told row by row, corrected, registered, and its labels are printed', async () => {
  const page = await signIn(login)
  await page.goto('/plant/identifiers')
  await page.getByText('还没有登记标识').waitFor()
  await page.getByRole('link', { name: '用 Excel 登记' }).click()
  const good = [1, 2, 3, 4, 5].map((n) => part(n))
  const bad = [part(6, { gs1: '09521234543221' }), part(7, { name: '' })]
  await give(page, '二月第一批.xlsx', [...good, ...bad])
  await page.getByText('2 行有误，5 行正确').waitFor()
  await page.getByRole('row', { name: /^7 .*应为校验位 0/ }).waitFor()
  await page.getByRole('row', { name: /^8 .*名称：请填写/ }).waitFor()
  expect(await violationsOn(page)).toEqual([])
  await page.getByRole('link', { name: '重新上传' }).click()
  const machineFree: RegistryFacts = { suffix: 'JIG-1', name: '夹具', model: 'J-2' }
  await give(page, '二月第一批（改）.xlsx', [...good, part(6), machineFree])
  await page.getByText('7 行全部正确').waitFor()
  await page.getByRole('button', { name: '登记 7 个标识' }).click()
  await page.getByRole('dialog').getByText(prefix).waitFor()
  await page.getByRole('dialog').getByRole('button', { name: '登记 7 个标识' }).click()
  await page.getByText('登记完成：7 个新登记').waitFor()
  await page.getByRole('button', { name: '打印这个文件的标签' }).click()
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('dialog').getByRole('button', { name: '生成 PDF' }).click(),
  ])
  const pages = await readLabels(readFileSync(await download.path()))
  scanned = pages.flat().map(({ format, text }) => `${format} ${text}`)
  expect(pages.length).toBe(1)
  expect(scanned.sort()).toEqual(
    [
      ...[1, 2, 3, 4, 5, 6].flatMap((n) => [
        `QRCode https://id.gs1.org/01/09521234543220/21/1001-${n}`,
        `DataMatrix 0109521234543220211001-${n}`,
      ]),
      `QRCode ${platform.url.replace('127.0.0.1', 'localhost')}/identify/${prefix}/JIG-1`,
    ].sort(),
  )
  await page.goto('/plant/identifiers')
  await page.getByRole('link', { name: `${prefix}/P20270201-6` }).waitFor()
  await page.getByRole('checkbox', { name: `选择 ${prefix}/P20270201-6` }).check()
  await page.getByText('已选 1 个').waitFor()
})

test('who scans a label on a phone sees what the part is, by its own address and by its GS1 Digital Link', async () => {
  const page = await visit(onPhone)
  const address = scanned.find((each) => each.endsWith('JIG-1'))?.replace('QRCode ', '') ?? ''
  await page.goto(address)
  await page.getByRole('heading', { name: '夹具' }).waitFor()
  await page.getByLabel('标识', { exact: true }).fill('https://id.gs1.org/01/09521234543220/21/1001-6')
  await page.getByRole('button', { name: '查询' }).click()
  await page.getByRole('heading', { name: '泵轴' }).waitFor()
  await page.getByText(`${prefix}/P20270201-6`).first().waitFor()
  await page.getByText('2027-02-01 09:30').waitFor()
})

test('a picture of a label is read on the page: a GS1 Data Matrix, a QR code, and one without any code', async () => {
  const page = await visit(onPhone)
  await page.goto('/identify')
  const show = (name: string, buffer: Buffer) =>
    page.locator('input[type=file]').setInputFiles({ name, mimeType: 'image/png', buffer })
  await show('empty.png', pictureOf({ columns: 30, rows: 30, dark: [], quiet: 0 }))
  await page.getByText('没有认出二维码').waitFor()
  await show('matrix.png', pictureOf(gs1DataMatrix('https://id.gs1.org/01/09521234543220/21/1001-3')))
  await page.getByText(`${prefix}/P20270201-3`).first().waitFor()
  await show('qr.png', pictureOf(qrCode(scanned.find((each) => each.endsWith('JIG-1'))?.slice(7) ?? '')))
  await page.getByRole('heading', { name: '夹具' }).waitFor()
  expect(new URL(page.url()).pathname).toBe(`/identify/${prefix}/JIG-1`)
  expect(await violationsOn(page)).toEqual([])
})

test('a label before the camera is read, and where there is no camera it is said what to do', async () => {
  const without = await visit(onPhone)
  await without.goto('/identify')
  await without.getByRole('button', { name: '用相机扫码' }).click()
  await without.getByText('请在浏览器中允许本站使用相机').waitFor()
  const film = join(treeHome, 'label.y4m')
  writeFileSync(film, filmOf(qrCode(`https://id.gs1.org/01/09521234543220/21/1001-2`)))
  const phone = await launchBrowser({ camera: film })
  try {
    const page = await (await newReader(phone, platform.url, onPhone)).newPage()
    await page.goto('/identify')
    await page.getByRole('button', { name: '用相机扫码' }).click()
    await page.getByText(`${prefix}/P20270201-2`).first().waitFor()
  } finally {
    await phone.close()
  }
})

/** What the enterprise's own systems tell its node: one lot became six parts, in three pallets for three customers. */
async function tellEvents(): Promise<void> {
  const link = (path: string) => `https://id.gs1.org/${path}`
  const at = (hours: number) => ({
    eventTime: new Date(Date.UTC(2026, 10, 1, hours)).toISOString(),
    eventTimeZoneOffset: '+08:00',
  })
  const thing = (n: number) => link(`01/09521234543220/21/1001-${n}`)
  const pallets = ['095212345000000018', '095212345000000025', '095212345000000032'].map((key) => link(`00/${key}`))
  const customers = ['9521234500018', '9521234500025', '9521234500032'].map((key) => link(`417/${key}`))
  const shipped = pallets.flatMap((parentID, i) => [
    { type: 'AggregationEvent', ...at(2), action: 'ADD', parentID, childEPCs: [thing(2 * i + 1), thing(2 * i + 2)] },
    {
      type: 'ObjectEvent',
      ...at(3),
      action: 'OBSERVE',
      epcList: [parentID],
      bizStep: 'shipping',
      destinationList: [{ type: 'owning_party', destination: customers[i] }],
    },
  ])
  const made = {
    type: 'TransformationEvent',
    ...at(1),
    inputQuantityList: [{ epcClass: link('01/09521234543237/10/S1'), quantity: 6 }],
    outputEPCList: [1, 2, 3, 4, 5, 6].map(thing),
  }
  const user = Buffer.from(`${encodeURIComponent(`301:0.NA/${prefix}`)}:${secret}`).toString('base64')
  const reply = await fetch(`${treeUrl}/${prefix}/epcis/capture`, {
    method: 'POST',
    headers: { authorization: `Basic ${user}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      '@context': ['https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld'],
      type: 'EPCISDocument',
      schemaVersion: '2.0',
      creationDate: at(4).eventTime,
      epcisBody: { eventList: [made, ...shipped] },
    }),
  })
  expect(reply.status).toBe(202)
}

test('a recall of a lot is traced to three customers, as a list to keep; and a part back to its lot', async () => {
  await tellEvents()
  const page = await signIn(login)
  await page.goto('/plant/trace')
  await page.getByLabel('标识', { exact: true }).fill('(01)09521234543237(10)S1')
  await page.getByRole('button', { name: '追溯' }).click()
  await page.getByRole('region', { name: /物流图/ }).waitFor()
  expect(await violationsOn(page)).toEqual([])
  await page.getByRole('radio', { name: '召回：涉及谁' }).check()
  for (const key of ['9521234500018', '9521234500025', '9521234500032'])
    await page.getByRole('heading', { name: `(417)${key}` }).waitFor()
  await page.getByText(`${prefix}/P20270201-6`).waitFor()
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: '导出 CSV' }).click(),
  ])
  const rows = readFileSync(await download.path(), 'utf8')
    .trim()
    .split('\r\n')
  expect(rows.filter((row) => row.includes('泵轴'))).toHaveLength(6)
  expect(await violationsOn(page)).toEqual([])
  await page.goto(`/plant/trace/${encodeURIComponent(`${prefix}/P20270201-1`)}`)
  await page.getByRole('radio', { name: '来源：由什么制成' }).check()
  await page.getByRole('row', { name: /\(01\)09521234543237\(10\)S1 加工 泵轴/ }).waitFor()
})

test('the enterprise sees who looked at what is not public', async () => {
  const page = await signIn(login, onPhone)
  await page.goto('/plant/identifiers')
  await page.getByRole('link', { name: '谁看过' }).click()
  await page.getByText('本平台（代本企业）').first().waitFor()
  await page.getByText(/\/recall\?id=/).waitFor()
  expect(await violationsOn(page)).toEqual([])
})

test('one thing is registered by the form, which names what is wrong on top, and is deleted again', async () => {
  const page = await signIn(login, onPhone)
  await page.goto('/plant/identifiers/new')
  await page.getByRole('button', { name: '登记', exact: true }).click()
  await page.getByRole('alert').getByText('请填写名称').waitFor()
  await page.locator('#fact-suffix').fill('ONE')
  await page.locator('#fact-name').fill('样件')
  await page.locator('#fact-gs1').fill('09521234543221')
  await page.getByRole('button', { name: '登记', exact: true }).click()
  await page.getByRole('alert').getByText('应为校验位 0').waitFor()
  await page.locator('#fact-gs1').fill('')
  await page.getByRole('button', { name: '登记', exact: true }).click()
  await page.getByText(`已登记 ${prefix}/ONE`).waitFor()
  await page.goto('/plant/identifiers')
  await page.getByRole('link', { name: `${prefix}/ONE` }).click()
  await page.getByRole('button', { name: '注销' }).click()
  await page.getByRole('dialog').getByRole('button', { name: '注销' }).click()
  await page.waitForURL(/\/plant\/identifiers$/)
  await page.getByRole('link', { name: `${prefix}/ONE` }).waitFor({ state: 'detached' })
  const screenshots = process.env.KAPOK_SCREENSHOTS
  if (screenshots !== undefined)
    await page.screenshot({ path: join(screenshots, 'registry-phone.png'), fullPage: true })
})

test('the administrator sees every node of the tree, and the public what they sum up to', async () => {
  const page = await signIn('root')
  await page.goto('/admin/nodes')
  await page.getByText('26 个节点，26 个应答').waitFor()
  await page.getByRole('button', { name: '展开 88.901 的下级' }).click()
  await page.getByRole('button', { name: `${prefix} 的详情`, exact: true }).click()
  await page
    .getByRole('region', { name: `${prefix} 的详情` })
    .getByText('没有镜像')
    .waitFor()
  expect(await violationsOn(page)).toEqual([])
  const visitor = await visit(onPhone)
  await visitor.goto('/identify')
  const sums = visitor.getByRole('region', { name: '标识统计' })
  await sums.getByText('26 / 26').waitFor()
  expect(await violationsOn(visitor)).toEqual([])
})
