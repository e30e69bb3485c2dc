import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
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

test('an empty platform says what it does, prints a one-time link, and a stopped npm leaves no process behind', async () => {
  folder = newFolder()
  const platform = await start(['start'], { folder, byNpm: true })
  await platform.ready()
  await waitFor('the link', () => platform.said().includes('/join#'))
  expect(platform.said()).toMatch(/starting the database[\s\S]*starting ingest[\s\S]*is serving at/)
  expect(processesOf(folder).length).toBeGreaterThan(4)
  // npm alone gets the signal: it does not pass it on.
  platform.child.kill('SIGKILL')
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

test('a second start, a taken port, another mode’s folder, a newer folder and wrong URLs are each one sentence', async () => {
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
  await refused(/DATABASE_OWNER_URL/, ['start'], { folder, env: { DATABASE_URL: 'postgres://x@localhost/x' } })
  await refused(/CLICKHOUSE_URL is not a URL/, ['start'], { folder, env: { CLICKHOUSE_URL: 'nonsense' } })
  const nowhere = 'postgres://x:y@127.0.0.1:9/x'
  await refused(/DATABASE_URL does not answer/, ['start'], {
    folder,
    env: { DATABASE_URL: nowhere, DATABASE_OWNER_URL: nowhere },
  })
  writeFileSync(join(folder, 'kapok.json'), JSON.stringify({ kapok: 'platform', format: 99, bornAt: '' }))
  await refused(/made by a newer version/, ['start'], { folder })
})
