import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Holder } from '../directory.ts'
import { type KeptSession, SessionJournal } from './session-journal.ts'

let folder = ''
let file = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kapok-journal-'))
  file = join(folder, 'sessions.journal')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const fail = (error: Error) => {
  throw error
}
const holder: Holder = {
  credentialId: 'c',
  deviceId: 'd',
  orgId: 'o',
  kind: 'device',
  purpose: 'live',
  endsAt: undefined,
}
const session: KeptSession = {
  holder,
  clientId: 'away',
  expirySeconds: 60,
  leftAt: undefined,
  subscriptions: [['devices/d/#', { qos: 1, noLocal: false }]],
  will: { topic: 'gone', payload: Buffer.from([0, 255, 10]), qos: 1, retain: true, delaySeconds: 5 },
}
const note = (text: string) => ({
  topic: `devices/d/${text}`,
  payload: Buffer.from(text),
  qos: 1 as const,
  retain: false,
})

/** What a journal holds, as text. */
const held = (journal: SessionJournal) =>
  JSON.stringify({
    sessions: [...journal.sessions].map(([key, each]) => [key, each.session, [...each.messages], [...each.received]]),
    retained: [...journal.retained].map(([orgId, topics]) => [orgId, [...topics]]),
  })

/** Acts of every kind, one record each. */
const acts: ((journal: SessionJournal) => void)[] = [
  (journal) => journal.keep('k', session),
  (journal) => journal.message('k', 1, note('one')),
  (journal) => journal.message('k', 2, note('two')),
  (journal) => journal.received('k', 7),
  (journal) => journal.done('k', 1),
  (journal) => journal.keep('k', { ...session, leftAt: 5, will: undefined }),
  (journal) => journal.retain('o', { topic: 'devices/d/state', payload: Buffer.from('on'), qos: 1 }),
  (journal) => journal.released('k', 7),
  (journal) => journal.keep('other', { ...session, expirySeconds: 1 }),
  (journal) => journal.end('other'),
  (journal) => journal.retain('o', { topic: 'devices/d/state', payload: Buffer.alloc(0), qos: 0 }),
]

test('a journal torn at any byte holds what its whole records say, and goes on from there', async () => {
  const journal = new SessionJournal(file, fail)
  const states = [held(journal)]
  const lengths = [0]
  for (const act of acts) {
    act(journal)
    await journal.durable()
    states.push(held(journal))
    lengths.push(statSync(file).size)
  }
  await journal.stop()
  const bytes = readFileSync(file)
  expect(new Set(states).size).toBeGreaterThan(8)
  for (let cut = 0; cut <= bytes.length; cut++) {
    writeFileSync(file, bytes.subarray(0, cut))
    const again = new SessionJournal(file, fail)
    expect(held(again)).toBe(states[lengths.findLastIndex((length) => length <= cut)])
    if (cut % 10 !== 0) {
      await again.stop()
      continue
    }
    again.retain('o', { topic: 'after', payload: Buffer.from('x'), qos: 0 })
    await again.stop()
    const third = new SessionJournal(file, fail)
    expect(third.retained.get('o')?.has('after')).toBe(true)
    await third.stop()
  }
})

test('a flipped bit ends the journal before its record', async () => {
  const journal = new SessionJournal(file, fail)
  journal.keep('k', session)
  journal.message('k', 1, note('one'))
  await journal.stop()
  const bytes = readFileSync(file)
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 1
    writeFileSync(file, changed)
    const again = new SessionJournal(file, fail)
    expect(again.sessions.get('k')?.messages.get(1)).toBeUndefined()
    await again.stop()
  }
})

test('a journal of which most is past is written anew and says the same', async () => {
  const journal = new SessionJournal(file, fail)
  journal.keep('k', session)
  journal.retain('o', { topic: 'devices/d/state', payload: Buffer.from('on'), qos: 1 })
  const large = Buffer.alloc(1 << 20, 7)
  for (let n = 1; n <= 40; n++) {
    journal.message('k', n, { ...note('large'), payload: large })
    if (n > 2) journal.done('k', n - 2)
    await journal.durable()
  }
  const before = held(journal)
  await journal.stop()
  expect(statSync(file).size).toBeLessThan(20 << 20)
  const again = new SessionJournal(file, fail)
  expect(held(again)).toBe(before)
  expect([...(again.sessions.get('k')?.messages.keys() ?? [])]).toEqual([39, 40])
  await again.stop()
})

test('whoever waits is told after the record is on disk, in the order of asking', async () => {
  const journal = new SessionJournal(file, fail)
  const told: string[] = []
  journal.whenDurable(() => told.push('nothing to wait for'))
  expect(told).toEqual(['nothing to wait for'])
  journal.keep('k', session)
  journal.whenDurable(() => told.push(`first ${statSync(file).size > 0}`))
  journal.whenDurable(() => told.push('second'))
  expect(told).toHaveLength(1)
  await journal.durable()
  expect(told).toEqual(['nothing to wait for', 'first true', 'second'])
  await journal.stop()
})
