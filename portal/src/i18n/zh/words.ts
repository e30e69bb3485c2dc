import { account } from './account.ts'
import { caseWords } from './case.ts'
import { deskWords } from './desks.ts'
import { filing } from './filing.ts'
import { gateway } from './gateway.ts'
import { identify } from './identify.ts'
import { library } from './library.ts'
import { nodes } from './nodes.ts'
import { plant } from './plant.ts'
import { publicWords } from './public.ts'
import { registry } from './registry.ts'
import { shell } from './shell.ts'
import { trace } from './trace.ts'
import { update } from './update.ts'

/** Every word of the portal in one language. */
export const words = {
  ...shell,
  ...trace,
  ...publicWords,
  ...account,
  ...plant,
  ...gateway,
  ...update,
  ...library,
  ...identify,
  ...registry,
  ...nodes,
  ...caseWords,
  ...filing,
  ...deskWords,
}
export type Words = typeof words
