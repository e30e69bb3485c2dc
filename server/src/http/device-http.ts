import { Agent, request as askIngest } from 'node:http'
import { innerSecretHeader } from '@kapok/contracts/ports'
import { refuse } from '@kapok/contracts/refusal'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** Addresses that device firmware uses; ingest answers them behind this door. */
const devicePaths = ['/api/v1/*', '/device/v1/*']
const bodyBytesMax = 1 << 20
/** Headers that a device's answer may need; nothing of the browser's session goes either way. */
const forwarded = ['authorization', 'content-type', 'accept-language', 'user-agent']

/** Forwards device HTTP to ingest's inner port over kept connections, so that devices need one address. */
export function forwardDeviceHttp(app: FastifyInstance, ingest: { port: number; secret: string }): void {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  app.register(async (inner) => {
    inner.removeAllContentTypeParsers()
    inner.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: bodyBytesMax }, (_request, body, done) =>
      done(null, body),
    )
    for (const url of devicePaths)
      inner.route({
        method: ['GET', 'POST'],
        url,
        bodyLimit: bodyBytesMax,
        handler: (request, reply) => forward(request, reply),
      })
  })
  app.addHook('onClose', async () => agent.destroy())

  function forward(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const body = Buffer.isBuffer(request.body) ? request.body : undefined
    const headers: Record<string, string> = {
      'x-request-id': request.id,
      [innerSecretHeader]: ingest.secret,
      'content-length': String(body?.length ?? 0),
    }
    for (const name of forwarded) {
      const value = request.headers[name]
      if (typeof value === 'string') headers[name] = value
    }
    return new Promise((done, fail) => {
      const asked = askIngest(
        {
          host: '127.0.0.1',
          port: ingest.port,
          agent,
          method: request.method,
          path: request.url,
          headers,
          timeout: 60_000,
        },
        (answer) => {
          void reply.status(answer.statusCode ?? 502)
          for (const name of ['content-type', 'retry-after']) {
            const value = answer.headers[name]
            if (value !== undefined) void reply.header(name, value)
          }
          done(reply.send(answer))
        },
      )
      asked.once('timeout', () => asked.destroy(new Error('ingest did not answer')))
      asked.once('error', (cause) => {
        request.log.warn({ err: cause }, 'device HTTP could not be forwarded')
        fail(refuse('service.busy', {}, { cause }))
      })
      asked.end(body)
    })
  }
}
