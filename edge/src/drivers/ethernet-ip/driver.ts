import { AddressError } from '../../address.ts'
import { integer, otherwise, shape, text } from '../../check.ts'
import {
  type BrowsedTag,
  type DeviceConnection,
  DeviceError,
  type Driver,
  type DriverTag,
  quality,
  RefusedRequest,
  type Request,
  type Sample,
  type TagType,
  type TagValue,
} from '../../driver.ts'
import { formatLogixAddress, type LogixAddress, parseLogixAddress } from './address.ts'
import { browseController } from './browse.ts'
import { LogixClient, type LogixSettings } from './client.ts'
import {
  decodeMultiple,
  decodeReply,
  encodeMultiple,
  encodePath,
  encodeRead,
  encodeSetBit,
  encodeWrite,
  type Reply,
  services,
  wordsOf,
} from './codec.ts'
import { bytesOf, cipTypes, decodeStored, encodeValue, type StoredValue, sampleOf } from './values.ts'

type Tag = DriverTag<LogixAddress>

interface LogixRequest extends Request<LogixAddress> {
  /** One for each place in the controller, several tags of which may be bits. */
  reads: Buffer[]
  /** Which of the reads each tag is in. */
  readOf: number[]
}

/** An unconnected message takes some 500 bytes, both ways; the rest is for what is around these. */
const requestBytesMax = 430
const replyBytesMax = 440
const pathBytesMax = 400
const replyBytesOf = (type: TagType) => (type === 'text' ? 98 : 16)

/** Client of Rockwell Logix controllers: tags by name over EtherNet/IP. */
export const driver: Driver<LogixSettings, LogixAddress, LogixRequest> = {
  protocol: 'ethernet-ip',
  settings: shape<LogixSettings>({
    host: text,
    port: otherwise(integer(1, 65_535), 44_818),
    slot: otherwise(integer(0, 255), 0),
    timeoutMs: otherwise(integer(100, 60_000), 3_000),
  }),
  parseAddress: (address, type) => {
    const parsed = parseLogixAddress(address, type)
    if (encodePath(parsed.segments).length > pathBytesMax) throw new AddressError(address, 1, 'a shorter address')
    return parsed
  },
  plan,
  open: (settings) => new LogixConnection(settings),
}

function plan(tags: readonly Tag[]): LogixRequest[] {
  const requests: LogixRequest[] = []
  let open: (LogixRequest & { tags: Tag[] }) | undefined
  let known = new Map<string, number>()
  let [requestBytes, replyBytes] = [0, 0]
  for (const tag of tags) {
    const read = encodeRead(encodePath(tag.address.segments))
    const key = read.toString('latin1').toUpperCase()
    const reply = replyBytesOf(tag.type)
    const isNew = !known.has(key)
    if (
      open === undefined ||
      (isNew && (requestBytes + read.length + 2 > requestBytesMax || replyBytes + reply > replyBytesMax))
    ) {
      open = { tags: [], reads: [], readOf: [] }
      requests.push(open)
      known = new Map()
      requestBytes = 0
      replyBytes = 0
    }
    const at = known.get(key) ?? open.reads.push(read) - 1
    if (!known.has(key)) {
      known.set(key, at)
      requestBytes += read.length + 2
      replyBytes += reply
    }
    open.tags.push(tag)
    open.readOf.push(at)
  }
  return requests
}

class LogixConnection implements DeviceConnection<LogixAddress, LogixRequest> {
  readonly #client: LogixClient
  /** Types of what was written, so that a value is written in the type of its tag. */
  readonly #types = new Map<string, Omit<StoredValue, 'bytes'>>()

  constructor(settings: LogixSettings) {
    this.#client = new LogixClient(settings)
  }

  async read({ tags, reads, readOf }: LogixRequest): Promise<Sample[]> {
    const replies = reads.length === 1 ? [await this.#client.request(reads[0]!)] : await this.#readAll(reads)
    return tags.map((tag, i) => this.#sampleOf(tag, replies[readOf[i]!]!))
  }

  async #readAll(reads: readonly Buffer[]): Promise<Reply[]> {
    const reply = await this.#client.request(encodeMultiple(reads))
    // 30: one of them failed, and says so itself.
    if (reply.status !== 0 && reply.status !== 30) throw new RefusedRequest(`the controller refused: ${wordsOf(reply)}`)
    return decodeMultiple(reply, reads.length).map((each) => decodeReply(each, services.readTag))
  }

  #sampleOf({ address, type }: Tag, reply: Reply): Sample {
    const bad = (reason: string): Sample => ({ value: undefined, quality: quality.bad, reason })
    // The chassis did not hand it on: this is no fault of the tag.
    if (reply.service === (services.unconnectedSend | 0x80))
      throw new RefusedRequest(`the chassis refused: ${wordsOf(reply)}`)
    if (reply.status !== 0) return bad(wordsOf(reply))
    try {
      return sampleOf(decodeStored(reply.data), type, address)
    } catch (error) {
      if (error instanceof DeviceError) return bad(error.message)
      throw error
    }
  }

  async write({ address }: Tag, value: TagValue): Promise<void> {
    const name = formatLogixAddress(address)
    const path = encodePath(address.segments)
    const stored = this.#types.get(name) ?? (await this.#typeOf(name, path))
    const refuse = (why: string) => new RefusedRequest(`${name}: ${why}`)
    let message: Buffer
    if (address.bit !== undefined) {
      const bytes = bytesOf[stored.type] ?? 0
      const isWord = stored.type === cipTypes.DWORD ? address.isBitOfArray : !address.isBitOfArray
      const isWhole = stored.type >= cipTypes.SINT && stored.type <= cipTypes.ULINT
      if (typeof value !== 'boolean') throw refuse(`${typeof value} does not fit a bit`)
      if (!isWord || (stored.type !== cipTypes.DWORD && !isWhole) || address.bit >= bytes * 8)
        throw refuse('there is no such bit')
      message = encodeSetBit(path, address.bit, value, bytes)
    } else {
      const bytes = encodeValue(value, stored)
      if (typeof bytes === 'string') throw refuse(bytes)
      message = encodeWrite(path, { ...stored, bytes })
    }
    const reply = await this.#client.request(message)
    if (reply.status === 0) return
    // The program may have been changed: its type is asked again.
    this.#types.delete(name)
    throw refuse(wordsOf(reply))
  }

  async #typeOf(name: string, path: Buffer): Promise<Omit<StoredValue, 'bytes'>> {
    const reply = await this.#client.request(encodeRead(path))
    if (reply.status !== 0) throw new RefusedRequest(`${name}: ${wordsOf(reply)}`)
    const { type, handle } = decodeStored(reply.data)
    if (this.#types.size >= 10_000) this.#types.clear()
    this.#types.set(name, { type, handle })
    return { type, handle }
  }

  async *browse(): AsyncIterable<BrowsedTag> {
    yield* browseController((message) => this.#client.request(message))
  }

  async close(): Promise<void> {
    this.#client.close()
  }
}
