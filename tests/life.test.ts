import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import {
  freePort,
  newFolder,
  processesOf,
  removeFolder,
  type Started,
  startKapok,
  waitFor,
} from './support/platform.ts'

let folder = ''
let running: Started[] = []
afterEach(async () => {
  await Promise.all(running.map((each) => each.stop()))
  running = []
  expect(processesOf(folder)).toEqual([])
  removeFolder(folder)
})
const start = async (...ask: Parameters<typeof startKapok>) => {
  const started = await startKapok(...ask)
  running.push(started)
  return started
}
const roleOf = (name: string) => processesOf(folder).find(({ command }) => command.includes(`run ${name}`))

test('an empty platform says what it does and prints a one-time link; nobody enters it as somebody else', async () => {
  folder = newFolder()
  const platform = await start(['start'], { folder })
  await platform.ready()
  await waitFor('the link', () => platform.said().includes('/join#'))
  expect(platform.said()).toMatch(/starting the database[\s\S]*starting ingest[\s\S]*is serving at/)
  expect(processesOf(folder).length).toBeGreaterThan(4)
  if (Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => address === '::1')))
    expect((await fetch(`http://[::1]:${platform.httpPort}/readyz`)).status).toBe(200)
  for (const path of ['/api/world', '/api/world/people'])
    expect((await fetch(`${platform.url}${path}`)).status).toBe(404)
  const enter = {
    method: 'POST',
    headers: { 'X-Kapok': '1', 'Content-Type': 'application/json' },
    body: '{"userId":"x"}',
  }
  expect((await fetch(`${platform.url}/api/world/enter`, enter)).status).toBe(404)
})

test.each<[string, (npm: number) => void]>([
  ['Ctrl-C reaches all of the terminal’s job', (npm) => process.kill(-npm, 'SIGINT')],
  ['npm alone is told to stop', (npm) => process.kill(npm, 'SIGTERM')],
  [
    'npm’s shell alone is killed',
    () =>
      process.kill(processesOf(folder).find(({ command }) => /^sh -c .*kapok\.ts/.test(command))?.pid ?? 0, 'SIGKILL'),
  ],
])('when %s, no process is left behind', async (_, signal) => {
  folder = newFolder()
  const platform = await start(['start'], { folder, byNpm: true })
  await platform.ready()
  signal(platform.child.pid ?? 0)
  await waitFor('every process to end', () => processesOf(folder).length === 0)
})

test('a role that crashes comes back while the others serve; a killed supervisor’s leftovers are ended by the next start', async () => {
  folder = newFolder()
  const platform = await start(['start'], { folder })
  await platform.ready()
  const ingest = roleOf('ingest')
  process.kill(ingest?.pid ?? 0, 'SIGKILL')
  const meanwhile = await fetch(`${platform.url}/api/platform`)
  expect(meanwhile.status).toBe(200)
  await waitFor('ingest to come back', () => {
    const now = roleOf('ingest')
    return now !== undefined && now.pid !== ingest?.pid
  })
  await platform.ready()

  platform.child.kill('SIGKILL')
  await platform.exited
  // PostgreSQL outlives its supervisor; the roles notice and go.
  const again = await start(['start'], { folder, httpPort: platform.httpPort, mqttPort: platform.mqttPort })
  await again.ready()
  expect(processesOf(folder).filter(({ command }) => command.includes('bin/postgres -D'))).toHaveLength(1)
})

test.each(['starting the database', 'starting ingest'])(
  'told to stop while it says “%s …”, it leaves no process behind',
  async (words) => {
    folder = newFolder()
    const platform = await start(['start'], { folder })
    await waitFor(words, () => platform.said().includes(words))
    await platform.stop()
    expect(await platform.exited).toBe(0)
    expect(processesOf(folder)).toEqual([])
  },
)

test('a second start, a taken port, another mode’s folder, a newer and a torn folder and a wrong URL are each one sentence', async () => {
  folder = newFolder()
  const refused = async (sentence: RegExp, ...ask: Parameters<typeof startKapok>) => {
    const started = await start(...ask)
    expect(await started.exited).toBe(2)
    expect(started.said().trim().split('\n').at(-1)).toMatch(sentence)
    expect(started.said()).not.toMatch(/\n\s+at /)
  }
  const platform = await start(['start'], { folder })
  await platform.ready()
  await refused(/already running on .* Stop it first/, ['start'], { folder })
  await platform.stop()
  await refused(/belongs to a platform\. Start it with “npm start”/, ['world'], { folder })
  const httpPort = await freePort()
  const blocker = createServer()
  await new Promise<void>((done) => blocker.listen(httpPort, '127.0.0.1', done))
  await refused(/Port \d+ is taken .* set KAPOK_HTTP_PORT/, ['start'], { folder, httpPort })
  blocker.close()
  const nowhere = 'postgres://x:y@127.0.0.1:9/x'
  await refused(/DATABASE_URL does not answer/, ['start'], {
    folder,
    env: { DATABASE_URL: nowhere, DATABASE_OWNER_URL: nowhere },
  })
  writeFileSync(join(folder, 'kapok.json'), '{"kapok":"plat')
  await refused(/kapok\.json, .* cannot be read/, ['start'], { folder })
  writeFileSync(join(folder, 'kapok.json'), JSON.stringify({ kapok: 'platform', format: 99, bornAt: '' }))
  await refused(/made by a newer version/, ['start'], { folder })
})

