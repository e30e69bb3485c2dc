import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import { Readable } from 'node:stream'
import type { AuditEvent } from '@kapok/contracts/ports'
import { invalidRequest, Refusal, refuse } from '@kapok/contracts/refusal'
import type { RouteContract } from '@kapok/contracts/route'
import { limits } from '@kapok/kit/limits'
import { type Scope, sqlState, type Tx } from '@kapok/kit-store/db'
import type { Kit } from '@kapok/kit-store/kit'
import type { Actor, Call, FileReply, RouteHandler } from '@kapok/kit-store/plane'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { publicRate } from './public-rate.ts'

export interface RoutesOptions {
  kit: Kit
  routes: readonly RouteHandler[]
  whoAsks(headers: { cookie?: string; authorization?: string }): Promise<Actor | undefined>
  appendAudit(tx: Tx, event: AuditEvent): Promise<void>
}

const visitor: Actor = {
  userId: undefined,
  userName: '',
  orgId: undefined,
  orgName: '',
  orgKind: undefined,
  region: '',
  roles: ['public'],
}

/** Who asks, as the rows see it: governments and finance by region, a platform administrator by an inner door. */
export function scopeOf(actor: Actor): Scope {
  const scope: Scope = {}
  if (actor.orgId !== undefined) scope.orgId = actor.orgId
  switch (actor.orgKind) {
    case 'county':
    case 'city':
    case 'province':
    case 'finance':
      scope.region = actor.region
      break
    case 'platform':
      scope.job = 'administrator'
      break
    default:
  }
  return scope
}

/** Mounts every route under /api: who asks → may they → transaction → use case → audit → reply. */
export function mountRoutes(app: FastifyInstance, options: RoutesOptions): void {
  const seen = new Set<string>()
  const countPublic = publicRate(options.kit.clock)
  for (const handler of options.routes) {
    const { contract } = handler
    if (seen.has(contract.id)) throw new Error(`two routes are called ${contract.id}`)
    seen.add(contract.id)
    app.route({
      method: contract.method,
      url: `/api${contract.path}`,
      bodyLimit: contract.bodyLimitBytes ?? (contract.bodyKind === 'raw' ? limits.fileBytes : limits.jsonBodyBytes),
      schema: {
        ...(contract.params && { params: strict(contract.params) }),
        ...(contract.query && { querystring: strict(contract.query) }),
        ...(contract.body && contract.bodyKind !== 'raw' && { body: strict(contract.body) }),
      },
      handler: (request, reply) => answer(handler, { ...options, countPublic }, request, reply),
    })
  }
}

/** A schema whose unknown keys are refused, so that a misspelt field is an error and never silently nothing. */
function strict<T>(schema: T): T {
  return { additionalProperties: false, ...schema }
}

async function answer(
  handler: RouteHandler,
  options: RoutesOptions & { countPublic(ip: string): void },
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const { contract } = handler
  const { kit } = options
  if (fromForeignPage(request, kit.baseUrl)) throw refuse('origin.foreign')
  const actor = (await options.whoAsks(request.headers)) ?? visitor
  authorise(contract, actor, request)
  if ([request.params, request.query, request.body].some(holdsNul))
    throw invalidRequest({ zh: '文本中不能有空字符 U+0000', en: 'the character U+0000 is not text' })
  const isCommand = contract.method !== 'GET'
  if (isCommand && actor.orgId === undefined) options.countPublic(request.ip)
  const call = callOf(kit, actor, request, reply)
  const audit = (outcome: AuditEvent['outcome'], detail: Record<string, unknown>): AuditEvent => ({
    at: kit.clock.now(),
    actorUserId: actor.userId ?? null,
    actorName: actor.userName,
    orgId: actor.orgId ?? null,
    route: contract.id,
    subject: Object.values(call.params as Record<string, unknown>).join(' '),
    outcome,
    detail: { requestId: request.id, ...detail },
  })
  try {
    if (handler.asksOthers) {
      if (isCommand) throw new Error(`${contract.id} changes something, so it needs a transaction`)
      return reply
        .type('application/json; charset=utf-8')
        .send(jsonText(await handler.run(call as Call<RouteContract>)))
    }
    const result = await againOnDeadlock(() =>
      kit.db.tx(scopeOf(actor), async (tx) => {
        const withTx = { ...call, tx } as Call<RouteContract>
        if (!isCommand) return handler.run(withTx)
        return once(
          contract,
          withTx,
          request,
          async () => {
            const value = await handler.run(withTx)
            await tx.run(`SELECT set_config('app.job', 'audit', true)`, [], 'kapok-audit-scope')
            await options.appendAudit(tx, audit('done', {}))
            return value
          },
          kit.clock.now(),
        )
      }),
    )
    return contract.replyKind === 'file'
      ? sendFile(reply, result as FileReply)
      : reply.type('application/json; charset=utf-8').send(jsonText(result))
  } catch (error) {
    if (isCommand && error instanceof Refusal)
      await kit.db
        .tx({ job: 'audit' }, (tx) => options.appendAudit(tx, audit('refused', { code: error.code })))
        .catch((cause: unknown) => request.log.error({ err: cause }, 'a refusal could not be audited'))
    throw error
  }
}

const triesMax = 3
/** Deadlock found, serialisation failed: the transaction is rolled back and may simply be run again (SQLSTATE class 40). */
const mayRunAgain = new Set(['40P01', '40001'])

