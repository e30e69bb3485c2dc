import { type CelInput, CelScalar, celEnv, celFunc, isCelError, parse, plan } from '@bufbuild/cel'
import type { TagValue } from '../driver.ts'
import { type Measure, measures, secondsMax } from './window.ts'

/** An expression that cannot be used: where, and what is expected there. */
export class ExpressionError extends Error {
  override name = 'ExpressionError'

  /** `position` counts characters from 1. */
  constructor(expression: string, position: number, message: string) {
    super(`“${expression}”, position ${position}: ${message}`)
  }
}

/** The values that a tag had over the last seconds. */
export interface WindowUse<S> {
  series: S
  seconds: number
  measure: Measure
}

export interface Expression<S> {
  text: string
  /** Tags whose value of now it takes. */
  tags: readonly S[]
  windows: readonly WindowUse<S>[]
  /** The result with these values, in the order of `tags` and `windows`. Throws an Error that says why there is none. */
  evaluate(tags: readonly TagValue[], windows: readonly number[]): TagValue
}

/** Finds a tag by its name: of the expression's own device, or of a named one. */
export type Resolve<S> = (device: string | undefined, property: string) => S | undefined

type Expr = ReturnType<typeof parse>['expr']

const lettersMax = 2_000
const { DOUBLE, INT } = CelScalar

// A tag is a double, and nobody writes 2.0 in a tag table: a whole number beside one is taken as a double too.
const arithmetic: [string, (a: number, b: number) => number][] = [
  ['_+_', (a, b) => a + b],
  ['_-_', (a, b) => a - b],
  ['_*_', (a, b) => a * b],
  ['_/_', (a, b) => a / b],
]
const functions: [string, (a: number) => number][] = [
  ['abs', Math.abs],
  ['sqrt', Math.sqrt],
  ['round', Math.round],
]
const environment = celEnv({
  funcs: [
    ...arithmetic.flatMap(([name, of]) => [
      celFunc(name, [DOUBLE, INT], DOUBLE, (a, b) => of(a, Number(b))),
      celFunc(name, [INT, DOUBLE], DOUBLE, (a, b) => of(Number(a), b)),
    ]),
    ...functions.map(([name, of]) => celFunc(name, [DOUBLE], DOUBLE, (a) => of(a))),
  ],
})

/** Compiles a CEL expression over tags. Throws ExpressionError for one that is none, or whose tags do not exist. */
export function compileExpression<S>(text: string, resolve: Resolve<S>): Expression<S> {
  if (text.length > lettersMax) throw new ExpressionError(`${text.slice(0, 40)}…`, lettersMax, 'its end is expected')
  const parsed = parsedFrom(text)
  const lowering = new Lowering(text, (id) => parsed.sourceInfo?.positions[String(id)] ?? 0, resolve)
  lowering.walk(parsed.expr)
  const { tags, windows } = lowering
  const run = plan(environment, parsed.expr)
  return {
    text,
    tags,
    windows,
    evaluate(values, measured) {
      const bindings: Record<string, CelInput> = {}
      for (const [i, value] of values.entries()) bindings[`t${i}`] = value
      for (const [i, value] of measured.entries()) bindings[`w${i}`] = value
      return resultOf(run(bindings))
    },
  }
}

function parsedFrom(text: string): ReturnType<typeof parse> {
  try {
    return parse(text)
  } catch (error) {
    const { location, message } = error as { location?: { start: { offset: number } }; message: string }
    const reason = message.replace(/^<input>:\d+:\d+: /, '')
    throw new ExpressionError(text, (location?.start.offset ?? 0) + 1, reason.slice(0, 200))
  }
}

function resultOf(result: unknown): TagValue {
  if (isCelError(result)) throw new Error(result.message)
  const value = typeof result === 'bigint' ? Number(result) : result
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Error('the result is no finite number')
  if (typeof value === 'string' && value.length > 1_000) throw new Error('the result is longer than 1000 characters')
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string') return value
  throw new Error('the result is no number, text, true or false')
}

/** Puts variables in the place of tags and windows, and refuses what is none of them. */
class Lowering<S> {
  readonly tags: S[] = []
  readonly windows: WindowUse<S>[] = []
  readonly #text: string
  readonly #positionOf: (id: bigint) => number
  readonly #resolve: Resolve<S>

