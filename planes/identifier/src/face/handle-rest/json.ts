import { isObject } from '../../handle/handle.ts'

/** What a client wrote is no value: where it stands, and what had to stand there. */
export class ValueJsonError extends Error {
  override name = 'ValueJsonError'
  constructor(at: string, expected: string) {
    super(`${at}: expected ${expected}`)
  }
}

export type Json = Record<string, unknown>

export { isObject }

/** The object that a request's body is; {} without one. Throws ValueJsonError. */
export function objectIn(body: Buffer): Json {
  const json = body.length === 0 ? {} : jsonIn(body)
  if (!isObject(json)) throw new ValueJsonError('the body', 'an object')
  return json
}

export function jsonIn(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    throw new ValueJsonError('the body', 'JSON')
  }
}
