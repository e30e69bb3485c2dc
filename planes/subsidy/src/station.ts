import type { DevicePort, EvidencePort, OrganisationPort } from '@kapok/contracts/ports'
import type { caseStore } from '@kapok/kit-store/case/case.store'
import type { Kit } from '@kapok/kit-store/kit'

/** What other planes answer to the subsidy; wired in the server. */
export interface SubsidyPorts {
  organisations: OrganisationPort
  evidence: EvidencePort
  devices: Pick<DevicePort, 'ofOrg'>
}

/** What every station of this plane works with. */
export interface Subsidy {
  kit: Kit
  ports: SubsidyPorts
  cases: ReturnType<typeof caseStore>
}
