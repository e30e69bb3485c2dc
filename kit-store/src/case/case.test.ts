import type { CaseDesk, CaseVerb } from '@kapok/contracts/case'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type CaseEvent,
  type CaseTable,
  fold,
  judge,
  newStanding,
  type Standing,
  stateDiagram,
  step,
  stepsIn,
  verbsOpen,
} from './case.ts'

const table: CaseTable = {
  kind: 'application',
  title: { zh: '申领', en: 'Application' },
  desks: [{ desk: 'supplier' }, { desk: 'county', without: 'skip' }, { desk: 'city' }, { desk: 'province' }],
  afterLast: 'approved',
  moves: [{ verb: 'issue', from: ['approved'], to: 'issued', said: { zh: '发券', en: 'Issued' } }],
  withdrawFrom: ['review', 'returned'],
}
const steps = stepsIn(table, { hasCounty: true })
/** Some people hold two desks, which is what four eyes are about. */
const people: Record<string, CaseDesk[]> = {
  filer: ['filer'],
  filerWhoReviews: ['filer', 'city'],
  supplier: ['supplier'],
  county: ['county'],
  city: ['city'],
  city2: ['city'],
  everywhere: ['county', 'city', 'province'],
  province: ['province'],
  province2: ['province'],
}
const names = Object.keys(people)
const rules = { now: 10_000, appealUntil: 20_000 }

interface Command {
  who: string
  verb: CaseVerb
  toStep: number
}
const command: fc.Arbitrary<Command> = fc.record({
  who: fc.constantFrom(...names),
  verb: fc.constantFrom('submit', 'confirm', 'approve', 'return', 'reject', 'withdraw', 'appeal'),
  toStep: fc.nat(5),
})

/** Plays commands through the kernel: what it allows becomes an event, what it refuses leaves nothing. */
function play(commands: readonly Command[]): { events: CaseEvent[]; trail: Standing[] } {
  const events: CaseEvent[] = []
  let standing: Standing = newStanding
  const trail = [standing]
  for (const { who, verb, toStep } of commands) {
    const actor = { userId: who, desks: people[who] ?? [] }
    try {
      judge(table, standing, actor, { verb, toStep, reason: 'r' }, rules)
    } catch {
      continue
    }
    const event: CaseEvent = {
      version: standing.version + 1,
      at: 0,
      verb,
      step: standing.step,
      toStep: verb === 'return' ? toStep : null,
      actorUser: who,
      actorName: who,
      actorOrg: null,
      actorOrgName: '',
      reason: null,
      data: verb === 'submit' ? { steps } : {},
    }
    events.push(event)
    standing = step(table, standing, event)
    trail.push(standing)
  }
  return { events, trail }
}
const histories = fc.array(command, { minLength: 1, maxLength: 120 })

test('INV-21 deciders of one case are pairwise distinct and none of them filed it', () => {
  fc.assert(
    fc.property(histories, (commands) => {
      for (const standing of play(commands).trail) {
        const users = [...standing.consents.values()].map((each) => each.user)
        expect(new Set(users).size).toBe(users.length)
        for (const user of users) expect(standing.filers.has(user)).toBe(false)
        const stepsOf = Map.groupBy(standing.deciders, (each) => each.user)
        for (const decisions of stepsOf.values()) expect(new Set(decisions.map((each) => each.step)).size).toBe(1)
      }
    }),
    { numRuns: 2000 },
  )
})

test('INV-22 a return to step k leaves no valid consent at k or above and every one below', () => {
  fc.assert(
    fc.property(histories, (commands) => {
      const { events, trail } = play(commands)
      events.forEach((event, index) => {
        if (event.verb !== 'return') return
        const [before, after] = [trail[index]!, trail[index + 1]!]
        for (const at of after.consents.keys()) expect(at).toBeLessThan(event.toStep ?? 0)
        for (const [at, consent] of before.consents)
          if (at < (event.toStep ?? 0)) expect(after.consents.get(at)).toEqual(consent)
      })
    }),
    { numRuns: 2000 },
  )
})

test('INV-08 the standing is the fold of the events, from wherever the fold begins', () => {
  fc.assert(
    fc.property(histories, (commands) => {
      const { events, trail } = play(commands)
      expect(fold(table, events)).toEqual(trail.at(-1))
    }),
  )
})

test('approval is reached only with a consent at every step that no appeal overruled', () => {
  fc.assert(
    fc.property(histories, (commands) => {
      const { events, trail } = play(commands)
      const last = trail.at(-1)!
      if (last.state !== 'approved' || events.some((event) => event.verb === 'appeal')) return
      expect([...last.consents.keys()].sort()).toEqual(steps.slice(1).map((_, index) => index + 1))
    }),
    { numRuns: 3000 },
  )
})

test('four eyes: whoever decided for the county cannot decide for the city, though both desks are theirs', () => {
  const { trail } = play([
    { who: 'filer', verb: 'submit', toStep: 0 },
    { who: 'supplier', verb: 'confirm', toStep: 0 },
    { who: 'everywhere', verb: 'approve', toStep: 0 },
  ])
  const standing = trail.at(-1)!
  const attempt = (who: string) => () =>
    judge(table, standing, { userId: who, desks: people[who] ?? [] }, { verb: 'approve' }, rules)
  expect(attempt('everywhere')).toThrow(/Somebody else/)
  expect(attempt('county')).toThrow(/not on your desk/)
  expect(attempt('city')).not.toThrow()
})

test('an appeal goes to the desk above the one that rejected, and there to somebody else', () => {
  const rejected = play([
    { who: 'filer', verb: 'submit', toStep: 0 },
    { who: 'supplier', verb: 'confirm', toStep: 0 },
    { who: 'county', verb: 'reject', toStep: 0 },
    { who: 'filer', verb: 'appeal', toStep: 0 },
  ]).trail.at(-1)!
  expect([rejected.state, rejected.steps[rejected.step]]).toEqual(['review', 'city'])
  const byProvince = play([
    { who: 'filer', verb: 'submit', toStep: 0 },
    { who: 'supplier', verb: 'confirm', toStep: 0 },
    { who: 'county', verb: 'approve', toStep: 0 },
    { who: 'city', verb: 'approve', toStep: 0 },
    { who: 'province', verb: 'reject', toStep: 0 },
    { who: 'filer', verb: 'appeal', toStep: 0 },
  ]).trail.at(-1)!
  const open = (who: string) => verbsOpen(table, byProvince, { userId: who, desks: people[who] ?? [] }, rules)
  expect(open('province')).toEqual([])
  expect(open('province2')).toEqual(['approve', 'return', 'reject'])
})

test('an appeal after its last day is refused', () => {
  const { trail } = play([
    { who: 'filer', verb: 'submit', toStep: 0 },
    { who: 'supplier', verb: 'confirm', toStep: 0 },
    { who: 'county', verb: 'reject', toStep: 0 },
  ])
  const appeal = (now: number) => () =>
    judge(
      table,
      trail.at(-1)!,
      { userId: 'filer', desks: ['filer'] },
      { verb: 'appeal', reason: 'r' },
      { now, appealUntil: 100 },
    )
  expect(appeal(100)).not.toThrow()
  expect(appeal(101)).toThrow(/has passed/)
})

test('the diagram names every desk and every move of the table', () => {
  const diagram = stateDiagram(table)
  for (const word of [
    'review_supplier',
    'review_county',
    'review_province --> approved: approve',
    'approved --> issued: issue',
  ])
    expect(diagram).toContain(word)
  expect(diagram).toContain('review_city --> returned: return')
})
