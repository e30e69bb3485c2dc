import { canonicalHandle, type HandleValue, responses } from '../handle/handle.ts'
import {
  type FieldFault,
  knownTemplate,
  narrowings,
  recordFaults,
  templateOf,
  templateTypes,
} from '../template/template.ts'
import type { FindRecord } from './authentication.ts'
import type { Refused } from './change.ts'
import type { ChangingRecords } from './changing-records.ts'
import { registrationLimits } from './limits.ts'

/** A record as it would be, and as it is; null and undefined for none. */
interface Step {
  /** Canonical handle. */
  name: string
  after: readonly HandleValue[] | null
  before: readonly HandleValue[] | undefined
}

export interface TemplateRulesOptions {
  records: Pick<ChangingRecords, 'find' | 'referencesTo'>
  /** Whether a handle is kept here. */
  isOurs(name: string): boolean
  findRecord: FindRecord
}

/** Records follow the templates that they name, and templates stay right for the records that follow them. */
export class TemplateRules {
  readonly #options: TemplateRulesOptions

  constructor(options: TemplateRulesOptions) {
    this.#options = options
  }

  /** Looks at a template that another node keeps. */
  async elsewhere(step: Step): Promise<Refused | undefined> {
    const used = usedBy(step.after)
    if (used === undefined || this.#options.isOurs(canonicalHandle(used.handle))) return undefined
    return faultByTemplate(step, used, await this.#options.findRecord(canonicalHandle(used.handle)))
  }

  /** Looks at what this node keeps, within the transaction that writes the record. */
  here(step: Step): Refused | undefined {
    const used = usedBy(step.after)
    const isOurs = used && this.#options.isOurs(canonicalHandle(used.handle))
    const byTemplate = isOurs
      ? faultByTemplate(step, used, this.#options.records.find(canonicalHandle(used.handle)))
      : undefined
    return byTemplate ?? this.#wouldBreak(step)
  }

  #wouldBreak({ name, before, after }: Step): Refused | undefined {
    const old = before && knownTemplate(before)
    if (old === undefined) return undefined
    const next = after === null ? undefined : knownTemplate(after)
    const reasons = next ? narrowings(old.template, next.template) : ['it would be gone']
    if (reasons.length === 0 || !this.#isFollowed(name)) return undefined
    const told = reasons.slice(0, 3).join('; ')
    return refused(
      old.index,
      `records follow this template and could become wrong (${told}): register a new version beside it`,
    )
  }

  /** Whether a record follows the template; with very many references to it that are none of use, it is taken for followed. */
  #isFollowed(name: string): boolean {
    const { records } = this.#options
    const limit = registrationLimits.templateReferences
    const sources = records.referencesTo(name, { limit })
    return (
      sources.length === limit ||
      sources.some(({ handle, index }) =>
        records
          .find(canonicalHandle(handle))
          ?.some((value) => value.index === index && value.type.toUpperCase() === templateTypes.used),
      )
    )
  }
}

function usedBy(values: readonly HandleValue[] | null | undefined) {
  const used = values ? templateOf(values) : undefined
  return used && 'handle' in used ? used : undefined
}

function faultByTemplate(
  { before, after }: Step,
  used: { index: number; handle: string },
  record: readonly HandleValue[] | undefined,
): Refused | undefined {
  const defined = record && knownTemplate(record)
  if (defined === undefined) return refused(used.index, `there is no template ${used.handle}`)
  const { template } = defined
  const isNew = usedBy(before)?.handle !== used.handle
  if (isNew && template.state !== 'published')
    return refused(used.index, `the template ${used.handle} is ${template.state}: records follow published ones`)
  const faults = recordFaults(template, after ?? [])
  return faults.length === 0
    ? undefined
    : {
        response: responses.invalidValue,
        message: `by ${used.handle}: ${faults.map(sentenceOf).join('; ')}`,
        indexes: faults.map(({ index }) => index),
      }
}

const sentenceOf = ({ index, field, expected }: FieldFault) => `${field} (${index}): expected ${expected}`

const refused = (index: number, message: string): Refused => ({
  response: responses.invalidValue,
  message,
  indexes: [index],
})
