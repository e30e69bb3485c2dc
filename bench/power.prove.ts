import { setImmediate as turn } from 'node:timers/promises'
import { recoverSegments } from '../planes/data/src/ingest/recover-segments.ts'
import { SegmentLog } from '../planes/data/src/ingest/segment-log.ts'
import { rowBytes, writeRow } from '../planes/data/src/store/point-row.ts'
import { seeded } from './money-worker.ts'
import { PowerCut, SimulatedDisk } from './simulated-disk.ts'

const folder = '/log'
/** Times of the rows, so that each column of a row says which row it is. */
const epochMs = 1_700_000_000_000

interface Outcome {
  acknowledged: number
  lost: number
  wrong: number
  torn: boolean
  flipped: boolean
}

/**
 * P2 on the core of the log: rows are appended and acknowledged, the power goes at any operation (also while the next
 * start recovers), unsynced sectors and names are there or not as it falls, and in every fourth run a bit of what was
 * safe turns. Every acknowledged row must be found, except those of the one block that the bit hit, and no row may be
 * found that was not appended exactly so. Faults that it must notice: `lying-disk` (a sync that does nothing) and
 * `unchecked` (files are read as they lie).
 */
export default async function provePower(args: {
  short: boolean
  fault?: string
}): Promise<{ ok: boolean; tried: string; result: string }> {
  const seeds = args.short ? 20_000 : 1_000_000
  const sum = { acknowledged: 0, lost: 0, wrong: 0, torn: 0, flipped: 0 }
  let firstBad: number | undefined
  for (let seed = 1; seed <= seeds; seed++) {
    const one = await runSeed(seed, args.fault)
    sum.acknowledged += one.acknowledged
    sum.lost += one.lost
    sum.wrong += one.wrong
    sum.torn += one.torn ? 1 : 0
    sum.flipped += one.flipped ? 1 : 0
    if (one.lost + one.wrong > 0) firstBad ??= seed
  }
  return {
    ok: sum.acknowledged > 0 && sum.lost === 0 && sum.wrong === 0,
    tried: `${seeds} seeds: power cut at any operation, ${sum.torn} within the log or its recovery, ${sum.flipped} flipped bits, ${sum.acknowledged} rows acknowledged`,
    result: `${sum.lost} lost, ${sum.wrong} wrong${firstBad === undefined ? '' : `, first in seed ${firstBad}`}`,
  }
}

async function runSeed(seed: number, fault: string | undefined): Promise<Outcome> {
  const random = seeded(seed)
  const disk = new SimulatedDisk(random, { liesAboutSync: fault === 'lying-disk' })
  /** Row → the sync after which it was acknowledged: rows of one block share it. */
  const acknowledged = new Map<number, number>()
  disk.cutPowerAfter(5 + Math.floor(random() * 60))
  const appended = await appendUntilDark(disk, random, acknowledged)
  const torn = disk.isOff
  disk.loseUnsynced()
  const flipped = random() < 0.25 && disk.flipBit()
  const found = fault === 'unchecked' ? rowsOf(disk, filesOf(disk)) : recovered(disk, random)
  let wrong = 0
  const there = new Set<number>()
  for (const row of found) {
    const series = seriesOf(row)
    if (series < 1 || series > appended || !row.every((byte, i) => byte === rowFor(series)[i])) wrong++
    else there.add(series)
  }
  const missing = [...acknowledged].filter(([series]) => !there.has(series))
  // A bit in one block takes that block and nothing else.
  const oneBlock = flipped && new Set(missing.map(([, sync]) => sync)).size <= 1
  return { acknowledged: acknowledged.size, lost: oneBlock ? 0 : missing.length, wrong, torn, flipped }
}

/** Appends rows in groups until the power goes or there are enough; returns how many were appended. */
async function appendUntilDark(
  disk: SimulatedDisk,
  random: () => number,
  acknowledged: Map<number, number>,
): Promise<number> {
  let series = 0
  try {
    const log = new SegmentLog({
      folder,
      disk,
      blockBytes: 1024,
      segmentBytes: 1 + Math.floor(random() * 4096),
      segmentMs: Number.POSITIVE_INFINITY,
      commitMs: 0,
      onDiskFailure: (error) => {
        if (!(error instanceof PowerCut)) throw error
      },
      onClosed: () => {},
    })
    for (let group = 0; group < 12 && !disk.isOff; group++) {
      const last = series + 1 + Math.floor(random() * 20)
      while (series < last) append(log, ++series)
      const upTo = series
      log.whenDurable(() => {
        for (let each = upTo; each > 0 && !acknowledged.has(each); each--) acknowledged.set(each, disk.syncs)
      })
      for (let turns = Math.floor(random() * 3); turns > 0; turns--) await turn()
    }
    await turn()
  } catch (error) {
    if (!(error instanceof PowerCut)) throw error
  }
  return series
}

function append(log: SegmentLog, series: number): void {
  const { view, at } = log.reserve(rowBytes)
  writeSample(view, at, series)
}

function writeSample(view: DataView, at: number, series: number): void {
  writeRow(view, at, series, epochMs + series, series * 1.5, 192, 1, 3, epochMs + 2 * series)
}

const expected = new Map<number, Uint8Array>()
function rowFor(series: number): Uint8Array {
  let row = expected.get(series)
  if (row === undefined) {
    row = new Uint8Array(rowBytes)
    writeSample(new DataView(row.buffer), 0, series)
    expected.set(series, row)
  }
  return row
}

const seriesOf = (row: Uint8Array) => new DataView(row.buffer, row.byteOffset).getUint32(0, true)

/** Recovers as a start does; in half of the runs the power goes once more while it does. */
function recovered(disk: SimulatedDisk, random: () => number): Uint8Array[] {
  if (random() < 0.5) {
    disk.cutPowerAfter(1 + Math.floor(random() * 8))
    try {
      recoverSegments(folder, disk)
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error
    }
    disk.loseUnsynced()
  }
  return rowsOf(disk, recoverSegments(folder, disk).files)
}

const filesOf = (disk: SimulatedDisk) => disk.list(folder).map((name) => `${folder}/${name}`)

/** Rows of points in the files; headers, whose series is 0, are left out as the loader does. */
function rowsOf(disk: SimulatedDisk, files: readonly string[]): Uint8Array[] {
  const rows: Uint8Array[] = []
  for (const file of files)
    for (let at = 0; at < disk.size(file); at += rowBytes) {
      const row = disk.read(file, at, rowBytes)
      if (row.length < rowBytes || seriesOf(row) > 0) rows.push(row)
    }
  return rows
}
