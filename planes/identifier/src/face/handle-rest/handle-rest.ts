import {
  type Body,
  canonicalHandle,
  type HandleValue,
  operationFlags,
  operations,
  responses,
} from '../../handle/handle.ts'
import type { NodeService } from '../../node/service.ts'
import { nameOfUser, type User } from '../../registration/authentication.ts'
import type { ChangingRecords } from '../../registration/changing-records.ts'
import { exchangeOf, type Reply } from '../../resolution/exchange.ts'
import { handleIn } from '../handle-in-path.ts'
import { type Face, type HttpReply, type HttpRequest, jsonReply, tooManyReply } from '../http.ts'
import { faceLimits } from '../limits.ts'
import { jsonIn, ValueJsonError } from './json.ts'
import { siteToJson } from './site-json.ts'
import { valuesFromJson, valueToJson } from './value-json.ts'
import type { NotProven, RestUsers } from './who.ts'

interface RestOptions {
  service: NodeService
  records: ChangingRecords
  users: RestUsers
  clock: { now(): number }
}

/** The REST API of Handle.Net 9 (Technical Manual, chapter 14) under `/api`: handles, sessions, site. */
export function handleRestFace(options: RestOptions): Face {
  const { users } = options
  return (request) => {
    const { pathname } = request.url
    if (pathname === '/api/handles' || pathname === '/api/handles/') return listed(options, request)
    if (pathname.startsWith('/api/handles/')) return record(options, request, pathname.slice('/api/handles/'.length))
    if (pathname === '/api/sessions' || pathname.startsWith('/api/sessions/')) return session(users, request)
    if (pathname === '/api/site') return site(options)
    return undefined
  }
}

async function record(options: RestOptions, request: HttpRequest, path: string): Promise<HttpReply> {
  const { users } = options
  const handle = handleIn(path)
  if (handle === undefined)
    return said(
      {
        response: responses.invalidHandle,
        body: { kind: 'error', message: 'write the handle as prefix/suffix, percent-encoded' },
      },
      request,
      path,
    )
  const user = await users.whoSent(request)
  if (user && 'status' in user) return refusedUser(users, user, handle, request)
  const send = (operation: number, body: Body, flags = 0) =>
    options.service.reply(exchangeOf(operation, body, flags), user)
  switch (request.method) {
    case 'GET':
    case 'HEAD':
      return resolved(request, handle, user, send)
    case 'PUT':
    case 'DELETE': {
      let reply: Reply
      try {
        reply = await (request.method === 'PUT'
          ? written(options, request, handle, send)
          : removed(request, handle, send))
      } catch (error) {
        if (!(error instanceof ValueJsonError)) throw error
        reply = { response: responses.invalidValue, body: { kind: 'error', message: error.message } }
      }
      if (reply.response !== responses.authenticationNeeded) return said(reply, request, handle)
      return refusedUser(users, { status: 401, message: 'changes need a user who may make them' }, handle, request)
    }
    case 'OPTIONS':
      return {
        status: 204,
        headers: {
          allow: 'GET, HEAD, PUT, DELETE, OPTIONS',
          'access-control-allow-methods': 'GET, HEAD, PUT, DELETE',
          'access-control-allow-headers': 'Authorization, Content-Type',
        },
        body: '',
      }
    default:
      return jsonReply(
        405,
        { responseCode: responses.operationNotSupported, handle, message: 'GET, PUT or DELETE' },
        { allow: 'GET, HEAD, PUT, DELETE, OPTIONS' },
      )
  }
}

type Send = (operation: number, body: Body, flags?: number) => Reply | Promise<Reply>

async function resolved(request: HttpRequest, handle: string, user: User | undefined, send: Send): Promise<HttpReply> {
  const { searchParams: query } = request.url
  const indexes = query.getAll('index').map(Number)
  if (indexes.some((index) => !Number.isInteger(index) || index < 0 || index > 0xffff_ffff))
    return jsonReply(400, { responseCode: responses.protocolError, handle, message: 'index is a whole number' })
  const isPublicOnly = user === undefined || query.has('publicOnly')
  const flags =
    operationFlags.recursive |
    (isPublicOnly ? operationFlags.publicOnly : 0) |
    (query.has('auth') ? operationFlags.authoritative : 0)
  const reply = await send(
    operations.resolve,
    { kind: 'resolve', handle, indexes, types: query.getAll('type') },
    flags >>> 0,
  )
  return said(reply, request, handle)
}

/** PUT of a whole record, or with `index` of the values that are named; `index=various` names those of the body. */
async function written(
  { clock, records }: RestOptions,
  { url, body }: HttpRequest,
  handle: string,
  send: Send,
): Promise<Reply> {
  const values = valuesFromJson(jsonIn(body), Math.floor(clock.now() / 1_000))
  const overwrite = url.searchParams.get('overwrite') === 'false' ? 0 : operationFlags.overwrite
  const named = url.searchParams.getAll('index')
  if (named.length === 0) {
    const isNew = records.find(canonicalHandle(handle)) === undefined
    const reply = await send(operations.create, { kind: 'values', handle, values }, overwrite)
    return !isNew && reply.response === responses.success ? { ...reply, body: { kind: 'empty' } } : reply
  }
  if (!named.includes('various') && values.some(({ index }) => !named.includes(`${index}`)))
    throw new ValueJsonError('values', `the values ${named.join(', ')} that the address names, or index=various`)
  return send(operations.addValue, { kind: 'values', handle, values }, overwrite)
}

