import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { shiftTimes } from '@kapok/contracts/compact-batch'
import { type BatchKind, gapReasons, type NoteBody } from '@kapok/contracts/signed-batch'

export interface BatchRow {
  /** The gateway's sequence: each batch has the next number, so that a missing one is a gap. */
  seq: number
  /** `gap` and `clock` are records, which go the same way as the values do. */
  kind: BatchKind
  points: number
  /** Times of the earliest and latest point, Unix ms. */
  firstAt: number
  lastAt: number
  body: Uint8Array
}

/** Values that were taken and are not there: where in time, how many, and why. */
export interface Gap {
  id: number
  firstAt: number
  lastAt: number
  points: number
  reason: string
}

/** A start of the gateway, and by how much its clock was set while it ran, ms. */
export interface Run {
  id: number
  beganAt: number
  clockSteps: number
}

export interface BatchCounts {
  waitingBatches: number
  deliveredBatches: number
  deliveredPoints: number
  oldestWaiting: number | null
  oldest: number | null
  newest: number | null
}

const version = 1
const schema = `
  CREATE TABLE batch (seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, points INTEGER NOT NULL,
    run INTEGER NOT NULL, clock_steps INTEGER NOT NULL, first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL, delivered INTEGER NOT NULL DEFAULT 0, body BLOB NOT NULL) STRICT;
  CREATE INDEX batch_waiting ON batch (seq) WHERE delivered = 0;
  CREATE TABLE gap (id INTEGER PRIMARY KEY AUTOINCREMENT, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL,
    points INTEGER NOT NULL, reason TEXT NOT NULL) STRICT;
  -- Each start of the gateway, and by how much its clock was set while it ran, in ms.
  CREATE TABLE run (id INTEGER PRIMARY KEY AUTOINCREMENT, began_at INTEGER NOT NULL, clock_steps INTEGER NOT NULL DEFAULT 0) STRICT;
  CREATE TABLE note (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  PRAGMA user_version = ${version};`

/** Dropping takes at least this many bytes at once, so that a full buffer does not drop for every single batch. */
const dropBytes = 1024 * 1024

interface Row {
  seq: number
  kind: BatchKind
  run: number
  shift: number
  points: number
  first_at: number
  last_at: number
  body: Uint8Array
}

/** The file of the buffer (SQLite, WAL, synchronous FULL: what a transaction wrote survives a power cut). */
export class BatchFile {
  readonly #db: DatabaseSync
  readonly #statements
  /** The id of this run, and by how much the clock was set in it so far. */
  #run = 0
  #clockSteps = 0
  #bytes: number
  #waiting: { points: number; bytes: number }

  constructor(path: string) {
    if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const db = new DatabaseSync(path)
    this.#db = db
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;')
    const { user_version: found } = db.prepare('PRAGMA user_version').get() as { user_version: number }
    const tables = db.prepare(`SELECT count(*) AS n FROM sqlite_master WHERE type = 'table'`).get() as { n: number }
    if (found === 0 && tables.n === 0) db.exec(schema)
    else if (found !== version) {
      db.close()
      throw new Error(
        `the buffer ${path} was made by another version of the gateway; start that, or move the file away`,
      )
    }
    this.#statements = statementsOf(db)
    const { all, open, points } = this.#statements.sums.get() as { all: number; open: number; points: number }
    this.#bytes = all
    this.#waiting = { points, bytes: open }
  }

