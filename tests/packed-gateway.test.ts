import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { simulatorOf } from '@kapok/edge/simulators'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { installGateway } from './support/packed-gateway.ts'
import { freePort, waitFor } from './support/platform.ts'

// The gateway as a plant has it: packed, installed in an empty folder, run by nobody in particular.
const nobody = 65_534
let folder = ''
let command = ''
const children: ChildProcess[] = []

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kapok-packed-'))
  chmodSync(folder, 0o755)
  command = installGateway(folder)
}, 300_000)
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

function run(args: readonly string[]) {
  const asRoot = process.getuid?.() === 0
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: '/usr/bin:/bin' },
    ...(asRoot ? { uid: nobody, gid: nobody } : {}),
  })
  children.push(child)
  let said = ''
  child.stdout.on('data', (chunk) => (said += String(chunk)))
  child.stderr.on('data', (chunk) => (said += String(chunk)))
  return { child, said: () => said }
}

test('it reads a machine, keeps the values on disk without a platform, and ends when it is told to', async () => {
  const simulator = await (await simulatorOf('modbus'))()
  simulator.set('holding/3', 'uint16', 4711)
  const statusPort = await freePort()
  const home = join(folder, 'home')
  mkdirSync(home)
  if (process.getuid?.() === 0) chownSync(home, nobody, nobody)
  const table = join(folder, 'plant.yaml')
  const tags = [{ property: 'n', address: 'holding/3', type: 'uint16' }]
  const device = { name: 'm', protocol: 'modbus', connection: simulator.settings, tags }
  const platform = `mqtt://127.0.0.1:${await freePort()}`
  writeFileSync(table, JSON.stringify({ platform, token: 'none', statusPort, devices: [device] }))
  const { child, said } = run(['run', table, '--home', home])
  const status = async () => {
    const reply = await fetch(`http://127.0.0.1:${statusPort}/status`).catch(() => undefined)
    return (await reply?.json()) as { buffered: number; devices: { values: { n?: { value: number } } }[] } | undefined
  }
  await waitFor(`the value: ${said()}`, async () => (await status())?.devices[0]?.values.n?.value === 4711)
  await waitFor('the value to be on disk', async () => (await status())?.buffered === 1)
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
  await simulator.stop()
})

test('without a table and an enrolment it runs, for its own page is where it is set up', async () => {
  const home = join(folder, 'fresh')
  mkdirSync(home)
  if (process.getuid?.() === 0) chownSync(home, nobody, nobody)
  const { child, said } = run(['run', '--home', home])
  await waitFor(`its page: ${said()}`, () => said().includes('the gateway serves its own page'))
  const page = /"page":"([^"]+)"/.exec(said())?.[1] ?? ''
  expect((await fetch(page)).status).toBeLessThan(500)
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
})

test('what cannot work is said in a sentence, and nothing of the platform came with it', async () => {
  const table = join(folder, 'wrong.yaml')
  writeFileSync(table, 'devices: 7')
  const { child, said } = run(['run', table, '--home', join(folder, 'nowhere')])
  expect(await once(child, 'exit')).toEqual([1, null])
  expect(said()).toBe(`${table}: table.devices: a list of 1 to 2000 is expected\n`)
  if (process.getuid?.() === 0) {
    const denied = run(['run', '--home', join(folder, 'nowhere')])
    expect(await once(denied.child, 'exit')).toEqual([1, null])
    expect(denied.said()).toContain(`The folder ${join(folder, 'nowhere')} cannot be written.`)
  }
  const help = run([])
  expect(await once(help.child, 'exit')).toEqual([2, null])
  expect(help.said()).toContain('kapok-edge enrol <platform> <code>')
})

test('the library came along: a model’s table is printed, its machine is played and read over the network', async () => {
  const table = run(['table', 'eastron-sdm120', '--host', '10.0.0.5', '--name', 'meter 1'])
  expect(await once(table.child, 'exit')).toEqual([0, null])
  expect(table.said()).toContain('connection: { host: "10.0.0.5", unit: 1 }')
  const port = await freePort()
  const { child, said } = run(['simulate', 'eastron-sdm120', '--port', String(port)])
  await waitFor(`the machine to be played: ${said()}`, () => said().includes('address: "input/0"'))
  const { driverOf } = await import('@kapok/edge/drivers')
  const modbus = await driverOf('modbus')
  const settings = modbus!.settings({ host: '127.0.0.1', port }, 'connection')
  const meter = modbus!.open(settings)
  const address = modbus!.parseAddress('input/0', 'float32', settings)
  const [sample] = await meter.read(modbus!.plan([{ address, type: 'float32' }], settings)[0]!)
  await meter.close()
  expect(Number(sample?.value)).toBeGreaterThan(200)
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
})
