import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDevice } from '@kapok/contracts/data'
import {
  applyConfiguration,
  getGatewayHealth,
  getGatewayStanding,
  makeEnrolmentCode,
  saveConfiguration,
} from '@kapok/contracts/gateway'
import type { Simulator } from '@kapok/edge/simulator'
import { simulatorOf } from '@kapok/edge/simulators'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { makeRelease, makeReleaseKey } from '../tools/release-edge.ts'
import { violationsOn } from './support/axe.ts'
import { launchBrowser } from './support/browser.ts'
import { chaptersIn } from './support/chapter.ts'
import { fill } from './support/desks.ts'
import { installGateway } from './support/packed-gateway.ts'
import { atDesk, newReader } from './support/people.ts'
import { firstAdministrator, makePlant, type Plant, password } from './support/plant.ts'
import { newFolder, processesOf, removeFolder, type Started, startKapok, waitFor } from './support/platform.ts'

// Updates of a packed gateway as its people do them: the administrator uploads releases, the engineer takes them, and the
// gateway goes back from those that do not run. It runs as nobody in particular and reads a simulated machine all the while.
const nobody = 65_534
const asRoot = process.getuid?.() === 0
const platformOfBox = process.arch === 'arm64' ? 'linux-arm64' : 'linux-x64'
const folder = mkdtempSync(join(tmpdir(), 'kapok-update-'))
const home = join(folder, 'home')
const closed = join(folder, 'closed')
let platform: Started
let browser: Browser
let engineer: Page
let administrator: Page
let plant: Plant
let machine: Simulator
let gateway: ChildProcess
let command = ''
let said = ''
let turning: NodeJS.Timeout | undefined
let params: { deviceId: string }
const chapter = chaptersIn(() => browser)
const releaser = makeReleaseKey(join(folder, 'releaser'))
const stranger = makeReleaseKey(join(folder, 'stranger'))

async function signIn(login: string, home: RegExp): Promise<Page> {
  const page = await (await newReader(browser, platform.url, atDesk)).newPage()
  await page.goto('/sign-in')
  await fill(page, { 登录名: login, 密码: password })
  await page.keyboard.press('Enter')
  await page.waitForURL(home)
  return page
}

const env = { PATH: '/usr/bin:/bin', KAPOK_EDGE_TRIAL_SECONDS: '6' }
const as = asRoot ? { uid: nobody, gid: nobody } : {}
function startGateway(): void {
  // A folder that its user may not look into, as a service may be started from.
  gateway = spawn(command, ['run', '--home', home], { stdio: ['ignore', 'ignore', 'pipe'], env, cwd: closed, ...as })
  gateway.stderr?.on('data', (chunk) => (said += String(chunk)))
}

beforeAll(async () => {
  chmodSync(folder, 0o755)
  mkdirSync(home)
  mkdirSync(closed, { mode: 0o700 })
  if (asRoot) chownSync(home, nobody, nobody)
  platform = await startKapok(['start'], { folder: newFolder() })
  command = installGateway(folder, ['--trust', releaser.publicFile])
  browser = await launchBrowser()
  await platform.ready()
  const root = await firstAdministrator(platform)
  plant = await makePlant(platform, root, { devices: 1, properties: [{ identifier: 'n', type: 'int' }] })
  machine = await (await simulatorOf('modbus'))()
  let turns = 0
  turning = setInterval(() => machine.set('holding/6', 'uint16', ++turns % 60_000), 100)
  const { manager } = plant
  const { deviceId } = await manager.call(createDevice, { body: { name: '一车间网关', kind: 'gateway' } })
  params = { deviceId }
  const { code } = await manager.call(makeEnrolmentCode, { params, body: {} })
  execFileSync(command, ['enrol', platform.url, code, '--home', home], { env, ...as })
  startGateway()
  const text = `devices:
  - name: M1
    protocol: modbus
    connection: { host: 127.0.0.1, port: ${machine.settings.port} }
    periodMs: 100
    tags: [{ property: n, address: holding/6, type: uint16 }]
`
  const { version } = await manager.call(saveConfiguration, { params, body: { text, note: '', after: 0 } })
  await manager.call(applyConfiguration, { params: { deviceId, version }, body: {} })
  engineer = await signIn(manager.login, /\/plant/)
  administrator = await signIn(root.login, /\/admin/)
}, 300_000)
afterAll(async () => {
  clearInterval(turning)
  gateway?.kill('SIGTERM')
  if (gateway) await waitFor('the gateway to end', () => gateway.exitCode !== null || gateway.signalCode !== null)
  expect(processesOf(home)).toEqual([])
  await machine?.stop()
  await browser?.close()
  await platform?.stop()
  if (platform) removeFolder(platform.folder)
  rmSync(folder, { recursive: true, force: true })
}, 60_000)

