import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fdatasync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  statSync,
  write,
} from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { crc32 } from 'node:zlib'
import { assert } from '@kapok/kit/must'
import { rowBytes, writeRow } from '../store/point-row.ts'

const [writeAsync, syncAsync] = [promisify(write), promisify(fdatasync)]

export interface SegmentLogOptions {
  folder: string
  /** A segment closes at this size … */
  segmentBytes: number
  /** … or at this age, whichever comes first. */
  segmentMs: number
  /** Least time between two syncs: a group of commits waits at most this long before its sync begins. */
  commitMs: number
  /** Called when a sync or a write failed. The process must stop: what the disk holds is then unknown. */
  onDiskFailure(error: Error): void
  /** A segment is complete and safe on disk; it may be loaded. */
  onClosed(file: string, holds: Holdings): void
}

/** What a segment holds, so that its loader need not look: UTC hours (hours since 1970) of its points, texts, receipts. */
export interface Holdings {
  hours: Set<number>
  texts: boolean
  receipts: boolean
}

/**
 * The write-ahead log of points. Rows are appended to a block in memory; a block is written and synced as one; then
 * everything that waits for it is told. A segment file is a run of blocks, each headed by a row of series 0 whose
 * other columns hold the block's length and CRC-32, so that the whole file is RowBinary that the store takes as it is.
 */
export class SegmentLog {
  /** Bytes that were appended and are not on disk yet. */
  pendingBytes = 0
  readonly #options: SegmentLogOptions
  #fd = -1
  #file = ''
  #size = 0
  #openedMs = 0
  #segmentHolds = nothing()
  #block = new Block()
  #spare: Block | undefined = new Block()
  #committing: Promise<void> | undefined
  #lastSyncMs = 0
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(options: SegmentLogOptions) {
    this.#options = options
    mkdirSync(options.folder, { recursive: true, mode: 0o700 })
  }

