import { join } from 'node:path'
import type { DevicePort, EvidencePort, OrganisationPort } from '@kapok/contracts/ports'
import { must } from '@kapok/kit/must'
import type { Kit } from '@kapok/kit-store/kit'
import type { Plane } from '@kapok/kit-store/plane'
import { coverageDays } from './coverage/coverage.ts'
import { makeBundle } from './coverage/make-bundle.ts'
import { evidenceRoutes } from './evidence.routes.ts'
import { openLog } from './log/log.ts'
import { sealDays } from './seal/seal-days.ts'

export interface EvidencePorts {
  devices: DevicePort
  organisations: OrganisationPort
}

export interface EvidencePlane extends Plane {
  port: EvidencePort
}

export const evidenceMigrations = { plane: 'evidence', folder: join(import.meta.dirname, '../migrations') }

const hourMs = 3_600_000

// meter → seal → log → verify
export function evidencePlane(kit: Kit, ports: EvidencePorts): EvidencePlane {
  const log = openLog(kit)
  const chosen = async (orgId: string, deviceIds: readonly string[]) =>
    (await ports.devices.ofOrg(orgId)).filter((device) => deviceIds.includes(device.id))
  return {
    name: 'evidence',
    migrations: evidenceMigrations,
    routes: evidenceRoutes(kit, ports, log),
    jobs: [
      { name: 'evidence.seal', everyMs: hourMs, run: async () => void (await sealDays(kit, ports.devices)) },
      { name: 'evidence.checkpoint', everyMs: hourMs, run: async () => void (await log.checkpoint()) },
    ],
    port: {
      coverage: async (ask) => coverageDays(kit, { ...ask, devices: await chosen(ask.orgId, ask.deviceIds) }),
      bundle: async (ask) =>
        makeBundle(kit, log, {
          ...ask,
          organisation: must(await ports.organisations.byId(ask.orgId), 'the organisation of a case'),
          devices: await chosen(ask.orgId, ask.deviceIds),
        }),
    },
  }
}
