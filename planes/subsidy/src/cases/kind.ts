import type { decideCase } from '@kapok/contracts/case'
import type { BodyOf } from '@kapok/contracts/route'
import type { Standing } from '@kapok/kit-store/case/case'
import type { CaseHead } from '@kapok/kit-store/case/case.store'
import type { Tx } from '@kapok/kit-store/db'
import type { Actor } from '@kapok/kit-store/plane'
import type { Subsidy } from '../station.ts'

/** One act on a case, after the kernel allowed it and inside the plane's door. */
export interface Acting {
  s: Subsidy
  tx: Tx
  head: CaseHead
  before: Standing
  actor: Actor
  body: BodyOf<typeof decideCase>
  now: number
}

/**
 * What a kind of case adds to the kernel. Each function runs in the transaction of the act: it refuses by throwing and
 * then nothing has happened.
 */
export interface KindRules {
  /** Checks and pins what is submitted; returns what the event remembers. */
  submit(acting: Acting): Promise<Record<string, unknown>>
  /** Before a desk consents; `last` when its consent is the last one. */
  consent(acting: Acting, last: boolean): Promise<Record<string, unknown>>
  /** After the case moved: postings, vouchers, notices that follow from it. */
  moved(acting: Acting, after: Standing): Promise<void>
}
