import { join } from 'node:path'
import { type AccessPlane, accessMigrations, accessPlane } from '@kapok/access'
import { dataMigrations, dataPlane } from '@kapok/data'
import { evidenceMigrations, evidencePlane } from '@kapok/evidence'
import { insightPlane } from '@kapok/insight'
import type { Tx } from '@kapok/kit-store/db'
import type { Kit } from '@kapok/kit-store/kit'
import type { Migrations } from '@kapok/kit-store/migrate'
import type { Actor, Plane, RouteHandler } from '@kapok/kit-store/plane'
import { registryMigrations, registryPlane } from '@kapok/registry'
import { type CaseView, caseFile, subsidyMigrations, subsidyPlane } from '@kapok/subsidy'
import { readConfig } from './config.ts'
import { casePdfRoutes } from './http/case-pdf.ts'
import { identifierRoutes } from './http/identifier.routes.ts'
import { labelRoutes } from './http/labels/label.routes.ts'
import { platformRoutes } from './http/platform.routes.ts'
import { tagTableRoutes } from './http/tag-table.routes.ts'
import { worldRoutes } from './http/world.routes.ts'

const kitMigrations: Migrations = {
  plane: 'kit',
  folder: join(import.meta.dirname, '../../kit-store/src/migrations'),
}

/** Migrations of every plane, in the order in which they stand on each other. */
export const migrationsOfAll: readonly Migrations[] = [
  kitMigrations,
  accessMigrations,
  dataMigrations,
  evidenceMigrations,
  subsidyMigrations,
  registryMigrations,
]

interface WireOptions {
  sessionHours: number
  secureCookies: boolean
  /** Of the identifier node that the platform asks. */
  resolverUrl?: string | undefined
}

export interface Planes {
  access: AccessPlane
  all: readonly Plane[]
  /** Cases that wait for each organisation. */
  waitingOf: ReturnType<typeof subsidyPlane>['waitingOf']
  /** Everything about one case, for whoever may see it. */
  caseFileOf(tx: Tx, caseId: string, actor: Actor): Promise<CaseView>
}

// machine → ingest → store → meter → seal → application → voucher → redemption → settlement → indicator
export function wirePlanes(kit: Kit, options: WireOptions): Planes {
  const access = accessPlane(kit, { sessionHours: options.sessionHours, secure: options.secureCookies })
  const { organisations } = access
  const data = dataPlane(kit)
  const evidence = evidencePlane(kit, { devices: data.port, organisations })
  const subsidy = subsidyPlane(kit, { organisations, evidence: evidence.port, devices: data.port })
  const registry = registryPlane(kit, { organisations, devices: data.port, resolverUrl: options.resolverUrl })
  const insight = insightPlane(kit, { figures: subsidy.figures })
  return {
    access,
    all: [access, data, evidence, subsidy, insight, registry],
    waitingOf: subsidy.waitingOf,
    caseFileOf: (tx, caseId, actor) => caseFile(subsidy.station, tx, caseId, actor),
  }
}

/** Every route of a platform as it is mounted, and those of a world: what documents and the right matrix are made from. */
export function routesOfAll(kit: Kit): RouteHandler[] {
  const planes = wirePlanes(kit, { sessionHours: 1, secureCookies: false })
  return [
    ...planes.all.flatMap((plane) => plane.routes),
    ...casePdfRoutes(kit, planes),
    ...platformRoutes(kit, readConfig('platform', {})),
    ...tagTableRoutes(),
    ...labelRoutes(kit),
    ...identifierRoutes(undefined),
    ...worldRoutes(kit, planes),
  ]
}
