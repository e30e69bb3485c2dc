import { type BatchPoint, decodeCompactBatch, encodeCompactBatch } from '@kapok/contracts/compact-batch'
import { gapReasons } from '@kapok/contracts/signed-batch'
import { type BatchCounts, BatchFile, type BatchRow, type Gap, type Run } from './batch-file.ts'

export type { BatchRow, Gap } from './batch-file.ts'

/** A value of a device, with the time that it was taken. */
export interface EdgePoint extends BatchPoint {
  at: number
}

export interface BufferOptions {
  /** Bytes of values in the file at most, delivered ones included. */
  quotaBytes?: number
  /** What gives way when the quota is full of values that wait: the newest, which are refused, or the oldest. */
  whenFull?: 'stop' | 'drop-oldest'
  /** Delivered values are kept for this long, for the gateway's own charts. */
  historyMs?: number
}

export interface BufferTally {
  points: number
  bytes: number
  /** Points that gave way, or were refused, since the file was made. */
  lost: number
}

/** Values go to the disk together: after this time, or when there are this many. */
const gatherMs = 40
const batchPoints = 5_000
/** A batch stays well below what the platform takes in one message. */
const batchBytes = 512 * 1024
/** Points that wait for the disk at most; more means that it does not keep up. */
const pendingMax = 500_000
/** Batches that are decoded in one go. */
const pieceBatches = 50
/** A device that stamps its values itself may be this late. */
const lateMs = 3_600_000
const defaults = { quotaBytes: 2 * 1024 ** 3, whenFull: 'drop-oldest', historyMs: 7 * 86_400_000 } as const

/** Values that the disk did not take. */
export class BufferFull extends Error {
  override name = 'BufferFull'
}

/** A small thing that has to survive a restart together with the values, by its name. */
export type Note = readonly [name: string, value: string]

interface Pending {
  points: readonly EdgePoint[]
  notes: readonly Note[]
  resolve(): void
  reject(error: Error): void
}

/**
 * The gateway's buffer. Values that come within a moment are written together as one batch, in the platform's own form,
 * with the next number of the gateway's sequence; `append` resolves when it is on disk (SQLite, synchronous FULL). What
 * is sent again after a break is therefore the same to the byte.
 */
export class EdgeBuffer {
  readonly #file: BatchFile
  readonly #options: Required<BufferOptions>
  #pending: Pending[] = []
  #pendingPoints = 0
  #timer: NodeJS.Timeout | undefined
  readonly #wakers = new Set<() => void>()
  readonly #delivered: number[] = []
  /** Batches that were sent and are not known to have arrived. */
  readonly #sent = new Set<number>()
  /** Points that were refused and are not yet in a gap record, since the disk took nothing. */
  #refused: { firstAt: number; lastAt: number; points: number } | undefined
  #tidied = 0

  constructor(path: string, options: BufferOptions = {}) {
    this.#file = new BatchFile(path)
    this.#options = { ...defaults, ...options }
  }

