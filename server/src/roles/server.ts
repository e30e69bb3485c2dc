import { join } from 'node:path'
import { limits } from '@kapok/kit/limits'
import type { Log } from '@kapok/kit/log'
import { makeJobs, sweepReceipts } from '@kapok/kit-store/jobs'
import { readConfig, repositoryRoot } from '../config.ts'
import { makeApp } from '../http/app.ts'
import { casePdfRoutes } from '../http/case-pdf.ts'
import { forwardDeviceHttp } from '../http/device-http.ts'
import { metricsOf, mountHealth } from '../http/health.ts'
import { identifierRoutes } from '../http/identifier.routes.ts'
import { labelRoutes } from '../http/labels/label.routes.ts'
import { liveDoor } from '../http/live.ts'
import { openApiOf } from '../http/openapi.ts'
import { platformRoutes } from '../http/platform.routes.ts'
import { mountRoutes } from '../http/routes.ts'
import { tagTableRoutes } from '../http/tag-table.routes.ts'
import { onlyLoopbackNames, worldRoutes } from '../http/world.routes.ts'
import { wirePlanes } from '../planes.ts'
import { roleKit } from './engine-kit.ts'
import { need, type Role, runRole } from './role.ts'

/** A world's people stay signed in when its clock moves on by days. */
const worldSessionHours = 24 * 365

export const runServerRole = () => runRole('server', startServer)

async function startServer(log: Log): Promise<Role> {
  const kit = roleKit(log)
  const mode = process.env.KAPOK_MODE === 'world' ? 'world' : 'platform'
  const config = readConfig(mode)
  const planes = wirePlanes(kit, {
    sessionHours: mode === 'world' ? worldSessionHours : limits.sessionHours,
    secureCookies: config.tls !== undefined || config.baseUrl.startsWith('https:'),
    resolverUrl: config.resolverUrl,
  })
  const routes = [
    ...planes.all.flatMap((plane) => plane.routes),
    ...casePdfRoutes(kit, planes),
    ...platformRoutes(kit, config),
    ...tagTableRoutes(),
    ...labelRoutes(kit),
    ...identifierRoutes(config.resolverUrl),
    ...(mode === 'world' ? worldRoutes(kit, planes) : []),
  ]
  const apps = config.hosts.map(() =>
    makeApp({ log, portalFolder: join(repositoryRoot, 'portal/dist'), ...(config.tls && { tls: config.tls }) }),
  )
  const metrics = metricsOf()
  const jobs = makeJobs(kit, [...planes.all.flatMap((plane) => plane.jobs), sweepReceipts(kit)])
  const live = liveDoor(kit, planes.access.whoAsks)
  for (const app of apps) {
    metrics.watch(app)
    if (mode === 'world') onlyLoopbackNames(app)
    forwardDeviceHttp(app, {
      port: Number(need('KAPOK_INNER_DEVICE_PORT')),
      secret: need('KAPOK_INNER_DEVICE_SECRET'),
    })
    mountRoutes(app, { kit, routes, whoAsks: planes.access.whoAsks, appendAudit: planes.access.appendAudit })
    mountHealth(app, kit, metrics)
    live.attach(app)
    app.get('/api/openapi.json', () => openApiOf(routes.map(({ contract }) => contract)))
  }
  for (const plane of planes.all) await plane.start?.()
  await Promise.all(
    apps.map((app, i) => app.listen({ port: config.httpPort, host: config.hosts[i] ?? '', ipv6Only: true })),
  )
  await jobs.start()
  return {
    async stop() {
      live.stop()
      await Promise.all(apps.map((app) => app.close()))
      await jobs.stop()
      for (const plane of planes.all) await plane.stop?.()
      await kit.clickhouse.close()
      await kit.db.stop()
    },
  }
}
