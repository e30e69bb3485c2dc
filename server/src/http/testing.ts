import type { AddressInfo } from 'node:net'
import { makeLog } from '@kapok/kit/log'
import type { TestKit } from '@kapok/kit-store/testing'
import { type Planes, wirePlanes } from '../planes.ts'
import { makeApp } from './app.ts'
import { mountRoutes } from './routes.ts'

/** The API of every plane over a test's engines, on a free loopback port, as the server role mounts it. */
export async function serveApi(
  kit: TestKit,
): Promise<{ url: string; planes: Planes; app: ReturnType<typeof makeApp>; stop(): Promise<void> }> {
  const planes = wirePlanes(kit, { sessionHours: 24 * 365, secureCookies: false })
  const app = makeApp({ log: makeLog('test', 'silent'), portalFolder: '/nowhere' })
  const { whoAsks, appendAudit } = planes.access
  mountRoutes(app, { kit, routes: planes.all.flatMap((plane) => plane.routes), whoAsks, appendAudit })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, planes, app, stop: () => app.close() }
}
