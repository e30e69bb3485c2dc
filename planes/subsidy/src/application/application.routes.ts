import type { BodyOf } from '@kapok/contracts/route'
import { createApplication, updateApplication } from '@kapok/contracts/subsidy'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'
import { draftCase, saveDraft } from '../cases/draft-case.ts'
import { certificationOf } from '../certification/certification-rules.ts'
import { inside } from '../inside.ts'
import { price } from '../programme/assess.ts'
import { currentProgramme, pinnedProgramme } from '../programme/programme.store.ts'
import type { Programme } from '../programme/programme.ts'
import { refuseSubsidy } from '../refusals.ts'
import type { Subsidy } from '../station.ts'
import { feeKindText } from '../words.ts'

export type ContractFacts = BodyOf<typeof createApplication>['contract']

export function applicationRoutes(s: Subsidy): RouteHandler[] {
  return [
    handle(createApplication, ({ tx, body, actor, orgId }) =>
      inside(tx, async () => {
        const programme = await currentProgramme(tx, body.programmeId)
        const certification = await certificationOf(tx, orgId)
        if (certification === undefined) throw refuseSubsidy('certification.first')
        return draftCase(s, tx, actor, {
          kind: 'application',
          region: certification.facts.region,
          programmeId: programme.id,
          ruleSha256: programme.sha256,
          facts: { contract: body.contract },
          amountFen: priced(programme, body.contract),
        })
      }),
    ),
    handle(updateApplication, ({ tx, params, body, actor }) =>
      inside(tx, async () => {
        const head = await s.cases.lock(tx, params.caseId)
        const programme = head.ruleSha256 === null ? undefined : await pinnedProgramme(tx, head.ruleSha256)
        return saveDraft(s, tx, actor, params.caseId, {
          kind: 'application',
          expectedVersion: body.expectedVersion,
          facts: { contract: body.contract },
          amountFen: programme === undefined ? null : priced(programme, body.contract),
        })
      }),
    ),
  ]
}

/** What the draft would bring at most; refuses a line that has no standard or no amount. */
function priced(programme: Programme, contract: ContractFacts): bigint {
  const zero = contract.lines.findIndex((line) => BigInt(line.amountFen) <= 0n)
  if (zero >= 0) throw refuseSubsidy('amount.invalid', { field: `contract.lines[${zero}]` })
  const result = price(programme, contract.lines)
  const unknown = result.unknownLines[0]
  if (unknown !== undefined) {
    const line = contract.lines[unknown]
    const feeKind = line === undefined ? '' : feeKindText[line.feeKind].zh
    throw refuseSubsidy('application.line_unknown', { line: unknown + 1, scene: line?.scene, feeKind })
  }
  return result.totalFen
}
