import { isSignedBatch, type NoteBody } from '@kapok/contracts/signed-batch'
import type { Dialect, DialectSession } from './dialect/dialect.ts'
import { compactTopic, native } from './dialect/native.ts'
import { sparkplugB } from './dialect/sparkplug-b.ts'
import { thingsboard } from './dialect/thingsboard.ts'
import type { Decoded, Intake, KnownDictionary, Message, Taken } from './intake.ts'
import { PayloadError, TooManyPoints } from './payload-error.ts'
import type { QuarantineWriter } from './quarantine-writer.ts'
import { type Reason, reason } from './reasons.ts'
import { openSigned } from './signed.ts'

/** Every way that firmware speaks to us. Adding one: its file, and its name here. */
const dialects: readonly Dialect[] = [native, thingsboard, sparkplugB]

/** What of a sender outlives a message. */
export interface SenderContext extends DialectSession {
  known: KnownDictionary
}

const triesMax = 100

/** Takes messages from the doors (MQTT, HTTP): finds the dialect, decodes, and puts points or quarantine rows away. */
export class Reception {
  points = 0
  messages = 0
  readonly #intake: Intake
  readonly #quarantine: QuarantineWriter
  readonly #markStale: (message: Message, devices: readonly string[]) => void
  readonly #dialectOf = new Map<string, Dialect | null>()

  constructor(
    intake: Intake,
    quarantine: QuarantineWriter,
    markStale: (message: Message, devices: readonly string[]) => void,
  ) {
    this.#intake = intake
    this.#quarantine = quarantine
    this.#markStale = markStale
  }

  takes(topic: string): boolean {
    return topic === compactTopic || this.#find(topic) !== undefined
  }

  /**
   * Rows of the message are appended to the log when this returns, or when the promise resolves that it returns while
   * a device must first be looked up. `problems`: what went to quarantine. Never throws for what a device sent.
   */
  receive(message: Message, context: SenderContext): readonly Reason[] | Promise<readonly Reason[]> {
    this.messages++
    try {
      if (message.sender.key !== undefined || (message.topic === compactTopic && isSignedBatch(message.payload)))
        return this.#receiveSigned(message, context)
      if (message.topic === compactTopic)
        return this.#take(message, () => this.#intake.takeBatch(message, context.known))
      const dialect = this.#find(message.topic)
      if (dialect === undefined) return this.refuse(message, [reason('topic.unknown', { topic: message.topic })])
      const decoded = dialect.decode(message.topic, message.payload, context)
      if (decoded.stale !== undefined) this.#markStale(message, decoded.stale)
      if (decoded.points.length === 0 && decoded.problems.length === 0) return []
      return this.#take(message, () => this.#intake.take(message, copyOf(decoded)))
    } catch (error) {
      return this.refuse(message, [whyUnread(error)])
    }
  }

  /** A batch of an enrolled gateway: nothing of it counts without the gateway's own signature. */
  #receiveSigned(message: Message, context: SenderContext): readonly Reason[] | Promise<readonly Reason[]> {
    if (message.topic !== compactTopic)
      return this.refuse(message, [reason('signature.missing', { gateway: message.sender.deviceId })])
    const opened = openSigned(message)
    if ('code' in opened) return this.refuse(message, [opened])
    const { batch, keyId, mark } = opened
    if (batch.kind === 'health' || batch.kind === 'reply')
      return this.refuse(message, [reason('signature.wrong', { why: `a ${batch.kind} among the points` })])
    if (batch.kind !== 'points') {
      this.#intake.putSequence(message, keyId, batch, mark, noteReason(batch.body))
      return []
    }
    const payload = Buffer.from(batch.body.buffer, batch.body.byteOffset, batch.body.byteLength)
    const inner: Message = { ...message, door: 'gateway', payload }
    return this.#take(message, () => {
      const taken = this.#intake.takeBatch(inner, context.known)
      if (!('ready' in taken)) this.#intake.putSequence(message, keyId, batch, mark, '')
      return taken
    })
  }

  refuse(message: Message, problems: readonly Reason[]): readonly Reason[] {
    this.#quarantine.add(message, problems)
    return problems
  }

  #take(message: Message, attempt: () => Taken): readonly Reason[] | Promise<readonly Reason[]> {
    const taken = attempt()
    if (!('ready' in taken)) return this.#done(message, taken)
    return this.#retry(message, attempt, taken.ready)
  }

  async #retry(message: Message, attempt: () => Taken, ready: Promise<unknown>): Promise<readonly Reason[]> {
    let waitFor = ready
    for (let tries = 0; tries < triesMax; tries++) {
      await waitFor
      try {
        const taken = attempt()
        if (!('ready' in taken)) return this.#done(message, taken)
        waitFor = taken.ready
      } catch (error) {
        return this.refuse(message, [whyUnread(error)])
      }
    }
    throw new Error('the devices of a message changed again and again while it waited')
  }

  #done(message: Message, taken: { problems: readonly Reason[]; points: number }): readonly Reason[] {
    this.points += taken.points
    if (taken.problems.length > 0) this.#quarantine.add(message, taken.problems)
    return taken.problems
  }

  #find(topic: string): Dialect | undefined {
    const known = this.#dialectOf.get(topic)
    if (known !== undefined) return known ?? undefined
    const dialect = dialects.find((each) => each.takes(topic)) ?? null
    if (this.#dialectOf.size < 10_000) this.#dialectOf.set(topic, dialect)
    return dialect ?? undefined
  }
}

/** A second attempt must not find the problems of the first. */
const copyOf = (decoded: Decoded): Decoded => ({ ...decoded, problems: [...decoded.problems] })

/** Why a gateway lost values or its clock stepped, in its own words; they are a note for people and nothing hangs on them. */
function noteReason(body: Uint8Array): string {
  try {
    const { reason: why } = JSON.parse(Buffer.from(body).toString('utf8')) as Partial<NoteBody>
    return String(why ?? '').slice(0, 200)
  } catch {
    return ''
  }
}

function whyUnread(error: unknown): Reason {
  if (error instanceof TooManyPoints) return error.reason
  if (error instanceof PayloadError) return reason('payload.malformed', { why: { zh: error.zh, en: error.message } })
  // Thrown by the reader of compact batches, with the offset.
  if (error instanceof RangeError)
    return reason('payload.malformed', { why: { zh: `紧凑批次有误（${error.message}）`, en: error.message } })
  throw error
}
