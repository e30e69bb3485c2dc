import { checkEligibility, getProgramme, listProgrammes, publishProgramme } from '@kapok/contracts/subsidy'
import { civilDayOf } from '@kapok/kit/clock'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'
import { inside } from '../inside.ts'
import { refuseSubsidy } from '../refusals.ts'
import type { Subsidy } from '../station.ts'
import { documentText, feeKindText } from '../words.ts'
import { assess, runProgrammeTests } from './assess.ts'
import { currentProgramme, currentProgrammes, storeProgramme } from './programme.store.ts'
import { openWindow, type Programme, parseProgramme, windowOf } from './programme.ts'

const capNames = {
  supplier: { zh: '每家供应商', en: 'Each supplier' },
  enterprise: { zh: '每家企业', en: 'Each enterprise' },
  scene: { zh: '每个场景', en: 'Each scene' },
} as const
const cappedByText = {
  enterprise: { zh: '达到每家企业的补助上限', en: 'The cap of each enterprise was reached' },
  standard: { zh: '达到单项补助标准的上限', en: 'The cap of a single standard was reached' },
} as const

export function programmeRoutes(s: Subsidy): RouteHandler[] {
  return [
    handle(listProgrammes, async ({ tx, query }) => {
      const all = await currentProgrammes(tx)
      const wanted = all.filter((each) => !query.search || JSON.stringify([each.id, each.title]).includes(query.search))
      const size = query.size ?? 20
      const from = ((query.page ?? 1) - 1) * size
      const now = s.kit.clock.now()
      return { rows: wanted.slice(from, from + size).map((each) => programmeRow(each, now)), total: wanted.length }
    }),
    handle(getProgramme, async ({ tx, params }) =>
      programmeView(await currentProgramme(tx, params.programmeId), s.kit.clock.now()),
    ),
    handle(publishProgramme, async ({ tx, body, actor }) => {
      const programme = parseProgramme(body.text)
      const tests = runProgrammeTests(programme)
      const failed = tests.find((each) => !each.passed)
      if (failed !== undefined) throw refuseSubsidy('programme.test_failed', { ...failed })
      await inside(tx, () => storeProgramme(tx, programme, s.kit.clock.now(), actor.userName))
      return { id: programme.id, sha256: programme.sha256, tests: tests.length }
    }),
    handle(checkEligibility, async ({ tx, params, body }) => {
      const programme = await currentProgramme(tx, params.programmeId)
      const { region, industry, registeredOn, lastYearRevenueFen, fiscalViolationOn } = body
      const result = assess(programme, {
        enterprise: { region, industry, registeredOn, lastYearRevenueFen, fiscalViolationOn: fiscalViolationOn ?? '' },
        contract: { signedOn: body.contractSignedOn, lines: body.lines },
        submittedOn: civilDayOf(s.kit.clock.now()),
      })
      return {
        eligible: result.eligible,
        clauses: result.clauses,
        lines: result.lines.map((line) => ({ ...line, supportFen: line.supportFen.toString() })),
        totalFen: result.eligible ? result.totalFen.toString() : '0',
        cappedBy: result.cappedBy === null ? null : cappedByText[result.cappedBy],
        ruleSha256: programme.sha256,
      }
    }),
  ]
}

function programmeRow(programme: Programme, now: number) {
  const closes = (kind: 'apply' | 'redeem') => {
    const ends = programme.windows.map(windowOf).filter((each) => each.kind === kind && each.closesAt >= now)
    return ends.sort((a, b) => a.closesAt - b.closesAt)[0]?.closesAt ?? null
  }
  return {
    id: programme.id,
    title: programme.title,
    fiscalYear: programme.fiscalYear,
    sample: programme.sample ?? false,
    applyOpen: openWindow(programme, 'apply', now) !== undefined,
    redeemOpen: openWindow(programme, 'redeem', now) !== undefined,
    applyClosesAt: closes('apply'),
    redeemClosesAt: closes('redeem'),
  }
}

function programmeView(programme: Programme, now: number) {
  return {
    ...programmeRow(programme, now),
    sha256: programme.sha256,
    plain: programme.plain,
    basis: programme.basis,
    effectiveFrom: programme.effective.from,
    effectiveTo: programme.effective.to,
    windows: programme.windows.map((each) => {
      const window = windowOf(each)
      const state: 'coming' | 'open' | 'closed' =
        now < window.opensAt ? 'coming' : now <= window.closesAt ? 'open' : 'closed'
      return { ...window, state }
    }),
    eligibility: programme.clauses.map(({ id, cite, text, sample }) => ({ id, cite, text, sample })),
    standards: programme.standards.map((each) => ({
      scene: each.scene,
      sceneName: sceneText(programme, each.scene),
      feeKind: each.feeKind,
      feeKindName: feeKindText[each.feeKind],
      ratioBp: each.ratioBp,
      perEnterpriseFen: each.perEnterpriseFen.toString(),
      sample: each.sample ?? false,
    })),
    caps: (['supplier', 'enterprise', 'scene'] as const).map((kind) => ({
      kind,
      name: capNames[kind],
      fen: programme.caps[kind].fen.toString(),
      sample: programme.caps[kind].sample ?? false,
    })),
    documents: (['certification', 'application', 'redemption'] as const).flatMap((kind) =>
      programme.documents[kind].map((role) => ({ kind, role, text: documentText[role] })),
    ),
    evidence: { ...programme.evidence, sample: programme.evidence.sample ?? false },
    minPaidBp: programme.redeem.minPaidBp,
    noticeWorkingDays: programme.notice.workingDays,
    appealWorkingDays: programme.appeal.workingDays,
  }
}

export function sceneText(programme: Programme, code: string): { zh: string; en: string } {
  const scene = programme.scenes.find((each) => each.code === code)
  return { zh: scene?.zh ?? code, en: scene?.en ?? code }
}
