import { randomBytes } from 'node:crypto'
import { responses } from '../../handle/handle.ts'
import { TemplateError } from '../../template/template.ts'
import { objectIn, ValueJsonError } from '../handle-rest/json.ts'
import { userOf } from '../handle-rest/who.ts'
import { type Face, type HttpReply, type HttpRequest, jsonReply } from '../http.ts'
import { faceLimits } from '../limits.ts'
import { Tokens } from '../tokens.ts'
import { UserRecords } from '../user-records.ts'
import { type Call, type IdhubOptions, IdhubRefusal, type Route, seconds, succeeded, valuesOf } from './call.ts'
import { metaRoutes } from './meta.ts'
import { objectFromValues, valuesFromObject } from './object-json.ts'

/**
 * The HTTP API in the manner of IDHub: objects by DOIP operations (`/api/v1/doip`), templates (`/api/v1/open/meta/…`) and lists
 * (`/api/v1/open/handle/page`). Who proved their key by `/api/v1/doip/public/…` sends the token as `Authorization: Bearer`.
 */
export function idhubFace(options: IdhubOptions): Face {
  const tokens = new Tokens({ clock: options.clock, lifeMs: 3_600_000 })
  const challenges = new Map<string, { nonce: string; atMs: number }>()
  return (request) => {
    const { pathname } = request.url
    if (!pathname.startsWith('/api/v1/')) return undefined
    if (pathname === '/api/v1/doip/public/challenge') return challenge(request)
    if (pathname === '/api/v1/doip/public/verify-response') return answered(() => verified(request))
    const route = routes[`${request.method} ${pathname}`]
    if (route === undefined) return undefined
    const user = request.isPrivate ? tokens.holder(request) : undefined
    const records = new UserRecords({ ...options, user })
    return answered(async () => route({ request, body: objectIn(request.body), user, records, options }))
  }

  function challenge({ url, method }: HttpRequest): HttpReply {
    const handle = url.searchParams.get('handle') ?? ''
    if (method !== 'GET' || userOf(handle) === undefined)
      return jsonReply(200, {
        code: responses.invalidHandle,
        message: 'GET with handle=index:handle, e.g. 300:88.608.8889/li',
      })
    const now = options.clock.now()
    for (const [name, { atMs }] of challenges) {
      if (now - atMs < faceLimits.challengeMs && challenges.size < faceLimits.sessions) break
      challenges.delete(name)
    }
    const nonce = randomBytes(16).toString('base64')
    challenges.delete(handle)
    challenges.set(handle, { nonce, atMs: now })
    return jsonReply(200, { code: responses.success, message: 'success', data: { challenge: nonce } })
  }

  async function verified(request: HttpRequest): Promise<unknown> {
    if (!request.isPrivate) throw new IdhubRefusal(responses.noPermission, 'a token is given over HTTPS only')
    const { handle, signature } = objectIn(request.body)
    if (typeof handle !== 'string' || typeof signature !== 'string')
      throw new ValueJsonError(
        'handle, signature',
        'texts: index:handle, and base64 of SHA256withRSA over the challenge’s text',
      )
    const given = challenges.get(handle)
    // A challenge is answered once: guesses need a new one each.
    challenges.delete(handle)
    if (given === undefined || options.clock.now() - given.atMs > faceLimits.challengeMs)
      throw new IdhubRefusal(responses.authenticationTimeout, 'there is no challenge: ask for one first')
    const user = await options.users.byKey(handle, Buffer.from(given.nonce), Buffer.from(signature, 'base64'))
    if (user === undefined)
      throw new IdhubRefusal(responses.authenticationFailed, 'the answer was not made with a key of that record')
    return tokens.give(user)
  }
}

const operationsOfDoip: Record<string, (call: Call, handle: string) => Promise<unknown>> = {
  '0.DOIP/Op.Create': async ({ records, body, options }, handle) => {
    succeeded(await records.create(handle, valuesFromObject(body, seconds(options))))
    return { id: handle }
  },
  '0.DOIP/Op.Retrieve': async ({ records }, handle) => objectFromValues(handle, await valuesOf(records, handle)),
  '0.DOIP/Op.Update': async ({ records, body, options }, handle) => {
    succeeded(await records.replace(handle, valuesFromObject(body, seconds(options))))
    return { id: handle }
  },
  '0.DOIP.EXTEND/Op.Update.Non.Overlay': async ({ records, body, options }, handle) => {
    succeeded(await records.overlay(handle, valuesFromObject(body, seconds(options))))
    return { id: handle }
  },
  '0.DOIP/Op.Delete': async ({ records }, handle) => {
    succeeded(await records.remove(handle))
    return { id: handle }
  },
}

const routes: Record<string, Route> = {
  'POST /api/v1/doip': async (call) => {
    const { searchParams: query } = call.request.url
    const operation = operationsOfDoip[query.get('operationId') ?? '']
    if (operation === undefined)
      throw new IdhubRefusal(
        responses.operationNotSupported,
        `operationId is one of ${Object.keys(operationsOfDoip).join(', ')}`,
      )
    const target = query.get('targetId') ?? (typeof call.body.id === 'string' ? call.body.id : '')
    if (target === '') throw new ValueJsonError('targetId', 'the handle of the object')
    return operation(call, target)
  },
  ...metaRoutes,
}

async function answered(run: () => Promise<unknown>): Promise<HttpReply> {
  try {
    return jsonReply(200, { code: responses.success, message: 'success', data: await run() })
  } catch (error) {
    if (error instanceof IdhubRefusal) return jsonReply(200, { code: error.code, message: error.message })
    if (error instanceof ValueJsonError || error instanceof TemplateError)
      return jsonReply(200, { code: responses.invalidValue, message: error.message })
    throw error
  }
}
