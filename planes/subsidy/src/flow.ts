import { join } from 'node:path'
import type { FiguresPort } from '@kapok/contracts/ports'
import { dayMs } from '@kapok/kit/clock'
import { caseStore } from '@kapok/kit-store/case/case.store'
import type { Kit } from '@kapok/kit-store/kit'
import type { Plane } from '@kapok/kit-store/plane'
import { applicationRoutes } from './application/application.routes.ts'
import { calendarRoutes, recomputeProvisional } from './calendar/enter-holidays.ts'
import { caseRoutes } from './cases/case.routes.ts'
import { decideRoutes } from './cases/decide-case.ts'
import { caseTables } from './cases/tables.ts'
import { type DeskHolder, waitingOf } from './cases/waiting.ts'
import { certificationRoutes } from './certification/certification.routes.ts'
import { fileRoutes } from './files/file.routes.ts'
import { inboxRoutes } from './inbox/inbox.ts'
import { figures } from './indicator/figures.ts'
import { closeNotices } from './notice/close-notices.ts'
import { noticeRoutes } from './notice/notice.routes.ts'
import { programmeRoutes } from './programme/programme.routes.ts'
import { redemptionRoutes } from './redemption/redemption.routes.ts'
import { regionRoutes } from './region/region.ts'
import { batchRoutes } from './settlement/batch.routes.ts'
import { budgetRoutes } from './settlement/budget.routes.ts'
import type { Subsidy, SubsidyPorts } from './station.ts'
import { supplierRoutes } from './supplier/supplier.routes.ts'
import { expireVouchers } from './voucher/expire-vouchers.ts'
import { voucherRoutes } from './voucher/voucher.routes.ts'

export { type CaseView, caseFile } from './cases/case-view.ts'
export { caseTables } from './cases/tables.ts'
export { fillProgramme, parseProgramme } from './programme/programme.ts'
export type { SubsidyPorts } from './station.ts'

export const subsidyMigrations = { plane: 'subsidy', folder: join(import.meta.dirname, '../migrations') }

export interface SubsidyPlane extends Plane {
  figures: FiguresPort
  station: Subsidy
  waitingOf(organisations: readonly DeskHolder[]): Promise<Map<string, number>>
}

/**
 * Public money, in the order of the arrow:
 * programme → certification → application → voucher → redemption → notice → settlement; the ledger lies under all.
 * Every act on a case goes through one door (`cases/decide-case.ts`); every fen moves by one SQL function
 * (`migrations/0002-ledger.sql`).
 */
export function subsidyPlane(kit: Kit, ports: SubsidyPorts): SubsidyPlane {
  const s: Subsidy = { kit, ports, cases: caseStore('subsidy', caseTables) }
  const inDoor = <T>(work: Parameters<typeof kit.db.tx<T>>[1]) => kit.db.tx({ job: 'subsidy' }, work)
  return {
    name: 'subsidy',
    migrations: subsidyMigrations,
    routes: [
      ...programmeRoutes(s),
      ...regionRoutes(),
      ...calendarRoutes(s),
      ...certificationRoutes(s),
      ...applicationRoutes(s),
      ...voucherRoutes(s),
      ...redemptionRoutes(s),
      ...caseRoutes(s),
      ...decideRoutes(s),
      ...fileRoutes(s),
      ...inboxRoutes(s),
      ...noticeRoutes(s),
      ...budgetRoutes(s),
      ...batchRoutes(s),
      ...supplierRoutes(s),
    ],
    jobs: [
      { name: 'subsidy.notices', everyMs: 3_600_000, run: async () => void (await closeNotices(s)) },
      { name: 'subsidy.vouchers', everyMs: 3_600_000, run: async () => void (await expireVouchers(s)) },
      { name: 'subsidy.deadlines', everyMs: dayMs, run: async () => void (await inDoor(recomputeProvisional)) },
    ],
    figures: figures(s),
    station: s,
    waitingOf: (organisations) => waitingOf(s, organisations),
  }
}
