import type { CaseDesk, CaseKind, CaseState, CaseVerb } from '@kapok/contracts/case'
import { must } from '@kapok/kit/must'
import { refuseCase } from './refusals.ts'

/**
 * The one case kernel (办件): what a case is, as data. A kind of case is a table of words: which desks decide in which
 * order, where the last consent leads, and which further moves its plane makes. Status is the fold of the events.
 */
export interface CaseTable {
  kind: CaseKind
  title: { zh: string; en: string }
  /** Desks in the order of the arrow. `without` says what happens in a region that has no such level. */
  desks: readonly { desk: ReviewDesk; without?: 'skip' | 'city' }[]
  /** State after the last desk consented. */
  afterLast: CaseState
  /** Moves that the plane makes by itself (jobs, ledger, bank), and where they lead. */
  moves: readonly { verb: string; from: readonly CaseState[]; to: CaseState; said: { zh: string; en: string } }[]
  /** States in which the filer may still withdraw. */
  withdrawFrom: readonly CaseState[]
}

export type ReviewDesk = Exclude<CaseDesk, 'filer' | 'finance'>

/** What was done, by whom, when. `step` is where the case stood; 0 is the filer. */
export interface CaseEvent {
  version: number
  at: number
  verb: string
  step: number
  toStep: number | null
  actorUser: string | null
  actorName: string
  actorOrg: string | null
  actorOrgName: string
  reason: string | null
  data: Record<string, unknown>
}

/** Where a case stands. */
export interface Standing {
  version: number
  state: CaseState
  step: number
  /** Desks of this case, pinned when it was submitted; index 0 is the filer. */
  steps: CaseDesk[]
  /** Valid consents by step. */
  consents: ReadonlyMap<number, { user: string; at: number; version: number }>
  /** Everybody who ever decided, with the step at which they did. */
  deciders: readonly { user: string; step: number }[]
  filers: ReadonlySet<string>
  since: number
  submittedAt: number | null
  /** User and step of the last rejection, while it stands or is under appeal. */
  rejectedBy: { user: string; step: number; at: number } | null
  urgedAt: number | null
}

/** Desks of a case in a region: a level that the region does not have is skipped or answered by the city. */
export function stepsIn(table: CaseTable, region: { hasCounty: boolean }): CaseDesk[] {
  const desks: CaseDesk[] = ['filer']
  for (const { desk, without } of table.desks) {
    if (desk !== 'county' || region.hasCounty || without === undefined) desks.push(desk)
    else if (without === 'city') desks.push('city')
  }
  return desks
}

export const newStanding: Standing = {
  version: 0,
  state: 'draft',
  step: 0,
  steps: ['filer'],
  consents: new Map(),
  deciders: [],
  filers: new Set(),
  since: 0,
  submittedAt: null,
  rejectedBy: null,
  urgedAt: null,
}

/** The standing after one more event. Total: an event that the table does not know is a bug and throws. */
export function step(table: CaseTable, before: Standing, event: CaseEvent): Standing {
  const after: Standing = { ...before, version: event.version }
  const user = event.actorUser ?? ''
  const decided = () => [...before.deciders, { user, step: before.step }]
  switch (event.verb) {
    case 'create':
      return { ...after, since: event.at }
    case 'save':
    case 'attach':
    case 'detach':
      return after
    case 'submit':
      return {
        ...after,
        state: 'review',
        step: 1,
        steps: event.data.steps as CaseDesk[],
        consents: new Map(),
        filers: new Set([...before.filers, user]),
        since: event.at,
        submittedAt: before.submittedAt ?? event.at,
      }
    case 'confirm':
    case 'approve': {
      const consents = new Map(before.consents).set(before.step, { user, at: event.at, version: event.version })
      const last = before.step === before.steps.length - 1
      return {
        ...after,
        consents,
        deciders: decided(),
        state: last ? table.afterLast : 'review',
        step: last ? before.step : before.step + 1,
        since: event.at,
        rejectedBy: null,
        urgedAt: null,
      }
    }
    case 'return': {
      const to = must(event.toStep, 'a return names its step')
      return {
        ...after,
        // INV-22: consents at steps ≥ k fall, those below stand.
        consents: new Map([...before.consents].filter(([at]) => at < to)),
        deciders: decided(),
        state: to === 0 ? 'returned' : 'review',
        step: to,
        since: event.at,
        urgedAt: null,
      }
    }
    case 'reject':
      return {
        ...after,
        deciders: decided(),
        state: 'rejected',
        since: event.at,
        rejectedBy: { user, step: before.step, at: event.at },
      }
    case 'appeal':
      return { ...after, state: 'review', step: appealStep(before), since: event.at, urgedAt: null }
    case 'withdraw':
      return { ...after, state: 'withdrawn', since: event.at }
    case 'urge':
      return { ...after, urgedAt: event.at }
    default: {
      const move = must(
        table.moves.find((each) => each.verb === event.verb && each.from.includes(before.state)),
        `${table.kind} in ${before.state} knows no ${event.verb}`,
      )
      if (move.to !== 'review') return { ...after, state: move.to, since: event.at }
      const to = must(event.toStep, 'a move back to review names its step')
      return {
        ...after,
        state: 'review',
        step: to,
        consents: new Map([...before.consents].filter(([at]) => at < to)),
        since: event.at,
      }
    }
  }
}

/** Status is derived: the fold of the events, in their order. */
export function fold(table: CaseTable, events: readonly CaseEvent[]): Standing {
  return events.reduce((standing, event) => step(table, standing, event), newStanding)
}

