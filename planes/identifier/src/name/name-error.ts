/** A text that is no identifier of the scheme that it was read as: where, and what had to stand there. */
export class IdentifierError extends Error {
  readonly scheme: string
  /** Characters (UTF-16) before the fault, from the start of the text that was given. */
  readonly position: number
  readonly expected: string

  constructor(scheme: string, position: number, expected: string, found: string) {
    super(`${scheme}: at character ${position + 1}: expected ${expected}, found ${found}`)
    this.name = 'IdentifierError'
    this.scheme = scheme
    this.position = position
    this.expected = expected
  }
}

/** Where in a value the first fault is, and what had to stand there. */
export interface Fault {
  readonly offset: number
  readonly expected: string
}

const shown = 24

/** What stands at a place of a text, short and in quotes, for a sentence to people. */
export function foundAt(text: string, position: number): string {
  if (position >= text.length) return 'the end'
  const piece = text.slice(position, position + shown)
  return piece.length < text.length - position ? `${JSON.stringify(piece)}…` : JSON.stringify(piece)
}

/** Refuses a text at a place. */
export function refuse(scheme: string, text: string, position: number, expected: string): never {
  throw new IdentifierError(scheme, position, expected, foundAt(text, position))
}

/** Refuses a text that is longer than its limit, before anything is made of it. */
export function checkLength(scheme: string, text: string, most: number): void {
  if (text.length > most) refuse(scheme, text, most, `at most ${most} characters`)
}
