import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Simulator } from '@kapok/edge/simulator'
import { simulatorOf } from '@kapok/edge/simulators'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { parse } from 'yaml'
import { violationsOn } from './support/axe.ts'
import { launchBrowser } from './support/browser.ts'
import { chaptersIn } from './support/chapter.ts'
import { fill, textOf } from './support/desks.ts'
import { atDesk, newReader } from './support/people.ts'
import { firstAdministrator, makePlant, type Plant, password } from './support/plant.ts'
import { newFolder, processesOf, removeFolder, type Started, startKapok, waitFor } from './support/platform.ts'

// A gateway's life as its engineer sees it: enrolled with a code, configured and repaired from the portal. The gateway is
// the real process, its machine a simulated one.
const root = join(import.meta.dirname, '..')
let platform: Started
let browser: Browser
let page: Page
let plant: Plant
let machine: Simulator
let gateway: ChildProcess | undefined
const home = mkdtempSync(join(tmpdir(), 'kapok-gateway-'))
const chapter = chaptersIn(() => browser)

beforeAll(async () => {
  platform = await startKapok(['start'], { folder: newFolder() })
  browser = await launchBrowser()
  await platform.ready()
  plant = await makePlant(platform, await firstAdministrator(platform), {
    devices: 1,
    properties: [{ identifier: 'temperature', type: 'float' }],
  })
  machine = await (await simulatorOf('modbus'))()
  machine.set('holding/6', 'int16', 2155)
  page = await (await newReader(browser, platform.url, atDesk)).newPage()
  await page.goto('/sign-in')
  await fill(page, { 登录名: plant.manager.login, 密码: password })
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/plant/)
}, 180_000)
afterAll(async () => {
  gateway?.kill('SIGTERM')
  await machine?.stop()
  await browser?.close()
  await platform?.stop()
  if (platform) {
    expect(processesOf(platform.folder)).toEqual([])
    removeFolder(platform.folder)
  }
  rmSync(home, { recursive: true, force: true })
}, 60_000)

const tableOf = (address: string, more = '') => `devices:
  - name: M1
    protocol: modbus
    connection: { host: 127.0.0.1, port: ${machine.settings.port} }
    periodMs: 200
    tags:
      - { property: temperature, address: ${address}, type: int16, scale: 0.1 }
${more}`

function startGateway(): void {
  // Its log goes nowhere, and is fetched by the portal.
  gateway = spawn(process.execPath, [join(root, 'server/src/kapok.ts'), 'edge', '--home', home], { stdio: 'ignore' })
}

/** Saves a version, and waits until it is in the list. */
async function save(text: string, note: string): Promise<void> {
  await fill(page, { '测点表（YAML）': text, 说明: note })
  await page.getByRole('button', { name: '保存为新版本' }).click()
  await page.getByRole('cell', { name: note, exact: true }).waitFor()
}
const versionRow = (note: string) =>
  page.getByRole('row').filter({ has: page.getByRole('cell', { name: note, exact: true }) })
async function apply(note: string): Promise<void> {
  await versionRow(note).getByRole('button', { name: '下发运行' }).click()
  await page.getByRole('dialog').getByRole('button', { name: '下发运行' }).click()
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
}

chapter(
  'a gateway is made, and enrols with the command that its page shows; the fingerprints are the same',
  async () => {
    await page.goto('/plant/gateways')
    await page.getByText('还没有网关').waitFor()
    await page.getByRole('button', { name: '新建网关' }).click()
    await fill(page, { 网关名称: '一车间网关' })
    await page.getByRole('button', { name: '新建并前往登记' }).click()
    await page.getByRole('heading', { name: '一车间网关', level: 1 }).waitFor()
    await page.getByRole('button', { name: '生成登记码' }).click()
    const commands = await textOf(page.locator('pre.command', { hasText: 'edge-enrol' }))
    const [enrol = '', run = ''] = commands.split('\n')
    expect(run).toBe('npm run kapok -- edge --home kapok-edge')
    const { stdout } = await promisify(execFile)('sh', ['-c', enrol.replace('--home kapok-edge', `--home ${home}`)], {
      cwd: root,
    })
    const fingerprint = /key: ((?:[0-9a-f]{4} ?){4})/.exec(stdout)?.[1]?.trim() ?? 'none was printed'
    await page.getByText(fingerprint, { exact: true }).waitFor()
    expect(await page.getByText('登记码只显示一次').count()).toBe(0)
  },
)

chapter('it runs without a tag table, comes online, and waits for a configuration', async () => {
  startGateway()
  await page.getByText('网关还没有设备').waitFor()
  await page.getByText('在线', { exact: true }).first().waitFor()
})

chapter('a dry run names the tag that fails, and why; nothing is read by it yet', async () => {
  machine.faults.missing.add('holding/9')
  await save(tableOf('holding/9'), '地址有误')
  await versionRow('地址有误').getByRole('button', { name: '试读' }).click()
  const outcome = page.getByRole('status', { name: '第 1 版的试读结果' })
  await outcome.getByText('1 个测点中有 1 个读取失败').waitFor()
  await outcome.getByText('holding/9: 非法数据地址').waitFor()
  await save(tableOf('holding/6'), '料筒温度')
  await versionRow('料筒温度').getByRole('button', { name: '试读' }).click()
  await page.getByText('1 个测点全部读取成功').waitFor()
  await page.getByText('215.5', { exact: true }).waitFor()
  await page.getByText('网关还没有设备').waitFor()
})

