import { getResolution, type Resolution, resolution } from '@kapok/contracts/identifier'
import { refusals } from '@kapok/contracts/refusal'
import { handleByAsking, type RouteHandler } from '@kapok/kit-store/plane'
import { Value } from 'typebox/value'

const answerMs = 15_000

const refuse = refusals({
  'resolver.none': {
    status: 503,
    zh: '本平台没有连接标识解析节点；请管理员设置 KAPOK_RESOLVER_URL 后重启。',
    en: 'This platform has no identifier node: the administrator sets KAPOK_RESOLVER_URL and starts it again.',
  },
  'resolver.silent': {
    status: 503,
    zh: '标识解析节点没有应答；请稍后重试，仍不行请联系管理员。',
    en: 'The identifier node did not answer: try again, and tell the administrator if it goes on.',
  },
  'identifier.malformed': {
    status: 400,
    zh: '“{text}”不是标识：{why}',
    en: '“{text}” is no identifier: {why}',
  },
})

/** What an identifier names, asked of the recursive node that the platform knows. */
export function identifierRoutes(resolverUrl: string | undefined): RouteHandler[] {
  return [
    handleByAsking(getResolution, async ({ query }) => {
      if (resolverUrl === undefined) throw refuse('resolver.none')
      return resolve(resolverUrl, query.handle.trim())
    }),
  ]
}

async function resolve(resolverUrl: string, asked: string): Promise<Resolution> {
  let status: number
  let reply: unknown
  try {
    const response = await fetch(`${resolverUrl}/resolution/${encodeURIComponent(asked)}`, {
      signal: AbortSignal.timeout(answerMs),
    })
    status = response.status
    reply = await response.json()
  } catch (cause) {
    throw refuse('resolver.silent', {}, { cause })
  }
  if (status === 400) throw refuse('identifier.malformed', { text: asked.slice(0, 100), why: messageIn(reply) })
  if (!Value.Check(resolution, reply)) throw refuse('resolver.silent')
  return reply
}

/** Where the name is wrong and what had to stand there, as the node says it. */
const messageIn = (reply: unknown): string => String((reply as { message?: unknown } | null)?.message ?? '')
