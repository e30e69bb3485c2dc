import { createReadStream, mkdirSync, renameSync, unlinkSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ClickHouseError } from '@clickhouse/client'
import type { Kit } from '@kapok/kit-store/kit'
import { hoursOfRows, receiptRow, rowStructure, sequenceColumns, sequenceRow, textRow } from '../store/point-row.ts'
import type { Holdings } from './segment-log.ts'

interface Segment {
  file: string
  /** Undefined for a segment of an earlier process: its rows tell. */
  holds: Holdings | undefined
}

/** The words of a sequence row's text, each as its column. */
const sequenceWords = sequenceColumns.map((_, i) => `splitByChar('\\t', text)[${i + 1}]`)
const sequenceTypes: Partial<Record<(typeof sequenceColumns)[number], (word: string) => string>> = {
  key: (word) => `toUUID(${word})`,
  sequence: (word) => `toUInt64(${word})`,
  points: (word) => `toUInt32(${word})`,
  first_at: (word) => `fromUnixTimestamp64Milli(toInt64(${word}))`,
  last_at: (word) => `fromUnixTimestamp64Milli(toInt64(${word}))`,
}
const sequenceSelect = sequenceColumns.map((column, i) => {
  const word = sequenceWords[i] ?? ''
  return sequenceTypes[column]?.(word) ?? word
})

const triesMax = 3
const retryMs = 1000

/**
 * Brings closed segments into the store, one after the other, and deletes them. A segment that fails three times is
 * set aside with its error and does not stop the next; a store that cannot be reached is waited for.
 */
export class Loader {
  /** Segments that are not in the store yet. */
  waiting: Segment[] = []
  loadedSegments = 0
  setAside = 0
  readonly #kit: Kit
  readonly #storeReadsFiles: boolean
  #running: Promise<void> | undefined
  #stopped = false
  #idle: (() => void)[] = []

  constructor(kit: Kit, options: { storeReadsFiles: boolean }) {
    this.#kit = kit
    this.#storeReadsFiles = options.storeReadsFiles
  }

  add(file: string, holds: Holdings | undefined): void {
    this.waiting.push({ file, holds })
    this.#running ??= this.#run()
  }

