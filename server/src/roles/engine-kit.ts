import { ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { makeBus } from '@kapok/kit/bus'
import { randomIds } from '@kapok/kit/ids'
import type { Log } from '@kapok/kit/log'
import { openDb } from '@kapok/kit-store/db'
import type { Kit } from '@kapok/kit-store/kit'
import { ipcPort } from '../life/role-protocol.ts'
import { need, roleClock } from './role.ts'

export const storeDatabase = 'kapok'

/** The kit of a role from what the supervisor (or whoever runs the role alone) put into the environment. */
export function roleKit(log: Log): Kit {
  return {
    clock: roleClock(),
    ids: randomIds,
    log,
    bus: makeBus(ipcPort()),
    db: openDb(need('KAPOK_INNER_DATABASE'), (error) => log.warn({ err: error }, 'a database connection broke')),
    clickhouse: createClient({
      url: need('KAPOK_INNER_STORE'),
      database: storeDatabase,
      keep_alive: { enabled: true, idle_socket_ttl: 30_000 },
      max_open_connections: 16,
      request_timeout: 120_000,
      // Every failure comes to us as an error; the client's own text log would only repeat it.
      log: { level: ClickHouseLogLevel.OFF },
      clickhouse_settings: { send_progress_in_http_headers: 0 },
    }),
    dataFolder: need('KAPOK_INNER_FOLDER'),
    baseUrl: need('KAPOK_INNER_URL'),
  }
}
