import { HandleFormatError } from './bytes.ts'
import { decodeEnvelope, type Envelope, encodeEnvelope, envelopeBytes } from './envelope.ts'
import { handleLimits } from './limits.ts'

/** Bytes of the message in each packet but the last. */
const packetData = handleLimits.packetBytes - envelopeBytes

/**
 * A message as datagrams of at most 512 bytes (RFC 3652 §2.3). Each has the envelope with its sequence number and the
 * length of the whole message, and the flag TC when there are several.
 */
export function splitIntoPackets(
  envelope: Omit<Envelope, 'messageLength' | 'sequence' | 'truncated'>,
  message: Uint8Array,
): Buffer[] {
  const count = Math.max(1, Math.ceil(message.length / packetData))
  return Array.from({ length: count }, (_, sequence) =>
    Buffer.concat([
      encodeEnvelope({ ...envelope, sequence, truncated: count > 1, messageLength: message.length }),
      message.subarray(sequence * packetData, (sequence + 1) * packetData),
    ]),
  )
}

interface Incomplete {
  key: string
  since: number
  messageLength: number
  /** Data of the packets by sequence number: what came, never what is only announced. */
  parts: Map<number, Buffer>
  bytes: number
}

/**
 * Joins the datagrams of messages, in any order, each once. Nothing is reserved for announced bytes; messages of which
 * packets stay away are forgotten after a time, and the oldest when there are too many.
 */
export class PacketJoiner {
  /** In order of their first packet. */
  readonly #incomplete = new Map<string, Incomplete>()
  #bytes = 0

  /** Messages that wait for packets, and what came of them. */
  get waiting(): { messages: number; bytes: number } {
    return { messages: this.#incomplete.size, bytes: this.#bytes }
  }

  /**
   * Takes a datagram of `peer` (address and port) at `now`, in ms. Gives the message when it is whole.
   * Throws HandleFormatError for a packet that cannot be part of a message.
   */
  push(peer: string, datagram: Uint8Array, now: number): { envelope: Envelope; message: Buffer } | undefined {
    const envelope = decodeEnvelope(datagram)
    const { messageLength, sequence } = envelope
    const data = Buffer.from(datagram.buffer, datagram.byteOffset, datagram.byteLength).subarray(envelopeBytes)
    if (sequence === 0 && data.length >= messageLength) return { envelope, message: data.subarray(0, messageLength) }

    const count = Math.ceil(messageLength / packetData)
    if (sequence >= count) throw new HandleFormatError(12, `a sequence number below ${count}`, `${sequence}`)
    const expected = Math.min(packetData, messageLength - sequence * packetData)
    if (data.length < expected)
      throw new HandleFormatError(datagram.length, `${expected} bytes of packet ${sequence}`, `${data.length}`)

    this.#forgetOld(now)
    const key = `${peer} ${envelope.sessionId} ${envelope.requestId}`
    const whole = this.#incomplete.get(key) ?? this.#begin(key, messageLength, now)
    if (whole.messageLength !== messageLength)
      throw new HandleFormatError(
        16,
        `the message length ${whole.messageLength} of the other packets`,
        `${messageLength}`,
      )
    if (whole.parts.has(sequence)) return undefined
    whole.parts.set(sequence, data.subarray(0, expected))
    whole.bytes += expected
    this.#bytes += expected
    if (whole.bytes === messageLength) {
      this.#forget(whole)
      const parts = Array.from({ length: count }, (_, i) => whole.parts.get(i) ?? Buffer.alloc(0))
      return { envelope: { ...envelope, sequence: 0 }, message: Buffer.concat(parts, messageLength) }
    }
    if (this.#bytes > handleLimits.incompleteBytes) this.#forgetOldest()
    return undefined
  }

  #begin(key: string, messageLength: number, now: number): Incomplete {
    if (this.#incomplete.size >= handleLimits.incompleteMessages) this.#forgetOldest()
    const begun = { key, since: now, messageLength, parts: new Map<number, Buffer>(), bytes: 0 }
    this.#incomplete.set(key, begun)
    return begun
  }

  #forgetOld(now: number): void {
    for (const each of this.#incomplete.values()) {
      if (now - each.since < handleLimits.incompleteMs) return
      this.#forget(each)
    }
  }

  #forgetOldest(): void {
    const [oldest] = this.#incomplete.values()
    if (oldest) this.#forget(oldest)
  }

  #forget(each: Incomplete): void {
    this.#incomplete.delete(each.key)
    this.#bytes -= each.bytes
  }
}
