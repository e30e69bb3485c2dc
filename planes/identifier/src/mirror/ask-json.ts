/**
 * What another node's face answers, as JSON. Rejects when it refuses, with its code and words, and for an answer that is longer
 * or of no stated length.
 */
export async function askJson(
  address: string,
  init: RequestInit,
  limits: { bytes: number; signal: AbortSignal },
): Promise<unknown> {
  const reply = await fetch(address, { ...init, signal: limits.signal, redirect: 'error' })
  const length = Number(reply.headers.get('content-length') ?? Number.POSITIVE_INFINITY)
  if (!(length <= limits.bytes)) throw new Error(`an answer of ${length} bytes is not taken`)
  const body: unknown = await reply.json()
  if (reply.ok) return body
  throw new Error(`${reply.status} ${String((body as { message?: unknown } | null)?.message ?? '')}`)
}
