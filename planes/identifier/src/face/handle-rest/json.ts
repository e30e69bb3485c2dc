/** What a client wrote is no value: where it stands, and what had to stand there. */
export class ValueJsonError extends Error {
  override name = 'ValueJsonError'
  constructor(at: string, expected: string) {
    super(`${at}: expected ${expected}`)
  }
}

export type Json = Record<string, unknown>

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
