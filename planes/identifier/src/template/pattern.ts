import { templateLimits } from './limits.ts'

interface Piece {
  takes(character: string): boolean
  least: number
  most: number
}

/** What is wrong with a pattern, as an expectation. */
export class PatternError extends Error {}

/**
 * A pattern for a whole text: letters that stand for themselves, `.` for any, `\d` for a digit, sets such as `[A-Z0-9-]` and
 * `[^/]`, each with `?`, `*`, `+`, `{n}` or `{n,m}`. No groups and no choices, so that a text is read in one pass, whatever
 * somebody writes into a template. Throws PatternError.
 */
export function readPattern(pattern: string): (text: string) => boolean {
  if (pattern.length > templateLimits.patternCharacters)
    throw new PatternError(`at most ${templateLimits.patternCharacters} characters`)
  const pieces: Piece[] = []
  let rest = pattern
  while (rest !== '') {
    const [piece, taken] = pieceAt(rest)
    pieces.push(piece)
    rest = rest.slice(taken)
  }
  const runs = pieces.reduce((sum, { least, most }) => sum + (most === Infinity ? least + 1 : most), 0)
  if (runs > templateLimits.patternRuns)
    throw new PatternError(`runs of at most ${templateLimits.patternRuns} letters together`)
  return (text) => matches(pieces, Array.from(text))
}

function pieceAt(text: string): [Piece, number] {
  const set = /^\[(\^?)((?:\\.|[^\]\\])+)\]/su.exec(text)
  const one = set ?? /^\\?./su.exec(text)
  if (one === null) throw new PatternError('a letter, a set or a quantifier')
  const [letter] = one
  if (/^[()|^$*+?{[]$/.test(letter)) throw new PatternError(`no “${letter}” here; \\${letter} stands for itself`)
  if (letter === '\\') throw new PatternError('a letter behind the last “\\”')
  const takes = set ? setOf(set[2] ?? '', set[1] === '^') : classOf(letter)
  const quantifier = /^(?:[?*+]|\{(\d{1,4})(?:,(\d{1,4}))?\})/.exec(text.slice(letter.length))
  const [least, most] = timesOf(quantifier)
  if (least > most) throw new PatternError('a run from few to many')
  return [{ takes, least, most }, letter.length + (quantifier?.[0].length ?? 0)]
}

function timesOf(quantifier: RegExpExecArray | null): [number, number] {
  const [sign, least, most] = quantifier ?? []
  if (sign === undefined) return [1, 1]
  if (sign === '?') return [0, 1]
  if (sign === '*') return [0, Infinity]
  if (sign === '+') return [1, Infinity]
  return [Number(least), Number(most ?? least)]
}

function classOf(letter: string): Piece['takes'] {
  if (letter === '.') return () => true
  if (letter === '\\d') return (character) => character >= '0' && character <= '9'
  const itself = letter.replace(/^\\/, '')
  if (letter.startsWith('\\') && /[A-Za-z0-9]/.test(itself)) throw new PatternError('\\d, or a \\ before a sign')
  return (character) => character === itself
}

function setOf(inside: string, isNegated: boolean): Piece['takes'] {
  const ranges: [string, string][] = []
  const letters = Array.from(inside.matchAll(/\\d|\\.|./gsu), ([letter]) => letter)
  for (let i = 0; i < letters.length; i++) {
    const letter = letters[i] ?? ''
    const from = letter.replace(/^\\(?!d$)/, '')
    const to = letters[i + 1] === '-' ? letters[i + 2] : undefined
    if (letter === '\\d') ranges.push(['0', '9'])
    else if (to === undefined) ranges.push([from, from])
    else {
      if (to === '\\d' || from > to) throw new PatternError('a range from the smaller to the larger letter')
      ranges.push([from, to.replace(/^\\/, '')])
      i += 2
    }
  }
  return (character) => ranges.some(([from, to]) => character >= from && character <= to) !== isNegated
}

/** All places at once, letter by letter: as long as text times pattern at most. */
function matches(pieces: readonly Piece[], letters: readonly string[]): boolean {
  // A place is a piece and how often it took a letter already; above `least` of an endless piece all numbers are alike.
  let places = reach(pieces, [[0, 0]])
  for (const letter of letters) {
    const next: [number, number][] = []
    for (const [at, times] of places) {
      const piece = pieces[at]
      if (piece === undefined || times >= piece.most || !piece.takes(letter)) continue
      next.push([at, piece.most === Infinity ? Math.min(times + 1, piece.least) : times + 1])
    }
    places = reach(pieces, next)
    if (places.length === 0) return false
  }
  return places.some(([at]) => at === pieces.length)
}

/** The places and those behind pieces that took enough, each once. */
function reach(pieces: readonly Piece[], from: readonly [number, number][]): [number, number][] {
  const seen = new Set<number>()
  const places: [number, number][] = []
  const queue = [...from]
  for (let place = queue.pop(); place; place = queue.pop()) {
    const [at, times] = place
    const number = at * (templateLimits.patternRuns + 1) + times
    if (seen.has(number)) continue
    seen.add(number)
    places.push(place)
    const piece = pieces[at]
    if (piece && times >= piece.least) queue.push([at + 1, 0])
  }
  return places
}
