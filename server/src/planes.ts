import { join } from 'node:path'
import { type AccessPlane, accessMigrations, accessPlane } from '@kapok/access'
import type { Kit } from '@kapok/kit-store/kit'
import type { Migrations } from '@kapok/kit-store/migrate'
import type { Plane } from '@kapok/kit-store/plane'

const kitMigrations: Migrations = {
  plane: 'kit',
  folder: join(import.meta.dirname, '../../kit-store/src/migrations'),
}

/** Migrations of every plane, in the order in which they stand on each other. */
export const migrationsOfAll: readonly Migrations[] = [kitMigrations, accessMigrations]

export interface Planes {
  access: AccessPlane
  all: readonly Plane[]
}

// machine → ingest → store → meter → seal → application → voucher → redemption → settlement → indicator
export function wirePlanes(kit: Kit, options: { sessionHours: number; secureCookies: boolean }): Planes {
  const access = accessPlane(kit, { sessionHours: options.sessionHours, secure: options.secureCookies })
  return { access, all: [access] }
}
