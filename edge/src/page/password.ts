import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const hash = promisify<string, Buffer, number, object, Buffer>(scrypt)
// 32 MiB and about 0.1 s on a small box.
const cost = { N: 32_768, r: 8, p: 1, maxmem: 64 * 1024 * 1024 }
export const passwordLettersMin = 10
const passwordLettersMax = 200

const sessionMs = 12 * 3_600_000
const sessionsMax = 50
/** Wrong passwords from one address before it has to wait, and for how long. */
const attemptsMax = 5
const waitMs = 5 * 60_000
const addressesMax = 1_000

interface PasswordFile {
  version: 1
  salt: string
  hash: string
}

/**
 * Who may use the gateway's own page: whoever knows its one password. Until there is one it is set from the box itself, or
 * with the one-time token of the log. Times are monotonic ms.
 */
export class PagePassword {
  readonly #file: string
  readonly #sessions = new Map<string, number>()
  readonly #attempts = new Map<string, { count: number; until: number }>()
  /** One hash at a time: it is made to be expensive. */
  #turn: Promise<unknown> = Promise.resolve()
  readonly token = randomBytes(9).toString('base64url')

  constructor(home: string) {
    mkdirSync(home, { recursive: true, mode: 0o700 })
    this.#file = join(home, 'page-password.json')
  }

  get isSet(): boolean {
    return existsSync(this.#file)
  }

  /** Sets the first password. The caller has seen who asks. */
  async set(password: string): Promise<'set' | 'short' | 'there'> {
    if (password.length < passwordLettersMin || password.length > passwordLettersMax) return 'short'
    const salt = randomBytes(16)
    const file: PasswordFile = {
      version: 1,
      salt: salt.toString('base64'),
      hash: (await this.#hash(password, salt)).toString('base64'),
    }
    if (this.isSet) return 'there'
    writeFileSync(`${this.#file}.new`, JSON.stringify(file), { mode: 0o600, flush: true })
    renameSync(`${this.#file}.new`, this.#file)
    return 'set'
  }

  isToken(token: string): boolean {
    return sameText(token.trim(), this.token)
  }

  /** How long the address has to wait, s; 0 when it may try. Each call that returns 0 counts as an attempt. */
  attempt(address: string, now = performance.now()): number {
    let entry = this.#attempts.get(address)
    if (entry === undefined || entry.until <= now) entry = { count: 0, until: now + waitMs }
    if (entry.count >= attemptsMax) return Math.ceil((entry.until - now) / 1_000)
    entry.count++
    this.#attempts.delete(address)
    this.#attempts.set(address, entry)
    const [oldest] = this.#attempts.keys()
    if (this.#attempts.size > addressesMax && oldest !== undefined) this.#attempts.delete(oldest)
    return 0
  }

  /** A session for the right password. */
  async signIn(password: string, address: string, now = performance.now()): Promise<string | undefined> {
    const file = this.#read()
    if (file === undefined || password.length > passwordLettersMax) return undefined
    const found = await this.#hash(password, Buffer.from(file.salt, 'base64'))
    const kept = Buffer.from(file.hash, 'base64')
    if (found.length !== kept.length || !timingSafeEqual(found, kept)) return undefined
    this.#attempts.delete(address)
    return this.#open(now)
  }

  #open(now: number): string {
    const session = randomBytes(32).toString('base64url')
    this.#sessions.set(session, now + sessionMs)
    const [oldest] = this.#sessions.keys()
    if (this.#sessions.size > sessionsMax && oldest !== undefined) this.#sessions.delete(oldest)
    return session
  }

  isSignedIn(session: string | undefined, now = performance.now()): boolean {
    // A password file that was taken away ends every session.
    return session !== undefined && (this.#sessions.get(session) ?? 0) > now && this.isSet
  }

  signOut(session: string | undefined): void {
    if (session !== undefined) this.#sessions.delete(session)
  }

  #read(): PasswordFile | undefined {
    return this.isSet ? (JSON.parse(readFileSync(this.#file, 'utf8')) as PasswordFile) : undefined
  }

  #hash(password: string, salt: Buffer): Promise<Buffer> {
    const turn = this.#turn.then(() => hash(password.normalize('NFKC'), salt, 32, cost))
    this.#turn = turn.catch(() => undefined)
    return turn
  }
}

const sameText = (a: string, b: string) => timingSafeEqual(digest(a), digest(b))
const digest = (text: string) => createHash('sha256').update(text).digest()
