import { readFileSync, writeFileSync } from 'node:fs'
import { request as askHttp } from 'node:http'
import { join } from 'node:path'
import { getPointGaps, listDevices } from '@kapok/contracts/data'
import { listSeals } from '@kapok/contracts/evidence'
import { listNotices } from '@kapok/contracts/subsidy'
import { addCivilDays, startOfCivilDay } from '@kapok/kit/clock'
import { afterAll, expect, test } from 'vitest'
import { Person } from '../world/src/people/person.ts'
import type { WorldState } from '../world/src/state.ts'
import { storyOf } from '../world/src/story/story.ts'
import { newFolder, processesOf, removeFolder, type Started, startKapok, waitFor } from './support/platform.ts'

// Chinese New Year's first days of 2027, a year whose holidays nobody has published: one world, from its birth on.
const birthDay = '2027-02-15'
const folder = newFolder()
const hourMs = 3_600_000
/** A replay takes a minute or two; a machine that does other work as well may need several. */
const replayMs = 500_000
let world: Started | undefined
afterAll(async () => {
  await world?.stop()
  expect(processesOf(folder)).toEqual([])
  removeFolder(folder)
})
const stateFile = join(folder, 'world/state.json')
const state = () => JSON.parse(readFileSync(stateFile, 'utf8')) as WorldState
const running = () => {
  if (world === undefined) throw new Error('no world was started')
  return world
}
const start = async (...options: string[]) => {
  world = await startKapok(['world', ...options], {
    folder,
    ...(world !== undefined && { httpPort: world.httpPort, mqttPort: world.mqttPort }),
  })
  await world.ready()
}
interface WorldNow {
  now: number
  today: string
  replaying: boolean
  message: string
}
const now = async () => (await (await fetch(`${running().url}/api/world`)).json()) as WorldNow
const lives = () =>
  waitFor(
    'the province to live',
    async () => {
      const { message, replaying } = await now()
      if (message.includes('stumbled')) throw new Error(message)
      return !replaying
    },
    replayMs,
  )
const as = async (key: string) => {
  const person = new Person(running().url, key)
  await person.signIn(state().passwords[key] ?? '')
  return person
}
/** A machine of the first plant: the last points of it, and where it was silent. */
const machineOf = async (person: Person) => {
  const { rows } = await person.call(listDevices, { query: { kind: 'device', size: 1 } })
  const deviceId = rows[0]?.id ?? ''
  return {
    gaps: async (from: number, to: number) =>
      (await person.call(getPointGaps, { query: { deviceId, from, to, minutes: 5 } })).gaps,
    deviceId,
  }
}

test(
  'a world born in a year of unknown holidays plays its ninety days with every act done, deadlines provisional',
  async () => {
    await start('--today', birthDay)
    await lives()
    const { today } = await now()
    expect(today).toBe(birthDay)
    const stage = { programmeId: '', memory: {}, day: (n: number) => addCivilDays(state().firstDay, n) }
    const acts = storyOf({
      ...stage,
      person() {
        throw new Error('nobody acts here')
      },
    })
    expect(acts.length).toBeGreaterThan(30)
    expect(state()).toMatchObject({ replayDone: true, actsDone: acts.length, birthDay, firstDay: '2026-11-17' })
    const { rows: notices } = await (await as('province')).call(listNotices, { query: { size: 100 } })
    expect(notices.some(({ state: each }) => each === 'open')).toBe(true)
    for (const { closesAt, provisional } of notices.filter(
      (notice) => notice.closesAt >= startOfCivilDay('2027-01-01'),
    )) {
      expect(provisional).toBe(true)
      expect([0, 6]).not.toContain(new Date(closesAt + 8 * hourMs).getUTCDay())
    }
  },
  replayMs,
)

