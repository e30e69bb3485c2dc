import { getIdentifierStatistics, listRegistryNodes } from '@kapok/contracts/registry-nodes'
import { handleByAsking, type RouteHandler } from '@kapok/kit-store/plane'
import { registryLimits } from '../limits.ts'
import type { NodeMonitor } from './node-monitor.ts'

/** How the identifier nodes stand, for who operates them; what they sum up to, for everybody. */
export function monitoringRoutes(monitor: NodeMonitor): RouteHandler[] {
  return [
    handleByAsking(listRegistryNodes, () => monitor.look(registryLimits.healthFreshMs)),
    handleByAsking(getIdentifierStatistics, async () => ({ statistics: (await monitor.statistics()) ?? null })),
  ]
}
