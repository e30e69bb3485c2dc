import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeLog } from '@kapok/kit/log'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Supervisor } from './supervisor.ts'

// Small roles of a few lines, so that only the supervisor is under test.
let folder: string
let supervisor: Supervisor
const said: string[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kapok-supervisor-'))
  const entry = join(folder, 'role.mjs')
  writeFileSync(
    entry,
    `const [, , name] = process.argv
     process.on('disconnect', () => process.exit(0))
     process.on('message', (m) => {
       if (m.life === 'drain') process.exit(0)
       if (m.life === 'clock') process.send({ life: 'clock-set', id: m.id })
       if (m.kapok === 'ask') process.send({ kapok: 'answer', id: m.id, to: m.from, data: name + ' heard ' + m.data })
       if (m.kapok === 'answer') process.send({ life: 'progress', words: name + ' got ' + (m.data ?? m.error) })
     })
     if (name === 'answers') process.send({ kapok: 'serve', name: 'question' })
     process.send({ life: 'ready' })
     if (name === 'asks') process.send({ kapok: 'ask', name: 'question', id: 1, data: 'hello' })
     if (name === 'setter' || name === 'intruder')
       process.send({ kapok: 'ask', name: 'clock.set', id: 1, data: { atMs: 1000, running: false } })
     if (name === 'world') process.send({ life: 'start', name: 'gateway', args: ['gateway'] })
     process.on('message', (m) => {
       if (m.kapok === 'emit') process.send({ kapok: 'ask', name: 'role.stop', id: 7, data: { name: m.data } })
     })
     if (name === 'tells') setInterval(() => process.send({ kapok: 'emit', name: 'end', data: 'gateway' }), 200)
     if (name === 'crasher') setTimeout(() => process.exit(3), 50)`,
  )
  said.length = 0
  supervisor = new Supervisor({ log: makeLog('test', 'silent'), entry, say: (words) => said.push(words) })
})
afterEach(async () => {
  await supervisor.stop()
  rmSync(folder, { recursive: true, force: true })
})
const start = (name: string) => supervisor.start({ name, args: [name], env: {} })
const until = async (holds: () => boolean) => {
  for (let waited = 0; !holds() && waited < 5_000; waited += 20) await sleep(20)
  expect(holds()).toBe(true)
}

test('a question goes to the role that serves it and the answer back to who asked', async () => {
  await start('answers')
  await start('asks')
  await until(() => said.includes('asks got answers heard hello'))
})

test('a role that crashes is started again while the others stay', async () => {
  await start('answers')
  await start('crasher')
  const { answers, crasher } = supervisor.pids()
  await until(() => supervisor.pids().crasher !== crasher)
  expect(supervisor.pids().answers).toBe(answers)
})

test('a world ends the gateway that it started, for good, and nobody else ends anything', async () => {
  supervisor.clockSetter = 'world'
  await start('answers')
  await start('world')
  await until(() => supervisor.pids().gateway !== undefined)
  await start('tells')
  await until(() => said.includes('world got [object Object]'))
  expect(supervisor.pids().gateway).toBeUndefined()
  await until(() => said.includes('answers got this role cannot be ended'))
  // What the role asked for once more was answered, though there is none any more.
  expect(Object.keys(supervisor.pids()).sort()).toEqual(['answers', 'tells', 'world'])
})

test('only the world’s own role can set the clock; a platform has nobody who can', async () => {
  await start('intruder')
  await until(() => said.some((words) => words.includes('cannot be set')))
  supervisor.clockSetter = 'setter'
  await start('setter')
  await until(() => said.includes('setter got [object Object]'))
})
