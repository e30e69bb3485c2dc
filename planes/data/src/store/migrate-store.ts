import type { ClickHouseClient } from '@clickhouse/client'

/**
 * Tables of the store. `fsync_*`: a part is on disk before the segment that it came from is deleted; the window makes
 * a segment that is loaded twice load once. Both are refused or do nothing as settings of the INSERT.
 */
const durable =
  'fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000, index_granularity = 4096'
const codedTime = "DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1))"

/**
 * The sorting key goes on after (series, at) with door and value: only true repetitions are merged away, conflicting
 * values stay until they are read, where the latest `received` wins, and the meter can count them. See
 * docs/decisions/0006-points-keep-conflicts.md.
 */
const points = (value: string) => `
  series UInt32 CODEC(Delta, ZSTD(1)),
  at ${codedTime},
  value ${value} CODEC(ZSTD(1)),
  quality UInt8 CODEC(ZSTD(1)),
  door UInt8 CODEC(ZSTD(1)),
  retention UInt8 CODEC(ZSTD(1)),
  received ${codedTime},
  INDEX received_range received TYPE minmax GRANULARITY 1`
const pointEngine = `
  ENGINE = ReplacingMergeTree(received)
  PARTITION BY (retention, toDate(at))
  PRIMARY KEY (series, at) ORDER BY (series, at, door, value, quality)`

const rollup = `
  series UInt32 CODEC(Delta, ZSTD(1)),
  bucket ${codedTime},
  count UInt32 CODEC(ZSTD(1)),
  good UInt32 CODEC(ZSTD(1)),
  sum Float64 CODEC(ZSTD(1)),
  min Float64 CODEC(ZSTD(1)),
  max Float64 CODEC(ZSTD(1)),
  first Float64 CODEC(ZSTD(1)),
  last Float64 CODEC(ZSTD(1)),
  first_at ${codedTime},
  last_at ${codedTime},
  integral Float64 CODEC(ZSTD(1)),
  version UInt64 CODEC(ZSTD(1))`
const rollupEngine = 'ENGINE = ReplacingMergeTree(version) PARTITION BY toYYYYMM(bucket) ORDER BY (series, bucket)'

const migrations: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS point (${points('Float64')}) ${pointEngine} SETTINGS ${durable}`,
  `CREATE TABLE IF NOT EXISTS text_point (${points('String')}) ${pointEngine} SETTINGS ${durable}`,
  `CREATE TABLE IF NOT EXISTS receipt (mark String, received ${codedTime})
   ENGINE = ReplacingMergeTree(received) PARTITION BY toDate(received) ORDER BY mark SETTINGS ${durable}`,
  // Every signed batch by its gateway's key and sequence. Two marks for one sequence: two gateways use one key.
  `CREATE TABLE IF NOT EXISTS gateway_batch (key UUID, sequence UInt64 CODEC(Delta, ZSTD(1)), kind LowCardinality(String),
     points UInt32 CODEC(ZSTD(1)), first_at ${codedTime}, last_at ${codedTime}, mark String, reason String, received ${codedTime})
   ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(received) ORDER BY (key, sequence, mark) SETTINGS ${durable}`,
  // Times of a key follow its sequence but for late devices and clocks that were set: a range finds a day at once.
  ...['first_at', 'last_at', 'received'].map(
    (column) => `ALTER TABLE gateway_batch ADD INDEX IF NOT EXISTS ${column}_range ${column} TYPE minmax GRANULARITY 1`,
  ),
  `CREATE TABLE IF NOT EXISTS rollup_1m (${rollup}) ${rollupEngine} SETTINGS ${durable}`,
  `CREATE TABLE IF NOT EXISTS rollup_1h (${rollup}) ${rollupEngine} SETTINGS ${durable}`,
]

/** Makes the tables of the points. Run by every start; each step says itself whether it is done. */
export async function migrateStore(clickhouse: ClickHouseClient): Promise<void> {
  for (const query of migrations) await clickhouse.command({ query })
}
