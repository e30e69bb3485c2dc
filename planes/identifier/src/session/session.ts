import { randomBytes } from 'node:crypto'
import {
  coveredPart,
  decryptedMessage,
  type Envelope,
  encryptedMessage,
  type HandleMessage,
  macHolds,
  messageWithMac,
  readOrUndefined,
  type SessionKey,
} from '../handle/handle.ts'
import type { Answer } from '../resolution/exchange.ts'
import { ReplayWindow } from './replay-window.ts'

type Credential = NonNullable<HandleMessage['credential']>

/** What a client and this node share for a while (RFC 3652 §3.3.4): a key, and what was said already. */
export class Session {
  readonly id: number
  /** Address whose sessions are counted. */
  readonly from: string | undefined
  readonly idleMs: number
  readonly bornMs: number
  /** Undefined until the client sent it (mode 2). */
  key: SessionKey | undefined
  usedMs: number
  /** Said in it, both ways. */
  bytes = 0
  readonly #counters = new ReplayWindow({ ordered: true })
  readonly #requestIds = new ReplayWindow({ ordered: false })
  #said = 0

  constructor(
    options: { id: number; from: string | undefined; idleMs: number; key: SessionKey | undefined },
    nowMs: number,
  ) {
    this.id = options.id
    this.from = options.from
    this.idleMs = options.idleMs
    this.key = options.key
    this.bornMs = nowMs
    this.usedMs = nowMs
  }

  /** A message that came encrypted; undefined when this session's key did not make it. */
  opened(encrypted: Buffer): Buffer | undefined {
    const { key } = this
    return key && readOrUndefined(() => decryptedMessage(key, encrypted))
  }

  /** Whether the session's key made the credential of a message. */
  vouches(credential: Credential, envelope: Envelope, message: Buffer): boolean {
    return this.key !== undefined && macHolds(credential, this.key.bytes, envelope, coveredPart(message))
  }

  /** Whether a message is new: by its counter, and without a credential by its request's id. */
  isNew(credential: Credential | null, envelope: Envelope): boolean {
    return credential ? this.#counters.takes(credential.counter) : this.#requestIds.takes(envelope.requestId)
  }

  /** An answer with what was asked for: a MAC, and encryption. */
  sealed(answer: Answer, { encrypts }: { encrypts: boolean }): Answer {
    const { envelope, message, keepConnection, wantsCertifying } = answer
    const { key } = this
    if (key === undefined) return answer
    const whole = wantsCertifying ? messageWithMac(key, envelope, ++this.#said, message) : message
    this.bytes += whole.length
    if (!encrypts) return { envelope, message: whole, keepConnection }
    const encrypted = encryptedMessage(key, whole, randomBytes(16))
    return { envelope: { ...envelope, encrypted: true }, message: encrypted, plain: message, keepConnection }
  }
}
