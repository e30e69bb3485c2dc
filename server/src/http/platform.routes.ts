import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { getHealth, getPlatform } from '@kapok/contracts/access'
import type { Kit } from '@kapok/kit-store/kit'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'
import { type Config, repositoryRoot } from '../config.ts'
import { checkEngines } from './health.ts'

const { version } = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')) as { version: string }

/** What the platform says of itself. */
export function platformRoutes(kit: Kit, config: Config): RouteHandler[] {
  return [
    handle(getPlatform, async () => ({
      mode: config.mode,
      version,
      now: kit.clock.now(),
      tls: config.tls !== undefined,
      mqttPort: config.mqttPort,
      resolves: config.resolverUrl !== undefined,
    })),
    handle(getHealth, async () => ({ checks: await checkEngines(kit) })),
  ]
}
