import { canonicalHandle, responses } from '../../handle/handle.ts'
import type { NodeService } from '../../node/service.ts'
import type { User } from '../../registration/authentication.ts'
import type { ChangingRecords } from '../../registration/changing-records.ts'
import type { Reply } from '../../resolution/exchange.ts'
import { readTemplate, TemplateError, templateTypes } from '../../template/template.ts'
import { isObject, type Json, objectIn, ValueJsonError } from '../handle-rest/json.ts'
import { valuesFromJson, valueToJson } from '../handle-rest/value-json.ts'
import type { RestUsers } from '../handle-rest/who.ts'
import { type Face, type HttpReply, type HttpRequest, jsonReply } from '../http.ts'
import { faceLimits } from '../limits.ts'
import { Tokens } from '../tokens.ts'
import { UserRecords } from '../user-records.ts'
import { templateFromSnms, templateHandle, templateName, templateToSnms } from './template-json.ts'

interface SnmsOptions {
  service: NodeService
  records: ChangingRecords
  users: RestUsers
  clock: { now(): number }
}

/** What SNMS says in `status`; HTTP says 200 to all of them. */
const statuses = { ok: 1, notSignedIn: -1, business: -2, noPermission: -3, internal: -4 } as const
type Status = keyof typeof statuses

class SnmsRefusal extends Error {
  readonly status: Status
  constructor(status: Status, message: string) {
    super(message)
    this.status = status
  }
}

const needsToken = 'send the token of /identity/token as Authorization: Bearer'

interface Call {
  request: HttpRequest
  /** Parsed body; {} without one. */
  body: Json
  /** Undefined for whoever has no token. */
  user: User | undefined
  options: SnmsOptions
  tokens: Tokens
}

/**
 * The HTTP API of the national SNMS for secondary and enterprise nodes: `/identity/token`, `/identityv2/data…`,
 * `/snms/api/v5/template`. The password of a user (`index:handle`) is the secret key of that value; the token of `/identity/token`
 * goes in `Authorization: Bearer` and lives 24 hours.
 */
export function snmsFace(options: SnmsOptions): Face {
  const tokens = new Tokens({ clock: options.clock, lifeMs: 24 * 3_600_000 })
  return (request) => {
    const route = routes[`${request.method} ${request.url.pathname}`]
    return route && answered(route, { request, options, tokens })
  }
}

async function answered(
  route: (call: Call) => Promise<unknown>,
  { request, options, tokens }: Omit<Call, 'body' | 'user'>,
): Promise<HttpReply> {
  const said = (status: Status, message: string, data?: unknown) =>
    jsonReply(200, { status: statuses[status], message, ...(data !== undefined && { data }) })
  // Who listens could use the token, or the secret, for changes of their own.
  if (!request.isPrivate) return said('noPermission', 'this API is offered over HTTPS only')
  try {
    const data = await route({ request, body: objectIn(request.body), user: tokens.holder(request), options, tokens })
    return said('ok', 'success', data)
  } catch (error) {
    if (error instanceof SnmsRefusal) return said(error.status, error.message)
    if (error instanceof ValueJsonError || error instanceof TemplateError) return said('business', error.message)
    throw error
  }
}

const routes: Record<string, (call: Call) => Promise<unknown>> = {
  'POST /identity/token': signIn,
  'GET /identityv2/data/detail': async (call) => {
    const handle = handleOf(call)
    const { body } = succeeded(await recordsOf(call).read(handle))
    return detail(handle, body.kind === 'values' ? body.values.map(valueToJson) : [])
  },
  'POST /identityv2/data': async (call) => change(call, call.body, 'create'),
  'PUT /identityv2/data': async (call) => change(call, call.body, 'overlay'),
  'DELETE /identityv2/data': async (call) => change(call, { handle: handleOf(call) }, 'remove'),
  'POST /identityv2/data/batchCreate': async (call) => batch(call, 'create'),
  'POST /identityv2/data/batchUpdate': async (call) => batch(call, 'overlay'),
  'POST /identityv2/data/batchDelete': async (call) => batch(call, 'remove'),
  'GET /snms/api/v5/template': async (call) => {
    const { searchParams: query } = call.request.url
    const prefix = query.get('prefix') ?? ''
    const { body } = succeeded(await recordsOf(call).read(templateHandle(prefix, query.get('version') ?? '')))
    const value = body.kind === 'values' ? body.values.find(({ type }) => type === templateTypes.definition) : undefined
    if (value === undefined) throw new SnmsRefusal('business', 'there is no such template')
    const template = readTemplate(value.data)
    return templateToSnms(prefix, { ...template, fields: template.fields.map((field) => ({ ...field })) })
  },
  'POST /snms/api/v5/template': async (call) => change(call, templateFromSnms(call.body), 'create'),
  'PUT /snms/api/v5/template': async (call) => change(call, templateFromSnms(call.body), 'replace'),
  'DELETE /snms/api/v5/template': async (call) => {
    const { searchParams: query } = call.request.url
    return change(call, { handle: templateHandle(query.get('prefix') ?? '', query.get('version') ?? '') }, 'remove')
  },
}

