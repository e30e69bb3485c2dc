import { createHash } from 'node:crypto'
import { feeKinds, fileRoles } from '@kapok/contracts/case'
import { addCivilDays, startOfCivilDay } from '@kapok/kit/clock'
import { type Static, type TProperties, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { parseDocument } from 'yaml'
import { refuseSubsidy } from '../refusals.ts'
import { type Clause, compileClause } from './clause.ts'

/** Strict: a key that the schema does not know is an error, since a misplaced one would otherwise be ignored in silence. */
const strict = <P extends TProperties>(properties: P) => Type.Object(properties, { additionalProperties: false })
const oneOf = <const T extends readonly string[]>(words: T) =>
  Type.Unsafe<T[number]>(Type.Union(words.map((each) => Type.Literal(each))))

const sentence = strict({ zh: Type.String({ minLength: 1 }), en: Type.String({ minLength: 1 }) })
const day = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' })
const minute = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}$' })
const sample = Type.Optional(Type.Boolean())
const basisPoints = Type.Integer({ minimum: 0, maximum: 10_000 })
const positiveFen = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })
const fenText = Type.String({ pattern: '^\\d{1,18}$' })
const feeKind = oneOf(feeKinds)
const cap = strict({ fen: positiveFen, sample })
const documentRoles = Type.Array(oneOf(fileRoles), { maxItems: 6, uniqueItems: true })

const enterpriseFacts = {
  region: Type.String(),
  industry: Type.String(),
  registeredOn: day,
  lastYearRevenueFen: fenText,
  /** Empty when there was none. */
  fiscalViolationOn: Type.String(),
}
const factLine = strict({ scene: Type.String(), feeKind, amountFen: fenText })
const base = strict({
  enterprise: strict(enterpriseFacts),
  contract: strict({ signedOn: day, lines: Type.Array(factLine, { minItems: 1, maxItems: 50 }) }),
  submittedOn: day,
})
const given = strict({
  enterprise: Type.Optional(Type.Partial(strict(enterpriseFacts))),
  contract: Type.Optional(
    strict({ signedOn: Type.Optional(day), lines: Type.Optional(Type.Array(factLine, { minItems: 1, maxItems: 50 })) }),
  ),
  submittedOn: Type.Optional(day),
})

const programmeSchema = strict({
  id: Type.String({ pattern: '^[a-z0-9-]{2,60}$' }),
  title: sentence,
  fiscalYear: Type.Integer({ minimum: 2018, maximum: 2100 }),
  sample,
  mode: Type.Literal('reimburse'),
  basis: Type.Array(strict({ document: Type.String(), clause: Type.String() }), { minItems: 1, maxItems: 20 }),
  plain: Type.Array(sentence, { minItems: 1, maxItems: 20 }),
  effective: strict({ from: day, to: day }),
  windows: Type.Array(strict({ kind: oneOf(['apply', 'redeem']), opens: minute, closes: minute }), {
    minItems: 2,
    maxItems: 20,
  }),
  eligibility: Type.Array(
    strict({ id: Type.String(), test: Type.String({ maxLength: 500 }), cite: Type.String(), text: sentence, sample }),
    { minItems: 1, maxItems: 50 },
  ),
  scenes: Type.Array(strict({ code: Type.String(), zh: Type.String(), en: Type.String() }), {
    minItems: 1,
    maxItems: 50,
  }),
  standards: Type.Array(
    strict({ scene: Type.String(), feeKind, ratioBp: basisPoints, perEnterpriseFen: positiveFen, sample }),
    { minItems: 1, maxItems: 150 },
  ),
  caps: strict({ supplier: cap, enterprise: cap, scene: cap }),
  documents: strict({ certification: documentRoles, application: documentRoles, redemption: documentRoles }),
  redeem: strict({ minPaidBp: basisPoints }),
  evidence: strict({
    mode: oneOf(['paper', 'metered']),
    /** Days of use that each machine needs. */
    required: Type.Integer({ minimum: 1, maximum: 400 }),
    minMinutes: Type.Integer({ minimum: 1, maximum: 1440 }),
    toleranceBp: basisPoints,
    /** What a day without the operator's reading is worth: `optional` it counts, `required` it does not. */
    secondSource: oneOf(['optional', 'required']),
    /** Share of a day's points that an enrolled gateway must have signed; without it a signature is not asked for. */
    minSignedBp: Type.Optional(basisPoints),
    sample,
    text: sentence,
  }),
  notice: strict({ workingDays: Type.Integer({ minimum: 1, maximum: 60 }), sample }),
  appeal: strict({ workingDays: Type.Integer({ minimum: 1, maximum: 90 }), sample }),
  deadlines: strict({
    supplier: Type.Integer({ minimum: 1, maximum: 90 }),
    county: Type.Integer({ minimum: 1, maximum: 90 }),
    city: Type.Integer({ minimum: 1, maximum: 90 }),
    province: Type.Integer({ minimum: 1, maximum: 90 }),
    sample,
  }),
  base,
  tests: Type.Array(
    strict({
      name: Type.String(),
      given,
      expect: strict({
        eligible: Type.Boolean(),
        by: Type.Optional(Type.String()),
        totalFen: Type.Optional(fenText),
      }),
    }),
    { minItems: 1, maxItems: 200 },
  ),
})
const checker = Compile(programmeSchema)