  /** Resolves when every segment that was added so far is loaded or set aside. */
  async drained(): Promise<void> {
    if (this.waiting.length === 0) return
    await new Promise<void>((done) => this.#idle.push(done))
  }

  /** Ends after the segment at hand; the others wait on disk for the next start. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const segment = this.waiting[0]
      if (segment === undefined) break
      await this.#loadOrSetAside(segment)
      if (this.#stopped && this.waiting[0] === segment) break
      this.waiting.shift()
      if (this.waiting.length === 0) for (const done of this.#idle.splice(0)) done()
    }
    this.#running = undefined
  }

  async #loadOrSetAside(segment: Segment): Promise<void> {
    for (let tries = 0; ; ) {
      try {
        await this.#load(segment)
        this.loadedSegments++
        return
      } catch (error) {
        if (this.#stopped) return
        // An answer of the store counts as a failure of this segment, a store that does not answer is waited for.
        if (isAnswer(error)) tries++
        this.#kit.log.warn(
          { segment: basename(segment.file), tries, error: String(error).slice(0, 500) },
          'a segment was not loaded',
        )
        if (tries >= triesMax) return this.#setAsideWith(segment, error)
        await sleep(retryMs)
      }
    }
  }

  async #load({ file, holds }: Segment): Promise<void> {
    const id = basename(file, '.rows')
    const from = this.#storeReadsFiles
      ? `file('${file.replace(/[\\']/g, '\\$&')}', 'RowBinary', '${quoted(rowStructure)}')`
      : undefined
    const columns = 'series, at, value, quality, door, retention, received'
    await this.#insert(file, from, `${id}-points`, `point (${columns})`, columns, `series > 0 AND door < ${textRow}`)
    if (holds?.texts !== false)
      await this.#insert(
        file,
        from,
        `${id}-texts`,
        `text_point (${columns})`,
        `series, at, text, quality, bitAnd(door, 127), retention, received`,
        `series > 0 AND door >= ${textRow}`,
      )
    if (holds?.receipts !== false)
      await this.#insert(
        file,
        from,
        `${id}-receipts`,
        'receipt (mark, received)',
        'text, received',
        `series = 0 AND door = ${receiptRow}`,
      )
    if (holds?.sequences !== false)
      await this.#insert(
        file,
        from,
        `${id}-sequences`,
        `gateway_batch (${sequenceColumns.join(', ')}, received)`,
        `${sequenceSelect.join(', ')}, received`,
        `series = 0 AND door = ${sequenceRow}`,
      )
    const hours = [...(holds?.hours ?? hoursOfRows(await readFile(file)))]
    await this.#touch(hours)
    unlinkSync(file)
    this.#kit.bus.emit('points.loaded', { hours: hours.map((hour) => hour * 3_600_000) })
  }

  async #insert(
    file: string,
    from: string | undefined,
    token: string,
    into: string,
    select: string,
    where: string,
  ): Promise<void> {
    const settings = {
      insert_deduplication_token: token,
      insert_deduplicate: 1 as const,
      max_partitions_per_insert_block: '0',
      // Larger blocks make fewer, better sorted parts.
      min_insert_block_size_rows: '4000000',
      max_insert_block_size: '4000000',
    }
    const source = from ?? `input('${quoted(rowStructure)}')`
    const query = `INSERT INTO ${into} SELECT ${select} FROM ${source} WHERE ${where}`
    if (from !== undefined) await this.#kit.clickhouse.command({ query, clickhouse_settings: settings })
    else {
      const result = await this.#kit.clickhouse.exec({
        query: `${query} FORMAT RowBinary`,
        values: createReadStream(file),
        clickhouse_settings: settings,
      })
      result.stream.resume()
    }
  }

  /** Their roll-ups are derived again. Before the segment goes, so that a crash in between forgets nothing. */
  async #touch(hours: readonly number[]): Promise<void> {
    if (hours.length === 0) return
    await this.#kit.db.tx({ job: 'data' }, (tx) =>
      tx.run(
        `INSERT INTO data.touched_hour AS t (hour, touches) SELECT hour, 1 FROM unnest($1::bigint[]) AS hour ORDER BY hour
         ON CONFLICT (hour) DO UPDATE SET touches = t.touches + 1`,
        [hours.map((hour) => hour * 3_600_000)],
        'data-touch-hours',
      ),
    )
  }

  async #setAsideWith(segment: Segment, error: unknown): Promise<void> {
    const folder = join(dirname(segment.file), 'set-aside')
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    renameSync(segment.file, join(folder, basename(segment.file)))
    this.setAside++
    this.#kit.log.error(
      { alarm: 'segment.set-aside', segment: basename(segment.file), error: String(error).slice(0, 1000) },
      'a segment was set aside; its acknowledged points are not queryable until it is loaded by hand',
    )
    await this.#kit.db
      .tx({ job: 'data' }, (tx) =>
        tx.run('INSERT INTO data.segment_set_aside VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', [
          basename(segment.file),
          String(error).slice(0, 2000),
          new Date(this.#kit.clock.now()),
        ]),
      )
      .catch((cause: unknown) =>
        this.#kit.log.error({ error: String(cause) }, 'the set-aside segment was not recorded'),
      )
  }
}

const quoted = (structure: string) => structure.replaceAll("'", "\\'")

/** Whether the store itself said no to this segment. That its disk is full says nothing of the segment: it waits. */
const isAnswer = (error: unknown) =>
  error instanceof ClickHouseError &&
  !/NOT_ENOUGH_SPACE|No space left on device|Cannot reserve/.test(`${error.type} ${error.message}`)
