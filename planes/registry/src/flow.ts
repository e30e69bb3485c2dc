import type { KeyObject } from 'node:crypto'
import { join } from 'node:path'
import type { DevicePort, OrganisationPort } from '@kapok/contracts/ports'
import { dayMs } from '@kapok/kit/clock'
import type { Kit } from '@kapok/kit-store/kit'
import type { Plane } from '@kapok/kit-store/plane'
import { accessRoutes } from './access/access.routes.ts'
import { accountRoutes } from './account/account.routes.ts'
import { platformKey } from './account/platform-key.ts'
import { identifierRoutes } from './identifier/identifier.routes.ts'
import { importRoutes } from './import/import.routes.ts'
import { type LabelledThing, thingsToLabel } from './label/things-to-label.ts'
import { registryLimits } from './limits.ts'
import { monitoringRoutes } from './monitoring/monitoring.routes.ts'
import { NodeMonitor } from './monitoring/node-monitor.ts'
import { Nodes } from './node/nodes.ts'
import { processRoutes } from './process/process.routes.ts'
import { Runner } from './runner.ts'
import { traceRoutes } from './trace/trace.routes.ts'

export type { LabelledThing }
export { thingsToLabel }
export const registryMigrations = { plane: 'registry', folder: join(import.meta.dirname, '../migrations') }

interface RegistryDoors {
  organisations: OrganisationPort
  devices: DevicePort
  resolverUrl: string | undefined
}

// account → identifier → import → label → trace → process → access → monitoring
export function registryPlane(kit: Kit, { organisations, devices, resolverUrl }: RegistryDoors): Plane {
  let kept: KeyObject | undefined
  const key = () => (kept ??= platformKey(kit.dataFolder))
  const nodes = new Nodes(key)
  const runner = new Runner(kit, nodes)
  const monitor = new NodeMonitor(kit, { nodes, organisations, resolverUrl })
  const wake = () => runner.wake()
  const inside = { job: 'registry' }
  return {
    name: 'registry',
    migrations: registryMigrations,
    routes: [
      ...accountRoutes(kit, { organisations, nodes, key, wake }),
      ...identifierRoutes(kit, { organisations, nodes, wake }),
      ...importRoutes(kit, { organisations, wake }),
      ...traceRoutes(nodes),
      ...processRoutes(devices),
      ...accessRoutes(nodes),
      ...monitoringRoutes(monitor),
    ],
    jobs: [
      {
        name: 'registry.sync',
        everyMs: dayMs,
        async run() {
          await kit.db.tx(inside, (tx) => tx.run('UPDATE registry.account SET sync_wanted = true'))
          wake()
        },
      },
      {
        name: 'registry.import.sweep',
        everyMs: dayMs,
        async run() {
          const before = (days: number) => new Date(kit.clock.now() - days * dayMs)
          await kit.db.tx(inside, (tx) =>
            tx.run(
              `DELETE FROM registry.import WHERE state = 'checked' AND created_at < $1
                OR state IN ('done', 'stopped') AND created_at < $2`,
              [before(registryLimits.checkedDays), before(registryLimits.importDays)],
            ),
          )
        },
      },
    ],
    async start() {
      key()
      runner.run()
    },
    async stop() {
      nodes.stop()
      await monitor.stop()
      await runner.stop()
    },
  }
}
