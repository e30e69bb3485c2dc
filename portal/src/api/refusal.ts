/** A reply that is not what was asked for: the server's sentence, its code, and the reference number that its log holds. */
export class RefusalError extends Error {
  readonly code: string
  readonly status: number
  readonly details: Readonly<Record<string, unknown>>
  readonly requestId: string | undefined

  constructor(reply: {
    code: string
    status: number
    message: string
    details?: Record<string, unknown>
    requestId?: string
  }) {
    super(reply.message)
    this.name = 'RefusalError'
    this.code = reply.code
    this.status = reply.status
    this.details = reply.details ?? {}
    this.requestId = reply.requestId
  }
}

/** True when the server has answered for good, so that sending the same again would change nothing. */
export function isFinal(error: unknown): boolean {
  return error instanceof RefusalError && error.status >= 400 && error.status < 500 && error.status !== 429
}
