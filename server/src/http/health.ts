import { statfs } from 'node:fs/promises'
import { limits } from '@kapok/kit/limits'
import type { Kit } from '@kapok/kit-store/kit'
import type { FastifyInstance } from 'fastify'
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client'

export interface Metrics {
  watch(app: FastifyInstance): void
  text(): Promise<string>
}

/** Prometheus metrics of this process: Node's own, and request durations by route and status. */
export function metricsOf(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'kapok_' })
  const duration = new Histogram({
    name: 'kapok_http_request_seconds',
    help: 'Duration of HTTP requests by route and status.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 5],
    registers: [registry],
  })
  return {
    watch(app) {
      app.addHook('onResponse', async (request, reply) => {
        const route = request.routeOptions.url ?? 'page'
        duration.labels(request.method, route, String(reply.statusCode)).observe(reply.elapsedTime / 1000)
      })
    },
    text: () => registry.metrics(),
  }
}

export interface Check {
  name: string
  ok: boolean
  detail: string
}

/** Asks each engine for one answer, and the disk for room: without it ingest takes no points. */
export async function checkEngines(kit: Kit): Promise<Check[]> {
  const check = async (name: string, ask: () => Promise<unknown>): Promise<Check> => {
    const began = performance.now()
    try {
      await ask()
      return { name, ok: true, detail: `${Math.round(performance.now() - began)} ms` }
    } catch (error) {
      return { name, ok: false, detail: error instanceof Error ? error.message : String(error) }
    }
  }
  return Promise.all([
    check('PostgreSQL', () => kit.db.tx({}, (tx) => tx.row('SELECT 1'))),
    check('ClickHouse', async () => (await kit.clickhouse.query({ query: 'SELECT 1' })).text()),
    check('ingest', () => kit.bus.request('ingest.last', { deviceIds: [] })),
    lookAtDisk(kit.dataFolder),
  ])
}

async function lookAtDisk(folder: string): Promise<Check> {
  const { bavail, bsize } = await statfs(folder)
  const ok = bavail * bsize >= limits.diskFreeToTakeBytes
  const free = `${((bavail * bsize) / 2 ** 30).toFixed(1)} GiB`
  return {
    name: 'disk',
    ok,
    detail: ok ? free : `${free}: points are refused until space is freed · 磁盘将满，清理前不再接收数据`,
  }
}

/** `/healthz`: this process lives. `/readyz`: its engines answer. `/metrics`: Prometheus text. */
export function mountHealth(app: FastifyInstance, kit: Kit, metrics: Metrics): void {
  app.get('/healthz', () => ({ ok: true }))
  app.get('/readyz', async (_request, reply) => {
    const checks = await checkEngines(kit)
    const ok = checks.every((each) => each.ok)
    return reply.status(ok ? 200 : 503).send({ ok, checks: checks.map(({ name, ok: fine }) => ({ name, ok: fine })) })
  })
  app.get('/metrics', async (_request, reply) => reply.type('text/plain; version=0.0.4').send(await metrics.text()))
}