  /** Runs `work` as one transaction; the tallies count it only when it is on disk. */
  inTransaction(work: () => void): void {
    const before = { bytes: this.#bytes, waiting: { ...this.#waiting }, clockSteps: this.#clockSteps }
    this.#db.exec('BEGIN IMMEDIATE')
    try {
      work()
      this.#db.exec('COMMIT')
    } catch (error) {
      this.#bytes = before.bytes
      this.#waiting = before.waiting
      this.#clockSteps = before.clockSteps
      // A full disk may have ended the transaction already.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
      throw error
    }
  }

  add({ kind, points, firstAt, lastAt, body }: Omit<BatchRow, 'seq'>): void {
    this.#statements.add.run(kind, points, this.#run, this.#clockSteps, firstAt, lastAt, body)
    this.#bytes += body.length
    this.#waiting.points += kind === 'points' ? points : 0
    this.#waiting.bytes += body.length
  }

  /** Keeps the record, and puts it on its way to the platform. */
  addGap({ firstAt, lastAt, points, reason }: Omit<Gap, 'id'>): void {
    this.#statements.addGap.run(firstAt, lastAt, points, reason)
    const body = new TextEncoder().encode(JSON.stringify({ reason } satisfies NoteBody))
    this.add({ kind: 'gap', points, firstAt, lastAt, body })
  }

  /** Begins a run: what the gateway stamps from now on hangs together. The last time that was stamped before, if any. */
  beginRun(at: number): number | undefined {
    const { last } = this.#statements.lastStamp.get() as { last: number | null }
    const { id } = this.#statements.beginRun.get(at) as { id: number }
    this.#run = id
    return last ?? undefined
  }

  /**
   * The clock was set: what waits from this run was stamped by a clock that was wrong by as much. But for `sent`, which may
   * be with the platform already as they are, and must be the same when they are sent again.
   */
  addClockStep({ before, after }: { before: number; after: number }, sent: Iterable<number>): void {
    this.#clockSteps += after - before
    this.#statements.stepClock.run(this.#clockSteps, this.#run)
    for (const seq of sent) this.#statements.keepTimes.run(after - before, seq, this.#run)
    const body = new TextEncoder().encode(JSON.stringify({ reason: 'the clock was set' } satisfies NoteBody))
    this.add({ kind: 'clock', points: 0, firstAt: before, lastAt: after, body })
  }

  markDelivered(seqs: readonly number[]): void {
    for (const seq of seqs) {
      const row = this.#statements.markDelivered.get(seq) as { points: number; bytes: number; kind: string } | undefined
      this.#waiting.points -= row?.kind === 'points' ? row.points : 0
      this.#waiting.bytes -= row?.bytes ?? 0
    }
  }

  /** Frees at least `bytes` of delivered batches, the oldest first, or all there are; how many it freed. */
  dropDelivered(bytes: number): number {
    const rows = this.#statements.oldestDelivered.iterate() as Iterable<{ seq: number; bytes: number }>
    return this.#drop(rows, Math.max(bytes, dropBytes)).bytes
  }

  /** Drops waiting batches, the oldest first, and leaves a gap record. */
  dropWaiting(bytes: number): void {
    const rows = this.#statements.oldestWaiting.iterate() as Iterable<DroppedRow>
    const { dropped } = this.#drop(rows, Math.max(bytes, dropBytes))
    const points = dropped.reduce((sum, row) => sum + (row.points ?? 0), 0)
    this.#waiting.points -= points
    this.#waiting.bytes -= dropped.reduce((sum, row) => sum + row.bytes, 0)
    if (dropped.length === 0) return
    this.addGap({
      firstAt: Math.min(...dropped.map((row) => row.first_at ?? 0)),
      lastAt: Math.max(...dropped.map((row) => row.last_at ?? 0)),
      points,
      reason: gapReasons.full,
    })
  }

  #drop<R extends DroppedRow>(rows: Iterable<R>, bytes: number): { dropped: R[]; bytes: number } {
    const dropped: R[] = []
    let freed = 0
    for (const row of rows) {
      if (freed >= bytes) break
      freed += row.bytes
      dropped.push(row)
    }
    for (const { seq } of dropped) this.#statements.remove.run(seq)
    this.#bytes -= freed
    return { dropped, bytes: freed }
  }

  dropDeliveredBefore(at: number): void {
    const { bytes } = this.#statements.deliveredBefore.get(at) as { bytes: number }
    if (bytes === 0) return
    this.#statements.removeDeliveredBefore.run(at)
    this.#bytes -= bytes
  }

