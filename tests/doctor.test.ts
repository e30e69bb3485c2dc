import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort, newFolder, processesOf, removeFolder, type Started, startKapok } from './support/platform.ts'

const folder = newFolder()
let platform: Started
beforeAll(async () => {
  platform = await startKapok(['start'], { folder })
  await platform.ready()
})
afterAll(async () => {
  await platform.stop()
  expect(processesOf(folder)).toEqual([])
  removeFolder(folder)
})

/** What the doctor says line by line, and whether all is well. */
async function doctor(
  data = folder,
  env: Record<string, string> = {},
): Promise<{ code: number | null; lines: string[] }> {
  const { httpPort, mqttPort } = platform
  const looked = await startKapok(['doctor'], { folder: data, httpPort, mqttPort, env })
  return { code: await looked.exited, lines: looked.said().trim().split('\n') }
}
const line = (text: string) => expect.stringContaining(text)

test('of a running platform it says that every part answers', async () => {
  const { code, lines } = await doctor()
  expect(lines).toEqual([
    expect.stringMatching(/^✔ Node: v24/),
    `✔ data folder: ${folder}, a platform, format 1`,
    expect.stringMatching(/^✔ disk: \d+\.\d GiB free/),
    line('✔ database: in '),
    '✔ log of points: all in the store',
    `✔ supervisor: running, process ${platform.child.pid}`,
    `✔ HTTP port ${platform.httpPort}: answers`,
    `✔ MQTT port ${platform.mqttPort}: answers`,
    '✔ PostgreSQL: answers',
    '✔ ClickHouse: answers',
    '✔ ingest: answers',
    '✔ disk: answers',
  ])
  expect(code).toBe(0)
})

test('of a store that is down it says so', async () => {
  const store = processesOf(folder).find(({ command }) => command.includes('run store'))
  // Stopped rather than killed, since the supervisor would bring it back before anybody looked.
  process.kill(store?.pid ?? 0, 'SIGSTOP')
  try {
    const { code, lines } = await doctor()
    expect([code, lines]).toEqual([
      1,
      expect.arrayContaining([expect.stringMatching(/^✖ (ClickHouse: does not answer|readiness: no answer)/)]),
    ])
  } finally {
    process.kill(store?.pid ?? 0, 'SIGCONT')
  }
})

test('of a stopped platform it says that nothing runs and the ports are free; of a foreign program on them, that too', async () => {
  await platform.stop()
  const { code, lines } = await doctor()
  expect([code, lines]).toEqual([
    0,
    expect.arrayContaining(['✔ supervisor: not running', `✔ HTTP port ${platform.httpPort}: free`]),
  ])
  const foreign = createServer().listen(platform.httpPort, '127.0.0.1')
  const taken = await doctor()
  foreign.close()
  expect([taken.code, taken.lines]).toEqual([
    1,
    expect.arrayContaining([`✖ HTTP port ${platform.httpPort}: is taken by another program`]),
  ])
})

test.each<[string, (broken: string) => void, string]>([
  ['whose stamp is torn', (broken) => writeFileSync(join(broken, 'kapok.json'), '{"kapok":"pla'), '✖ data folder: '],
  [
    'of a newer version',
    (broken) => writeFileSync(join(broken, 'kapok.json'), '{"kapok":"platform","format":99}'),
    'made by a newer version of Kapok; install that version',
  ],
  [
    'whose database is gone',
    (broken) => writeFileSync(join(broken, 'postgres.secret'), '["x"]'),
    '✖ database: stood in ',
  ],
  [
    'with a segment that the store refused',
    (broken) => {
      mkdirSync(join(broken, 'data/log/set-aside'), { recursive: true })
      writeFileSync(join(broken, 'data/log/set-aside/1.rows'), '')
    },
    '✖ segments set aside: 1 in ',
  ],
  [
    'with a segment that the disk damaged',
    (broken) => {
      mkdirSync(join(broken, 'data/log/damaged'), { recursive: true })
      writeFileSync(join(broken, 'data/log/damaged/1.open'), '')
    },
    '✖ damaged segments: 1 in ',
  ],
])('of a folder %s it says what to do', async (_, breakIt, sentence) => {
  const broken = newFolder()
  try {
    writeFileSync(join(broken, 'kapok.json'), '{"kapok":"platform","format":1,"bornAt":""}')
    // Half a lock is left by a supervisor that was killed while it wrote it.
    writeFileSync(join(broken, 'kapok.lock'), '{"pid":1')
    breakIt(broken)
    expect(await doctor(broken)).toMatchObject({ code: 1, lines: expect.arrayContaining([line(sentence)]) })
  } finally {
    rmSync(broken, { recursive: true })
  }
})

test('of a database of one’s own that does not answer it says so', async () => {
  const nowhere = `postgres://x:y@127.0.0.1:${await freePort()}/x`
  const { code, lines } = await doctor(folder, { DATABASE_URL: nowhere, DATABASE_OWNER_URL: nowhere })
  expect([code, lines]).toEqual([1, expect.arrayContaining([line('✖ DATABASE_URL: DATABASE_URL does not answer: ')])])
})
