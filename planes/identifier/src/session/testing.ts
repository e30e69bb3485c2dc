import { constants, getDiffieHellman, type KeyObject, privateDecrypt, publicEncrypt, randomBytes } from 'node:crypto'
import {
  type Body,
  coveredPart,
  decodeData,
  decodeMessage,
  decodeSessionKey,
  decryptedMessage,
  defaultFlags,
  digestOf,
  type Envelope,
  encodeData,
  encodeMessage,
  encodeSessionKey,
  encryptedMessage,
  type HandleMessage,
  messageWithMac,
  operationFlags,
  operations,
  ourVersion,
  publicKeyAnswer,
  responses,
  rsaPublicKey,
  rsaPublicKeyData,
  type SessionKey,
  secretKeyAnswer,
  sessionCiphers,
} from '../handle/handle.ts'
import type { Answer } from '../resolution/exchange.ts'
import type { Frame } from '../resolution/frames.ts'

export interface Asked {
  operation: number
  body: Body
  flags?: number
  requestId?: number
  counter?: number
  from?: string
  byUdp?: boolean
  /** Of a challenge, in place of the session's. */
  sessionId?: number
}

type Answering = (frame: Frame) => Answer | undefined | Promise<Answer | undefined>
export interface Said {
  message: HandleMessage
  bytes: Buffer
  envelope: Answer['envelope']
  /** As it came. */
  sent: Buffer
}

/** A client of sessions, for tests: what it says is as the wire brings it. */
export class SessionClient {
  readonly #answer: Answering
  key: SessionKey | undefined
  id = 0
  version = ourVersion
  #counter = 0
  #requestId = 0

  constructor(answer: Answering) {
    this.#answer = answer
  }

  /** A request in plain, as it is; `sessionId` is that of this session or of a challenge. */
  async ask({ operation, body, flags = defaultFlags, ...how }: Asked, sessionId = 0): Promise<Said | undefined> {
    return this.say(requestOf(operation, body, flags), { ...how, sessionId })
  }

