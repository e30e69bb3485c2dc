import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { until } from '../testing.ts'
import { Releases } from './releases.ts'

// The starter of the package with a Node that is a script of the test: what it starts, and when it goes back.
const starterFile = join(import.meta.dirname, '../../package/kapok-edge')
const machine = process.arch === 'arm64' ? 'arm64' : 'x64'
const children: ChildProcess[] = []
const folders: string[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** An installed program whose gateway does what a piece of shell says; releases of it are put into the home. */
function box(program: string) {
  const folder = mkdtempSync(join(tmpdir(), 'kapok-starter-'))
  folders.push(folder)
  const [home, started] = [join(folder, 'home'), join(folder, 'started')]
  const install = (into: string, version: string, does: string) => {
    const [gateway, node] = [
      join(into, 'node_modules/kapok-edge'),
      join(into, `node_modules/node-linux-${machine}/bin`),
    ]
    mkdirSync(join(gateway, 'lib/edge/src'), { recursive: true })
    mkdirSync(node, { recursive: true })
    writeFileSync(join(gateway, 'lib/edge/src/bin.js'), '')
    writeFileSync(join(gateway, 'version'), `${version}\n`)
    cpSync(starterFile, join(gateway, 'kapok-edge'))
    const releases = `r=${home}/releases; v=${version}`
    const commit = `commit() { cp $r/trying $r/current.new; mv $r/current.new $r/current; rm $r/trying; }`
    writeFileSync(join(node, 'node'), `#!/bin/sh\necho ${version} >> ${started}\n${releases}\n${commit}\n${does}\n`)
    chmodSync(join(node, 'node'), 0o755)
    return gateway
  }
  const installProgram = (version: string, does: string) => install(join(folder, 'program'), version, does)
  const gateway = installProgram('0.1.0', program)
  const releases = new Releases(home, '0.1.0')
  const run = (verb = 'run') => {
    const child = spawn('sh', [join(gateway, 'kapok-edge'), verb, '--home', home], {
      env: { PATH: '/usr/bin:/bin', KAPOK_EDGE_TRIAL_SECONDS: '-19' },
    })
    children.push(child)
    return child
  }
  return {
    ...{ home, releases, run, installProgram },
    release: (version: string, does: string) => install(releases.folderOf(version), version, does),
    started: () => (existsSync(started) ? readFileSync(started, 'utf8').trim().split('\n') : []),
    inHome: (name: string) => existsSync(join(releases.folder, name)),
  }
}
const endOf = async (child: ChildProcess) => (await once(child, 'exit')) as [number | null, string | null]

test('without a release the program runs, and the starter ends with its exit code', async () => {
  const { run, started } = box('exit 3')
  expect(await endOf(run())).toEqual([3, null])
  expect(started()).toEqual(['0.1.0'])
})

test('a release on trial that reports is the one that runs from then on, for other verbs too', async () => {
  const { releases, release, run, started } = box('[ -e $r/trial ] && exit 75; exit 0')
  release('0.2.0', '[ -e $r/trying ] && commit; exit 0')
  releases.tryNext('0.2.0')
  expect(await endOf(run())).toEqual([0, null])
  expect(await endOf(run())).toEqual([0, null])
  expect(await endOf(run('table'))).toEqual([0, null])
  expect(started()).toEqual(['0.2.0', '0.2.0', '0.2.0'])
  expect([releases.current, releases.trying, releases.fallBack]).toEqual(['0.2.0', undefined, undefined])
})

test('a program asks for the trial by its exit code, and the release that ends in it is left with its code', async () => {
  const { releases, release, run, started } = box(
    '[ -e $r/fallback ] && exit 0; echo "0.2.0 0.1.0" > $r/trial; exit 75',
  )
  release('0.2.0', 'exit 9')
  expect(await endOf(run())).toEqual([0, null])
  expect(started()).toEqual(['0.1.0', '0.2.0', '0.1.0'])
  expect(releases.fallBack).toMatchObject({ version: '0.2.0', how: '9' })
})

test('a release that was left falls back to the release before it, not to the program', async () => {
  const { releases, release, run, started } = box('exit 0')
  release('0.2.0', 'exit 0')
  releases.commit('0.2.0')
  release('0.3.0', 'exit 75')
  releases.tryNext('0.3.0')
  expect(await endOf(run())).toEqual([0, null])
  expect(started()).toEqual(['0.3.0', '0.2.0'])
  expect(releases.fallBack).toMatchObject({ version: '0.3.0', how: '75' })
})

test('a release that hangs is ended and left', async () => {
  const { releases, release, run, started, inHome } = box('exit 0')
  release('0.2.0', 'trap "" TERM; exec sleep 600')
  releases.tryNext('0.2.0')
  expect(await endOf(run())).toEqual([0, null])
  expect(started()).toEqual(['0.2.0', '0.1.0'])
  expect(releases.fallBack).toMatchObject({ version: '0.2.0', how: 'hung' })
  expect(inHome('hung')).toBe(false)
})

test('a power cut in a trial leaves the release, and a release on trial is tried once', async () => {
  const { releases, release, run, started } = box('exit 0')
  release('0.2.0', 'sleep 600 & echo $! > $r/sleeping; wait')
  releases.tryNext('0.2.0')
  const child = run()
  await until('the trial', () => started().length === 1)
  await until('its sleep', () => existsSync(join(releases.folder, 'sleeping')))
  child.kill('SIGKILL')
  process.kill(Number(readFileSync(join(releases.folder, 'sleeping'), 'utf8')), 'SIGKILL')
  await endOf(child)
  expect(await endOf(run())).toEqual([0, null])
  expect(started()).toEqual(['0.2.0', '0.1.0'])
  expect(releases.fallBack).toMatchObject({ version: '0.2.0', how: 'interrupted' })
})

test('a power cut between the two steps of taking a release for good leaves it taken', async () => {
  const { releases, release, run, started, inHome } = box('exit 0')
  release('0.2.0', 'exit 0')
  releases.commit('0.2.0')
  cpSync(join(releases.folder, 'current'), join(releases.folder, 'trying'))
  expect(await endOf(run())).toEqual([0, null])
  expect(started()).toEqual(['0.2.0'])
  expect([inHome('trying'), inHome('fallback')]).toEqual([false, false])
})

test('a release that is not whole, whose file is no version, or that is gone is not started', async () => {
  const { releases, release, run, started } = box('exit 0')
  release('0.2.0', 'exit 0')
  rmSync(join(releases.folderOf('0.2.0'), 'node_modules/kapok-edge/lib'), { recursive: true })
  releases.tryNext('0.2.0')
  await endOf(run())
  expect(releases.fallBack).toMatchObject({ version: '0.2.0', how: 'missing' })
  for (const current of ['0.2.0 0.1.0\n', '../../../tmp 0.1.0\n', '0.9.0 0.1.0\n', '\n', '']) {
    writeFileSync(join(releases.folder, 'current'), current)
    expect(await endOf(run())).toEqual([0, null])
  }
  expect(new Set(started())).toEqual(new Set(['0.1.0']))
})

test('a program that is installed anew wins over the releases that stood over the old one', async () => {
  const { releases, release, run, started, installProgram } = box('exit 0')
  release('0.2.0', 'exit 0')
  releases.commit('0.2.0')
  await endOf(run())
  installProgram('0.3.0', 'exit 0')
  await endOf(run())
  expect(started()).toEqual(['0.2.0', '0.3.0'])
})

test('SIGTERM goes to the gateway, whose end and exit code are the starter’s', async () => {
  const { run, started } = box('sleep 600 & trap "kill $!; exit 0" TERM; wait; exit 1')
  const child = run()
  await until('the gateway', () => started().length === 1)
  await new Promise((go) => setTimeout(go, 100))
  child.kill('SIGTERM')
  expect(await endOf(child)).toEqual([0, null])
})
