import { type CelInput, CelScalar, celEnv, celFunc, isCelError, parse, plan } from '@bufbuild/cel'

/** One condition of eligibility: a CEL expression over `enterprise`, `contract` and `submittedOn`. */
export interface Clause {
  id: string
  cite: string
  text: { zh: string; en: string }
  sample: boolean
  /** Whether it holds; throws when the expression fails on these facts, which is a fault of the rule file. */
  holds(facts: Record<string, CelInput>): boolean
}

/** Full years from one civil day to another. */
export function yearsBetween(from: string, to: string): number {
  const years = Number(to.slice(0, 4)) - Number(from.slice(0, 4))
  return to.slice(5) < from.slice(5) ? years - 1 : years
}

const environment = celEnv({
  funcs: [
    celFunc('yearsBetween', [CelScalar.STRING, CelScalar.STRING], CelScalar.INT, (from, to) =>
      BigInt(yearsBetween(from, to)),
    ),
  ],
})

/** Compiles a clause; throws when the expression does not parse. No clock, no I/O, no loops but over the facts. */
export function compileClause(row: {
  id: string
  test: string
  cite: string
  text: { zh: string; en: string }
  sample?: boolean
}): Clause {
  const run = plan(environment, parse(row.test))
  return {
    id: row.id,
    cite: row.cite,
    text: row.text,
    sample: row.sample ?? false,
    holds(facts) {
      const result = run(facts)
      if (isCelError(result)) throw new Error(`clause ${row.id}: ${result.message}`)
      if (typeof result !== 'boolean') throw new Error(`clause ${row.id} does not give true or false`)
      return result
    },
  }
}