  /** Resolves when points and notes are on disk, both or none of them; rejects with BufferFull or the disk's error, and then they are in a gap. */
  append(points: readonly EdgePoint[], notes: readonly Note[] = []): Promise<void> {
    if (points.length === 0 && notes.length === 0) return Promise.resolve()
    // One that cannot be written must not take others with it.
    const wrong = points.find(
      ({ at, value }) => !Number.isSafeInteger(at) || (typeof value === 'number' && !Number.isFinite(value)),
    )
    if (wrong !== undefined)
      return Promise.reject(new RangeError(`not a value with a time: ${wrong.property} ${wrong.value} at ${wrong.at}`))
    if (this.#pendingPoints + points.length > pendingMax)
      return Promise.reject(new BufferFull('the disk does not keep up with the values'))
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#pending.push({ points, notes, resolve, reject })
    this.#pendingPoints += points.length
    if (this.#pendingPoints >= batchPoints) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), gatherMs)
    return promise
  }

  /** Writes what was gathered. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const pending = this.#pending
    if (pending.length === 0 && this.#delivered.length === 0) return
    this.#pending = []
    this.#pendingPoints = 0
    const points = pending.flatMap((each) => each.points)
    try {
      this.#write(
        points,
        pending.flatMap((each) => each.notes),
      )
    } catch (error) {
      this.#refuse(points)
      for (const { reject } of pending) reject(error instanceof Error ? error : new Error(String(error)))
      return
    }
    for (const { resolve } of pending) resolve()
    for (const wake of [...this.#wakers]) wake()
  }

  #write(points: readonly EdgePoint[], notes: readonly Note[]): void {
    const bodies = [...bodiesOf(points)]
    const bytes = bodies.reduce((sum, { body }) => sum + body.length, 0)
    const room = this.#options.quotaBytes - this.#file.bytes()
    this.#file.inTransaction(() => {
      this.#file.markDelivered(this.#delivered)
      if (bytes > room) {
        const freed = this.#file.dropDelivered(bytes - room)
        if (freed < bytes - room) this.#makeRoom(bytes - room - freed)
      }
      if (this.#refused !== undefined) this.#file.addGap({ ...this.#refused, reason: gapReasons.disk })
      for (const each of bodies) this.#file.add(each)
      for (const [name, value] of notes) this.#file.setNote(name, value)
    })
    this.#refused = undefined
    this.#delivered.length = 0
  }

  #makeRoom(bytes: number): void {
    if (this.#options.whenFull === 'stop')
      throw new BufferFull('the buffer is full of values that wait for the platform')
    this.#file.dropWaiting(bytes)
  }

  #refuse(points: readonly EdgePoint[]): void {
    for (const { at } of points) {
      this.#refused ??= { firstAt: at, lastAt: at, points: 0 }
      this.#refused.firstAt = Math.min(this.#refused.firstAt, at)
      this.#refused.lastAt = Math.max(this.#refused.lastAt, at)
      this.#refused.points++
    }
  }

  /**
   * Begins a run of the gateway at `now`. Between the last value before it and now there is a gap, whatever the cause;
   * it is recorded, so that it is not taken for silence of the machines.
   */
  beginRun(now: number): void {
    this.#file.inTransaction(() => {
      const last = this.#file.beginRun(now)
      if (last === undefined) return
      const reason = gapReasons.off
      this.#file.addGap({ firstAt: Math.min(last, now), lastAt: Math.max(last, now), points: 0, reason })
    })
  }

