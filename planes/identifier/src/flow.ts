import { getResolution, type Resolution, resolution } from '@kapok/contracts/identifier'
import { handleByAsking, type Plane } from '@kapok/kit-store/plane'
import { Check } from 'typebox/value'
import { refuseIdentifier } from './refusals.ts'

const answerMs = 15_000

// register → resolve → trace: the nodes are processes of their own (start-node.ts), the platform asks one of them.
export function identifierPlane({ resolverUrl }: { resolverUrl: string | undefined }): Plane {
  return {
    name: 'identifier',
    routes: [
      handleByAsking(getResolution, async ({ query }) => {
        if (resolverUrl === undefined) throw refuseIdentifier('resolver.none')
        const asked = query.handle.trim()
        return resolve(resolverUrl, asked)
      }),
    ],
    jobs: [],
  }
}

async function resolve(resolverUrl: string, asked: string): Promise<Resolution> {
  let reply: unknown
  let status: number
  try {
    const response = await fetch(`${resolverUrl}/resolution/${encodeURIComponent(asked)}`, {
      signal: AbortSignal.timeout(answerMs),
    })
    status = response.status
    reply = await response.json()
  } catch (cause) {
    throw refuseIdentifier('resolver.silent', {}, { cause })
  }
  if (status === 400)
    throw refuseIdentifier('identifier.malformed', { text: asked.slice(0, 100), why: messageIn(reply) })
  if (!Check(resolution, reply)) throw refuseIdentifier('resolver.silent')
  return reply
}

/** Where the name is wrong and what had to stand there, as the node says it. */
const messageIn = (reply: unknown): string => String((reply as { message?: unknown } | null)?.message ?? '')
