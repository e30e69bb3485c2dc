import type { Clock } from '@kapok/kit/clock'
import type { EdgeBuffer, EdgePoint, Note } from '../buffer/buffer.ts'
import { type Quality, quality, type TagValue } from '../driver.ts'
import type { DeviceState, TagState } from '../reading/reader.ts'
import { isWorthSending, type Reading } from '../reading/report.ts'
import { joined, saidReason, type Words, wordsOf } from '../sentence.ts'
import { type AlarmState, alarmAfter, quiet } from './alarm.ts'
import { derivedWords } from './derived-words.ts'
import type { WindowUse } from './expression.ts'
import { type AlarmNode, type DerivedNode, type DerivePlan, inputsOf, type Node, type Series } from './plan.ts'
import { ValueWindow, type WindowState } from './window.ts'

/** An alarm as it is now, for the gateway's own page. */
export interface ShownAlarm extends AlarmState {
  device: string
  name: string
  severity: AlarmNode['alarm']['severity']
  message: AlarmNode['alarm']['message']
  /** Why it cannot be told whether the condition holds. */
  reason: Words | undefined
}

/** What is to be kept together with the values that it came from. */
export interface Derived {
  points: EdgePoint[]
  notes: Note[]
  /** They were not kept: what they said is to be said again. */
  undo(): void
}

/** What a tag of a device was found to be. */
export type Taken = readonly [property: string, state: TagState]

/** Windows and waiting alarms go on without new values; they are looked at this often. */
const tickMs = 1_000
/** A window is noted this often at most; what a power cut takes from it is a hole. */
const noteEveryMs = 5_000

interface KeptWindow {
  note: string
  window: ValueWindow
  seconds: number
  notedAt: number
}

interface Outcome {
  value: TagValue | undefined
  quality: Quality
  reason: Words | undefined
}

/** Computes derived tags and alarms, in the order in which values were read. Its state survives a restart. */
export class Derivation {
  readonly #plan: DerivePlan
  readonly #buffer: EdgeBuffer
  readonly #clock: Clock
  readonly #timer: NodeJS.Timeout
  readonly #ranks = new Map<Node, number>()
  readonly #dependents = new Map<Series, Node[]>()
  readonly #states = new Map<Series, TagState>()
  readonly #windows = new Map<Series, Map<number, KeptWindow>>()
  readonly #alarms = new Map<AlarmNode, AlarmState & { reason: Words | undefined }>()
  readonly #sent = new Map<Node, Reading>()
  readonly #evaluatedAt = new Map<Node, number>()
  readonly #devices = new Map<string, DeviceState>()