  /** Room for `n` bytes of rows at the end of the open block; the caller fills them at once. */
  reserve(n: number): { view: DataView; bytes: Uint8Array; at: number } {
    assert(!this.#stopped, 'nothing is appended to a log that was stopped')
    this.pendingBytes += n
    return this.#block.reserve(n)
  }

  /** Notes what the rows appended now hold; kept with their block. */
  get holds(): Holdings {
    return this.#block.holds
  }

  /** Gives back the last `n` reserved bytes that were not used. */
  giveBack(n: number): void {
    this.pendingBytes -= n
    this.#block.length -= n
  }

  /** `done` is called when everything appended so far is on disk. */
  whenDurable(done: () => void): void {
    this.#block.waiting.push(done)
    this.#schedule()
  }

  /** Whether rows were appended for whose durability nobody waits yet. */
  hasUnawaited(): boolean {
    return this.#block.length > rowBytes && this.#block.waiting.length === 0
  }

  durable(): Promise<void> {
    return new Promise((done) => this.whenDurable(done))
  }

  /** Closes the open segment when it has rows; resolves when everything appended before is in closed segments. */
  async roll(): Promise<void> {
    await this.durable()
    while (this.#committing !== undefined) await this.#committing
    this.#close()
  }

  async stop(): Promise<void> {
    await this.roll()
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  #schedule(): void {
    if (this.#committing !== undefined || this.#timer !== undefined) return
    const wait = this.#lastSyncMs + this.#options.commitMs - performance.now()
    // A turn of the event loop at least: everything that arrived with this message shares its sync.
    if (wait <= 1) setImmediate(() => this.#startCommit())
    else {
      this.#timer = setTimeout(() => {
        this.#timer = undefined
        this.#startCommit()
      }, wait)
    }
  }

  #startCommit(): void {
    if (this.#committing !== undefined || this.#block.waiting.length === 0) return
    this.#committing = this.#commit()
      .catch((error: Error) => {
        this.#stopped = true
        this.#options.onDiskFailure(error)
      })
      .finally(() => {
        this.#committing = undefined
        if (!this.#stopped && this.#block.waiting.length > 0) this.#schedule()
      })
  }

  async #commit(): Promise<void> {
    const block = this.#block
    this.#block = this.#spare ?? new Block()
    this.#spare = undefined
    if (block.length > rowBytes) {
      if (this.#fd === -1) this.#open()
      const bytes = block.sealed()
      let written = 0
      while (written < bytes.length)
        written += (await writeAsync(this.#fd, bytes, written, bytes.length - written, this.#size + written))
          .bytesWritten
      await syncAsync(this.#fd)
      this.#size += bytes.length
      this.pendingBytes -= bytes.length - rowBytes
      addHoldings(this.#segmentHolds, block.holds)
    }
    this.#lastSyncMs = performance.now()
    const { waiting } = block
    block.clear()
    this.#spare = block
    for (const done of waiting) done()
    if (this.#size >= this.#options.segmentBytes || this.#age() >= this.#options.segmentMs) this.#close()
  }

  #age(): number {
    return this.#fd === -1 ? 0 : performance.now() - this.#openedMs
  }

  /** Closes a segment that has grown old although nothing more arrives. Called by the owner's timer. */
  closeIfOld(): void {
    if (this.#committing === undefined && this.#age() >= this.#options.segmentMs) this.#close()
  }

  #open(): void {
    // Names sort by age; the random part makes the deduplication token unique for ever.
    this.#file = join(
      this.#options.folder,
      `${Date.now().toString(16).padStart(12, '0')}-${randomBytes(6).toString('hex')}.open`,
    )
    this.#fd = openSync(this.#file, 'wx', 0o600)
    syncFolder(this.#options.folder)
    this.#size = 0
    this.#openedMs = performance.now()
  }

  #close(): void {
    if (this.#fd === -1) return
    closeSync(this.#fd)
    this.#fd = -1
    const closed = this.#file.replace(/open$/, 'rows')
    renameSync(this.#file, closed)
    this.#size = 0
    const holds = this.#segmentHolds
    this.#segmentHolds = nothing()
    this.#options.onClosed(closed, holds)
  }
}

const nothing = (): Holdings => ({ hours: new Set(), texts: false, receipts: false })

function addHoldings(to: Holdings, more: Holdings): void {
  for (const hour of more.hours) to.hours.add(hour)
  to.texts ||= more.texts
  to.receipts ||= more.receipts
}

/** Rows in memory, the first being the header that is filled in when the block is sealed. */
class Block {
  length = rowBytes
  waiting: (() => void)[] = []
  holds = nothing()
  #bytes = new Uint8Array(1 << 20)
  #view = new DataView(this.#bytes.buffer)

  reserve(n: number): { view: DataView; bytes: Uint8Array; at: number } {
    const at = this.length
    if (at + n > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#bytes.length * 2, at + n))
      larger.set(this.#bytes.subarray(0, at))
      this.#bytes = larger
      this.#view = new DataView(larger.buffer)
    }
    this.length += n
    return { view: this.#view, bytes: this.#bytes, at }
  }

  sealed(): Uint8Array {
    writeHeader(this.#view, this.length - rowBytes, crc32(this.#bytes.subarray(rowBytes, this.length)))
    return this.#bytes.subarray(0, this.length)
  }

  clear(): void {
    this.length = rowBytes
    this.waiting = []
    this.holds = nothing()
    // A rare large block must not hold its memory for ever.
    if (this.#bytes.length > 16 << 20) {
      this.#bytes = new Uint8Array(1 << 20)
      this.#view = new DataView(this.#bytes.buffer)
    }
  }
}

const headerMark = 0x4b

/** Header row: series 0, `at` the length of the rows that follow, `received` their CRC-32. */
function writeHeader(view: DataView, length: number, crc: number): void {
  writeRow(view, 0, 0, length, 0, headerMark, 0, 0, crc)
}

/**
 * The segments that an earlier process left: closed ones, and open ones cut after their last whole block and closed.
 * Oldest first. A block is whole when its header, length and CRC agree; what follows a torn block was never acknowledged.
 */
export function recoverSegments(folder: string): string[] {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  for (const name of readdirSync(folder)) {
    if (!name.endsWith('.open')) continue
    const file = join(folder, name)
    const fd = openSync(file, 'r+')
    try {
      const whole = wholeLength(fd, statSync(file).size)
      ftruncateSync(fd, whole)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(file, file.replace(/open$/, 'rows'))
  }
  syncFolder(folder)
  return readdirSync(folder)
    .filter((name) => name.endsWith('.rows'))
    .sort()
    .map((name) => join(folder, name))
}

/** Length of the whole blocks at the beginning of a file. */
export function wholeLength(fd: number, size: number): number {
  const header = Buffer.alloc(rowBytes)
  let at = 0
  while (at + rowBytes <= size) {
    readSync(fd, header, 0, rowBytes, at)
    const length = Number(header.readBigInt64LE(4))
    const isHeader = header.readUInt32LE(0) === 0 && header[20] === headerMark && header[21] === 0 && header[31] === 0
    if (!isHeader || length <= 0 || at + rowBytes + length > size) break
    const rows = Buffer.alloc(length)
    readSync(fd, rows, 0, length, at + rowBytes)
    if (BigInt(crc32(rows)) !== header.readBigInt64LE(23)) break
    at += rowBytes + length
  }
  return at
}

function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r')
  fsyncSync(fd)
  closeSync(fd)
}