/** By the same proof, and behind the same limits, as Handle REST’s Basic. */
async function signIn({ request, body, options, tokens }: Call): Promise<unknown> {
  const { username, password } = body
  if (typeof username !== 'string' || typeof password !== 'string')
    throw new SnmsRefusal('business', 'write username (index:handle) and password (its secret key)')
  const authorization = `Basic ${Buffer.from(`${encodeURIComponent(username)}:${password}`).toString('base64')}`
  const user = await options.users.whoSent({ ...request, headers: { ...request.headers, authorization } })
  if (user === undefined || 'status' in user) throw new SnmsRefusal('notSignedIn', user?.message ?? 'who is it?')
  return tokens.give(user)
}

const recordsOf = ({ options: { service, records }, user }: Call) => new UserRecords({ service, records, user })

type Kind = 'create' | 'overlay' | 'replace' | 'remove'

async function change(call: Call, item: unknown, kind: Kind): Promise<{ handle: string }> {
  if (call.user === undefined) throw new SnmsRefusal('notSignedIn', needsToken)
  if (!isObject(item) || typeof item.handle !== 'string') throw new ValueJsonError('handle', 'a text')
  const { handle } = item
  if (Array.from(handle).length > faceLimits.snmsHandleCharacters)
    throw new ValueJsonError('handle', `at most ${faceLimits.snmsHandleCharacters} characters`)
  const records = recordsOf(call)
  succeeded(kind === 'remove' ? await records.remove(handle) : await records[kind](handle, valuesOf(item, call)))
  return { handle }
}

function valuesOf({ handle, templateVersion, value, values }: Json, { options }: Call) {
  const list = value ?? values
  if (!Array.isArray(list)) throw new ValueJsonError('value', 'a list of index, type and data')
  const prefix = canonicalHandle(`${String(handle)}`).split('/')[0] ?? ''
  const used =
    typeof templateVersion === 'string' && templateVersion !== '' ? templateHandle(prefix, templateVersion) : undefined
  const ofTemplate = used && {
    index: 1_001,
    type: templateTypes.used,
    data: used,
    references: [{ handle: used, index: 1_000 }],
  }
  return valuesFromJson(
    [...(ofTemplate ? [ofTemplate] : []), ...(list as unknown[])],
    Math.floor(options.clock.now() / 1_000),
  )
}

/** Each with its own result; what was made alike before counts as made, so that a batch may come again. */
async function batch(call: Call, kind: Kind): Promise<unknown> {
  const { data } = call.body
  if (!Array.isArray(data) || data.length === 0 || data.length > faceLimits.batchItems)
    throw new ValueJsonError('data', `a list of 1 to ${faceLimits.batchItems} records`)
  if (call.user === undefined) throw new SnmsRefusal('notSignedIn', needsToken)
  return Promise.all(
    data.map(async (item: unknown) => {
      const handle = isObject(item) && typeof item.handle === 'string' ? item.handle : ''
      try {
        await change(call, item, kind)
        return { handle, status: statuses.ok, message: 'success' }
      } catch (error) {
        if (error instanceof SnmsRefusal) return { handle, status: statuses[error.status], message: error.message }
        if (error instanceof ValueJsonError) return { handle, status: statuses.business, message: error.message }
        throw error
      }
    }),
  )
}

function detail(handle: string, values: readonly Json[]): Json {
  const used = values.find(({ type }) => type === templateTypes.used)
  const data = isObject(used?.data) ? used.data.value : undefined
  const version = typeof data === 'string' ? templateName(data)?.version : undefined
  return { handle, ...(version !== undefined && { templateVersion: version }), value: values }
}

function succeeded(reply: Reply): Reply {
  const { response, body } = reply
  if (response === responses.success) return reply
  const message = body.kind === 'error' ? body.message : `response ${response}`
  if (response === responses.authenticationNeeded) throw new SnmsRefusal('notSignedIn', needsToken)
  if (response === responses.noPermission) throw new SnmsRefusal('noPermission', message)
  throw new SnmsRefusal(response === responses.error ? 'internal' : 'business', message)
}

function handleOf({ request }: Call): string {
  const handle = request.url.searchParams.get('handle') ?? ''
  if (handle === '') throw new ValueJsonError('handle', 'the handle, in the query')
  return handle
}
