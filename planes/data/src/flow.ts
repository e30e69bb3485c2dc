import { join } from 'node:path'
import type { DevicePort } from '@kapok/contracts/ports'
import type { Kit } from '@kapok/kit-store/kit'
import type { Plane } from '@kapok/kit-store/plane'
import { credentialRoutes } from './credential/credential.routes.ts'
import { deviceRoutes } from './device/device.routes.ts'
import { gatewayRoutes } from './gateway/gateway.routes.ts'
import { devicePort } from './meter/device.port.ts'
import { productRoutes } from './product/product.routes.ts'
import { quarantineRoutes } from './quarantine/quarantine.routes.ts'
import { pointRoutes } from './query/point.routes.ts'
import { releaseRoutes } from './release/release.routes.ts'
import { deriveTouchedHours } from './rollup/derive-touched-hours.ts'

export const dataMigrations = { plane: 'data', folder: join(import.meta.dirname, '../migrations') }

/**
 * product → device → credential → (ingest → store, a process of its own: ingest/run-ingest.ts) → roll-up → query → live;
 * `port` is the meter's and the evidence's way in.
 */
export function dataPlane(kit: Kit): Plane & { port: DevicePort } {
  return {
    name: 'data',
    migrations: dataMigrations,
    routes: [
      ...productRoutes(kit),
      ...deviceRoutes(kit),
      ...credentialRoutes(kit),
      ...gatewayRoutes(kit),
      ...releaseRoutes(kit),
      ...pointRoutes(kit),
      ...quarantineRoutes(),
    ],
    jobs: [
      {
        name: 'data.rollup',
        everyMs: 60_000,
        run: async () => {
          await deriveTouchedHours(kit)
        },
      },
    ],
    port: devicePort(kit),
  }
}
