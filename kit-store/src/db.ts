import { limits } from '@kapok/kit/limits'
import pg from 'pg'

// BIGINT comes as bigint (fen, counts, instants are narrowed where they are read); everything else as pg does it.
pg.types.setTypeParser(pg.types.builtins.INT8, (text) => BigInt(text))

/**
 * Who asks, as row-level security sees it. Set transaction-locally at the start of every transaction; a connection
 * that was never told sees no row at all.
 */
export interface Scope {
  /** Own organisation. */
  orgId?: string
  /** Region prefix of a government (`44`, `4406`, `440606`); it sees the cases of its region. */
  region?: string
  /** Named platform scope of a job or an inner door of one plane: `access`, `data`, `evidence`, `subsidy`, `insight`. */
  job?: string
}

export type Row = Record<string, unknown>

/** One transaction. `name` makes a statement prepared; use it on hot paths. */
export interface Tx {
  rows<R = Row>(sql: string, values?: readonly unknown[], name?: string): Promise<R[]>
  /** The first row, or undefined. */
  row<R = Row>(sql: string, values?: readonly unknown[], name?: string): Promise<R | undefined>
  /** Number of rows changed. */
  run(sql: string, values?: readonly unknown[], name?: string): Promise<number>
}

export interface Db {
  /** Runs `work` in one transaction under `scope`: commits when it returns, rolls back when it throws. */
  tx<T>(scope: Scope, work: (tx: Tx) => Promise<T>): Promise<T>
  stop(): Promise<void>
}

/** Database under the app role (row-level security applies). `url`: a PostgreSQL URL. */
export function openDb(
  url: string,
  onError: (error: Error) => void = () => {},
  poolSize: number = limits.dbPoolSize,
): Db {
  const open = () => {
    const pool = new pg.Pool({
      connectionString: url,
      max: poolSize,
      statement_timeout: limits.dbStatementMs,
      connectionTimeoutMillis: 10_000,
    })
    pool.on('error', onError)
    return pool
  }
  // A call of a member may ask an inner door while its own transaction is open. Were both on one pool, enough such
  // calls at once would each hold a connection and wait for another for ever.
  const calls = open()
  const inner = open()
  return {
    async tx(scope, work) {
      const isInner = scope.job !== undefined && scope.job !== 'administrator'
      const client = await (isInner ? inner : calls).connect()
      let broken: Error | undefined
      try {
        // One round trip for both: reads are short, and each trip is a part of what the reader waits for.
        await client.query(`BEGIN; SELECT ${settingOf('app.org', scope.orgId)}, ${settingOf('app.region', scope.region)},
          ${settingOf('app.job', scope.job)}`)
        const result = await work(txOn(client))
        await client.query('COMMIT')
        return result
      } catch (error) {
        await client.query('ROLLBACK').catch((cause: Error) => {
          broken = cause
        })
        throw error
      } finally {
        client.release(broken)
      }
    },
    async stop() {
      await Promise.all([calls.end(), inner.end()])
    },
  }
}

const settingOf = (name: string, value = '') => `set_config('${name}', ${pg.escapeLiteral(value)}, true)`

export function txOn(client: pg.ClientBase): Tx {
  const ask = (sql: string, values: readonly unknown[] = [], name?: string) =>
    client.query({ text: sql, values: values as unknown[], ...(name === undefined ? {} : { name }) })
  return {
    rows: async <R>(sql: string, values?: readonly unknown[], name?: string) =>
      (await ask(sql, values, name)).rows as R[],
    row: async <R>(sql: string, values?: readonly unknown[], name?: string) =>
      (await ask(sql, values, name)).rows[0] as R | undefined,
    run: async (sql, values, name) => (await ask(sql, values, name)).rowCount ?? 0,
  }
}

/** SQLSTATE of a PostgreSQL error, e.g. `23505` for a unique violation; undefined for any other error. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
