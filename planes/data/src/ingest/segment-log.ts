import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { assert } from '@kapok/kit/must'
import { rowBytes, writeRow } from '../store/point-row.ts'
import { type Disk, type OpenFile, realDisk } from './disk.ts'

export interface SegmentLogOptions {
  folder: string
  disk?: Disk
  /** Least memory of a block, bytes; it grows with what is appended. */
  blockBytes?: number
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

/** What a segment holds, so that its loader need not look: UTC hours (hours since 1970) of its points, texts, receipts, sequences. */
export interface Holdings {
  hours: Set<number>
  texts: boolean
  receipts: boolean
  sequences: boolean
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
  readonly #disk: Disk
  #open: OpenFile | undefined
  #file = ''
  #size = 0
  #openedMs = 0
  #segmentHolds = nothing()
  #block: Block
  #spare: Block | undefined
  #committing: Promise<void> | undefined
  #lastSyncMs = 0
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(options: SegmentLogOptions) {
    this.#options = options
    this.#disk = options.disk ?? realDisk
    this.#block = new Block(options.blockBytes)
    this.#spare = new Block(options.blockBytes)
    this.#disk.makeFolder(options.folder)
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
    this.#block = this.#spare ?? new Block(this.#options.blockBytes)
    this.#spare = undefined
    if (block.length > rowBytes) {
      this.#open ??= this.#create()
      const bytes = block.sealed()
      await this.#open.write(bytes, this.#size)
      await this.#open.sync()
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
    return this.#open === undefined ? 0 : performance.now() - this.#openedMs
  }

  /** Closes a segment that has grown old although nothing more arrives. Called by the owner's timer. */
  closeIfOld(): void {
    if (this.#committing === undefined && this.#age() >= this.#options.segmentMs) this.#close()
  }

  #create(): OpenFile {
    // Names sort by age; the random part makes the deduplication token unique for ever.
    this.#file = join(
      this.#options.folder,
      `${Date.now().toString(16).padStart(12, '0')}-${randomBytes(6).toString('hex')}.open`,
    )
    const file = this.#disk.create(this.#file)
    this.#disk.syncFolder(this.#options.folder)
    this.#size = 0
    this.#openedMs = performance.now()
    return file
  }

  #close(): void {
    if (this.#open === undefined) return
    this.#open.close()
    this.#open = undefined
    const closed = this.#file.replace(/open$/, 'rows')
    this.#disk.rename(this.#file, closed)
    this.#size = 0
    const holds = this.#segmentHolds
    this.#segmentHolds = nothing()
    this.#options.onClosed(closed, holds)
  }
}

const nothing = (): Holdings => ({ hours: new Set(), texts: false, receipts: false, sequences: false })

function addHoldings(to: Holdings, more: Holdings): void {
  for (const hour of more.hours) to.hours.add(hour)
  to.texts ||= more.texts
  to.receipts ||= more.receipts
  to.sequences ||= more.sequences
}

/** Rows in memory, the first being the header that is filled in when the block is sealed. */
class Block {
  length = rowBytes
  waiting: (() => void)[] = []
  holds = nothing()
  readonly #leastBytes: number
  #bytes: Uint8Array
  #view: DataView

  constructor(leastBytes = 1 << 20) {
    this.#leastBytes = leastBytes
    this.#bytes = new Uint8Array(leastBytes)
    this.#view = new DataView(this.#bytes.buffer)
  }

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
      this.#bytes = new Uint8Array(this.#leastBytes)
      this.#view = new DataView(this.#bytes.buffer)
    }
  }
}

const headerMark = 0x4b

/** Header row: series 0, `at` the length of the rows that follow, `received` their CRC-32. */
function writeHeader(view: DataView, length: number, crc: number): void {
  writeRow(view, 0, 0, length, 0, headerMark, 0, 0, crc)
}

/** Whether the row at `at` is a block's header. */
export function isHeader(view: DataView, at: number): boolean {
  return (
    view.getUint32(at, true) === 0 &&
    view.getUint8(at + 20) === headerMark &&
    view.getUint8(at + 21) === 0 &&
    view.getUint8(at + 31) === 0
  )
}
