import type { ClickHouseClient } from '@clickhouse/client'
import type { Bus } from '@kapok/kit/bus'
import type { Clock } from '@kapok/kit/clock'
import type { Ids } from '@kapok/kit/ids'
import type { Log } from '@kapok/kit/log'
import type { Db } from './db.ts'

/** What a plane is given to work with; everything that reaches outside the process is here. */
export interface Kit {
  clock: Clock
  ids: Ids
  log: Log
  bus: Bus
  db: Db
  clickhouse: ClickHouseClient
  /** The data folder; a plane keeps files under `<dataFolder>/<plane>`. */
  dataFolder: string
  /** Base of links that leave the platform, e.g. `http://localhost:8080`. */
  baseUrl: string
}