/** Runs a transaction again when PostgreSQL chose it to give way to another. */
export async function againOnDeadlock<T>(run: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await run()
    } catch (error) {
      if (tries === triesMax || !mayRunAgain.has(sqlState(error) ?? '')) throw error
    }
  }
}

/** PostgreSQL's text cannot hold U+0000; no text of a person does either. */
function holdsNul(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0')
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false
  return Object.entries(value).some(([key, each]) => key.includes('\0') || holdsNul(each))
}

/**
 * A foreign page cannot read our answers, but a command would have been done when it is refused the answer. Browsers name
 * the page in `Origin`: it must be one of ours, by the name asked for or by the platform's own address.
 */
function fromForeignPage(request: FastifyRequest, baseUrl: string): boolean {
  const { origin, host } = request.headers
  if (request.method === 'GET' || origin === undefined) return false
  return URL.parse(origin)?.host !== host && origin !== URL.parse(baseUrl)?.origin
}

function authorise(contract: RouteContract, actor: Actor, request: FastifyRequest): void {
  const byRole = contract.who.some((role) => actor.roles.includes(role))
  const byToken = contract.token !== undefined && actor.tokenScopes?.includes(contract.token) === true
  if (!byRole && !byToken) throw actor.orgId === undefined ? refuse('session.missing') : refuse('right.missing')
  // A foreign page can make a browser send cookies, but not this header without our leave (CSRF).
  const fromBrowser = request.headers.cookie !== undefined && actor.tokenScopes === undefined
  if (contract.method !== 'GET' && fromBrowser && request.headers['x-kapok'] === undefined)
    throw invalidRequest({ zh: '缺少请求头 X-Kapok', en: 'the header X-Kapok is missing' })
}

function callOf(kit: Kit, actor: Actor, request: FastifyRequest, reply: FastifyReply) {
  const given = request.headers['idempotency-key']
  if (given !== undefined && !/^[\w.:-]{8,100}$/.test(String(given)))
    throw invalidRequest({
      zh: 'Idempotency-Key 应为 8–100 个字符（A–Z a–z 0–9 _ . : -）',
      en: 'Idempotency-Key: 8–100 characters of A–Z a–z 0–9 _ . : -',
    })
  return {
    params: request.params ?? {},
    query: request.query ?? {},
    body: request.body,
    actor,
    orgId: actor.orgId ?? '',
    key: given === undefined ? kit.ids.uuid() : String(given),
    requestId: request.id,
    language: languageOf(request),
    headers: request.headers as Record<string, string | undefined>,
    ip: isIP(request.ip) ? request.ip : '',
    reply: { header: (name: string, value: string) => void reply.header(name, value) },
  }
}

export function languageOf(request: FastifyRequest): 'zh' | 'en' {
  return /^\s*en\b/i.test(request.headers['accept-language'] ?? '') ? 'en' : 'zh'
}

/**
 * Runs a command once for its idempotency key: the same key with the same body gets the kept reply (also when both
 * come at once: the second waits for the first), another body is refused.
 */
async function once(
  contract: RouteContract,
  call: Call<RouteContract>,
  request: FastifyRequest,
  run: () => Promise<unknown>,
  nowMs: number,
): Promise<unknown> {
  if (request.headers['idempotency-key'] === undefined || call.actor.orgId === undefined) return run()
  const body: unknown = call.body
  const bytes = body instanceof Uint8Array ? body : JSON.stringify(body ?? null)
  const hash = createHash('sha256').update(JSON.stringify(call.params)).update(bytes).digest('hex')
  const inserted = await call.tx.run(
    `INSERT INTO kit.command_receipt VALUES ($1, $2, $3, $4, NULL, $5) ON CONFLICT DO NOTHING`,
    [call.actor.orgId, call.key, contract.id, hash, new Date(nowMs)],
    'receipt-insert',
  )
  if (inserted === 0) {
    const kept = await call.tx.row<{ route: string; body_sha256: string; reply: unknown }>(
      'SELECT route, body_sha256, reply FROM kit.command_receipt WHERE org_id = $1 AND key = $2',
      [call.actor.orgId, call.key],
      'receipt-read',
    )
    if (kept === undefined || kept.route !== contract.id || kept.body_sha256 !== hash) throw refuse('command.conflict')
    if (contract.replyOnce === true) throw refuse('command.done')
    call.reply.header('Idempotency-Hit', 'true')
    return kept.reply
  }
  // The receipt is written under the actor's scope, before the audit's takes its place.
  const value = await run()
  await call.tx.run(`SELECT set_config('app.job', 'kit', true)`, [], 'kapok-kit-scope')
  await call.tx.run(
    'UPDATE kit.command_receipt SET reply = $3 WHERE org_id = $1 AND key = $2',
    [call.actor.orgId, call.key, contract.replyOnce === true ? null : jsonText(value)],
    'receipt-reply',
  )
  return value
}

/** JSON has no bigint: money and counts that come as one leave as decimal strings. */
function jsonText(value: unknown): string {
  try {
    // Most replies hold none, and a replacer costs a call for each of a chart's thousands of numbers.
    return JSON.stringify(value ?? {})
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each))
  }
}

function sendFile(reply: FastifyReply, file: FileReply) {
  void reply.header('Content-Type', file.mediaType)
  void reply.header('Content-Disposition', `attachment; filename*=UTF-8''${encodeURIComponent(file.fileName)}`)
  void reply.header('X-Content-Type-Options', 'nosniff')
  return reply.send(file.bytes instanceof Uint8Array ? Buffer.from(file.bytes) : Readable.from(file.bytes))
}