  /** The clock was found to have been set. What this run stamped and the platform has not yet is moved by as much. */
  clockWasSet(step: { before: number; after: number }): void {
    // Values that are still gathered belong to the time before.
    this.flush()
    this.#file.inTransaction(() => this.#file.addClockStep(step, this.#sent))
    for (const wake of [...this.#wakers]) wake()
  }

  /** Oldest waiting batches with `from <= seq < to`, in the order of their numbers, which is the order of time. */
  waiting(from: number, to: number, limit: number): BatchRow[] {
    return this.#file.waiting(from, to, limit)
  }

  /** Resolves when a batch was written after this call, or after `ms`. */
  more(ms: number): Promise<void> {
    return new Promise((done) => {
      const wake = () => {
        clearTimeout(timer)
        this.#wakers.delete(wake)
        done()
      }
      const timer = setTimeout(wake, ms)
      this.#wakers.add(wake)
    })
  }

  /** It is on its way: from now on its bytes are what they are. */
  sending(seq: number): void {
    this.#sent.add(seq)
  }

  /** The platform has them. Written with the next values; a batch whose mark is lost is sent again, which does no harm. */
  delivered(seqs: readonly number[]): void {
    for (const seq of seqs) this.#sent.delete(seq)
    this.#delivered.push(...seqs)
    this.#timer ??= setTimeout(() => this.flush(), gatherMs)
    if (Date.now() - this.#tidied < 60_000) return
    this.#tidied = Date.now()
    try {
      this.#file.dropDeliveredBefore(Date.now() - this.#options.historyMs)
    } catch {
      // A disk that takes nothing just now: in a minute again.
    }
  }

  /** The number that the next batch will get. */
  nextSeq(): number {
    return this.#file.nextSeq()
  }

  /** What waits for the platform, and what was lost. */
  tally(): BufferTally {
    const { points, bytes } = this.#file.waitingTally()
    const gaps = this.#file.gaps(0, Number.MAX_SAFE_INTEGER)
    return { points, bytes, lost: gaps.reduce((sum, gap) => sum + gap.points, this.#refused?.points ?? 0) }
  }

  gaps(fromId: number, limit: number): Gap[] {
    return this.#file.gaps(fromId, limit)
  }

  /** Values of a series in [from, to), delivered or not, in the order in which they were taken. */
  *history(device: string, property: string, from: number, to: number): Generator<EdgePoint> {
    for (const body of this.#file.bodiesBetween(from, to))
      for (const point of decodeCompactBatch(body))
        if (point.device === device && point.property === property && point.at !== undefined)
          if (point.at >= from && point.at < to) yield point as EdgePoint
  }

  /**
   * A piece of [from, to): values of all series, delivered or not, in the order in which they were written, and where the
   * next piece begins; without that it was the last one. Whoever reads much lets others run between two pieces.
   */
  historyPiece({ from, to }: { from: number; to: number }, next?: number): { points: EdgePoint[]; next?: number } {
    const begin = next ?? this.#file.seqNear(from - lateMs)
    const batches = this.#file.piece(begin, { from, to }, pieceBatches)
    const points = batches
      .flatMap(({ body }) => decodeCompactBatch(body))
      .filter(({ at }) => at !== undefined && at >= from && at < to) as EdgePoint[]
    const last = batches.at(-1)
    return last === undefined || batches.length < pieceBatches ? { points } : { points, next: last.seq + 1 }
  }

  /**
   * Batches of values from number `seq` on, whether the platform has them or not, for a reader that keeps a position of its
   * own. What gave way to the quota or is older than the history is not there.
   */
  batchesFrom(seq: number, limit: number): { seq: number; points: EdgePoint[] }[] {
    const batches = this.#file.piece(seq, { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER }, limit)
    return batches.map((batch) => ({ seq: batch.seq, points: decodeCompactBatch(batch.body) as EdgePoint[] }))
  }

  /** How many batches and records are there with `from <= seq < to`. */
  countBetween(from: number, to: number): number {
    return this.#file.countBetween(from, to)
  }

  /** Time of the oldest value that waits for the platform. */
  oldestWaitingAt(): number | undefined {
    return this.#file.oldestWaitingAt()
  }

  inspect(): BatchCounts {
    return this.#file.inspect()
  }

  runs(limit: number): Run[] {
    return this.#file.runs(limit)
  }

  /** The note that was last written under a name. */
  note(name: string): string | undefined {
    this.flush()
    return this.#file.note(name)
  }

  close(): void {
    this.flush()
    clearTimeout(this.#timer)
    this.#file.close()
  }
}

/** Batches of a bounded size, in order. */
function* bodiesOf(points: readonly EdgePoint[]): Generator<Omit<BatchRow, 'seq'>> {
  for (let from = 0; from < points.length; from += batchPoints) yield* fitting(points.slice(from, from + batchPoints))
}

function* fitting(points: readonly EdgePoint[]): Generator<Omit<BatchRow, 'seq'>> {
  const body = encodeCompactBatch(points)
  if (body.length > batchBytes && points.length > 1) {
    const half = points.length >> 1
    yield* fitting(points.slice(0, half))
    yield* fitting(points.slice(half))
    return
  }
  const times = points.map(({ at }) => at)
  yield {
    kind: 'points',
    points: points.length,
    firstAt: times.reduce((a, b) => Math.min(a, b)),
    lastAt: times.reduce((a, b) => Math.max(a, b)),
    body,
  }
}