  constructor(text: string, positionOf: (id: bigint) => number, resolve: Resolve<S>) {
    this.#text = text
    this.#positionOf = positionOf
    this.#resolve = resolve
  }

  walk(expr: Expr): void {
    const name = nameIn(expr)
    if (name !== undefined) {
      this.#put(expr, 't', this.#indexOf(this.tags, this.#found(expr, name)))
      return
    }
    const { exprKind } = expr
    switch (exprKind.case) {
      case 'constExpr':
        return
      case 'callExpr': {
        const { function: called, args, target } = exprKind.value
        if (target === undefined && args.length === 2 && isMeasure(called)) {
          this.#window(expr, called, args)
          return
        }
        if (!operators.has(called) && environment.funcs.find(called) === undefined)
          this.#fail(expr, `a function is expected that there is; “${called}” is unknown`)
        if (target !== undefined) this.walk(target)
        for (const arg of args) this.walk(arg)
        return
      }
      case 'listExpr':
        for (const element of exprKind.value.elements) this.walk(element)
        return
      default:
        this.#fail(expr, 'a tag, a number, a text, an operator or a function is expected')
    }
  }

  #window(expr: Expr, measure: Measure, [of, length]: Expr[]): void {
    const name = of === undefined ? undefined : nameIn(of)
    if (of === undefined || name === undefined)
      this.#fail(of ?? expr, `a tag is expected; give a longer expression as a derived tag of its own`)
    const kind = length?.exprKind
    const constant = kind?.case === 'constExpr' ? kind.value.constantKind : undefined
    const seconds = constant?.case === 'int64Value' ? Number(constant.value) : 0
    if (seconds < 1 || seconds > secondsMax)
      this.#fail(length ?? expr, `a whole number of seconds from 1 to ${secondsMax} is expected`)
    this.#put(expr, 'w', this.windows.push({ series: this.#found(of, name), seconds, measure }) - 1)
  }

  #found(expr: Expr, { device, property }: Name): S {
    const found = this.#resolve(device, property)
    if (found === undefined)
      this.#fail(expr, `a tag is expected; ${device === undefined ? 'the device' : `“${device}”`} has no “${property}”`)
    return found
  }

  #indexOf(list: S[], series: S): number {
    const at = list.indexOf(series)
    return at >= 0 ? at : list.push(series) - 1
  }

  #put(expr: Expr, letter: 't' | 'w', index: number): void {
    expr.exprKind = parse(`${letter}${index}`).expr.exprKind
  }

  #fail(expr: Expr, message: string): never {
    throw new ExpressionError(this.#text, this.#positionOf(expr.id) + 1, message)
  }
}

interface Name {
  device: string | undefined
  property: string
}

const operators = new Set(['_&&_', '_||_', '_?_:_', '_[_]', '!_', '-_', '@in', '_==_', '_!=_'])
const isMeasure = (name: string): name is Measure => measures.includes(name as Measure)

/** `property`, `tag["property"]`, `device["name"].property` or `device["name"]["property"]`. */
function nameIn({ exprKind }: Expr): Name | undefined {
  if (exprKind.case === 'identExpr') return { device: undefined, property: exprKind.value.name }
  if (exprKind.case === 'selectExpr' && !exprKind.value.testOnly) {
    const device = keyIn(exprKind.value.operand, 'device')
    return device === undefined ? undefined : { device, property: exprKind.value.field }
  }
  if (exprKind.case !== 'callExpr' || exprKind.value.function !== '_[_]') return undefined
  const [of, key] = exprKind.value.args
  const property = stringIn(key)
  if (property === undefined) return undefined
  if (identIn(of) === 'tag') return { device: undefined, property }
  const device = keyIn(of, 'device')
  return device === undefined ? undefined : { device, property }
}

/** The key in `name["key"]`. */
function keyIn(expr: Expr | undefined, name: string): string | undefined {
  if (expr?.exprKind.case !== 'callExpr' || expr.exprKind.value.function !== '_[_]') return undefined
  const [of, key] = expr.exprKind.value.args
  return identIn(of) === name ? stringIn(key) : undefined
}

const identIn = (expr: Expr | undefined) => (expr?.exprKind.case === 'identExpr' ? expr.exprKind.value.name : undefined)

function stringIn(expr: Expr | undefined): string | undefined {
  const constant = expr?.exprKind.case === 'constExpr' ? expr.exprKind.value.constantKind : undefined
  return constant?.case === 'stringValue' ? constant.value : undefined
}
