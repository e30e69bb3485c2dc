import { randomBytes, randomUUID } from 'node:crypto'

/** Ids and secrets come from here, so that a test can make them predictable. */
export interface Ids {
  uuid(): string
  /** A secret of 256 bits, base64url. */
  secret(): string
}

export const randomIds: Ids = {
  uuid: () => randomUUID(),
  secret: () => randomBytes(32).toString('base64url'),
}