function removed({ url }: HttpRequest, handle: string, send: Send): Reply | Promise<Reply> {
  const named = url.searchParams.getAll('index')
  if (named.length === 0) return send(operations.delete, { kind: 'handle', handle })
  if (named.some((index) => !/^\d{1,9}$/.test(index))) throw new ValueJsonError('index', 'whole numbers')
  return send(operations.removeValue, { kind: 'removeValues', handle, indexes: named.map(Number) })
}

async function listed({ service, records, users }: RestOptions, request: HttpRequest): Promise<HttpReply> {
  const { searchParams: query } = request.url
  const prefix = canonicalHandle(`${(query.get('prefix') ?? '').replace(/^0\.NA\//i, '')}/`).slice(0, -1)
  if (request.method !== 'GET' || prefix === '')
    return jsonReply(400, {
      responseCode: responses.protocolError,
      message: 'GET /api/handles?prefix=<prefix>&pageSize=100&after=<last handle>',
    })
  const user = await users.whoSent(request)
  if (user && 'status' in user) return refusedUser(users, user, prefix, request)
  const pageSize = Math.min(Number(query.get('pageSize') ?? faceLimits.pageSize), faceLimits.pageSize)
  if (!Number.isInteger(pageSize) || pageSize < 1)
    return jsonReply(400, {
      responseCode: responses.protocolError,
      message: `pageSize is a number from 1 to ${faceLimits.pageSize}`,
    })
  const allowed = await service.mayList(prefix, user)
  if (allowed !== responses.success)
    return allowed === responses.authenticationNeeded
      ? refusedUser(users, { status: 401, message: 'a list needs a user who may see it' }, prefix, request)
      : jsonReply(allowed === responses.notResponsible ? 400 : 403, { responseCode: allowed, prefix })
  const handles = records.handlesUnder(prefix, { after: query.get('after') ?? '', limit: pageSize })
  const last = handles.length === pageSize ? handles.at(-1) : undefined
  return jsonReply(200, {
    responseCode: responses.success,
    prefix,
    pageSize,
    handles,
    ...(last && { next: `?${new URLSearchParams({ prefix, pageSize: `${pageSize}`, after: last })}` }),
  })
}

async function session(users: RestUsers, request: HttpRequest): Promise<HttpReply> {
  if (request.method === 'DELETE') return { status: users.end(request) ? 204 : 404, headers: {}, body: '' }
  const user = await users.whoSent(request)
  if (user && 'status' in user) return refusedUser(users, user, '', request)
  if (user) return jsonReply(200, { id: nameOfUser(user), authenticated: true })
  return request.method === 'POST'
    ? jsonReply(201, { ...users.begin(request), authenticated: false })
    : jsonReply(405, { message: 'POST begins a session' })
}

async function site({ service }: RestOptions): Promise<HttpReply> {
  const reply = await service.reply(exchangeOf(operations.getSiteInfo, { kind: 'handle', handle: '/' }, 0))
  return reply.body.kind === 'site'
    ? jsonReply(200, siteToJson(reply.body.site))
    : jsonReply(500, { responseCode: reply.response })
}

const tooMuch = new Set<number>([responses.dailyLimit, responses.registrationLimit, responses.prefixLimit])

/** HTTP's code for a response code: read and write differ where a read found a handle without such values. */
function statusOf(response: number, method: string, isNew: boolean): number {
  const isRead = method === 'GET' || method === 'HEAD'
  if (response === responses.success) return isNew ? 201 : 200
  if (response === responses.valuesNotFound) return isRead ? 200 : 400
  if (response === responses.handleNotFound) return 404
  if (response === responses.handleExists || response === responses.valueExists) return 409
  if (response === responses.authenticationNeeded) return 401
  if (tooMuch.has(response)) return 429
  if (response >= 400 && response < 500) return 403
  if (response === responses.serverBusy || response === responses.staleSiteInfo) return 503
  if (response === responses.error) return isRead ? 502 : 500
  return 400
}

function said({ response, body }: Reply, { method, url }: HttpRequest, handle: string): HttpReply {
  const isRead = method === 'GET' || method === 'HEAD'
  const json = {
    responseCode: response,
    handle,
    ...(body.kind === 'values' && { values: body.values.map((value: HandleValue) => valueToJson(value)) }),
    ...(body.kind === 'error' && body.message !== '' && { message: body.message }),
  }
  const status = statusOf(response, method, body.kind === 'handle')
  const pretty = url.searchParams.has('pretty') && url.searchParams.get('pretty') !== 'false'
  const text = JSON.stringify(json, undefined, pretty ? 2 : undefined)
  const callback = url.searchParams.get('callback')
  if (isRead && callback !== null && /^[A-Za-z_$][\w$.]{0,127}$/.test(callback))
    return {
      status,
      headers: { 'content-type': 'application/javascript;charset=UTF-8' },
      body: `/**/${callback}(${text});`,
    }
  const later: Record<string, string> = status === 429 ? { 'retry-after': '1' } : {}
  return { status, headers: { 'content-type': 'application/json;charset=UTF-8', ...later }, body: text }
}

function refusedUser(
  users: RestUsers,
  { status, message, tooMuch }: NotProven,
  handle: string,
  request: HttpRequest,
): HttpReply {
  if (tooMuch) return tooManyReply(tooMuch)
  const responseCode = status === 401 ? responses.authenticationNeeded : responses.noPermission
  return jsonReply(status, { responseCode, handle, message }, status === 401 ? users.challenge(request) : {})
}
