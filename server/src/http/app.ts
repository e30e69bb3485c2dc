import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import { invalidRequest, Refusal, refuse, unknownThing } from '@kapok/contracts/refusal'
import { limits } from '@kapok/kit/limits'
import type { Log } from '@kapok/kit/log'
import {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
  LogController,
} from 'fastify'
import { loggedPath } from './logged-path.ts'
import { languageOf } from './routes.ts'
import { validationWords } from './validation-words.ts'

export interface AppOptions {
  log: Log
  /** The built portal; without it the API serves alone. */
  portalFolder: string
  tls?: { cert: string; key: string }
}

/**
 * The portal loads nothing from elsewhere; antd writes style elements, so styles may stand in the page. The reader of codes is
 * WebAssembly, which may be compiled; text still never becomes script.
 */
const contentPolicy = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "connect-src 'self' ws: wss:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

/** The verifier is one file that carries its script, so that it also works from a disk. */
const verifierPolicy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"

export function makeApp(options: AppOptions): FastifyInstance {
  const app = fastify({
    loggerInstance: options.log,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    bodyLimit: limits.jsonBodyBytes,
    ajv: { customOptions: { removeAdditional: false, coerceTypes: 'array', allErrors: false, strictTypes: false } },
    ...(options.tls === undefined ? {} : { https: options.tls }),
    forceCloseConnections: true,
    requestTimeout: 60_000,
  } as object) as unknown as FastifyInstance
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))

  app.addHook('onSend', async (request, reply) => {
    const verifier = request.url.startsWith('/verify.html')
    reply.header('Content-Security-Policy', verifier ? verifierPolicy : contentPolicy)
    reply.header('X-Content-Type-Options', 'nosniff')
    reply.header('X-Frame-Options', 'DENY')
    reply.header('Referrer-Policy', 'no-referrer')
    reply.header('Cross-Origin-Opener-Policy', 'same-origin')
    reply.header('Permissions-Policy', 'camera=(self), microphone=(), geolocation=()')
    reply.header('X-Request-Id', request.id)
    if (options.tls !== undefined) reply.header('Strict-Transport-Security', 'max-age=31536000')
    if (request.url.startsWith('/api/')) reply.header('Cache-Control', 'no-store')
  })
  app.addHook('onResponse', async (request, reply) => {
    request.log.info(
      {
        method: request.method,
        url: loggedPath(request.url),
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
      },
      'request',
    )
  })
  app.setErrorHandler((error: FastifyError, request, reply) => sendError(error, request, reply))

  servePortal(app, options.portalFolder)
  return app
}

/** Every refusal and fault leaves here: a code, a sentence in the reader's language, and a number that the log holds. */
function sendError(error: FastifyError | Refusal, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const refusal = error instanceof Refusal ? error : refusalOfFramework(error)
  const language = languageOf(request)
  if (refusal === undefined) {
    request.log.error({ err: error, requestId: request.id }, 'a request failed')
    const message =
      language === 'zh'
        ? `系统出现故障，数据没有改动。请稍后重试；如仍失败，请把编号 ${request.id} 告知管理员。`
        : `Something failed on our side and nothing was changed. Try again; if it fails again, give the administrator number ${request.id}.`
    return reply.status(500).send({ code: 'fault', message, details: {}, requestId: request.id })
  }
  if (refusal.status === 429 || refusal.status === 503) void reply.header('Retry-After', '5')
  return reply.status(refusal.status).send({
    code: refusal.code,
    message: refusal.sentences[language],
    details: refusal.details,
    requestId: request.id,
  })
}

function refusalOfFramework(error: FastifyError): Refusal | undefined {
  if (error.validation !== undefined) {
    const [first] = error.validation
    if (first !== undefined)
      return invalidRequest(validationWords(error.validationContext, first), {
        path: first.instancePath,
        keyword: first.keyword,
      })
  }
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return refuse('body.too_large', { limit: limits.jsonBodyBytes })
  const { statusCode } = error
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return invalidRequest(bodyWords(error), {}, { cause: error })
  return undefined
}

/** What the framework refuses before a route sees it. */
function bodyWords(error: FastifyError): { zh: string; en: string } {
  switch (error.code) {
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return { zh: '请求体不是有效的 JSON', en: 'the body is not valid JSON' }
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return { zh: '不支持该内容类型，请用 application/json', en: 'use the content type application/json' }
    default:
      return { zh: error.message, en: error.message }
  }
}

function servePortal(app: FastifyInstance, folder: string): void {
  const index = join(folder, 'index.html')
  const built = existsSync(index)
  if (built)
    app.register(fastifyStatic, {
      root: folder,
      wildcard: false,
      index: false,
      preCompressed: true,
      setHeaders(response, path) {
        const immutable = path.includes('/assets/')
        response.setHeader('Cache-Control', immutable ? 'public, max-age=31536000, immutable' : 'no-cache')
      },
    })
  const page = built ? readFileSync(index) : undefined
  app.setNotFoundHandler((request, reply) => {
    const asked = request.method === 'GET' || request.method === 'HEAD'
    // A part of another build is gone: a page in its place would be run as a script.
    const wantsPage = asked && !/^\/(api|assets)\//.test(request.url) && page !== undefined
    if (!wantsPage) throw unknownThing('page')
    // Single-page application: every other address is a page of the portal.
    return reply.header('Cache-Control', 'no-cache').type('text/html; charset=utf-8').send(page)
  })
}
