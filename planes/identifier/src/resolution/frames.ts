import { decodeEnvelope, decodeFrame, type Envelope, envelopeBytes } from '../handle/handle.ts'

const chunksMax = 1_024

export interface Frame {
  envelope: Envelope
  message: Buffer
  /** Address that it came from, where one is known; by UDP it may be forged. */
  from?: string | undefined
  byUdp?: boolean
}

/** Cuts a TCP stream into messages. Gathers what came, never what is only announced; at most one message and a chunk. */
export class FrameGatherer {
  #chunks: Buffer[] = []
  #size = 0
  #needed = envelopeBytes

  /** Takes the next bytes and gives the messages that they complete. Throws HandleFormatError when the stream is none. */
  push(chunk: Buffer): Generator<Frame> {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    // A client that sends single bytes would otherwise cost a hundred times what it sent.
    if (this.#chunks.length > chunksMax) this.#chunks = [Buffer.concat(this.#chunks, this.#size)]
    return this.#complete()
  }

  *#complete(): Generator<Frame> {
    while (this.#size >= this.#needed) {
      const [only] = this.#chunks
      const bytes = only && this.#chunks.length === 1 ? only : Buffer.concat(this.#chunks, this.#size)
      this.#chunks = [bytes]
      if (this.#needed === envelopeBytes) {
        this.#needed += decodeEnvelope(bytes).messageLength
        if (this.#size < this.#needed) return
      }
      const frame = decodeFrame(bytes.subarray(0, this.#needed))
      const rest = bytes.subarray(this.#needed)
      this.#chunks = rest.length > 0 ? [rest] : []
      this.#size = rest.length
      this.#needed = envelopeBytes
      yield frame
    }
  }
}
