import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { SettableClock } from '@kapok/kit/clock'
import { randomIds } from '@kapok/kit/ids'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { documentOf, eventOf } from './document.ts'
import type { EventInContext } from './event.ts'
import { LmdbEventStore } from './event-store.ts'
import { EpcisProblem } from './problem.ts'
import { readQuery } from './query.ts'
import { sampleDocument, sampleLife } from './sample-events.ts'
import { scheduleOf } from './schedule.ts'
import { type OpenSocket, type SubscriptionControls, Subscriptions } from './subscriptions.ts'

class Socket implements OpenSocket {
  readonly sent: string[] = []
  closedWith: number | undefined
  #closed = () => {}
  send(text: string) {
    this.sent.push(text)
  }
  close(code: number) {
    this.closedWith = code
  }
  onClose(closed: () => void) {
    this.#closed = closed
  }
  hangUp() {
    this.#closed()
  }
  get steps() {
    return this.sent.map((text) => {
      const { queryResults } = JSON.parse(text).epcisBody
      return queryResults.resultsBody.eventList.map(({ bizStep }: { bizStep: string }) => bizStep)
    })
  }
}

const clock = new SettableClock()
let folder: string
let store: LmdbEventStore
let subscriptions: Subscriptions
beforeEach(() => {
  clock.set(Date.UTC(2026, 1, 1, 1, 4, 58), { running: false })
  folder = mkdtempSync(join(tmpdir(), 'kapok-epcis-subscriptions-'))
  store = new LmdbEventStore({ folder, clock, canonical: () => undefined })
  subscriptions = new Subscriptions({ store, clock, ids: randomIds })
  subscriptions.run()
})
afterEach(async () => {
  subscriptions.stop()
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const capture = async (...batches: number[]) => {
  const document = documentOf(sampleDocument(batches.flatMap((batch) => sampleLife(batch))))
  await store.capture(
    document.events.map((_, i) => eventOf(document, i) as EventInContext),
    'rollback',
  )
  subscriptions.captured()
  for (let n = 0; n < 3; n++) await turn()
}
const observed = readQuery({ EQ_action: 'OBSERVE' }, () => undefined, {})
const open = (controls: SubscriptionControls, socket = new Socket()) => {
  subscriptions.open('observed', observed, controls, socket)
  return socket
}
const pass = (seconds: number) => {
  for (let n = 0; n < seconds; n++) {
    clock.set(clock.now() + 1_000, { running: false })
    subscriptions.tick()
  }
}

describe('a subscription', () => {
  test('as a stream gets what is captured and matches, once, and from an earlier time when that is asked for', async () => {
    await capture(1)
    const now = open({ stream: 'true' })
    const before = open({ stream: 'true', initialRecordTime: '2026-02-01T00:00:00Z' })
    await capture(2)
    expect(now.steps).toEqual([['shipping', 'receiving']])
    expect(before.steps).toEqual([
      ['shipping', 'receiving'],
      ['shipping', 'receiving'],
    ])
    expect(JSON.parse(now.sent[0] ?? '').epcisBody.queryResults).toMatchObject({
      queryName: 'observed',
      subscriptionID: expect.any(String),
    })
  })

  test('with a schedule reports when its time has come, also nothing when that is asked for', async () => {
    const daily = open({ hour: '1', minute: '5' })
    const even = open({ hour: '1', minute: '5', reportIfEmpty: 'true' })
    await capture(1)
    expect(daily.sent).toEqual([])
    pass(2)
    expect(daily.steps).toEqual([['shipping', 'receiving']])
    pass(86_400)
    expect(daily.steps).toHaveLength(1)
    expect(even.steps).toEqual([['shipping', 'receiving'], []])
  })

  test('that was far behind gets its events in parts, between other work', async () => {
    await capture(...Array(600).keys())
    const socket = open({ stream: 'true', initialRecordTime: '2026-02-01T00:00:00Z' })
    expect(socket.sent).toHaveLength(1)
    for (let n = 0; n < 10; n++) await turn()
    expect(socket.steps.flat()).toHaveLength(1_200)
  })

  test('whose socket breaks is ended, and the others get theirs', async () => {
    const broken = new Socket()
    broken.send = () => {
      throw new Error('gone')
    }
    open({ stream: 'true' }, broken)
    const whole = open({ stream: 'true' })
    await capture(1)
    expect([whole.steps, broken.closedWith, subscriptions.list('observed').length]).toEqual([
      [['shipping', 'receiving']],
      1000,
      1,
    ])
  })

  test('ends with its socket or its query, and is listed until then', () => {
    const [first, second] = [open({ stream: 'true' }), open({ second: '0' })]
    expect(subscriptions.list('observed')).toMatchObject([{ stream: true }, { schedule: { second: '0' } }])
    first.hangUp()
    expect(subscriptions.list('observed')).toHaveLength(1)
    subscriptions.close('observed')
    expect([second.closedWith, subscriptions.list('observed')]).toEqual([1000, []])
  })

  test('with controls that do not fit together is refused', () => {
    for (const controls of [
      {},
      { stream: 'true', hour: '1' },
      { stream: 'false' },
      { hour: '24' },
      { hour: '1', reportIfEmpty: 'yes' },
      { stream: 'true', initialRecordTime: 'now' },
    ])
      expect(() => open(controls as SubscriptionControls)).toThrow(EpcisProblem)
  })
})

describe('a schedule', () => {
  const times = (controls: Record<string, string>) => {
    const schedule = scheduleOf(controls)
    const begin = Date.UTC(2026, 1, 1)
    const found: string[] = []
    for (let second = 0; second < 2 * 86_400 && found.length < 4; second++) {
      const at = new Date(begin + second * 1_000)
      if (schedule.matches(at)) found.push(at.toISOString().slice(8, 19))
    }
    return found
  }
  test('has numbers, ranges, steps and lists, and smaller fields begin at their first', () => {
    expect(times({ second: '0/30' })).toEqual(['01T00:00:00', '01T00:00:30', '01T00:01:00', '01T00:01:30'])
    expect(times({ minute: '5', hour: '1' })).toEqual(['01T01:05:00', '02T01:05:00'])
    expect(times({ hour: '[2-3],7' })).toEqual(['01T02:00:00', '01T03:00:00', '01T07:00:00', '02T02:00:00'])
    // 1 February 2026 is a Sunday.
    expect(times({ dayOfWeek: '1' })).toEqual(['02T00:00:00'])
    expect(times({ second: '15', dayOfMonth: '2' }).slice(0, 2)).toEqual(['02T00:00:15', '02T00:01:15'])
  })
})
