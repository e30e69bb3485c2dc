import type { BusRequests } from '@kapok/contracts/bus'
import { quality } from '@kapok/contracts/data'
import type { Kit } from '@kapok/kit-store/kit'
import { seriesParts } from '../store/series-parts.ts'
import type { DeviceEntry, Directory, SeriesEntry } from './directory.ts'
import type { Loader } from './loader.ts'
import type { Receipts } from './receipts.ts'

const receiptMsMax = 600_000
const dayMs = 86_400_000
/** An hour, two days, two months, and everything that is kept. */
const lookBacksMs = [3_600_000, 2 * dayMs, 60 * dayMs, 10 * 366 * dayMs]
type Answer = BusRequests['ingest.last']['answer']

/**
 * Last values, from memory. A series that did not send since the start is read from the store when it is first asked
 * for, so that a start takes no longer the more series there are.
 */
export class LastValues {
  readonly #kit: Kit
  readonly #directory: Directory
  readonly #readSeries = new Set<number>()

  constructor(kit: Kit, directory: Directory) {
    this.#kit = kit
    this.#directory = directory
  }

  /** What is in memory of a device, by id or name. */
  knownOf(orgId: string, device: string): Record<string, number | string | boolean> {
    const values: Record<string, number | string | boolean> = {}
    for (const { property, last } of this.#directory.lastKnown(orgId, device)?.series?.values() ?? [])
      if (last.at > Number.NEGATIVE_INFINITY) values[property] = last.value
    return values
  }

  /** After a death certificate the values stand, but nobody vouches for them. */
  markStale(orgId: string, device: string): void {
    for (const { last } of this.#directory.lastKnown(orgId, device)?.series?.values() ?? []) last.quality = quality.bad
  }

  async ofDevices(deviceIds: readonly string[]): Promise<Answer> {
    const rows = await this.#kit.db.tx({ job: 'data' }, (tx) =>
      tx.rows<{ id: string; orgId: string }>(
        'SELECT id, org_id AS "orgId" FROM data.device WHERE id = ANY ($1) AND deleted_at IS NULL',
        [deviceIds.slice(0, 1000)],
      ),
    )
    const devices: DeviceEntry[] = []
    for (const { id, orgId } of rows) {
      const org = this.#directory.org(orgId) ?? (await this.#directory.loadOrg(orgId))
      const device = org.find(id)
      if (device === undefined) continue
      if (device.series === undefined) await org.makeReady([device])
      devices.push(device)
    }
    await this.#readMissing(devices)
    const answer: Answer = {}
    for (const device of devices) {
      const of: Answer[string] = {}
      for (const { property, last } of device.series?.values() ?? [])
        if (last.at > Number.NEGATIVE_INFINITY) of[property] = [last.at, last.value, last.quality, last.received]
      answer[device.id] = of
    }
    return answer
  }

  /** Looks back step by step: most series sent lately, and a month of a fast one is not read for its last value. */
  async #readMissing(devices: readonly DeviceEntry[]): Promise<void> {
    let missing = devices
      .flatMap((device) => [...(device.series?.values() ?? [])].map((series) => ({ deviceId: device.id, series })))
      .filter(({ series }) => !this.#readSeries.has(series.id))
    const asked = missing
    const now = this.#kit.clock.now()
    for (const lookBackMs of lookBacksMs) {
      for (const part of seriesParts(missing))
        await this.#readLast(new Map(part.map(({ series }) => [series.id, series])), now - lookBackMs)
      missing = missing.filter(({ series }) => series.last.at === Number.NEGATIVE_INFINITY)
    }
    for (const { series } of asked) this.#readSeries.add(series.id)
  }

  async #readLast(byId: ReadonlyMap<number, SeriesEntry>, from: number): Promise<void> {
    for (const [table, bits] of [
      ['point', 'reinterpretAsUInt64(value)'],
      ['text_point', 'value'],
    ]) {
      const result = await this.#kit.clickhouse.query({
        query: `SELECT series, toUnixTimestamp64Milli(at) AS at, value, quality, toUnixTimestamp64Milli(received) AS received
          FROM ${table} WHERE series IN {ids:Array(UInt32)} AND ${table}.at >= fromUnixTimestamp64Milli({from:Int64})
          ORDER BY series DESC, ${table}.at DESC, ${table}.received DESC, ${bits} DESC, quality DESC LIMIT 1 BY series`,
        query_params: { ids: [...byId.keys()], from },
        format: 'JSONEachRow',
      })
      const rows = await result.json<{
        series: number
        at: string
        value: number | string
        quality: number
        received: string
      }>()
      for (const row of rows) {
        const series = byId.get(row.series)
        if (series === undefined || series.last.at >= Number(row.at)) continue
        series.last.at = Number(row.at)
        series.last.value = series.type === 'bool' ? row.value === 1 : row.value
        series.last.quality = row.quality
        series.last.received = Number(row.received)
      }
    }
  }

  /** Receipts of the last minutes, so that a repetition after our restart is known as one. */
  async readReceipts(loader: Loader, receipts: Receipts): Promise<void> {
    await loader.drained()
    const result = await this.#kit.clickhouse.query({
      query: `SELECT mark, toUnixTimestamp64Milli(received) AS at FROM receipt
        WHERE received > fromUnixTimestamp64Milli({since:Int64}) ORDER BY received LIMIT 200000`,
      query_params: { since: this.#kit.clock.now() - receiptMsMax },
      format: 'JSONEachRow',
    })
    for (const { mark, at } of await result.json<{ mark: string; at: string }>()) receipts.add(mark, Number(at))
  }
}