  waiting(from: number, to: number, limit: number): BatchRow[] {
    const rows = this.#statements.waiting.all(from, to, limit) as unknown as Row[]
    return rows.map(({ seq, kind, points, shift, first_at, last_at, body }) => ({
      seq,
      kind,
      points,
      firstAt: first_at + shift,
      lastAt: last_at + shift,
      body: shift === 0 ? body : shiftTimes(body, shift),
    }))
  }

  *bodiesBetween(from: number, to: number): Generator<Uint8Array> {
    for (const row of this.#statements.between.iterate(to, from)) yield (row as unknown as Row).body
  }

  /** Batches of values from `seq` on that touch [from, to), in the order of their numbers; delivered or not. */
  piece(seq: number, { from, to }: { from: number; to: number }, limit: number): { seq: number; body: Uint8Array }[] {
    const rows = this.#statements.piece.all(seq, to, from, limit) as unknown as Row[]
    return rows.map((row) => ({ seq: row.seq, body: row.shift === 0 ? row.body : shiftTimes(row.body, row.shift) }))
  }

  /** A batch from which on everything since `from` is found. Numbers follow time but for devices whose own clock is late. */
  seqNear(from: number): number {
    let [low, high] = [0, this.nextSeq()]
    while (low < high) {
      const middle = (low + high) >> 1
      const row = this.#statements.timeAt.get(middle) as { last_at: number } | undefined
      if (row === undefined || row.last_at >= from) high = middle
      else low = middle + 1
    }
    return low
  }

  countBetween(from: number, to: number): number {
    return (this.#statements.countBetween.get(from, to) as { n: number }).n
  }

  gaps(fromId: number, limit: number): Gap[] {
    return this.#statements.gaps.all(fromId, limit) as unknown as Gap[]
  }

  /** Time of the oldest value that waits. */
  oldestWaitingAt(): number | undefined {
    return (this.#statements.oldestWaitingAt.get() as { first_at: number } | undefined)?.first_at
  }

  /** Counts everything; a full scan, for the command line. */
  inspect(): BatchCounts {
    return this.#statements.inspect.get() as unknown as BatchCounts
  }

  /** The newest runs of the gateway, newest first. */
  runs(limit: number): Run[] {
    return this.#statements.runs.all(limit) as unknown as Run[]
  }

  nextSeq(): number {
    return Number((this.#statements.sequence.get() as { seq: number } | undefined)?.seq ?? 0) + 1
  }

  bytes(): number {
    return this.#bytes
  }

  waitingTally(): { points: number; bytes: number } {
    return { ...this.#waiting }
  }

  note(name: string): string | undefined {
    return (this.#statements.note.get(name) as { value: string } | undefined)?.value
  }

  setNote(name: string, value: string): void {
    this.#statements.setNote.run(name, value)
  }

  close(): void {
    this.#db.close()
  }
}

interface DroppedRow {
  seq: number
  bytes: number
  points?: number
  first_at?: number
  last_at?: number
}

function statementsOf(db: DatabaseSync) {
  return {
    sums: db.prepare(`SELECT coalesce(sum(length(body)), 0) AS "all",
      coalesce(sum(length(body)) FILTER (WHERE delivered = 0), 0) AS open,
      coalesce(sum(points) FILTER (WHERE delivered = 0 AND kind = 'points'), 0) AS points FROM batch`),
    add: db.prepare(
      'INSERT INTO batch (kind, points, run, clock_steps, first_at, last_at, body) VALUES (?, ?, ?, ?, ?, ?, ?)',
    ),
    addGap: db.prepare('INSERT INTO gap (first_at, last_at, points, reason) VALUES (?, ?, ?, ?)'),
    markDelivered: db.prepare(
      'UPDATE batch SET delivered = 1 WHERE seq = ? AND delivered = 0 RETURNING points, length(body) AS bytes, kind',
    ),
    oldestDelivered: db.prepare('SELECT seq, length(body) AS bytes FROM batch WHERE delivered = 1 ORDER BY seq'),
    oldestWaiting: db.prepare(
      `SELECT seq, length(body) AS bytes, points, first_at, last_at FROM batch
       WHERE delivered = 0 AND kind = 'points' ORDER BY seq`,
    ),
    remove: db.prepare('DELETE FROM batch WHERE seq = ?'),
    deliveredBefore: db.prepare(
      'SELECT coalesce(sum(length(body)), 0) AS bytes FROM batch WHERE delivered = 1 AND last_at < ?',
    ),
    removeDeliveredBefore: db.prepare('DELETE FROM batch WHERE delivered = 1 AND last_at < ?'),
    // What was stamped before the clock was set, in the same run, is moved by as much; a record keeps its own times.
    waiting: db.prepare(`SELECT b.*, iif(b.kind = 'points', coalesce(r.clock_steps - b.clock_steps, 0), 0) AS shift
      FROM batch b LEFT JOIN run r ON r.id = b.run
      WHERE b.delivered = 0 AND b.seq >= ? AND b.seq < ? ORDER BY b.seq LIMIT ?`),
    lastStamp:
      db.prepare(`SELECT max(b.last_at + coalesce(r.clock_steps - b.clock_steps, 0)) AS last FROM batch b LEFT JOIN run r ON r.id = b.run
      WHERE b.kind = 'points'`),
    beginRun: db.prepare('INSERT INTO run (began_at) VALUES (?) RETURNING id'),
    keepTimes: db.prepare('UPDATE batch SET clock_steps = clock_steps + ? WHERE seq = ? AND run = ?'),
    stepClock: db.prepare('UPDATE run SET clock_steps = ? WHERE id = ?'),
    between: db.prepare(`SELECT * FROM batch WHERE first_at < ? AND last_at >= ? AND kind = 'points' ORDER BY seq`),
    piece: db.prepare(`SELECT b.seq, b.body, coalesce(r.clock_steps - b.clock_steps, 0) AS shift
      FROM batch b LEFT JOIN run r ON r.id = b.run
      WHERE b.seq >= ? AND b.first_at < ? AND b.last_at >= ? AND b.kind = 'points' ORDER BY b.seq LIMIT ?`),
    countBetween: db.prepare('SELECT count(*) AS n FROM batch WHERE seq >= ? AND seq < ?'),
    timeAt: db.prepare(`SELECT last_at FROM batch WHERE seq >= ? AND kind = 'points' ORDER BY seq LIMIT 1`),
    inspect: db.prepare(`SELECT count(*) FILTER (WHERE delivered = 0) AS waitingBatches,
      count(*) FILTER (WHERE delivered = 1) AS deliveredBatches,
      coalesce(sum(points) FILTER (WHERE delivered = 1 AND kind = 'points'), 0) AS deliveredPoints,
      min(first_at) FILTER (WHERE delivered = 0 AND kind = 'points') AS oldestWaiting,
      min(first_at) FILTER (WHERE kind = 'points') AS oldest, max(last_at) FILTER (WHERE kind = 'points') AS newest
      FROM batch`),
    oldestWaitingAt: db.prepare(
      `SELECT first_at FROM batch WHERE delivered = 0 AND kind = 'points' ORDER BY seq LIMIT 1`,
    ),
    runs: db.prepare('SELECT id, began_at AS beganAt, clock_steps AS clockSteps FROM run ORDER BY id DESC LIMIT ?'),
    gaps: db.prepare(
      'SELECT id, first_at AS firstAt, last_at AS lastAt, points, reason FROM gap WHERE id >= ? ORDER BY id LIMIT ?',
    ),
    sequence: db.prepare(`SELECT seq FROM sqlite_sequence WHERE name = 'batch'`),
    note: db.prepare('SELECT value FROM note WHERE name = ?'),
    setNote: db.prepare(
      'INSERT INTO note (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    ),
  }
}