export type ProgrammeText = Static<typeof programmeSchema>
export type ProgrammeFacts = Static<typeof base>
export type EvidenceRule = ProgrammeText['evidence']

/** A rule set that is ready to be applied. Pinned to a case by `sha256`, the hash of its exact text. */
export interface Programme extends ProgrammeText {
  sha256: string
  text: string
  clauses: readonly Clause[]
  /** Ledger name: one per programme and fiscal year. */
  ledger: string
}

/**
 * Fills `{{firstDay}}`, `{{firstDay+90d}}` and `{{year}}`, so that a sample lies around the first day of its world.
 * A real programme has plain dates and comes back unchanged.
 */
export function fillProgramme(text: string, { firstDay }: { firstDay: string }): string {
  return text
    .replace(/\{\{firstDay(?:([+-]\d{1,4})d)?\}\}/g, (_, days?: string) => addCivilDays(firstDay, Number(days ?? 0)))
    .replace(/\{\{year\}\}/g, firstDay.slice(0, 4))
}

/** Reads a rule set; refuses with the path of what is wrong. The text is what the hash is taken of. */
export function parseProgramme(text: string): Programme {
  const invalid = (path: string, reason: string) => refuseSubsidy('programme.invalid', { path, reason })
  const document = parseDocument(text, { maxAliasCount: 10 } as object)
  const fault = document.errors[0]
  if (fault !== undefined) throw invalid(`line ${fault.linePos?.[0].line ?? '?'}`, fault.code)
  const value: unknown = document.toJS({ maxAliasCount: 10 })
  if (!checker.Check(value)) {
    const errors = checker.Errors(value)
    const unknown = errors.find((each) => each.keyword === 'additionalProperties')
    if (unknown !== undefined) {
      const key = (unknown.params as { additionalProperties: string[] }).additionalProperties[0]
      throw invalid(`${unknown.instancePath}/${key}`, 'unknown key / 未知的键')
    }
    throw invalid(errors[0]?.instancePath || '/', errors[0]?.message ?? 'not a rule file')
  }
  checkStandards(value, invalid)
  for (const window of value.windows)
    if (windowOf(window).closesAt < windowOf(window).opensAt) throw invalid('/windows', 'closes before it opens')
  const clauses = value.eligibility.map((clause, index) => {
    try {
      return compileClause(clause)
    } catch (error) {
      throw invalid(`/eligibility/${index}/test`, error instanceof Error ? error.message : String(error))
    }
  })
  const sha256 = createHash('sha256').update(text).digest('hex')
  return { ...value, sha256, text, clauses, ledger: `${value.id}:${value.fiscalYear}` }
}

/** INV-15: every scene and fee kind has exactly one standard. */
function checkStandards(value: ProgrammeText, invalid: (path: string, reason: string) => Error): void {
  const seen = new Set<string>()
  for (const [index, { scene, feeKind: fee }] of value.standards.entries()) {
    if (!value.scenes.some((each) => each.code === scene))
      throw invalid(`/standards/${index}/scene`, `no scene ${scene}`)
    if (seen.has(`${scene} ${fee}`)) throw invalid(`/standards/${index}`, `a second standard for ${scene}, ${fee}`)
    seen.add(`${scene} ${fee}`)
  }
  for (const { code } of value.scenes)
    for (const fee of feeKinds) if (!seen.has(`${code} ${fee}`)) throw invalid('/standards', `none for ${code}, ${fee}`)
}

export interface ProgrammeWindow {
  kind: 'apply' | 'redeem'
  opensAt: number
  /** Last millisecond in which a submission is taken. */
  closesAt: number
}

/** Windows as instants; `closes: …T17:00` takes its last submission one millisecond before five o'clock. */
export function windowOf(window: ProgrammeText['windows'][number]): ProgrammeWindow {
  return { kind: window.kind, opensAt: civilMinute(window.opens), closesAt: civilMinute(window.closes) - 1 }
}

function civilMinute(text: string): number {
  const [hours, minutes] = text.slice(11).split(':').map(Number)
  return startOfCivilDay(text.slice(0, 10)) + ((hours ?? 0) * 60 + (minutes ?? 0)) * 60_000
}

/** The window of a kind that is open at an instant (INV-16), or undefined. */
export function openWindow(
  programme: ProgrammeText,
  kind: 'apply' | 'redeem',
  at: number,
): ProgrammeWindow | undefined {
  return programme.windows.map(windowOf).find((each) => each.kind === kind && each.opensAt <= at && at <= each.closesAt)
}