test('it lets people in under its loopback name alone, and nothing that was forwarded', async () => {
  const { people } = (await (await fetch(`${running().url}/api/world/people`)).json()) as {
    people: { userId: string }[]
  }
  const enter = (headers: Record<string, string>, path = '/api/world/enter') =>
    new Promise<{ status: number | undefined; cookie: boolean }>((done, fail) => {
      const asked = askHttp(
        `${running().url}${path}`,
        {
          method: path.startsWith('/api') ? 'POST' : 'GET',
          headers: { 'Content-Type': 'application/json', 'X-Kapok': '1', ...headers },
        },
        (reply) => {
          reply.resume()
          done({ status: reply.statusCode, cookie: reply.headers['set-cookie'] !== undefined })
        },
      )
      asked.once('error', fail)
      asked.end(path.startsWith('/api') ? JSON.stringify({ userId: people[0]?.userId }) : undefined)
    })
  expect(await enter({})).toEqual({ status: 200, cookie: true })
  for (const name of ['localhost', `localhost:${running().httpPort}`, '[::1]:80'])
    expect(await enter({ Host: name })).toEqual({ status: 200, cookie: true })
  const refused = { status: 403, cookie: false }
  for (const name of ['kapok.example', 'localhost.example', '127.0.0.1.example:80'])
    expect(await enter({ Host: name })).toEqual(refused)
  for (const name of ['X-Forwarded-For', 'X-Forwarded-Host', 'X-Real-IP', 'Forwarded', 'Via'])
    expect(await enter({ [name]: '127.0.0.1' })).toEqual(refused)
  for (const page of ['/', '/sign-in', '/api/world']) {
    const { status } = await enter({ Host: 'kapok.example' }, page)
    expect([page, status]).toEqual([page, 403])
  }
})

test('advanced while it runs, the days between are played: points come, seals fall, the notice ends', async () => {
  const plant = await as('mould')
  const machine = await machineOf(plant)
  const sealed = (await plant.call(listSeals, { query: { size: 1 } })).total
  const advance = await startKapok(['world', '--advance', '7d'], { folder, httpPort: running().httpPort })
  expect([await advance.exited, advance.said()]).toEqual([0, expect.stringContaining('today is 2027-02-22')])
  expect((await now()).today).toBe('2027-02-22')
  const noon = startOfCivilDay('2027-02-19') + 12 * hourMs
  expect(await machine.gaps(noon - 6 * hourMs, noon + 6 * hourMs)).toEqual([])
  await waitFor('the seals of the days between', async () => {
    const { total } = await plant.call(listSeals, { query: { size: 1 } })
    return total >= sealed + 5
  })
  const { rows: notices } = await plant.call(listNotices, { query: { size: 100 } })
  for (const { closesAt, state: each } of notices)
    if (each === 'open') expect(closesAt).toBeGreaterThan(startOfCivilDay('2027-02-22'))
  await waitFor('the machines to be online again', async () => {
    const { rows } = await plant.call(listDevices, { query: { kind: 'device', online: true } })
    return rows.length > 0
  })
})

test('stopped and started again it is the same province, and the time that it was off is a gap', async () => {
  const before = state()
  await running().stop()
  // Three hours pass, for the world's clock is the machine's own with an offset that its folder remembers.
  writeFileSync(stateFile, JSON.stringify({ ...state(), offsetMs: state().offsetMs + 3 * hourMs }))
  const empty = await startKapok(['start'], { folder })
  expect([await empty.exited, empty.said().trim()]).toEqual([
    2,
    expect.stringMatching(/belongs to a world\. Start it with “npm run world”/),
  ])

  await start()
  await lives()
  expect(state()).toMatchObject({ actsDone: before.actsDone, firstDay: before.firstDay, passwords: before.passwords })
  const { now: at } = await now()
  expect(at).toBeGreaterThan(startOfCivilDay('2027-02-22') + 12 * hourMs)
  const machine = await machineOf(await as('mould'))
  await waitFor('the gap to end with live points', async () => {
    const gaps = await machine.gaps(at - 3.2 * hourMs, Date.now() + state().offsetMs)
    return (
      gaps.length === 1 &&
      (gaps[0]?.to ?? 0) >= at - 60_000 &&
      (gaps[0]?.to ?? Number.POSITIVE_INFINITY) < Date.now() + state().offsetMs - 1_000
    )
  })
  const [gap] = await machine.gaps(at - 3.2 * hourMs, at + 60_000)
  expect(((gap?.to ?? 0) - (gap?.from ?? 0)) / hourMs).toBeCloseTo(3, 0)
})

test('advanced while it is stopped it starts, plays the day and says so once', async () => {
  await running().stop()
  await start('--advance', '1d')
  await waitFor('the next day', () => running().said().includes('today is 2027-02-23'))
  await lives()
  expect((await now()).today).toBe('2027-02-23')
  expect(running().said().split('playing on to').length).toBe(2)
})
