import { createHash } from 'node:crypto'
import type { Role } from '@kapok/contracts/roles'
import { hash, verify } from '@node-rs/argon2'

/** Secrets of 256 random bits need no slow hash: SHA-256 is kept, the secret is not. */
export function secretHash(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

/** Argon2id with the library's defaults (19 MiB, two passes: OWASP's first recommendation). */
export const hashPassword = (password: string): Promise<string> => hash(password)
export const passwordFits = (stored: string, password: string): Promise<boolean> => verify(stored, password)

/** Compared against when the login is unknown, so that an answer takes as long as for a known one. */
export const nobodysPassword = hash('this password opens nothing')

export interface MemberRow {
  user_id: string
  org_id: string
  login: string
  name: string
  roles: Role[]
  password_hash: string
  disabled: boolean
}
