import { type Fen, minFen } from '@kapok/kit/money'
import type { Programme, ProgrammeFacts } from './programme.ts'

export interface ClauseResult {
  id: string
  cite: string
  text: { zh: string; en: string }
  passed: boolean
  sample: boolean
}

export interface Assessment {
  eligible: boolean
  clauses: ClauseResult[]
  lines: (ProgrammeFacts['contract']['lines'][number] & { ratioBp: number; supportFen: Fen; sample: boolean })[]
  /** Indexes of lines for which the programme has no standard. */
  unknownLines: number[]
  /** Σ amount × ratio over the lines, not rounded: fen × 10,000. */
  scaledSum: bigint
  /** What the programme pays at most on these lines: standards, caps and the enterprise cap applied, rounded down once. */
  totalFen: Fen
  cappedBy: 'standard' | 'enterprise' | null
}

/**
 * Applies a rule set to facts: which clauses hold, and how much it pays at most. Pure and total; the same text and the
 * same facts give the same answer in any year (INV-14).
 */
export function assess(programme: Programme, facts: ProgrammeFacts): Assessment {
  const clauses = programme.clauses.map(({ id, cite, text, sample, holds }) => ({
    id,
    cite,
    text,
    sample,
    passed: holds(celFacts(facts)),
  }))
  const priced = price(programme, facts.contract.lines)
  return { eligible: clauses.every((each) => each.passed) && priced.unknownLines.length === 0, clauses, ...priced }
}

/** The money of an assessment, without the clauses. */
export function price(
  programme: Programme,
  lines: ProgrammeFacts['contract']['lines'],
): Omit<Assessment, 'eligible' | 'clauses'> {
  const unknownLines: number[] = []
  let scaledSum = 0n
  const byStandard = new Map<string, { scaled: bigint; limit: bigint }>()
  const out = lines.map((line, index) => {
    const standard = programme.standards.find((each) => each.scene === line.scene && each.feeKind === line.feeKind)
    if (standard === undefined) {
      unknownLines.push(index)
      return { ...line, ratioBp: 0, supportFen: 0n, sample: false }
    }
    const scaled = BigInt(line.amountFen) * BigInt(standard.ratioBp)
    scaledSum += scaled
    const key = `${line.scene} ${line.feeKind}`
    const sum = byStandard.get(key)?.scaled ?? 0n
    byStandard.set(key, { scaled: sum + scaled, limit: BigInt(standard.perEnterpriseFen) * 10_000n })
    return { ...line, ratioBp: standard.ratioBp, supportFen: scaled / 10_000n, sample: standard.sample ?? false }
  })
  let capped = 0n
  for (const { scaled, limit } of byStandard.values()) capped += minFen(scaled, limit)
  const enterpriseCap = BigInt(programme.caps.enterprise.fen) * 10_000n
  const total = minFen(capped, enterpriseCap)
  const cappedBy = total < capped ? 'enterprise' : capped < scaledSum ? 'standard' : null
  return { lines: out, unknownLines, scaledSum, totalFen: total / 10_000n, cappedBy }
}

/** Amounts as CEL integers, everything else as it is. */
function celFacts(facts: ProgrammeFacts) {
  const lines = facts.contract.lines.map((line) => ({ ...line, amountFen: BigInt(line.amountFen) }))
  return {
    enterprise: { ...facts.enterprise, lastYearRevenueFen: BigInt(facts.enterprise.lastYearRevenueFen) },
    contract: {
      signedOn: facts.contract.signedOn,
      lines,
      amountFen: lines.reduce((sum, line) => sum + line.amountFen, 0n),
    },
    submittedOn: facts.submittedOn,
  }
}

export interface ProgrammeTestResult {
  name: string
  expected: string
  found: string
  passed: boolean
}

/** Runs the tests that stand in the rule file itself. */
export function runProgrammeTests(programme: Programme): ProgrammeTestResult[] {
  return programme.tests.map(({ name, given, expect }) => {
    const { base } = programme
    const result = assess(programme, {
      enterprise: { ...base.enterprise, ...given.enterprise },
      contract: { ...base.contract, ...given.contract },
      submittedOn: given.submittedOn ?? base.submittedOn,
    })
    const failed = result.clauses.filter((each) => !each.passed).map((each) => each.id)
    const found = { eligible: result.eligible, by: failed[0], totalFen: result.totalFen.toString() }
    const passed =
      found.eligible === expect.eligible &&
      (expect.by === undefined || failed.includes(expect.by)) &&
      (expect.totalFen === undefined || found.totalFen === expect.totalFen)
    return { name, expected: JSON.stringify(expect), found: JSON.stringify(found), passed }
  })
}
