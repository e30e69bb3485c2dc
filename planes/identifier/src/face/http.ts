import type { TooMuch } from '../rate/rates.ts'

/** A request over HTTP, whole, as a face of the node takes it. */
export interface HttpRequest {
  method: string
  url: URL
  /** Path and query as they came: a URL drops segments that are dots, which a lot may be. */
  target: string
  headers: Readonly<Record<string, string | string[] | undefined>>
  body: Buffer
  /** Whether nobody between could have read it: TLS, or the same machine. */
  isPrivate: boolean
  /** Address that it came from, where one is known. */
  from?: string | undefined
}

export interface HttpReply {
  status: number
  headers: Record<string, string>
  body: string | Buffer
}

/** An open WebSocket. */
export interface FaceSocket {
  send(text: string): void
  close(code: number, reason: string): void
  onClose(closed: () => void): void
}

/** A face of the node over HTTP. */
export interface Face {
  /** Undefined for what is another face's. */
  (request: HttpRequest): HttpReply | Promise<HttpReply> | undefined
  /** What becomes of a request for a WebSocket; undefined for what is another face's. */
  upgrade?(request: HttpRequest): Promise<HttpReply | { open(socket: FaceSocket): void }> | undefined
  /** Ends what goes on by itself. */
  stop?(): void
}

export const jsonReply = (status: number, body: unknown, headers: Record<string, string> = {}): HttpReply => ({
  status,
  headers: { 'content-type': 'application/json;charset=UTF-8', ...headers },
  body: JSON.stringify(body),
})

/** 429 with the time after which to ask again (RFC 6585 §4). */
export const tooManyReply = ({ response, message, waitMs }: TooMuch): HttpReply =>
  jsonReply(429, { responseCode: response, message }, { 'retry-after': `${Math.ceil(waitMs / 1_000)}` })

/** Headers as texts; one that came several times with commas between. */
export const flatHeaders = (headers: HttpRequest['headers']): Record<string, string | undefined> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  )

export function headerOf({ headers }: HttpRequest, name: string): string {
  const value = headers[name]
  return (Array.isArray(value) ? value[0] : value) ?? ''
}
