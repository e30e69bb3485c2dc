import { randomUUID, timingSafeEqual } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Log } from '@kapok/kit/log'
import type { ChdbResult, Session as ChdbSession } from 'chdb'

export interface StoreOptions {
  /** Folder of the embedded ClickHouse; one process may open it. */
  folder: string
  /** 0: any free port. */
  port: number
  user: string
  password: string
  log: Log
}

export interface Store {
  url: string
  stop(): Promise<void>
}

const bodyBytesMax = 256 << 20
/** As ClickHouse's own `http_max_uri_size`: parameters of a query travel in its address. */
const addressBytesMax = 1 << 20

/**
 * Three lanes, each one chDB connection that runs one query at a time: a heavy scan must not hold up a chart, nor a
 * chart an insert.
 */
type Lane = 'insert' | 'interactive' | 'heavy'

/**
 * The embedded ClickHouse behind the little of the ClickHouse HTTP protocol that we use: ping, query with `param_*`
 * and settings, command, insert with a body. So every other role uses the official client with a URL, in both modes.
 * Listens on loopback, asks for the secret of this start, and refuses requests that a browser sent (`Origin`).
 */
export async function runStore(options: StoreOptions): Promise<Store> {
  const { log } = options
  const spool = join(options.folder, '..', 'store-spool')
  rmSync(spool, { recursive: true, force: true })
  mkdirSync(spool, { recursive: true, mode: 0o700 })
  const lanes = openLanes(options.folder)

  const server = createServer({ maxHeaderSize: addressBytesMax }, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      const text = error instanceof Error ? error.message : String(error)
      const status = error instanceof HttpError ? error.status : 500
      if (status === 500) log.warn({ error: text.slice(0, 500) }, 'a query failed')
      if (!response.headersSent) response.writeHead(status, { 'X-ClickHouse-Exception-Code': exceptionCode(text) })
      response.end(text)
    })
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://store')
    if (request.headers.origin !== undefined) throw new HttpError(403, 'the store answers no browser')
    if (url.pathname === '/ping') return void response.end('Ok.\n')
    authorise(request, url.searchParams, options)
    const body = await readBody(request)
    const inUrl = url.searchParams.get('query')
    const ask: StoreQuery = {
      text: inUrl ?? body.toString('utf8'),
      body: inUrl === null ? undefined : body,
      database: url.searchParams.get('database') ?? 'default',
      params: {},
      settings: {},
    }
    for (const [key, value] of url.searchParams) {
      if (key.startsWith('param_')) ask.params[key.slice(6)] = value
      else if (!notSettings.has(key)) ask.settings[key] = value
    }
    const queryId = url.searchParams.get('query_id') ?? randomUUID()
    const result = await lanes.run(laneOf(ask), ask.database, (session) => execute(session, ask, spool))
    response.writeHead(200, {
      'Content-Type': 'application/octet-stream',
      'X-ClickHouse-Query-Id': queryId,
      'X-ClickHouse-Summary': JSON.stringify({
        read_rows: String(result.rowsRead),
        read_bytes: String(result.bytesRead),
      }),
    })
    response.end(result.bytes())
  }

  server.keepAliveTimeout = 60_000
  await new Promise<void>((done, fail) => {
    server.once('error', fail)
    server.listen(options.port, '127.0.0.1', done)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${options.user}:${options.password}@127.0.0.1:${port}`,
    async stop() {
      server.close()
      server.closeIdleConnections()
      await lanes.close()
      server.closeAllConnections()
    },
  }
}

class HttpError extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

interface StoreQuery {
  text: string
  /** Rows of an INSERT whose text came in the URL. */
  body: Buffer | undefined
  database: string
  params: Record<string, string>
  settings: Record<string, string>
}

const notSettings = new Set([
  'query',
  'database',
  'query_id',
  'session_id',
  'user',
  'password',
  'default_format',
  'enable_http_compression',
  'wait_end_of_query',
  'send_progress_in_http_headers',
  'http_headers_progress_interval_ms',
  'role',
])

/**
 * Whoever asks says by ClickHouse's own settings what can wait: a read with `priority` above 0 (an export) and an insert
 * on one thread (roll-ups, derived again) are heavy; a segment's insert and a chart's read are not held up by them.
 */
function laneOf(ask: StoreQuery): Lane {
  if (/^\s*INSERT\b/i.test(ask.text)) return ask.settings.max_threads === '1' ? 'heavy' : 'insert'
  return Number(ask.settings.priority ?? 0) > 0 ? 'heavy' : 'interactive'
}

function authorise(request: IncomingMessage, search: URLSearchParams, options: StoreOptions): void {
  const header = request.headers.authorization
  const given =
    header?.startsWith('Basic ') === true
      ? Buffer.from(header.slice(6), 'base64').toString()
      : `${String(request.headers['x-clickhouse-user'] ?? search.get('user'))}:${String(
          request.headers['x-clickhouse-key'] ?? search.get('password'),
        )}`
  const wanted = Buffer.from(`${options.user}:${options.password}`)
  const got = Buffer.from(given)
  if (got.length !== wanted.length || !timingSafeEqual(got, wanted))
    throw new HttpError(401, 'Code: 516. Authentication failed: the secret of the store is wrong.')
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > bodyBytesMax) throw new HttpError(413, `a body has at most ${bodyBytesMax} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

async function execute(session: ChdbSession, ask: StoreQuery, spool: string): Promise<ChdbResult> {
  let text = ask.text.trim().replace(/;\s*$/, '')
  let spooled: string | undefined
  try {
    // `INSERT INTO t FORMAT X` takes the body as rows, `INSERT INTO t SELECT … FROM input(…) FORMAT X` as its source.
    const insert = /^(INSERT\s+INTO\s+.+?)\s+FORMAT\s+(\w+)\s*/is.exec(text)
    const takesInput = insert !== null && /\binput\s*\(/i.test(insert[1] ?? '')
    if (insert !== null && (takesInput || !/\bSELECT\b/i.test(insert[1] ?? ''))) {
      // Rows come as the body, or behind the FORMAT word in the text itself.
      const rows = ask.body ?? Buffer.from(text.slice(insert[0].length))
      spooled = join(spool, `${randomUUID()}.rows`)
      await writeFile(spooled, rows)
      text = takesInput
        ? (insert[1] ?? '').replace(/\binput\s*\(\s*/i, `file('${spooled}', '${insert[2]}', `)
        : `${insert[1]} SELECT * FROM file('${spooled}', '${insert[2]}')`
    }
    return await session.queryBindAsync(withSettings(text, ask), ask.params, { format: formatOf(text) })
  } finally {
    if (spooled !== undefined) rmSync(spooled, { force: true })
  }
}

/** `FORMAT X` of a text, which chDB wants as an argument too; without one, what ClickHouse's HTTP door defaults to. */
function formatOf(text: string): string {
  return /\bFORMAT\s+(\w+)\s*$/i.exec(text)?.[1] ?? 'TabSeparated'
}

function withSettings(text: string, ask: StoreQuery): string {
  const pairs = Object.entries(ask.settings).map(([key, value]) => {
    if (!/^\w+$/.test(key)) throw new HttpError(400, `not a setting: ${key}`)
    return `${key}=${/^-?\d+(\.\d+)?$/.test(value) ? value : `'${value.replace(/[\\']/g, '\\$&')}'`}`
  })
  if (pairs.length === 0) return text
  const settings = `SETTINGS ${pairs.join(', ')}`
  const insert = /^(INSERT\s+INTO\s+(?:TABLE\s+)?(?:FUNCTION\s+)?[\w.`"]+\s*(?:\([^)]*\))?)\s*(.*)$/is.exec(text)
  if (insert !== null) return `${insert[1]} ${settings} ${insert[2]}`
  if (/^(SELECT|WITH)\b/i.test(text)) {
    const format = /\s+FORMAT\s+\w+\s*$/i.exec(text)
    if (format === null) return `${text} ${settings}`
    return `${text.slice(0, format.index)} ${settings}${format[0]}`
  }
  return text
}

function exceptionCode(text: string): string {
  return /Code:\s*(\d+)/.exec(text)?.[1] ?? '1002'
}

interface Lanes {
  /** Runs `work` on a connection of the lane that stands in `database`, after what waits there. */
  run<T>(lane: Lane, database: string, work: (session: ChdbSession) => Promise<T>): Promise<T>
  close(): Promise<void>
}

function openLanes(folder: string): Lanes {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const { Session } = createRequire(import.meta.url)('chdb') as typeof import('chdb')
  const open = () => ({
    session: new Session(folder),
    last: Promise.resolve() as Promise<unknown>,
    waiting: 0,
    database: 'default',
  })
  // Interactive reads get two connections: the one with fewer waiting takes the next query.
  const sessions: Record<Lane, ReturnType<typeof open>[]> = {
    insert: [open()],
    interactive: [open(), open()],
    heavy: [open()],
  }
  return {
    run(lane, database, work) {
      const one = sessions[lane].reduce((a, b) => (b.waiting < a.waiting ? b : a))
      one.waiting++
      const result = one.last.then(async () => {
        if (one.database !== database) {
          if (!/^\w+$/.test(database)) throw new HttpError(400, `not a database: ${database}`)
          await one.session.queryAsync(`USE ${database}`)
          one.database = database
        }
        return work(one.session)
      })
      one.last = result
        .catch(() => {})
        .finally(() => {
          one.waiting--
        })
      return result
    },
    async close() {
      const all = Object.values(sessions).flat()
      await Promise.all(all.map(({ last }) => last))
      for (const { session } of all) session.close()
    },
  }
}