test.each([
  ['a place where no folder can be', '/dev/null/kapok', () => {}, /cannot be written \(ENOTDIR\)\. .*set KAPOK_DATA/],
  [
    'a database’s folder that is none',
    undefined,
    (data: string) => writeFileSync(join(data, 'postgres'), ''),
    /The database did not start: .* Check the permissions and the space of/,
  ],
  [
    'a database that is gone',
    undefined,
    (data: string) => writeFileSync(join(data, 'postgres.secret'), '["x"]'),
    /The database did not start: it stood in .*, which is gone/,
  ],
  [
    'a database that was broken',
    undefined,
    (data: string) => {
      mkdirSync(join(data, 'postgres/cluster'), { recursive: true })
      writeFileSync(join(data, 'postgres/cluster/PG_VERSION'), '9')
      writeFileSync(join(data, 'postgres.secret'), '["x"]')
    },
    /The database did not start: .* Check the permissions and the space of/,
  ],
  [
    'a store’s folder that is none',
    undefined,
    (data: string) => writeFileSync(join(data, 'store'), ''),
    /时序库 · the store did not start: .* “npm run kapok doctor”/,
  ],
] as const)('%s is one sentence', async (_, place, breakIt, sentence) => {
  folder = newFolder()
  // PostgreSQL's unprivileged user may enter, so that its folder is here also when root runs the test.
  chmodSync(folder, 0o755)
  breakIt(folder)
  const started = await start(['start'], { folder: place ?? folder, env: { KAPOK_LOG_TO: 'file', KAPOK_TEST: folder } })
  expect(await started.exited).toBe(2)
  expect(started.said().trim().split('\n').at(-1)).toMatch(sentence)
  expect(started.said()).not.toMatch(/\n\s+at /)
})

test('a verb or a role that is not there is refused with what there is; help lists what can be done', async () => {
  folder = newFolder()
  const said = async (...verb: string[]) => {
    const started = await start(verb, { folder })
    return [await started.exited, started.said()]
  }
  expect(await said('nonsense')).toEqual([1, expect.stringMatching(/unknown command 'nonsense'[\s\S]*--help/)])
  expect(await said('run', 'nonsense')).toEqual([1, expect.stringContaining('roles are store, ingest, server, world')])
  const [code, help] = await said('--help')
  expect(code).toBe(0)
  const verbs = [...String(help).matchAll(/^ {2}([a-z-]+) /gm)].map(([, verb]) => verb)
  const edge = ['edge', 'edge-enrol', 'edge-simulate', 'edge-table', 'edge-buffer']
  expect(verbs).toEqual(['start', 'world', ...edge, 'verify', 'run', 'doctor', 'help'])
})

test('the terminal has words in both languages, the log goes to a file of the data folder with every request’s number', async () => {
  folder = newFolder()
  const platform = await start(['start'], { folder, env: { KAPOK_LOG_TO: 'file', KAPOK_LOG: 'info' } })
  await platform.ready()
  const file = join(folder, 'logs/kapok.log')
  expect(platform.said().split('\n')[0]).toContain(file)
  const reply = await fetch(`${platform.url}/api/no-such-thing`)
  const requestId = reply.headers.get('x-request-id') ?? 'none'
  await waitFor('the request in the log', () => readFileSync(file, 'utf8').includes(requestId))
  process.kill(roleOf('ingest')?.pid ?? 0, 'SIGKILL')
  await waitFor('words about the crash', () =>
    platform.said().includes('接入 · ingest 意外退出，正在重启 · ended unexpectedly'),
  )
  await platform.ready()
  await platform.stop()
  expect(platform.said()).not.toContain('{"level"')
  const roles = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { role: string }).role)
  expect(new Set(roles)).toEqual(new Set(['supervisor', 'store', 'ingest', 'server']))
})
