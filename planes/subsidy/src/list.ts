import type { Tx } from '@kapok/kit-store/db'

/** Query of every list, as `pageQuery` in the contracts gives it. */
export interface PageQuery {
  search?: string
  sort?: string
  page?: number
  size?: number
}

export interface ListSql {
  /** Columns, as after `SELECT`. */
  columns: string
  /** Tables and joins, as after `FROM`. */
  from: string
  where?: readonly string[]
  values?: readonly unknown[]
  /** Text expressions that `search` looks into. */
  search?: readonly string[]
  /** Sort keys of the contract → SQL expression; nothing else can be sorted by. */
  sorts: Readonly<Record<string, string>>
  /** `ORDER BY` when the caller does not sort, and the tie-breaker when it does. */
  order: string
}

/** One page of a list with the number of rows in all. */
export async function listPage<R>(tx: Tx, sql: ListSql, query: PageQuery): Promise<{ rows: R[]; total: number }> {
  const values = [...(sql.values ?? [])]
  const where = [...(sql.where ?? [])]
  if (query.search) {
    values.push(`%${query.search.replace(/[\\%_]/g, (char) => `\\${char}`)}%`)
    where.push(`(${(sql.search ?? ['false']).map((each) => `${each} ILIKE $${values.length}`).join(' OR ')})`)
  }
  const condition = where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`
  const key = query.sort?.replace('-', '')
  const column = key === undefined ? undefined : sql.sorts[key]
  const direction = query.sort?.startsWith('-') ? 'DESC NULLS LAST' : 'ASC NULLS LAST'
  const order = column === undefined ? sql.order : `${column} ${direction}, ${sql.order}`
  const size = query.size ?? 20
  const total = await tx.row<{ n: bigint }>(`SELECT count(*) AS n FROM ${sql.from} ${condition}`, values)
  const rows = await tx.rows<R>(
    `SELECT ${sql.columns} FROM ${sql.from} ${condition} ORDER BY ${order} LIMIT ${size} OFFSET ${((query.page ?? 1) - 1) * size}`,
    values,
  )
  return { rows, total: Number(total?.n ?? 0n) }
}
