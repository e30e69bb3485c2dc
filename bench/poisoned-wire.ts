import { createSocket, type RemoteInfo } from 'node:dgram'
import { once } from 'node:events'
import {
  coveredPart,
  decodeFrame,
  decodeMessage,
  digestOf,
  type Envelope,
  encodeMessage,
  type HandleMessage,
  newValue,
  operationFlags,
  operations,
  ourVersion,
  readOrUndefined,
  responses,
  type Site,
  siteOf,
  splitIntoPackets,
} from '../planes/identifier/src/handle/handle.ts'
import { siteValue } from '../planes/identifier/src/node/service.ts'

/** What is forged for each question, and sent before or after the true answer. */
const forgeries = [
  'guesses of the id',
  'right ids without a digest',
  'right ids with a wrong digest',
  'right answers from another port',
  'answers to an earlier question',
  'right answers after the true one',
  'referrals with a wrong digest',
] as const
export type Forgery = (typeof forgeries)[number]

/** What a lying secondary says, and for which prefix. */
export const lies = {
  sideways: '88.901',
  'to a victim': '88.901.1001',
  up: '88',
  'to itself': '88.903',
  'past the name': '88.903.1001.7',
  nowhere: '',
  'for another handle': '88.902',
} as const
export type Lie = keyof typeof lies

interface WireOptions {
  /** Port of the node that really answers; without one everything is answered with poison: the attacker's own server. */
  to: number | undefined
  /** Where the attacker would have everybody go. */
  evil: Site | undefined
  random(): number
  /** Whether who forges has seen the question. */
  onPath: boolean
  onAttempt(kind: Forgery): void
}

/** Between the recursive node and a server, in that server's name: whatever it sends comes from the right address and port. */
export class PoisonedWire {
  isHonest = false
  readonly #options: WireOptions
  readonly #near = createSocket('udp4')
  readonly #far = createSocket('udp4')
  readonly #other = createSocket('udp4')
  readonly #askers = new Map<number, { from: RemoteInfo; question: Buffer }>()
  #earlier: { envelope: Envelope; digest: Buffer } | undefined

  constructor(options: WireOptions) {
    this.#options = options
    this.#near.on('message', (datagram, from) => this.#asked(datagram, from))
    this.#far.on('message', (datagram) => this.#answered(datagram))
  }

  async run(): Promise<void> {
    for (const socket of [this.#near, this.#far, this.#other]) {
      socket.bind(0, '127.0.0.1')
      await once(socket, 'listening')
    }
  }

  stop(): void {
    for (const socket of [this.#near, this.#far, this.#other]) socket.close()
  }

  get site(): Site {
    return siteAt(this.#near.address().port)
  }

  /** An answer that belongs to no question. */
  static unasked(handle: string): Buffer {
    const flags = { compressed: false, encrypted: false, truncated: false }
    const envelope = { version: ourVersion, suggested: ourVersion, ...flags, sessionId: 0, requestId: 7, sequence: 0 }
    const message = encodeMessage(answerTo({ operation: operations.resolve, flags: 0 }, handle, undefined, undefined))
    const [packet = Buffer.alloc(0)] = splitIntoPackets(envelope, message)
    return packet
  }

  #asked(datagram: Buffer, from: RemoteInfo): void {
    const { to } = this.#options
    const read = readOrUndefined(() => {
      const frame = decodeFrame(datagram)
      return { ...frame, asked: decodeMessage(frame.message) }
    })
    if (read === undefined || read.asked.body.kind !== 'resolve') return
    const { envelope, message, asked } = read
    const digest = digestOf('SHA-256', coveredPart(message))
    if (to === undefined) {
      this.#send(envelope, this.#forged(asked, digest), from)
      return
    }
    if (!this.isHonest) this.#forge(envelope, asked, digest, from)
    this.#askers.set(envelope.requestId, { from, question: datagram })
    this.#far.send(datagram, to, '127.0.0.1')
  }

  #answered(datagram: Buffer): void {
    const read = readOrUndefined(() => decodeFrame(datagram))
    const requestId = read?.envelope.requestId ?? datagram.readUInt32BE(8)
    const asker = this.#askers.get(requestId)
    if (asker === undefined) return
    this.#near.send(datagram, asker.from.port, asker.from.address)
    if (this.isHonest) return
    const { envelope, message } = decodeFrame(asker.question)
    const digest = digestOf('SHA-256', coveredPart(message))
    this.#attempt('right answers after the true one')
    this.#send(envelope, this.#forged(decodeMessage(message), digest), asker.from)
    this.#earlier = { envelope, digest }
    if (this.#askers.size > 10_000) this.#askers.clear()
  }

  #forge(envelope: Envelope, asked: HandleMessage, digest: Buffer, from: RemoteInfo): void {
    const { random, onPath } = this.#options
    const guess = () => Buffer.from(Array.from({ length: 32 }, () => Math.floor(random() * 256)))
    for (let i = 0; i < 3; i++) {
      this.#attempt('guesses of the id')
      this.#send({ ...envelope, requestId: Math.floor(random() * 2 ** 32) }, this.#forged(asked, guess()), from)
    }
    this.#attempt('right ids without a digest')
    this.#send(envelope, this.#forged(asked, undefined), from)
    this.#attempt('right ids with a wrong digest')
    this.#send(envelope, this.#forged(asked, onPath ? digest : guess()), from)
    this.#attempt('referrals with a wrong digest')
    this.#send(envelope, this.#forged(asked, guess(), 'referral'), from)
    this.#attempt('right answers from another port')
    this.#send(envelope, this.#forged(asked, digest), from, this.#other)
    if (this.#earlier === undefined) return
    this.#attempt('answers to an earlier question')
    this.#send(this.#earlier.envelope, this.#forged(asked, this.#earlier.digest), from)
  }

  #forged(asked: HandleMessage, digest: Buffer | undefined, kind: 'values' | 'referral' = 'values'): HandleMessage {
    const handle = asked.body.kind === 'resolve' ? asked.body.handle : ''
    return answerTo(asked, handle, digest, this.#options.evil ?? this.site, kind)
  }

  #send(
    envelope: Omit<Envelope, 'messageLength'>,
    message: HandleMessage,
    { port, address }: RemoteInfo,
    by = this.#near,
  ): void {
    for (const packet of splitIntoPackets(envelope, encodeMessage(message))) by.send(packet, port, address)
  }

  #attempt(kind: Forgery): void {
    this.#options.onAttempt(kind)
  }
}

function answerTo(
  { operation, flags }: Pick<HandleMessage, 'operation' | 'flags'>,
  handle: string,
  digest: Buffer | undefined,
  evil: Site | undefined,
  kind: 'values' | 'referral' = 'values',
): HandleMessage {
  const values = [
    newValue(1, 'URL', Buffer.from('https://example.com/poison')),
    ...(evil ? [siteValue(2, 'HS_SITE', evil, 0), siteValue(3, 'HS_SITE.PREFIX', evil, 0)] : []),
  ]
  return {
    operation,
    response: kind === 'values' ? responses.success : responses.prefixReferral,
    flags: (digest ? flags | operationFlags.returnDigest : flags & ~operationFlags.returnDigest) >>> 0,
    siteInfoSerial: 0xffff,
    recursionCount: 0,
    expiration: Math.floor(Date.now() / 1_000) + 43_200,
    ...(digest && { requestDigest: { algorithm: 'SHA-256' as const, digest } }),
    body: { kind, handle, values },
    credential: null,
  }
}

const siteAt = (port: number): Site =>
  siteOf({ address: '127.0.0.1', interfaces: [{ admin: false, query: true, transport: 'UDP', port }] })
