import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

export interface BufferedPoint {
  id: number
  device: string
  property: string
  at: number
  value: number | boolean
}

export interface EdgeBuffer {
  append(points: readonly Omit<BufferedPoint, 'id'>[]): void
  /** Oldest points with `fromId <= id < toId`, in the order of their ids, which is the order of time. */
  oldest(fromId: number, toId: number, limit: number): BufferedPoint[]
  remove(ids: readonly number[]): void
  /** The id that the next point will get. */
  nextId(): number
  count(): number
  /** Points that were dropped because the quota was full, since the buffer was made. */
  dropped(): number
  close(): void
}

/** Points in the buffer at most: a plant of 300 tags at 1 Hz for a day is 26 million changes at worst, far fewer in fact. */
const quotaPoints = 20_000_000
/** Dropping takes this part of the quota at once, so that a full buffer does not delete for every single value. */
const dropPart = 1 / 1000

/**
 * The gateway's buffer: every value is on disk (SQLite, WAL, synchronous FULL) before it is sent. When the quota is
 * full the oldest points go, and how many is kept.
 */
export function openBuffer(file: string, quota = quotaPoints): EdgeBuffer {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const db = new DatabaseSync(file)
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    CREATE TABLE IF NOT EXISTS point (id INTEGER PRIMARY KEY AUTOINCREMENT, device TEXT NOT NULL, property TEXT NOT NULL,
      at INTEGER NOT NULL, value REAL NOT NULL, is_bool INTEGER NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS tally (name TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT;
    INSERT OR IGNORE INTO tally VALUES ('dropped', 0);`)
  const insert = db.prepare('INSERT INTO point (device, property, at, value, is_bool) VALUES (?, ?, ?, ?, ?)')
  const select = db.prepare('SELECT * FROM point WHERE id >= ? AND id < ? ORDER BY id LIMIT ?')
  const remove = db.prepare('DELETE FROM point WHERE id BETWEEN ? AND ?')
  const dropOldest = db.prepare('DELETE FROM point WHERE id IN (SELECT id FROM point ORDER BY id LIMIT ?)')
  const addToDropped = db.prepare(`UPDATE tally SET n = n + ? WHERE name = 'dropped'`)
  const sequence = db.prepare(`SELECT seq FROM sqlite_sequence WHERE name = 'point'`)
  const tally = db.prepare(`SELECT n FROM tally WHERE name = 'dropped'`)
  const counted = db.prepare('SELECT count(*) AS n FROM point')
  let count = Number((counted.get() as { n: number }).n)

  /** `work` returns by how much the number of points changed; it counts only when the transaction is on disk. */
  const inTransaction = (work: () => number) => {
    db.exec('BEGIN IMMEDIATE')
    try {
      const change = work()
      db.exec('COMMIT')
      count += change
    } catch (error) {
      // A full disk may have ended the transaction already.
      if (db.isTransaction) db.exec('ROLLBACK')
      throw error
    }
  }

  return {
    append(points) {
      if (points.length === 0) return
      inTransaction(() => {
        for (const { device, property, at, value } of points)
          insert.run(device, property, at, Number(value), typeof value === 'boolean' ? 1 : 0)
        const excess = count + points.length - quota
        if (excess <= 0) return points.length
        const { changes } = dropOldest.run(Math.max(excess, Math.ceil(quota * dropPart)))
        addToDropped.run(Number(changes))
        return points.length - Number(changes)
      })
    },
    oldest(fromId, toId, limit) {
      const rows = select.all(fromId, toId, limit) as unknown as (Omit<BufferedPoint, 'value'> & {
        value: number
        is_bool: number
      })[]
      return rows.map(({ id, device, property, at, value, is_bool }) => ({
        id,
        device,
        property,
        at,
        value: is_bool === 1 ? value === 1 : value,
      }))
    },
    remove(ids) {
      // Ids of a batch are mostly neighbours: a run of them goes by one statement.
      inTransaction(() => {
        let removed = 0
        for (let i = 0; i < ids.length; ) {
          const first = ids[i] ?? 0
          let last = first
          while (ids[i + 1] === last + 1) {
            last++
            i++
          }
          i++
          removed += Number(remove.run(first, last).changes)
        }
        return -removed
      })
    },
    nextId: () => Number((sequence.get() as { seq: number } | undefined)?.seq ?? 0) + 1,
    count: () => count,
    dropped: () => Number((tally.get() as { n: number }).n),
    close: () => db.close(),
  }
}
