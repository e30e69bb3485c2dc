import { CaretDownOutlined, CaretUpOutlined, DownloadOutlined, LeftOutlined, RightOutlined } from '@ant-design/icons'
import type { ReplyOf, RouteContract } from '@kapok/contracts/route'
import { type ReactNode, useDeferredValue, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type Ask, call } from '../api/call.ts'
import { countText } from '../api/format.ts'
import { useAsk } from '../api/hooks.ts'
import { csvOf, saveFile } from './csv.ts'
import { Empty, Failure, Skeleton } from './waiting.tsx'

type RowOf<R extends RouteContract> = ReplyOf<R> extends { rows: (infer Row)[] } ? Row : never

export interface Column<Row> {
  title: string
  cell(row: Row): ReactNode
  /** Text of the cell in the exported file; without it the column is not exported. */
  text?(row: Row): string
  /** The field to sort by, when the list can sort by it. */
  sort?: string
  end?: boolean
}

const pageSize = 20
/** What an export takes at most; the platform's own limit on exported rows. */
const exportRows = 50_000

/**
 * A list of the API: the server pages, searches and sorts. On a phone each row is a card. `keyOf` names a row; `empty`
 * names the next action when there is nothing yet.
 */
export function DataTable<R extends RouteContract>(props: {
  contract: R
  ask?: { params?: object; query?: object }
  caption: string
  columns: Column<RowOf<R>>[]
  keyOf(row: RowOf<R>): string
  empty: ReactNode
  search?: string
  exportName?: string
  /** Beside the search; also by the rows that are shown. */
  filters?: ReactNode | ((rows: readonly RowOf<R>[]) => ReactNode)
  sort?: string
  every?: number
}) {
  const { t } = useTranslation()
  const [search, setSearch] = useState('')
  const [sort, setSort] = useState(props.sort)
  const [page, setPage] = useState(1)
  const [exporting, setExporting] = useState<unknown>(false)
  const searched = useDeferredValue(search.trim())
  // Another question begins at its first page again.
  const question = JSON.stringify([props.ask, searched])
  const [asked, setAsked] = useState(question)
  if (asked !== question) {
    setAsked(question)
    setPage(1)
  }
  const query = { ...props.ask?.query, search: searched || undefined, sort, size: pageSize }
  const askFor = (more: object) => ({ ...props.ask, query: { ...query, ...more } }) as unknown as Ask<R>
  const reply = useAsk(props.contract, askFor({ page }), { keep: true, every: props.every })
  const data = reply.data as { rows: RowOf<R>[]; total: number } | undefined
  const pages = Math.max(1, Math.ceil((data?.total ?? 0) / pageSize))

  const exportAll = async () => {
    setExporting(true)
    try {
      const columns = props.columns.filter((each) => each.text)
      const lines = [columns.map((each) => each.title)]
      for (let at = 1; (at - 1) * 500 < exportRows; at++) {
        const part = (await call(props.contract, askFor({ page: at, size: 500 }))) as {
          rows: RowOf<R>[]
          total: number
        }
        for (const row of part.rows) lines.push(columns.map((each) => each.text?.(row) ?? ''))
        if (at * 500 >= part.total) break
      }
      saveFile(csvOf(lines), `${props.exportName}.csv`)
      setExporting(false)
    } catch (error) {
      setExporting(error)
    }
  }

  if (reply.isError && data === undefined) return <Failure error={reply.error} retry={() => void reply.refetch()} />
  if (data === undefined) return <Skeleton lines={6} />
  const narrowed = searched !== ''
  return (
    <div>
      <div className="table-tools">
        {props.search && (data.total > 0 || search !== '') && (
          <input
            className="input"
            type="search"
            value={search}
            onChange={(event) => setSearch(event.target.value)}
            placeholder={props.search}
            aria-label={props.search}
          />
        )}
        {typeof props.filters === 'function' ? props.filters(data.rows) : props.filters}
        {data.rows.length > 1 && props.columns.some((each) => each.sort) && (
          // On a phone the rows are cards without a head to press.
          <select
            className="input sort"
            aria-label={t('table.sort')}
            value={sort ?? ''}
            onChange={(event) => setSort(event.target.value || undefined)}
          >
            <option value="">{t('table.usual')}</option>
            {props.columns.flatMap((each) =>
              each.sort
                ? [
                    <option key={each.sort} value={each.sort}>{`${each.title} ↑`}</option>,
                    <option key={`-${each.sort}`} value={`-${each.sort}`}>{`${each.title} ↓`}</option>,
                  ]
                : [],
            )}
          </select>
        )}
        {props.exportName && data.total > 0 && (
          <span className="end">
            <button
              type="button"
              className="icon-button"
              onClick={() => void exportAll()}
              disabled={exporting === true}
            >
              <DownloadOutlined aria-hidden /> {t('table.export')}
            </button>
          </span>
        )}
      </div>
      {exporting instanceof Error && <Failure error={exporting} />}
      <div className={reply.isPlaceholderData ? 'table-wrap data-fetching' : 'table-wrap'}>
        {data.rows.length === 0 ? (
          narrowed ? (
            <Empty title={t('table.nothingFound', { search: searched })} />
          ) : (
            props.empty
          )
        ) : (
          <Rows
            caption={props.caption}
            columns={props.columns}
            rows={data.rows}
            keyOf={props.keyOf}
            sort={sort}
            onSort={setSort}
          />
        )}
      </div>
      {data.total > pageSize && (
        <nav className="pager" aria-label={props.caption}>
          <span>{t('table.total', { n: countText(data.total) })}</span>
          <span className="row">
            <button type="button" className="icon-button" disabled={page <= 1} onClick={() => setPage(page - 1)}>
              <LeftOutlined aria-hidden /> {t('table.before')}
            </button>
            <span aria-live="polite">{t('table.page', { page, pages })}</span>
            <button type="button" className="icon-button" disabled={page >= pages} onClick={() => setPage(page + 1)}>
              {t('table.after')} <RightOutlined aria-hidden />
            </button>
          </span>
        </nav>
      )}
    </div>
  )
}

/** The rows alone, for lists that come whole with another reply. */
export function Rows<Row>(props: {
  caption: string
  columns: Column<Row>[]
  rows: readonly Row[]
  keyOf(row: Row): string
  sort?: string
  onSort?(sort: string): void
}) {
  const { t } = useTranslation()
  return (
    <table className="data cards">
      <caption className="hidden-visually">{props.caption}</caption>
      <thead>
        <tr>
          {props.columns.map((each) => {
            const up = props.sort === each.sort
            const down = props.sort === `-${each.sort}`
            return (
              <th
                key={each.title}
                scope="col"
                className={each.end ? 'end' : undefined}
                aria-sort={each.sort && (up || down) ? (up ? 'ascending' : 'descending') : undefined}
              >
                {each.sort && props.onSort ? (
                  <button
                    type="button"
                    onClick={() => props.onSort?.(up ? `-${each.sort}` : `${each.sort}`)}
                    title={t('table.sort')}
                  >
                    {each.title}
                    {up && <CaretUpOutlined aria-hidden />}
                    {down && <CaretDownOutlined aria-hidden />}
                  </button>
                ) : (
                  each.title
                )}
              </th>
            )
          })}
        </tr>
      </thead>
      <tbody>
        {props.rows.map((row) => (
          <tr key={props.keyOf(row)}>
            {props.columns.map((each) => (
              <td key={each.title} data-title={each.title} className={each.end ? 'end' : undefined}>
                {each.cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