  /** Bytes with an envelope of their own. */
  async say(
    message: Buffer,
    how: Partial<Pick<Envelope, 'sessionId' | 'encrypted'>> & Pick<Asked, 'requestId' | 'from' | 'byUdp'> = {},
  ): Promise<Said | undefined> {
    const { requestId = ++this.#requestId, sessionId = 0, encrypted = false, ...rest } = how
    const answer = await this.#answer({ envelope: this.#envelope(requestId, sessionId, encrypted), message, ...rest })
    if (answer === undefined) return undefined
    const { envelope, message: sent } = answer
    const bytes = envelope.encrypted && this.key ? decryptedMessage(this.key, sent) : sent
    return { message: decodeMessage(bytes, envelope.version), bytes, envelope, sent }
  }

  /** A request in the session, with its MAC and encrypted. */
  async askInside({ operation, body, flags = defaultFlags, counter = ++this.#counter, ...how }: Asked) {
    const { requestId = ++this.#requestId, sessionId = this.id } = how
    const { key } = this
    if (key === undefined) throw new Error('no session')
    const message = messageWithMac(
      key,
      this.#envelope(requestId, sessionId, false),
      counter,
      requestOf(operation, body, flags),
    )
    const encrypted = encryptedMessage(key, message, randomBytes(16))
    return this.say(encrypted, { ...how, requestId, sessionId, encrypted: true })
  }

  /** The response code of a setup; afterwards the session is there if it was 1. */
  async setUp(mode: number, { from, own }: { from?: string; own?: { key: KeyObject; publicKey: KeyObject } } = {}) {
    const group = getDiffieHellman('modp14')
    const numbers = [group.generateKeys(), group.getPrime(), group.getGenerator()].map((each) => Buffer.from(each))
    const key = own
      ? rsaPublicKeyData(own.publicKey)
      : { form: 'numbers' as const, type: 'DH_PUB_KEY', flags: 0, numbers }
    const identity = { handle: '', index: 0 }
    const publicKey = mode === 1 || mode === 4 ? { publicKey: encodeData({ format: 'key', key }) } : {}
    const said = await this.ask({
      operation: operations.sessionSetup,
      body: { kind: 'sessionSetup', mode, timeoutSeconds: 600, identity, ...publicKey },
      ...(from && { from }),
    })
    const { body, response } = said?.message ?? {}
    if (response !== responses.success || body?.kind !== 'sessionAnswer' || said === undefined) return response
    this.id = said.envelope.sessionId
    const data = Buffer.from(body.data)
    if (mode === 1 && own)
      this.key = decodeSessionKey(privateDecrypt({ key: own.key, padding: constants.RSA_PKCS1_PADDING }, data))
    if (mode === 2) return this.sendKey(data, { cipher: sessionCiphers.sm4, bytes: randomBytes(16) })
    if (mode !== 4) return response
    const theirs = decodeData('HS_PUBKEY', data.subarray(4))
    const [number = Buffer.alloc(0)] =
      theirs.format === 'key' && theirs.key.form === 'numbers' ? theirs.key.numbers : []
    const shared = group.computeSecret(number)
    const bytes = shared.subarray(shared.findIndex((byte) => byte !== 0)).subarray(0, 32)
    this.key = { cipher: data.readUInt32BE(0), bytes }
    return response
  }

  /** Mode 2: the key of the client, hidden by the server's. */
  async sendKey(serverKey: Buffer, key: SessionKey) {
    const data = decodeData('HS_PUBKEY', serverKey)
    const server = data.format === 'key' ? rsaPublicKey(data.key) : undefined
    if (server === undefined) throw new Error('no key of the server')
    const hidden = publicEncrypt({ key: server, padding: constants.RSA_PKCS1_PADDING }, encodeSessionKey(key))
    const body = { kind: 'sessionKey' as const, encryptedKey: hidden }
    const said = await this.ask({ operation: operations.sessionExchangeKey, body }, this.id)
    this.key = key
    return said?.message.response
  }

  /** Of a request of this client. */
  #envelope(requestId: number, sessionId: number, encrypted: boolean): Envelope {
    const flags = { compressed: false, encrypted, truncated: false }
    return {
      version: this.version,
      suggested: ourVersion,
      ...flags,
      sessionId,
      requestId,
      sequence: 0,
      messageLength: 0,
    }
  }
}

/** The body that answers a challenge to `request` as a user. */
export function answerTo(
  challenge: Said,
  request: { operation: number; body: Body; flags?: number },
  user: { handle: string; index: number; secret: string } | { handle: string; index: number; key: KeyObject },
): Body {
  const { body } = challenge.message
  if (body.kind !== 'challenge') throw new Error(`no challenge: ${challenge.message.response}`)
  const covered = coveredPart(requestOf(request.operation, request.body, request.flags ?? defaultFlags))
  const proof = { nonce: body.nonce, requestDigest: digestOf('SHA-256', covered) }
  const { handle, index } = user
  const secret = 'secret' in user
  const answer = secret
    ? secretKeyAnswer(Buffer.from(user.secret), proof, randomBytes(16), ourVersion)
    : publicKeyAnswer({ kind: 'rsa', key: user.key, digest: 'SHA-256' }, proof)
  return { kind: 'challengeAnswer', authenticationType: secret ? 'HS_SECKEY' : 'HS_PUBKEY', handle, index, answer }
}

/** Reads values that are not public too. */
export const readAll = (defaultFlags & ~operationFlags.publicOnly) >>> 0

export const requestOf = (operation: number, body: Body, flags: number) =>
  encodeMessage({
    operation,
    response: 0,
    flags,
    siteInfoSerial: 0xffff,
    recursionCount: 0,
    expiration: 2_000_000_000,
    body,
    credential: null,
  })