chapter('the version is applied, and the value is on the machine’s page within a moment', async () => {
  await apply('料筒温度')
  await page.getByText('运行第 2 版').waitFor()
  await page.getByText('1 正常，0 异常').waitFor()
  await page.goto(`/plant/machines/${plant.devices[0]?.id}`)
  await page.getByText('215.5', { exact: true }).first().waitFor()
  await page.goBack()
})

const thingsBoard = {
  master: {
    slaves: [
      {
        ...{ host: '192.168.1.20', port: 502, type: 'tcp', unitId: 7, deviceName: 'M2', pollPeriod: 2000 },
        timeseries: [
          { tag: 'temperature', type: '16int', address: 6, functionCode: 3, objectsCount: 1 },
          { tag: 'pressure', type: '8int', address: 2, functionCode: 3, objectsCount: 1 },
        ],
      },
    ],
  },
}

chapter(
  'a table goes to Excel and comes back; what cannot be taken of a file is named, and an import undone',
  async () => {
    const editor = page.getByLabel('测点表（YAML）')
    const before = await editor.inputValue()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: '下载为 Excel' }).click(),
    ])
    const picker = page.getByLabel('从文件导入点位表')
    await picker.setInputFiles(
      await download.path().then((path) => ({ name: 't.xlsx', mimeType: '', buffer: readFileSync(path) })),
    )
    await page.getByText('已读入 1 台设备、1 个点位').waitFor()
    expect(parse(await editor.inputValue())).toEqual(parse(before))
    const bytes = Buffer.from(JSON.stringify(thingsBoard))
    await picker.setInputFiles({ name: 'modbus.json', mimeType: 'application/json', buffer: bytes })
    await page.getByText('有 1 处未读入').waitFor()
    await page.getByText('master.slaves[0].timeseries[1]: “pressure”, type 8int').waitFor()
    expect(parse(await editor.inputValue())).toMatchObject({
      devices: [{ name: 'M2', tags: [{ property: 'temperature' }] }],
    })
    await page.getByRole('button', { name: '撤销导入' }).click()
    expect(parse(await editor.inputValue())).toEqual(parse(before))
    await picker.setInputFiles({ name: 'photo.xlsx', mimeType: '', buffer: Buffer.from('no spreadsheet') })
    await page.getByText(/此文件无法读取.*no Excel file/).waitFor()
    expect(await violationsOn(page)).toEqual([])
  },
)

chapter(
  'a bad configuration is rolled back by the gateway, with the reason; the machine is read all the while',
  async () => {
    await save(tableOf('holding/6', '      - { property: temperature, address: spindle/1, type: int16 }\n'), '写错')
    await versionRow('写错').getByRole('button', { name: '查看变化' }).click()
    await page.getByText('+       - { property: temperature, address: spindle/1, type: int16 }').waitFor()
    await apply('写错')
    await page.getByText('第 3 版未能运行，网关已自动回退到第 2 版').waitFor()
    await page.getByText(/table\.devices\[0\]\.tags\[1\]\.address: “spindle\/1”第 1 个字符处应为/).waitFor()
    await page.getByText('运行第 2 版').waitFor()
    machine.set('holding/6', 'int16', 1234)
    await page.goto(`/plant/machines/${plant.devices[0]?.id}`)
    await page.getByText('123.4', { exact: true }).first().waitFor()
    await page.goto('/plant/gateways')
    await page.getByText('新版本未能运行').waitFor()
    await page.getByRole('link', { name: '一车间网关' }).click()
  },
)

chapter('one tag is read, the log is fetched, and the gateway restarts into what it ran', async () => {
  await fill(page, { 属性标识: 'temperature' })
  await page.getByRole('button', { name: '读取', exact: true }).click()
  await page.getByText('123.4', { exact: true }).waitFor()
  await page.getByRole('button', { name: '取回日志' }).click()
  await page.getByText(/the configuration is rolled back/).waitFor()
  expect(await violationsOn(page)).toEqual([])
  await page.getByRole('button', { name: '重启网关程序' }).click()
  await page.getByRole('dialog').getByRole('button', { name: '重启网关程序' }).click()
  await page.getByText('网关已接到重启请求').waitFor()
  await page.getByText('网关未运行').waitFor()
  await page.getByText('1 正常，0 异常').waitFor()
})

chapter('a version that is applied while the gateway is away is taken when it is back', async () => {
  gateway?.kill('SIGTERM')
  await waitFor('the gateway to end', () => gateway?.exitCode !== null)
  expect(gateway?.exitCode).toBe(0)
  await page.getByText('离线', { exact: true }).first().waitFor()
  await versionRow('料筒温度').getByRole('button', { name: '试读' }).click()
  await page.getByText('“一车间网关”未连接，请求没有送达').waitFor()
  await apply('料筒温度')
  await page.getByText('网关未连接，恢复连接后会接收第 2 版').waitFor()
  startGateway()
  await page.getByText('网关未连接，恢复连接后会接收第 2 版').waitFor({ state: 'detached' })
  await page.getByText('运行第 2 版').waitFor()
  await page.getByText('1 正常，0 异常').waitFor()
  // The failure of version 3 is past.
  await page.getByText('第 3 版未能运行').waitFor({ state: 'detached' })
})
