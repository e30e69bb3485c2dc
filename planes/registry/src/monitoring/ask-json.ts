import { registryLimits } from '../limits.ts'

/** Whether something answered at all. */
export class AskError extends Error {
  readonly answered: boolean
  constructor(answered: boolean, why: string, options?: ErrorOptions) {
    super(why, options)
    this.name = 'AskError'
    this.answered = answered
  }
}

/** What a node tells everybody at this address. Rejects with AskError; `ends` ends it before its time. */
export async function askJson(url: string, ends: AbortSignal): Promise<unknown> {
  const signal = AbortSignal.any([ends, AbortSignal.timeout(registryLimits.healthMs)])
  const reply = await fetch(url, { signal, redirect: 'manual' }).catch((cause: unknown) => {
    throw new AskError(false, 'no answer', { cause })
  })
  const length = Number(reply.headers.get('content-length') ?? Number.POSITIVE_INFINITY)
  if (reply.status !== 200 || !(length <= registryLimits.nodeAnswerBytes)) {
    await reply.body?.cancel()
    throw new AskError(true, `answered ${reply.status}`)
  }
  return reply.json().catch((cause: unknown) => {
    throw new AskError(true, 'an answer of another shape came', { cause })
  })
}
