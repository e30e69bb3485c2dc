import { type CharacterKind, characterKinds, firstOutside } from './gs1-character-sets.ts'
import { gs1Measures, gs1Table } from './gs1-table.ts'
import { type RuleName, valueRules } from './gs1-value-rules.ts'
import type { Fault } from './name-error.ts'

/** A GS1 application identifier (AI) with its value, as text without escapes: `{ai: '10', value: 'LOT/1'}`. */
export interface Element {
  readonly ai: string
  readonly value: string
}

/** A part of an AI's value: so many characters of a kind; the last part may vary in length, later parts be absent. */
interface Part {
  readonly kind: CharacterKind
  readonly least: number
  readonly most: number
  readonly optional: boolean
  readonly rule: RuleName | undefined
}

export interface ApplicationIdentifier {
  readonly ai: string
  readonly title: string
  readonly parts: readonly Part[]
  /** Has a pre-defined length: no separator must follow it. */
  readonly fixed: boolean
  /** A primary key of a Digital Link: the sequences of qualifiers that may follow it. */
  readonly qualifiers: readonly (readonly string[])[] | undefined
  /** May stand in the query of a Digital Link. */
  readonly attribute: boolean
  /** Each must hold, by one of its alternatives, which are AIs that stand together. */
  readonly requires: readonly (readonly (readonly string[])[])[]
  readonly excludes: readonly string[]
}

function partOf(text: string): Part {
  const [, open, kind, upTo, length, rule] = /^(\[?)([NXYZ])(\.\.)?(\d+)(?::(\w+))?\]?$/.exec(text) ?? []
  const most = Number(length)
  return {
    kind: kind as CharacterKind,
    least: upTo === undefined ? most : 1,
    most,
    optional: open === '[',
    rule: rule as RuleName | undefined,
  }
}

const words = (text: string) => text.split(/\s+/).filter((word) => word !== '')

const requirements = (text: string) =>
  words(text).map((word) => word.split('/').map((alternative) => alternative.split('+')))

function numbersOf(range: string): readonly string[] {
  const [first = '', last = first] = range.split('-')
  return Array.from({ length: Number(last) - Number(first) + 1 }, (_, at) =>
    String(Number(first) + at).padStart(first.length, '0'),
  )
}

function rowsOf(line: string): readonly ApplicationIdentifier[] {
  const [range = '', format = '', use = '', requires = '', excludes = '', title = ''] = line
    .split('|')
    .map((column) => column.trim())
  const key = /\bkey\b ?(\S*)/.exec(use)
  const shared = {
    title,
    parts: words(format).map(partOf),
    fixed: /\bfixed\b/.test(use),
    qualifiers: key?.[1]?.split('/').map((sequence) => sequence.split(',').filter((ai) => ai !== '')),
    attribute: key !== null || /\battribute\b/.test(use),
    requires: requirements(requires),
    excludes: words(excludes),
  }
  return numbersOf(range).map((ai) => ({ ai, ...shared }))
}

function measures(): readonly ApplicationIdentifier[] {
  return Object.entries(gs1Measures).flatMap(([requires, list]) =>
    list
      .split(/[|\n]/)
      .map((measure) => measure.trim())
      .filter((measure) => measure !== '')
      .flatMap((measure) => {
        const [, stem = '', title = ''] = /^(\d{3}) (.*)$/.exec(measure) ?? []
        return rowsOf(`${stem}0-${stem}5 | N6 | fixed attribute | ${requires} | ${stem}n | ${title}`)
      }),
  )
}

/** All AIs by number, with the source in gs1-table.ts. */
export const applicationIdentifiers: ReadonlyMap<string, ApplicationIdentifier> = new Map(
  [
    ...gs1Table
      .split('\n')
      .filter((line) => line !== '')
      .flatMap(rowsOf),
    ...measures(),
  ].map((row) => [row.ai, row]),
)

/** The AI with which a text of digits begins at a place, or undefined. No AI is the beginning of another. */
export function aiAt(text: string, at: number): ApplicationIdentifier | undefined {
  for (let length = 2; length <= 4; length++) {
    const found = applicationIdentifiers.get(text.slice(at, at + length))
    if (found !== undefined) return found
  }
  return undefined
}

/** The first fault of a value: characters, length, check digit, date … . Undefined when there is none. */
export function valueFault(row: ApplicationIdentifier, value: string): Fault | undefined {
  let at = 0
  for (const part of row.parts) {
    if (at === value.length && part.optional) return undefined
    const piece = value.slice(at, at + part.most)
    const outside = firstOutside(part.kind, piece)
    if (outside !== -1)
      return { offset: at + outside, expected: `${characterKinds[part.kind].expected} of (${row.ai})` }
    if (piece.length < part.least) return { offset: value.length, expected: `${lengthOf(part)} of (${row.ai})` }
    const fault = part.rule === undefined ? undefined : valueRules[part.rule](piece)
    if (fault !== undefined) return { offset: at + fault.offset, expected: `${fault.expected} of (${row.ai})` }
    at += piece.length
  }
  return at === value.length ? undefined : { offset: at, expected: `at most ${longest(row)} characters of (${row.ai})` }
}

const lengthOf = ({ kind, least, most }: Part) =>
  `${least === most ? '' : 'at least '}${least} ${kind === 'N' ? 'digit' : 'character'}${least === 1 ? '' : 's'}`

/** Characters of the longest value of an AI. */
export function longest(row: ApplicationIdentifier): number {
  return row.parts.reduce((sum, { most }) => sum + most, 0)
}

/** Where elements do not go together, as the place of one in the list: a repetition, a missing or an excluded AI. */
export function combinationFault(
  elements: readonly Element[],
): { readonly index: number; readonly expected: string } | undefined {
  const present = elements.map(({ ai }) => ai)
  for (const [index, { ai, value }] of elements.entries()) {
    const first = present.indexOf(ai)
    if (first < index && elements[first]?.value !== value) return { index, expected: `(${ai}) once, or twice the same` }
    const row = applicationIdentifiers.get(ai)
    const excluded = row?.excludes.find((pattern) => present.some((other) => other !== ai && matches(pattern, other)))
    if (excluded !== undefined) return { index, expected: `(${ai}) without (${excluded})` }
    const missing = row?.requires.find(
      (alternatives) =>
        !alternatives.some((all) => all.every((pattern) => present.some((other) => matches(pattern, other)))),
    )
    if (missing !== undefined)
      return {
        index,
        expected: `(${ai}) together with ${missing.map((all) => all.map((each) => `(${each})`).join(' and ')).join(' or ')}`,
      }
  }
  return undefined
}

function matches(pattern: string, ai: string): boolean {
  return (
    pattern.length === ai.length && [...pattern].every((character, at) => character === 'n' || character === ai[at])
  )
}
