/** Stops on a bug: the condition can only be false if our own code is wrong. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`)
}

/** The value, when it cannot be absent unless our own code is wrong. */
export function must<T>(value: T | null | undefined, message: string): T {
  if (value === null || value === undefined) throw new Error(`must exist: ${message}`)
  return value
}
