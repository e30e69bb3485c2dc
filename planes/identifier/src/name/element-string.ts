import {
  aiAt,
  applicationIdentifiers,
  combinationFault,
  type Element,
  longest,
  valueFault,
} from './application-identifier.ts'
import { nameLimits } from './limits.ts'
import { checkLength, refuse } from './name-error.ts'

const scheme = 'GS1 element string'

/** FNC1 as scanners send it behind a value without pre-defined length (GS1 General Specifications, "Function 1"). */
const separator = '\x1d'

/** What a scanner puts before the data to tell which GS1 symbol it read (ISO/IEC 15424). */
const symbologies = [']C1', ']e0', ']d2', ']Q3', ']J1']

/**
 * Reads a GS1 element string: `(01)09506000134376(10)LOT01`, or as a scanner sends it, with FNC1 (GS, 0x1D) behind each value
 * that has no pre-defined length. A bracket within a value is written `\(`. Throws IdentifierError.
 */
export function parseElementString(text: string): readonly Element[] {
  checkLength(scheme, text, nameLimits.textLength)
  const placed = text.startsWith('(') ? bracketElements(text) : scannedElements(text)
  const elements = placed.map(({ element }) => element)
  const fault = combinationFault(elements)
  if (fault !== undefined) refuse(scheme, text, placed[fault.index]?.at ?? 0, fault.expected)
  return elements
}

interface Placed {
  readonly element: Element
  readonly at: number
}

function bracketElements(text: string): readonly Placed[] {
  const placed: Placed[] = []
  let at = 0
  while (at < text.length) {
    checkCount(text, at, placed.length)
    const [opened, ai = ''] = /^\((\d+)\)/.exec(text.slice(at, at + 8)) ?? []
    if (opened === undefined) refuse(scheme, text, at, 'an AI in brackets, such as (01)')
    if (!applicationIdentifiers.has(ai)) refuse(scheme, text, at + 1, 'an AI of the GS1 General Specifications')
    const start = at + opened.length
    at = endOfValue(text, start)
    const written = text.slice(start, at)
    const value = written.replaceAll('\\(', '(')
    checkValue(text, { ai, value }, (offset) => start + writtenOffset(written, offset))
    placed.push({ element: { ai, value }, at: start - ai.length - 2 })
  }
  return placed
}

function endOfValue(text: string, start: number): number {
  let at = text.indexOf('(', start)
  while (at > start && text[at - 1] === '\\') at = text.indexOf('(', at + 1)
  return at === -1 ? text.length : at
}

/** Where the character at an offset of the value stands as it was written, with `\(` for a bracket. */
function writtenOffset(written: string, offset: number): number {
  let at = 0
  for (let done = 0; done < offset && at < written.length; done++) at += written.startsWith('\\(', at) ? 2 : 1
  return at
}

function scannedElements(text: string): readonly Placed[] {
  const placed: Placed[] = []
  let at = symbologies.find((prefix) => text.startsWith(prefix))?.length ?? 0
  if (text[at] === separator) at++
  if (at === text.length) refuse(scheme, text, at, 'an AI, such as 01')
  while (at < text.length) {
    checkCount(text, at, placed.length)
    const row = aiAt(text, at)
    if (row === undefined) refuse(scheme, text, at, 'an AI of the GS1 General Specifications')
    const start = at + row.ai.length
    const ended = text.indexOf(separator, start)
    const limit = ended === -1 ? text.length : ended
    const end = row.fixed ? Math.min(start + longest(row), limit) : limit
    const element = { ai: row.ai, value: text.slice(start, end) }
    checkValue(text, element, (offset) => start + offset)
    placed.push({ element, at })
    at = end + (text[end] === separator ? 1 : 0)
  }
  return placed
}

function checkCount(text: string, at: number, count: number): void {
  if (count === nameLimits.elements) refuse(scheme, text, at, `at most ${nameLimits.elements} elements`)
}

function checkValue(text: string, { ai, value }: Element, place: (offset: number) => number): void {
  const row = applicationIdentifiers.get(ai)
  const fault = row && valueFault(row, value)
  if (fault !== undefined) refuse(scheme, text, place(fault.offset), fault.expected)
}

/** Elements as people read them: `(01)09506000134376(10)LOT01`. */
export function bracketElementString(elements: readonly Element[]): string {
  return elements.map(({ ai, value }) => `(${ai})${value.replaceAll('(', '\\(')}`).join('')
}

/**
 * Elements as a symbol carries them, without the FNC1 at its start: GS behind each value without pre-defined length, unless it is the
 * last. Those with one first is shortest; the order is the caller's.
 */
export function scannedElementString(elements: readonly Element[]): string {
  return elements
    .map(({ ai, value }, index) => {
      const ends = index === elements.length - 1 || applicationIdentifiers.get(ai)?.fixed === true
      return ai + value + (ends ? '' : separator)
    })
    .join('')
}
