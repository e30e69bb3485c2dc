import type { BodyOf, ParamsOf, QueryOf, ReplyOf, RouteContract } from '@kapok/contracts/route'
import { RefusalError } from './refusal.ts'

type Wanted<R extends RouteContract> = (R['params'] extends object ? { params: ParamsOf<R> } : { params?: undefined }) &
  (R['query'] extends object ? { query?: QueryOf<R> } : { query?: undefined }) &
  (R['bodyKind'] extends 'raw'
    ? { body: Blob | Uint8Array<ArrayBuffer> }
    : R['body'] extends object
      ? { body: BodyOf<R> }
      : { body?: undefined })

/** What a caller gives for a contract: path parameters, query and body, each typed by the contract's schemas. */
export type Ask<R extends RouteContract> = Wanted<R>

export interface CallOptions {
  /** Idempotency key: the same for every try of one submission. */
  key?: string
  signal?: AbortSignal
  headers?: Record<string, string>
}

/** The address of a contract under `/api`, with parameters filled in and the query appended; for links and downloads. */
export function addressOf<R extends RouteContract>(contract: R, ask: { params?: object; query?: object } = {}): string {
  const params = (ask.params ?? {}) as Record<string, unknown>
  const path = contract.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(params[name])))
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(ask.query ?? {})) {
    if (value === undefined || value === '') continue
    for (const each of Array.isArray(value) ? value : [value]) query.append(name, String(each))
  }
  const text = query.toString()
  return `/api${path}${text === '' ? '' : `?${text}`}`
}

/**
 * Calls one route of the API and gives its reply. Throws `RefusalError` with the server's sentence, already in the
 * reader's language, when the answer is not 2xx, and `TypeError` when the server could not be reached.
 */
export async function call<R extends RouteContract>(
  contract: R,
  ask: Ask<R>,
  options: CallOptions = {},
): Promise<ReplyOf<R>> {
  const command = contract.method !== 'GET'
  const headers: Record<string, string> = { 'Accept-Language': document.documentElement.lang, ...options.headers }
  if (command) {
    headers['X-Kapok'] = '1'
    headers['Idempotency-Key'] = options.key ?? crypto.randomUUID()
  }
  let body: BodyInit | undefined
  if (contract.bodyKind === 'raw') {
    body = ask.body as Blob
    headers['Content-Type'] ??= 'application/octet-stream'
  } else if (ask.body !== undefined) {
    body = JSON.stringify(ask.body)
    headers['Content-Type'] = 'application/json'
  }
  const response = await fetch(addressOf(contract, ask), {
    method: contract.method,
    headers,
    body,
    signal: options.signal,
    credentials: 'same-origin',
  })
  if (!response.ok) throw await refusalOf(response)
  return (contract.replyKind === 'file' ? await response.blob() : await response.json()) as ReplyOf<R>
}

async function refusalOf(response: Response): Promise<RefusalError> {
  const requestId = response.headers.get('x-request-id') ?? undefined
  try {
    const reply = (await response.json()) as {
      code?: string
      message?: string
      details?: Record<string, unknown>
      requestId?: string
    }
    return new RefusalError({
      code: reply.code ?? `http.${response.status}`,
      status: response.status,
      message: reply.message ?? '',
      details: reply.details,
      requestId: reply.requestId ?? requestId,
    })
  } catch {
    // A proxy's own page instead of our JSON: there is no sentence to show, only the status.
    return new RefusalError({ code: `http.${response.status}`, status: response.status, message: '', requestId })
  }
}