/** A release of the installed gateway with another version, of which one file says something else. */
function released(version: string, change: [file: string, text: (before: string) => string], key = releaser): string[] {
  const installed = join(folder, `made-${version}`)
  mkdirSync(installed)
  // Links, since only two files differ; each is unlinked before it is written.
  execFileSync('cp', ['-al', join(folder, 'plant/node_modules'), installed])
  const write = (file: string, text: (before: string) => string) => {
    const path = join(installed, 'node_modules/kapok-edge/lib/edge/src', file)
    const before = readFileSync(path, 'utf8')
    unlinkSync(path)
    writeFileSync(path, text(before))
  }
  write('version.js', () => `export const gatewayVersion = '${version}'\n`)
  write(...change)
  const { archive, manifest } = makeRelease({
    ...{ installed, platform: platformOfBox, version, target: folder, keys: [key.keyFile] },
    ...{ minimumVersion: '0.1.0', bringsNode: false },
  })
  return [archive, manifest]
}
const unchanged: [string, (before: string) => string] = ['bin.js', (before) => before]

async function upload(files: string[], version: string): Promise<void> {
  await administrator.goto('/admin/releases')
  await administrator.locator('#release-files').setInputFiles(files)
  await administrator.getByRole('button', { name: '上传升级包' }).click()
  await administrator.getByText(`${version} 版已上传`).waitFor()
}
async function update(version: string, verb = '升级'): Promise<void> {
  await engineer.goto(`/plant/gateways/${params.deviceId}`)
  const row = engineer.getByRole('row').filter({ has: engineer.getByRole('cell', { name: version, exact: true }) })
  await row.getByRole('button', { name: verb, exact: true }).click()
  await engineer.getByRole('dialog').getByRole('button', { name: verb, exact: true }).click()
  await engineer.getByRole('dialog').waitFor({ state: 'hidden' })
}
const standing = () => plant.manager.call(getGatewayStanding, { params })
/** The machine is read and its values arrive now. */
async function valuesArrive(): Promise<void> {
  const { lastSequence } = await standing()
  await waitFor('values', async () => (await standing()).lastSequence > lastSequence)
}

chapter(
  'a release that a stranger signed is refused by the gateway, in words on its page; it goes on as before',
  async () => {
    await upload(released('0.9.0', unchanged, stranger), '0.9.0')
    await update('0.9.0')
    await engineer.getByText('没有升级到 0.9.0 版，网关继续运行 0.1.0 版').waitFor()
    await engineer.getByText(`签名者为 ${stranger.keyid.slice(0, 16)}`).waitFor()
    await engineer.getByText(`网关信任 ${releaser.keyid.slice(0, 16)}`).waitFor()
    expect(await violationsOn(engineer)).toEqual([])
    expect(said).not.toContain('on trial')
    await valuesArrive()
  },
)

chapter('a release that ends at its start is left, with its own words as the reason', async () => {
  await upload(released('0.2.0', ['bin.js', () => 'throw new Error("this release is broken")\n']), '0.2.0')
  expect(await violationsOn(administrator)).toEqual([])
  await update('0.2.0')
  await engineer.getByText('没有升级到 0.2.0 版，网关继续运行 0.1.0 版').waitFor({ timeout: 60_000 })
  await engineer.getByText('this release is broken').waitFor({ timeout: 60_000 })
  await valuesArrive()
})

chapter('a release whose reports never arrive is left after its time', async () => {
  const elsewhere = (before: string) => before.replace('connect(options.url', "connect('mqtt://127.0.0.1:1'")
  await upload(released('0.3.0', ['uplink.js', elsewhere]), '0.3.0')
  await update('0.3.0')
  await engineer.getByText('没有一份报告到达平台，已回退').waitFor({ timeout: 60_000 })
  await engineer.getByText('运行 0.1.0 版').first().waitFor()
  await valuesArrive()
})

chapter(
  'a good release runs from then on, also when its process is killed; no batch is missing over all of this',
  async () => {
    await upload(released('0.4.0', unchanged), '0.4.0')
    await engineer.goto('/plant/gateways')
    await engineer.getByText('可升级到 0.9.0').waitFor()
    await update('0.4.0')
    await engineer.getByText('已升级到 0.4.0 版').waitFor({ timeout: 60_000 })
    await valuesArrive()
    process.kill(Number(execFileSync('pgrep', ['-P', String(gateway.pid)], { encoding: 'utf8' })), 'SIGKILL')
    expect(await once(gateway, 'exit')).toEqual([137, null])
    startGateway()
    await valuesArrive()
    const { health } = await plant.manager.call(getGatewayHealth, { params })
    expect(health?.report).toMatchObject({ version: '0.4.0', lost: 0, configuration: { version: 1 } })
    await waitFor('all that waits to arrive', async () => {
      const { health } = await plant.manager.call(getGatewayHealth, { params })
      return (health?.report.backlog.points ?? 1) < 50
    })
    const all = await standing()
    expect({ missing: all.missing, doubled: all.doubled }).toEqual({ missing: [], doubled: 0 })
    expect(all.gaps.map(({ points }) => points)).toEqual(all.gaps.map(() => 0))
    // Five ends and beginnings: two of releases on trial, each back, and the last.
    expect(all.gaps.length).toBeGreaterThanOrEqual(3)
  },
)

chapter('an older release is a downgrade that says so, and is taken when it is meant', async () => {
  await upload(released('0.3.5', unchanged), '0.3.5')
  await engineer.goto(`/plant/gateways/${params.deviceId}`)
  await update('0.3.5', '降级')
  await engineer.getByText('已升级到 0.3.5 版').waitFor({ timeout: 60_000 })
  await valuesArrive()
})
