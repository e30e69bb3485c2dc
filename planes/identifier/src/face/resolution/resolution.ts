import { operationFlags, operations, responseName, responses } from '../../handle/handle.ts'
import { IdentifierError, parseIdentifier } from '../../name/name.ts'
import type { NodeService } from '../../node/service.ts'
import type { Resolution, Resolver } from '../../recursion/resolver.ts'
import { exchangeOf, type Reply } from '../../resolution/exchange.ts'
import type { PathVerifier } from '../../trust/path-verifier.ts'
import type { FindByName } from '../gs1/gs1-face.ts'
import { handleIn } from '../handle-in-path.ts'
import { valueToJson } from '../handle-rest/value-json.ts'
import { type Face, type HttpReply, jsonReply } from '../http.ts'

interface ResolutionFaceOptions {
  service: NodeService
  /** Of a recursive node; without one the node's own answer is told, which has no way. */
  resolver: Resolver | undefined
  /** Tells how an answer of others is proven; without one nothing is said of that. */
  verifier?: PathVerifier | undefined
  findByName: FindByName
}

const path = '/resolution/'

/**
 * `GET /resolution/<handle>`: an answer together with the way to it, for people and for pages. Own of this platform: the
 * faces of the standards tell the answer alone.
 */
export function resolutionFace(options: ResolutionFaceOptions): Face {
  return (request) => {
    const { pathname } = request.url
    if (!pathname.startsWith(path)) return undefined
    return answerTo(options, pathname.slice(path.length))
  }
}

/** A name of any scheme: of all but handles the record is looked up that has it as another name. */
async function answerTo(options: ResolutionFaceOptions, rest: string): Promise<HttpReply> {
  const { findByName } = options
  try {
    const text = decodeURIComponent(rest)
    const { scheme, canonical, digitalLink } = parseIdentifier(text)
    // The suffix of a handle has the case in which it was written: a handle is asked for as it came.
    if (scheme === 'handle' && handleIn(rest) !== undefined) return await found(options, text.trim())
    const handle =
      scheme === 'handle' ? canonical : (findByName(canonical) ?? findByName(digitalLink ?? canonical))?.handle
    if (handle !== undefined) return await found(options, handle)
    const reply = {
      response: responses.handleNotFound,
      body: { kind: 'error' as const, message: `no record has the name ${canonical}` },
    }
    return jsonReply(200, toJson(canonical, { reply, from: 'here', steps: [] }, 0))
  } catch (error) {
    if (error instanceof IdentifierError || error instanceof URIError)
      return jsonReply(400, { responseCode: responses.invalidHandle, message: error.message })
    throw error
  }
}

async function found({ service, resolver, verifier }: ResolutionFaceOptions, handle: string): Promise<HttpReply> {
  const beganMs = performance.now()
  const own = await service.reply(
    exchangeOf(operations.resolve, { kind: 'resolve', handle, indexes: [], types: [] }, operationFlags.publicOnly),
  )
  const isOurs = own.response !== responses.notResponsible && own.body.kind !== 'referral'
  const resolution =
    isOurs || resolver === undefined
      ? { reply: own, from: 'here' as const, steps: [] }
      : await resolver.resolution({ handle, indexes: [], types: [], authoritative: false })
  const tookMs = performance.now() - beganMs
  const { response, body } = resolution.reply
  const isProvable = !isOurs && response === responses.success && body.kind === 'values'
  const verified = isProvable ? await verifier?.verified(handle, body.values) : undefined
  return jsonReply(200, { ...toJson(handle, resolution, tookMs), ...(verified && { verified }) })
}

function toJson(
  handle: string,
  { reply, from, steps }: { reply: Reply; from: Resolution['from'] | 'here'; steps: Resolution['steps'] },
  tookMs: number,
) {
  const { response, body } = reply
  const rounded = (ms: number) => Math.round(ms * 100) / 100
  return {
    handle,
    responseCode: response,
    ...(body.kind === 'error' && { message: body.message }),
    from,
    tookMs: rounded(tookMs),
    values: body.kind === 'values' ? body.values.map(valueToJson) : [],
    steps: steps.map(({ of, server, asked, response: code, tookMs: ms }) => ({
      of,
      server,
      asked,
      ...(code !== undefined && { responseCode: code, said: responseName(code) }),
      tookMs: rounded(ms),
    })),
  }
}