/** An appeal goes to the desk above the one that rejected, else to another person of the same desk. */
function appealStep(standing: Standing): number {
  const rejected = must(standing.rejectedBy, 'an appeal follows a rejection')
  return Math.min(rejected.step + 1, standing.steps.length - 1)
}

/** Who acts, as the case sees them: the desks of this case that the person's organisation and role can sit at. */
export interface CaseActor {
  userId: string
  desks: readonly CaseDesk[]
}

export interface Act {
  verb: CaseVerb
  toStep?: number
  reason?: string
}

export interface JudgeRules {
  now: number
  /** Last millisecond for an appeal against the standing rejection. */
  appealUntil: number | null
}

const dayMs = 86_400_000

/**
 * Whether this person may do this now; throws the refusal that says why not. What the kind adds (papers, evidence,
 * money) is checked by its plane afterwards, in the same transaction.
 */
export function judge(table: CaseTable, standing: Standing, actor: CaseActor, act: Act, rules: JudgeRules): void {
  const { state } = standing
  const notNow = () => refuseCase('case.verb_not_now', { state })
  const byFiler = () => {
    if (!actor.desks.includes('filer')) throw refuseCase('case.not_your_desk')
  }
  switch (act.verb) {
    case 'submit':
      byFiler()
      if (state !== 'draft' && state !== 'returned') throw notNow()
      return
    case 'withdraw':
      byFiler()
      if (!table.withdrawFrom.includes(state)) throw notNow()
      return
    case 'appeal':
      byFiler()
      if (state !== 'rejected') throw notNow()
      if (rules.appealUntil !== null && rules.now > rules.appealUntil) throw refuseCase('case.appeal_late')
      if (!act.reason) throw refuseCase('case.reason_missing')
      return
    case 'urge':
      byFiler()
      if (state !== 'review') throw notNow()
      if (rules.now - Math.max(standing.urgedAt ?? 0, standing.since) < dayMs) throw refuseCase('case.urged')
      return
  }
  if (state !== 'review') throw notNow()
  const desk = must(standing.steps[standing.step], 'a case in review stands at one of its steps')
  if (!actor.desks.includes(desk)) throw refuseCase('case.not_your_desk')
  // INV-21: deciders pairwise distinct, none the filer. The same person may redo a step of their own, not take a second.
  if (standing.filers.has(actor.userId)) throw refuseCase('case.decider_is_filer')
  const elsewhere = standing.deciders.some((each) => each.user === actor.userId && each.step !== standing.step)
  const ownRejection = standing.rejectedBy?.user === actor.userId
  if (elsewhere || ownRejection) throw refuseCase('case.decider_again')
  if (act.verb === 'confirm' || act.verb === 'approve') {
    if ((act.verb === 'confirm') !== (desk === 'supplier')) throw notNow()
    return
  }
  if (act.verb === 'reject' && desk === 'supplier') throw notNow()
  if (act.verb === 'return' && !(act.toStep !== undefined && act.toStep < standing.step))
    throw refuseCase('case.step_not_earlier')
  if (!act.reason) throw refuseCase('case.reason_missing')
}

const deskVerbs: readonly CaseVerb[] = ['confirm', 'approve', 'return', 'reject']
const filerVerbs: readonly CaseVerb[] = ['submit', 'withdraw', 'appeal', 'urge']

/** Verbs open to this person now, found by asking `judge`, so that what is shown is what is allowed. */
export function verbsOpen(table: CaseTable, standing: Standing, actor: CaseActor, rules: JudgeRules): CaseVerb[] {
  return [...filerVerbs, ...deskVerbs].filter((verb) => {
    try {
      judge(table, standing, actor, { verb, toStep: 0, reason: '—' }, rules)
      return true
    } catch {
      return false
    }
  })
}

/** The state machine of a kind as a Mermaid diagram, in a region with counties; made from the same tables. */
export function stateDiagram(table: CaseTable): string {
  const steps = stepsIn(table, { hasCounty: true })
  const state = (index: number) => (index === 0 ? 'returned' : `review_${steps[index]}`)
  const lines = ['stateDiagram-v2', '  [*] --> draft', `  draft --> ${state(1)}: submit`]
  lines.push(`  returned --> ${state(1)}: submit`)
  for (let index = 1; index < steps.length; index++) {
    const next = index === steps.length - 1 ? table.afterLast : state(index + 1)
    lines.push(`  ${state(index)} --> ${next}: ${steps[index] === 'supplier' ? 'confirm' : 'approve'}`)
    for (let to = 0; to < index; to++) lines.push(`  ${state(index)} --> ${state(to)}: return`)
    if (steps[index] !== 'supplier') {
      lines.push(`  ${state(index)} --> rejected: reject`)
      lines.push(`  rejected --> ${state(Math.min(index + 1, steps.length - 1))}: appeal (${steps[index]})`)
    }
  }
  for (const move of table.moves) {
    const to = move.to === 'review' ? state(steps.length - 1) : move.to
    for (const from of move.from) lines.push(`  ${from} --> ${to}: ${move.verb}`)
  }
  for (const from of table.withdrawFrom) {
    const froms = from === 'review' ? steps.slice(1).map((_, index) => state(index + 1)) : [from]
    for (const each of froms) lines.push(`  ${each} --> withdrawn: withdraw`)
  }
  lines.push(`  withdrawn --> [*]`)
  return `${lines.join('\n')}\n`
}