  constructor(plan: DerivePlan, buffer: EdgeBuffer, clock: Clock) {
    this.#plan = plan
    this.#buffer = buffer
    this.#clock = clock
    for (const [rank, node] of plan.nodes.entries()) {
      this.#ranks.set(node, rank)
      for (const series of new Set(inputsOf(node)))
        this.#dependents.set(series, [...(this.#dependents.get(series) ?? []), node])
      for (const use of node.expression.windows) this.#openWindow(use)
      if (node.kind === 'alarm') {
        const kept = buffer.note(alarmNote(node))
        this.#alarms.set(node, {
          ...(kept === undefined ? quiet : (JSON.parse(kept) as AlarmState)),
          reason: undefined,
        })
      }
    }
    this.#timer = setInterval(() => this.tick(), tickMs)
    this.#timer.unref()
  }

  /** Where the derived values of each device are shown. */
  show(devices: readonly DeviceState[]): void {
    for (const device of devices) this.#devices.set(device.name, device)
  }

  alarms(): ShownAlarm[] {
    return [...this.#alarms].map(
      ([
        {
          device,
          alarm: { name, severity, message },
        },
        state,
      ]) => ({
        ...{ device, name, severity, message },
        ...state,
      }),
    )
  }

  /** Takes what was read of a device, in its order. */
  took(device: string, taken: readonly Taken[]): Derived {
    const derived = new Gathered()
    let changed = new Map<Series, TagState>()
    for (const [property, state] of taken) {
      const series = this.#plan.series(device, property)
      if (series === undefined || (!this.#dependents.has(series) && !this.#windows.has(series))) continue
      // The values of one round belong together; a second one of a tag comes after all that followed from the first.
      if (changed.has(series)) {
        this.#compute(changed, derived)
        changed = new Map()
      }
      changed.set(series, state)
    }
    this.#compute(changed, derived)
    this.#noteWindows(derived, noteEveryMs)
    return this.#result(derived)
  }

  /** Looks at what changes by time alone. */
  tick(): void {
    const now = this.#clock.now()
    const derived = new Gathered()
    const isDue = (node: Node) =>
      this.#evaluatedAt.has(node) &&
      now - (this.#evaluatedAt.get(node) ?? 0) >= tickMs &&
      (node.expression.windows.length > 0 ||
        (node.kind === 'alarm' && this.#alarms.get(node)?.holdsSince !== undefined))
    this.#evaluateAll(new Set(this.#plan.nodes.filter(isDue)), now, derived)
    this.#noteWindows(derived, noteEveryMs)
    this.#keep(this.#result(derived))
  }

  /** The clock was set by so much: what is remembered is moved with it. */
  clockWasSet(ms: number): void {
    for (const { window } of this.#eachWindow()) window.shift(ms)
    for (const [node, at] of this.#evaluatedAt) this.#evaluatedAt.set(node, at + ms)
    for (const state of this.#alarms.values()) if (state.holdsSince !== undefined) state.holdsSince += ms
  }

  stop(): void {
    clearInterval(this.#timer)
    const derived = new Gathered()
    this.#noteWindows(derived, 0)
    this.#keep(this.#result(derived))
  }

  #keep({ points, notes, undo }: Derived): void {
    // The buffer has it in a gap record then.
    this.#buffer.append(points, notes).catch(undo)
  }

  #result({ points, notes, sent }: Gathered): Derived {
    const undo = () => {
      for (const [node, reading] of sent) if (this.#sent.get(node) === reading) this.#sent.delete(node)
    }
    return { points, notes: [...notes], undo }
  }

  #compute(changed: ReadonlyMap<Series, TagState>, derived: Gathered): void {
    let at = 0
    const nodes = new Set<Node>()
    for (const [series, state] of changed) {
      this.#update(series, state)
      at = Math.max(at, state.at)
      for (const node of this.#dependents.get(series) ?? []) nodes.add(node)
    }
    this.#evaluateAll(nodes, at, derived)
  }

  /** Evaluates these and what depends on them, each once and after what it needs. */
  #evaluateAll(nodes: Set<Node>, at: number, derived: Gathered): void {
    // A set that is walked takes what is added on the way.
    for (const node of nodes)
      if (node.kind === 'derived') for (const next of this.#dependents.get(node.series) ?? []) nodes.add(next)
    for (const node of [...nodes].sort((a, b) => (this.#ranks.get(a) ?? 0) - (this.#ranks.get(b) ?? 0)))
      this.#evaluate(node, at, derived)
  }

  #evaluate(node: Node, at: number, derived: Gathered): void {
    const outcome = this.#outcomeOf(node, at)
    this.#evaluatedAt.set(node, at)
    if (node.kind === 'alarm') this.#judge(node, outcome, at, derived)
    else this.#derive(node, outcome, at, derived)
  }

  #derive(node: DerivedNode, outcome: Outcome, at: number, derived: Gathered): void {
    const { series, report } = node
    const value = outcome.value ?? this.#states.get(series)?.value
    const state: TagState = { at, value, quality: outcome.quality, reason: outcome.reason?.en, zh: outcome.reason?.zh }
    this.#update(series, state)
    const device = this.#devices.get(series.device)
    if (device !== undefined) device.values[series.property] = state
    if (value === undefined) return
    const reading = { at, value, quality: state.quality }
    if (!isWorthSending(report, this.#sent.get(node), reading)) return
    this.#send(node, { device: series.device, property: series.property }, reading, derived)
  }

  #judge(node: AlarmNode, { value, quality: q, reason }: Outcome, at: number, derived: Gathered): void {
    const before = this.#alarms.get(node) ?? { ...quiet, reason: undefined }
    const told = q === quality.bad ? undefined : value
    const isTold = typeof told === 'boolean'
    const after = alarmAfter(before, isTold ? told : undefined, at, node.alarm.forSeconds)
    const why = isTold ? undefined : (reason ?? derivedWords.neitherTrueNorFalse)
    this.#alarms.set(node, { ...after, reason: why })
    const reading = {
      at,
      value: node.alarm.type === 'bool' ? after.raised : after.raised ? 'raised' : 'cleared',
      quality: isTold ? q : quality.uncertain,
    }
    if (isWorthSending(node.report, this.#sent.get(node), reading))
      this.#send(node, { device: node.device, property: node.alarm.property }, reading, derived)
    else if (after === before || after.holdsSince === before.holdsSince) return
    const { raised, changedAt, holdsSince } = after
    derived.notes.set(alarmNote(node), JSON.stringify({ raised, changedAt, holdsSince } satisfies AlarmState))
  }

  #send(node: Node, of: { device: string; property: string }, reading: Reading, derived: Gathered): void {
    this.#sent.set(node, reading)
    derived.sent.push([node, reading])
    derived.points.push({ ...of, ...reading })
  }

  /** Bad in, bad out, with the reason; what is uncertain makes it uncertain. */
  #outcomeOf({ expression }: Node, at: number): Outcome {
    const bad = (reason: Words): Outcome => ({ value: undefined, quality: quality.bad, reason })
    const values: TagValue[] = []
    let doubt: Words | undefined
    for (const series of expression.tags) {
      const state = this.#states.get(series)
      if (state?.value === undefined) return bad(derivedWords.noValueYet(series.property))
      if (state.quality === quality.bad) return bad(joined`${series.property}: ${saidReason(state, derivedWords.bad)}`)
      if (state.quality === quality.uncertain)
        doubt ??= joined`${series.property}: ${saidReason(state, derivedWords.uncertain)}`
      values.push(state.value)
    }
    const measured: number[] = []
    for (const { series, seconds, measure } of expression.windows) {
      const state = this.#states.get(series)
      if (state?.quality === quality.bad) return bad(joined`${series.property}: ${saidReason(state, derivedWords.bad)}`)
      const found = this.#windows.get(series)?.get(seconds)?.window.measure(measure, at)
      if (found === undefined) return bad(derivedWords.noNumber(series.property, seconds))
      if (!found.isWhole) doubt ??= derivedWords.noValueAtTimes(series.property, seconds)
      measured.push(found.value)
    }
    try {
      const value = expression.evaluate(values, measured)
      return { value, quality: doubt === undefined ? quality.good : quality.uncertain, reason: doubt }
    } catch (error) {
      return bad(wordsOf(error))
    }
  }

  #update(series: Series, state: TagState): void {
    this.#states.set(series, state)
    const usable = state.quality === quality.bad ? undefined : state.value
    for (const { window } of this.#windows.get(series)?.values() ?? []) window.add(state.at, usable)
  }

  #openWindow({ series, seconds }: WindowUse<Series>): void {
    const ofSeries = this.#windows.get(series) ?? new Map<number, KeptWindow>()
    this.#windows.set(series, ofSeries)
    if (ofSeries.has(seconds)) return
    const note = `window ${series.device} ${series.property} ${seconds}`
    const window = new ValueWindow(seconds)
    const kept = this.#buffer.note(note)
    if (kept !== undefined) window.restore(JSON.parse(kept) as WindowState)
    ofSeries.set(seconds, { note, window, seconds, notedAt: performance.now() })
  }

  #noteWindows(derived: Gathered, everyMs: number): void {
    const now = performance.now()
    for (const kept of this.#eachWindow()) {
      // A long window moves slowly.
      if (now - kept.notedAt < Math.max(everyMs, everyMs === 0 ? 0 : (kept.seconds * 1_000) / 60)) continue
      kept.notedAt = now
      const state = kept.window.state()
      if (state !== undefined) derived.notes.set(kept.note, JSON.stringify(state))
    }
  }

  *#eachWindow(): Generator<KeptWindow> {
    for (const ofSeries of this.#windows.values()) yield* ofSeries.values()
  }
}

class Gathered {
  readonly points: EdgePoint[] = []
  readonly notes = new Map<string, string>()
  readonly sent: [Node, Reading][] = []
}

const alarmNote = ({ device, alarm }: AlarmNode) => `alarm ${device} ${alarm.name}`
