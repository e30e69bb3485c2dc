import type { Row, Tx } from './db.ts'

export interface ListAsk {
  /** `SELECT … FROM …` without WHERE. */
  select: string
  /** Conditions with `$?` for their one value. */
  where?: readonly (readonly [sql: string, value: unknown])[]
  /** SQL expressions that the search text is looked for in. */
  search: readonly string[]
  /** API field → SQL expression. A field that is not here cannot be sorted by. */
  sorts: Readonly<Record<string, string>>
  /** SQL order when the caller asked for none. */
  otherwise: string
  query: { search?: string; sort?: string; page?: number; size?: number }
}

/** One page of a list with its total: search, sort and paging done once for every list of the platform. */
export async function listRows<R = Row>(tx: Tx, ask: ListAsk): Promise<{ rows: R[]; total: number }> {
  const values: unknown[] = []
  const conditions = (ask.where ?? []).map(([sql, value]) => {
    values.push(value)
    return sql.replaceAll('$?', `$${values.length}`)
  })
  const search = ask.query.search?.trim()
  if (search !== undefined && search !== '' && ask.search.length > 0) {
    values.push(`%${search.replace(/[\\%_]/g, '\\$&')}%`)
    conditions.push(`(${ask.search.map((each) => `${each}::text ILIKE $${values.length}`).join(' OR ')})`)
  }
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
  const field = ask.query.sort?.replace(/^-/, '')
  const expression = field === undefined ? undefined : ask.sorts[field]
  const descending = ask.query.sort?.startsWith('-') === true
  const order = expression === undefined ? ask.otherwise : `${expression} ${descending ? 'DESC' : 'ASC'} NULLS LAST`
  const size = ask.query.size ?? 20
  const offset = ((ask.query.page ?? 1) - 1) * size
  const found = await tx.rows<R & { __total: bigint }>(
    `SELECT *, count(*) OVER () AS __total FROM (${ask.select}${where}) AS listed ORDER BY ${inner(order)} LIMIT ${size} OFFSET ${offset}`,
    values,
  )
  const total = found[0]?.__total
  if (total !== undefined || offset === 0) return { rows: found, total: Number(total ?? 0) }
  const counted = await tx.row<{ n: bigint }>(`SELECT count(*) AS n FROM (${ask.select}${where}) AS listed`, values)
  return { rows: [], total: Number(counted?.n ?? 0) }
}

/** The order stands outside the subquery, where only column names are known: `d.name` is `name` there. */
function inner(order: string): string {
  return order.replace(/\b\w+\.(\w+)\b/g, '$1')
}
