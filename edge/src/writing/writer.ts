import type { Clock } from '@kapok/kit/clock'
import type { Series } from '../derive/plan.ts'
import { type DeviceConnection, DeviceError, quality, RefusedRequest, type Request, type TagValue } from '../driver.ts'
import { meant } from '../reading/meaning.ts'
import type { Reader } from '../reading/reader.ts'
import { type Said, SaidError, saidReason, wordsOf } from '../sentence.ts'
import type { EdgeDevice, Tag } from '../tag-table.ts'
import { rawValueOf } from './raw-value.ts'
import { type Refusal, refusal } from './refusal.ts'
import type { WriteRule } from './rule.ts'
import type { WriteLog, WriteRecord } from './write-log.ts'

export interface WriteRequest {
  who: string
  device: string
  property: string
  /** In the tag's own terms: scaled, or the word of an enumeration. */
  value: TagValue
}

/** Undefined: it was written, and read back as it was written. */
export type WriteOutcome = Refusal | undefined

/** Writes to one device that wait for each other, at most. */
const waitingMax = 16
/** A controller takes a value over with its next cycle. */
const readBack = { tries: 5, everyMs: 200 }

interface Machine {
  device: EdgeDevice
  reader: Reader
  last: Promise<unknown>
  waiting: number
}

/** Writes tags: checked, behind their interlock, one at a time for each device, read back, and recorded. */
export class Writer {
  readonly #machines: ReadonlyMap<string, Machine>
  readonly #log: WriteLog
  readonly #clock: Clock

  constructor(machines: readonly { device: EdgeDevice; reader: Reader }[], log: WriteLog, clock: Clock) {
    this.#machines = new Map(
      machines.map((each) => [each.device.name, { ...each, last: Promise.resolve(), waiting: 0 }]),
    )
    this.#log = log
    this.#clock = clock
  }

  async write(request: WriteRequest): Promise<WriteOutcome> {
    const { device, property } = request
    const machine = this.#machines.get(device)
    const tag = machine?.device.tags.find((each) => each.property === property)
    if (machine === undefined || tag === undefined) return refusal('unknown', { device, property })
    if (machine.waiting >= waitingMax) return refusal('busy', { device })
    machine.waiting++
    const turn = machine.last.then(() => this.#inTurn(machine, tag, request))
    machine.last = turn.catch(() => undefined)
    return turn.finally(() => machine.waiting--)
  }

  async #inTurn(machine: Machine, tag: Tag, request: WriteRequest): Promise<WriteOutcome> {
    const record = {
      ...{ id: crypto.randomUUID(), who: request.who, device: request.device, property: request.property },
      ...{ old: machine.reader.state.values[tag.property]?.value ?? null, new: request.value },
    }
    const say = (outcome: WriteRecord['outcome']) => this.#log.add({ ...record, at: this.#clock.now(), outcome })
    try {
      const checked = await this.#check(machine, tag, request.value)
      if ('code' in checked) {
        say(checked.code)
        return checked
      }
      say('begun')
      const outcome = await this.#send(machine, tag, checked)
      say(outcome?.code ?? 'written')
      return outcome
    } catch (error) {
      return refusal('notRecorded', { why: wordsOf(error) })
    }
  }

  async #check(machine: Machine, tag: Tag, value: TagValue): Promise<{ raw: TagValue; write: Write } | Refusal> {
    if (tag.write === undefined) return refusal('readOnly', { property: tag.property })
    const { connection } = machine.reader
    if (connection.write === undefined) return refusal('cannotWrite', { protocol: machine.device.protocol })
    const found = rawValueOf(tag, value)
    if ('code' in found) return found
    const open = await this.#interlock(tag.write)
    return open ?? { ...found, write: connection.write.bind(connection) }
  }

  async #interlock({ condition: interlock, maxAgeMs }: WriteRule): Promise<Refusal | undefined> {
    if (interlock === undefined) return undefined
    const values: TagValue[] = []
    for (const series of interlock.tags) {
      const value = await this.#freshValue(series, maxAgeMs)
      if (typeof value === 'object') return refusal('stale', { of: series.property, why: value.why, maxAgeMs })
      values.push(value)
    }
    try {
      const holds = interlock.evaluate(values, [])
      if (holds === true) return undefined
      if (holds !== false) throw new SaidError({ zh: `结果为 ${String(holds)}`, en: `the result is ${String(holds)}` })
    } catch (error) {
      return refusal('interlockError', { interlock: interlock.text, why: wordsOf(error) })
    }
    const now = interlock.tags.map(({ property }, i) => `${property} = ${values[i]}`).join(', ')
    return refusal('interlock', { interlock: interlock.text, values: now })
  }

  /** The value that is known, when it is young enough; else the device is asked. */
  async #freshValue({ device, property }: Series, maxAgeMs: number): Promise<TagValue | { why: Said }> {
    const machine = this.#machines.get(device)
    const known = machine?.reader.state.values[property]
    const age = this.#clock.now() - (known?.at ?? Number.NEGATIVE_INFINITY)
    if (known?.value !== undefined && known.quality === quality.good && age <= maxAgeMs) return known.value
    const tag = machine?.device.tags.find((each) => each.property === property)
    if (machine === undefined || tag === undefined || tag.meaning.rollOver !== undefined)
      return { why: known === undefined ? noValueYet : saidReason(known, valueIsOld(age)) }
    try {
      const sample = meant(await readOnce(machine, tag), tag.meaning, { base: 0, last: 0 })
      if (sample.quality === quality.good && sample.value !== undefined) return sample.value
      return { why: saidReason(sample, valueIsNotGood) }
    } catch (error) {
      return { why: wordsOf(error) }
    }
  }

  async #send(machine: Machine, tag: Tag, { raw, write }: { raw: TagValue; write: Write }): Promise<WriteOutcome> {
    try {
      await write(tag, raw)
    } catch (error) {
      // The driver knows a value or an area that can never be written.
      const code = error instanceof RangeError ? 'unfit' : error instanceof RefusedRequest ? 'refused' : 'failed'
      return refusal(code, { why: wordsOf(error) })
    }
    let found: TagValue | undefined
    for (let i = 0; i < readBack.tries; i++) {
      if (i > 0) await new Promise((go) => setTimeout(go, readBack.everyMs))
      try {
        const sample = await readOnce(machine, tag)
        if (sample.value === undefined) throw new DeviceError(saidReason(sample, { zh: '没有值', en: 'no value' }))
        found = sample.value
      } catch (error) {
        return refusal('notReadBack', { why: wordsOf(error) })
      }
      if (found === raw) return undefined
    }
    return refusal('mismatch', { found: String(found), raw: String(raw) })
  }
}

const noValueYet = { zh: '还没有值', en: 'no value yet' }
const valueIsNotGood = { zh: '它的值不可用', en: 'its value is not good' }
const valueIsOld = (ms: number) => ({ zh: `它的值是 ${ms} ms 前的`, en: `its value is ${ms} ms old` })

type Write = NonNullable<DeviceConnection<unknown, Request<unknown>>['write']>

async function readOnce({ device, reader }: Machine, tag: Tag) {
  const [request] = device.driver.plan([tag], device.settings)
  if (request === undefined)
    throw new DeviceError({ zh: '驱动没有读取它的请求', en: 'the driver has no request for it' })
  const [sample] = await reader.connection.read(request)
  if (sample === undefined) throw new DeviceError({ zh: '设备没有给出值', en: 'the device gave no value' })
  return sample
}
