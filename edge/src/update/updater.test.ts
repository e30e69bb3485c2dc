import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { SignedRelease } from '@kapok/contracts/gateway-release'
import type { UpdateAsk } from '@kapok/contracts/gateway-talk'
import { systemClock } from '@kapok/kit/clock'
import { makeLog } from '@kapok/kit/log'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { makeRelease, makeReleaseKey } from '../../../tools/release-edge.ts'
import { until } from '../testing.ts'
import { signWith } from './testing.ts'
import { type Moment, startAgain, Updater, type UpdaterOptions } from './updater.ts'

// The updater against a platform that serves one file, with a release that is a few small files and whose Node is a script.
const platform = process.arch === 'arm64' ? 'linux-arm64' : 'linux-x64'
const folder = mkdtempSync(join(tmpdir(), 'kapok-updater-'))
const token = 'a token of twenty letters'
const key = makeReleaseKey(join(folder, 'release'))
const running: Updater[] = []
let server: Server
let served: Buffer
/** Answers of the platform instead of a piece, one after the other. */
let answers: number[] = []
let asked: number[] = []

beforeAll(async () => {
  server = createServer((request, response) => {
    const offset = Number(new URL(request.url ?? '', 'http://x').searchParams.get('offset'))
    asked.push(offset)
    const answer = request.headers.authorization === `Bearer ${token}` ? answers.shift() : 401
    if (answer !== undefined) return response.writeHead(answer).end(JSON.stringify({ message: `answer ${answer}` }))
    response.end(served.subarray(offset, offset + 2_000))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterEach(async () => {
  for (const each of running.splice(0)) await each.stop()
  answers = []
  asked = []
})
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

function install(into: string, version: string): string {
  const [gateway, node] = [join(into, 'node_modules/kapok-edge'), join(into, `node_modules/node-${platform}`)]
  mkdirSync(join(gateway, 'lib/edge/src'), { recursive: true })
  mkdirSync(join(node, 'bin'), { recursive: true })
  // Enough that its file comes in some pieces.
  writeFileSync(join(gateway, 'lib/edge/src/bin.js'), gzipSync(`${version} `.repeat(10)).toString('base64').repeat(400))
  writeFileSync(join(gateway, 'lib/noise'), randomBytes(5_000))
  writeFileSync(join(gateway, 'version'), `${version}\n`)
  writeFileSync(join(gateway, 'release-keys.pem'), readFileSync(key.publicFile))
  writeFileSync(join(node, 'package.json'), JSON.stringify({ version: process.versions.node }))
  writeFileSync(join(node, 'bin/node'), `#!/bin/sh\necho ${version}\nexit 0\n`)
  chmodSync(join(node, 'bin/node'), 0o755)
  cpSync(join(import.meta.dirname, '../../package/kapok-edge'), join(gateway, 'kapok-edge'))
  return gateway
}

/** A release on the platform, and the order to run it. */
function offered(version: string, more: { bringsNode?: boolean; signed?: (manifest: SignedRelease) => void } = {}) {
  const installed = join(folder, `made-${version}`)
  install(installed, version)
  const ask = { installed, platform, version, minimumVersion: '0.1.0', keys: [key.keyFile], target: folder } as const
  const made = makeRelease({ ...ask, bringsNode: more.bringsNode ?? true })
  served = readFileSync(made.archive)
  const manifest = JSON.parse(readFileSync(made.manifest, 'utf8')) as SignedRelease
  more.signed?.(manifest)
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const order: UpdateAsk = { releaseId: crypto.randomUUID(), manifest, baseUrl, downgrade: false }
  return { order, withId: (id: string) => ({ id, ...order }) }
}

/** A box with the program 0.1.0. */
function box() {
  const own = mkdtempSync(join(folder, 'box-'))
  const [home, packageFolder] = [join(own, 'home'), install(join(own, 'program'), '0.1.0')]
  mkdirSync(home)
  const left: number[] = []
  const begin = (version = '0.1.0', more: Partial<UpdaterOptions> = {}) => {
    const starter = { over: '0.1.0', packageFolder, trialMs: 60_000, leave: (code: number) => void left.push(code) }
    const updater = new Updater({
      ...{ home, version, starter, clock: systemClock, log: makeLog('test', 'silent') },
      platform: () => ({ token }),
      pauseMs: () => 1,
      ...more,
    })
    running.push(updater)
    return updater
  }
  /** What the real starter would run now, which says its version. */
  const starts = async () => {
    const child = spawn('sh', [join(packageFolder, 'kapok-edge'), 'run', '--home', home])
    let said = ''
    child.stdout.on('data', (chunk) => (said += String(chunk)))
    await once(child, 'close')
    return said.trim().split('\n')
  }
  return { home, begin, starts, left, packageFolder, inReleases: () => readdirSync(join(home, 'releases')) }
}
const failing = async (updater: Updater) => {
  await until('the outcome', () => updater.software.failed !== null)
  return updater.software.failed?.why
}

test('a release is fetched, unpacked and noted; the trial that reports is kept, and all else removed', async () => {
  const { begin, left, home, inReleases } = box()
  const { withId } = offered('0.2.0')
  const before = begin()
  before.take(withId('order 1'))
  await until('the starter to be asked', () => left.length === 1)
  expect(left).toEqual([startAgain])
  expect(before.software).toMatchObject({ order: 'order 1', doing: { version: '0.2.0', step: 'trial' }, failed: null })
  expect(asked.length).toBeGreaterThan(1)
  const releases = join(home, 'releases')
  expect(readFileSync(join(releases, 'trial'), 'utf8')).toBe('0.2.0 0.1.0\n')
  cpSync(join(releases, 'trial'), join(releases, 'trying'))
  rmSync(join(releases, 'trial'))
  const after = begin('0.2.0')
  expect(after.software.doing).toMatchObject({ step: 'trial' })
  after.reported()
  expect(after.software).toMatchObject({ order: 'order 1', doing: null, failed: null })
  expect(inReleases().sort()).toEqual(['0.2.0', 'current', 'state.json'])
})

test('a release without Node is given the one that runs', async () => {
  const { begin, left, home } = box()
  begin().take(offered('0.2.0', { bringsNode: false }).withId('order'))
  await until('the starter to be asked', () => left.length === 1)
  expect(existsSync(join(home, `releases/0.2.0/node_modules/node-${platform}/bin/node`))).toBe(true)
})

test('a wrong signature is refused in both languages before anything is fetched, and the next order is taken', async () => {
  const { begin, left } = box()
  const updater = begin()
  const forge = (manifest: SignedRelease) => {
    manifest.signed.sha256 = 'f'.repeat(64)
  }
  updater.take(offered('0.2.0', { signed: forge }).withId('forged'))
  const why = await failing(updater)
  expect(why).toMatchObject({ code: 'update.signature_wrong' })
  expect(why?.zh).toContain(key.keyid.slice(0, 16))
  expect(why?.en).toContain(key.keyid.slice(0, 16))
  expect(asked).toEqual([])
  expect(left).toEqual([])
  updater.take(offered('0.2.0').withId('true'))
  await until('the starter to be asked', () => left.length === 1)
})

test('another file than the signed one is deleted, unopened', async () => {
  const { begin, left, inReleases } = box()
  const { withId } = offered('0.2.0')
  served = Buffer.from(served)
  served[served.length >> 1] = (served[served.length >> 1] ?? 0) ^ 1
  const updater = begin()
  updater.take(withId('order'))
  expect((await failing(updater))?.code).toBe('update.file')
  expect(inReleases()).toEqual(['state.json'])
  expect(left).toEqual([])
})

test('a signed archive that is none of ours is refused, and what was unpacked of it removed', async () => {
  const { begin, inReleases } = box()
  const { order } = offered('0.2.0')
  const tar = gunzipSync(served)
  // The type of the first entry: a link.
  tar.write('2', 156)
  tar.fill(0x20, 148, 156)
  tar.write(
    `${tar
      .subarray(0, 512)
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0`,
    148,
  )
  served = gzipSync(tar)
  const manifest = signWith(key.keyFile, order.manifest.signed, served)
  const updater = begin()
  updater.take({ id: 'order', ...order, manifest })
  expect(await failing(updater)).toMatchObject({ code: 'update.archive' })
  expect(inReleases().filter((name) => !name.startsWith('download'))).toEqual(['state.json'])
})

test('a platform that is busy is asked again and the download goes on; one that refuses ends it with its sentence', async () => {
  const { begin, left } = box()
  const { withId } = offered('0.2.0')
  answers = [503, 429, 503]
  begin().take(withId('order'))
  await until('the starter to be asked', () => left.length === 1)
  expect(asked.filter((offset) => offset === 0)).toHaveLength(4)
  const other = box()
  answers = [404]
  const updater = other.begin()
  updater.take(withId('order'))
  expect((await failing(updater))?.en).toContain('answer 404')
})

test('what the starter tells of a trial is told with the words that the release left', async () => {
  const { begin, home } = box()
  const tell = (fallback: string) => {
    const state = { form: 1, order: 'order', version: '0.2.0', step: 'trial', tries: 1, failed: null }
    writeFileSync(join(home, 'releases/state.json'), JSON.stringify(state))
    writeFileSync(join(home, 'releases/fallback'), fallback)
    writeFileSync(join(home, 'releases/words'), 'SyntaxError: what is this')
    return begin().software.failed
  }
  mkdirSync(join(home, 'releases'))
  expect(tell('0.2.0 1 2\n')?.why).toMatchObject({ code: 'update.ended' })
  expect(tell('0.2.0 1 2\n')?.why.en).toContain('SyntaxError: what is this')
  expect(tell('0.2.0 75 61\n')?.why).toMatchObject({ code: 'update.unreached' })
  expect(tell('0.2.0 hung 80\n')?.why.zh).toContain('80 秒')
  expect(tell('0.2.0 interrupted 0\n')?.why.code).toBe('update.interrupted')
})

test('a release on trial whose reports do not arrive asks for the one before it', async () => {
  const { begin, home, left, packageFolder } = box()
  mkdirSync(join(home, 'releases'))
  writeFileSync(join(home, 'releases/trying'), '0.2.0 0.1.0\n')
  const leave = (code: number) => void left.push(code)
  const starter = { over: '0.1.0', packageFolder, trialMs: 50, leave }
  const updater = begin('0.2.0', { starter })
  await until('the end of the trial', () => left.length === 1)
  updater.reported()
  expect(existsSync(join(home, 'releases/current'))).toBe(false)
})

test('a gateway that was not started by the package takes no order', () => {
  const { home } = box()
  const log = makeLog('test', 'silent')
  const updater = new Updater({
    home,
    version: '0.1.0',
    starter: undefined,
    platform: () => undefined,
    clock: systemClock,
    log,
  })
  updater.take(offered('0.2.0').withId('order'))
  expect(updater.software).toMatchObject({ starter: false, order: null, doing: null })
  expect(existsSync(join(home, 'releases'))).toBe(false)
})

/** Carries an order out in a process of its own that is killed at a moment; it says nothing then. */
async function killedAt(
  moment: Moment,
  { home, packageFolder }: ReturnType<typeof box>,
  order: object,
  version: string,
) {
  const code = `
    const { Updater } = await import(${JSON.stringify(join(import.meta.dirname, 'updater.ts'))})
    const { makeLog } = await import(${JSON.stringify(join(import.meta.dirname, '../../../kit/src/log.ts'))})
    const [home, packageFolder, order] = JSON.parse(process.env.ASK)
    const updater = new Updater({
      home, version: ${JSON.stringify(version)}, clock: { now: () => Date.now() }, log: makeLog('test', 'silent'),
      starter: { over: '0.1.0', packageFolder, trialMs: 60_000, leave: () => process.exit(0) },
      platform: () => ({ token: ${JSON.stringify(token)} }),
      at: (each) => { if (each === ${JSON.stringify(moment)}) process.kill(process.pid, 'SIGKILL') },
    })
    updater.take(order)
    updater.reported()
    setInterval(() => {}, 1_000)`
  const env = { ...process.env, ASK: JSON.stringify([home, packageFolder, order]) }
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  expect(await once(child, 'exit'), moment).toEqual([null, 'SIGKILL'])
}

test('kill -9 at every step leaves a gateway that starts, and an order that is carried out when it is sent again', async () => {
  const { withId } = offered('0.2.0')
  const atMoment = async (moment: Moment) => {
    const own = box()
    await killedAt(moment, own, withId('order'), '0.1.0')
    expect(await own.starts(), moment).toEqual(['0.1.0'])
    const again = own.begin()
    expect(again.software, moment).toMatchObject({ order: null, failed: null })
    again.take(withId('order'))
    await until(`the starter to be asked after ${moment}`, () => own.left.length === 1)
    // This release’s Node ends at once, which is a trial that failed.
    expect(await own.starts(), moment).toEqual(['0.2.0', '0.1.0'])
  }
  await Promise.all((['taken', 'downloaded', 'unpacked', 'placed'] as const).map(atMoment))
  const noted = box()
  await killedAt('trial noted', noted, withId('order'), '0.1.0')
  expect(await noted.starts()).toEqual(['0.2.0', '0.1.0'])
  expect(noted.begin().software).toMatchObject({ order: 'order', failed: { why: { code: 'update.ended' } } })
})

test('kill -9 while a release is taken for good leaves it taken', async () => {
  const own = box()
  const { withId } = offered('0.2.0')
  own.begin().take(withId('order'))
  await until('the starter to be asked', () => own.left.length === 1)
  cpSync(join(own.home, 'releases/trial'), join(own.home, 'releases/trying'))
  rmSync(join(own.home, 'releases/trial'))
  await killedAt('committed', own, withId('order'), '0.2.0')
  expect(await own.starts()).toEqual(['0.2.0'])
  expect(own.begin('0.2.0').software).toMatchObject({ order: 'order', doing: null, failed: null })
})

test('an order that takes the gateway down again and again is given up', async () => {
  const own = box()
  const { withId } = offered('0.2.0')
  for (let tries = 1; tries <= 3; tries++) await killedAt('downloaded', own, withId('order'), '0.1.0')
  expect(own.begin().software).toMatchObject({ order: 'order', failed: { why: { code: 'update.tries' } } })
})
