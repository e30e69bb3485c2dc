import { integer, oneOf, optional, otherwise, shape, text } from '../../check.ts'
import type { DeviceConnection, Driver, DriverTag, Place, Request, TagValue } from '../../driver.ts'
import { passingOverMisfits } from '../../misfit.ts'
import { mergeSpans } from '../../spans.ts'
import { booleanOf, good, textEncodings } from '../../values.ts'
import { readWords, type TextLayout, type WordType, writeWords } from '../../words.ts'
import { elementsOf, type FinsAddress, isFlag, parseAddress } from './address.ts'
import { type Command, decodeResponse, encodeCommand, type FinsRoute, wordsMax } from './codec.ts'
import { tcpTransport } from './tcp.ts'
import type { Exchange, Nodes } from './transport.ts'
import { UdpTransport } from './udp.ts'

const settings = shape({
  host: text,
  port: otherwise(integer(1, 65_535), 9_600),
  transport: otherwise(oneOf(['tcp', 'udp'] as const), 'tcp'),
  timeoutMs: otherwise(integer(50, 60_000), 3_000),
  network: otherwise(integer(0, 127), 0),
  unit: otherwise(integer(0, 255), 0),
  sourceNode: optional(integer(1, 254)),
  destinationNode: optional(integer(0, 254)),
  wordsMax: otherwise(integer(250, wordsMax), 250),
  encoding: otherwise(oneOf(textEncodings), 'utf-8'),
})
type Settings = ReturnType<typeof settings>

interface FinsRequest extends Request<FinsAddress> {
  command: Command
  /** The first address as the maker writes it. */
  name: string
}

/** Reading a few words that nobody asked for costs less than another request. */
const gapMax = 32

export const driver: Driver<Settings, FinsAddress, FinsRequest> = {
  protocol: 'fins',
  settings,
  parseAddress,
  place: placeOf,
  plan(tags, { wordsMax: sizeMax }) {
    const spans = tags.map((tag) => ({ ...placeOf(tag), item: tag }))
    return mergeSpans(spans, { sizeMax, gapMax }).map(({ from, to, items }) => {
      const [{ address }] = items as [DriverTag<FinsAddress>]
      const unit = isFlag(address) ? 'bit' : 'word'
      const command: Command = { write: false, code: address.code, word: from, bit: 0, elements: to - from, unit }
      return { tags: items, command, name: nameOf(address) }
    })
  },
  open: (device) => new FinsConnection(device),
}

function placeOf({ address, type }: DriverTag<FinsAddress>): Place {
  const { code, word } = address
  return { area: String(code), from: word, to: word + elementsOf(address, type) }
}

const nameOf = ({ area, word }: FinsAddress) => `${area}${word % 0x8000}`

class FinsConnection implements DeviceConnection<FinsAddress, FinsRequest> {
  readonly #settings: Settings
  readonly #transport: { exchange: Exchange; close(): Promise<void> }
  readonly #layout: TextLayout

  constructor(device: Settings) {
    this.#settings = device
    this.#layout = { first: 'high', encoding: device.encoding }
    this.#transport = device.transport === 'tcp' ? tcpTransport(device) : new UdpTransport(device)
  }

  async read({ tags, command, name }: FinsRequest) {
    const elements = await this.#request(command, undefined, name)
    return tags.map(({ address, type }) => {
      const at = address.word - command.word
      if (type === 'bool') return good((((elements[at] ?? 0) >> (address.bit ?? 0)) & 1) === 1)
      const words = elements.subarray(at, at + elementsOf(address, type))
      return readWords(words, type as WordType, address.length, this.#layout)
    })
  }

  async write({ address, type }: DriverTag<FinsAddress>, value: TagValue) {
    const { word, bit = 0, length } = address
    const isBit = type === 'bool'
    const data = isBit
      ? Uint16Array.of(booleanOf(value) ? 1 : 0)
      : writeWords(value, type as WordType, length, this.#layout)
    const code = isBit ? address.bitCode : address.code
    const command: Command = { write: true, code, word, bit, elements: data.length, unit: isBit ? 'bit' : 'word' }
    await this.#request(command, data, nameOf(address))
  }

  close() {
    return this.#transport.close()
  }

  #request(command: Command, data: Uint16Array | undefined, name: string): Promise<Uint16Array> {
    return passingOverMisfits(
      (accept) =>
        this.#transport.exchange(
          (nodes, serviceId) => encodeCommand(command, data, this.#route(nodes, serviceId)),
          accept,
        ),
      (frame: Buffer, nodes: Nodes, serviceId: number) =>
        decodeResponse(frame, command, this.#route(nodes, serviceId), name),
    )
  }

  #route(nodes: Nodes, serviceId: number): FinsRoute {
    const { network, unit } = this.#settings
    return {
      source: { network: 0, node: nodes.source, unit: 0 },
      destination: { network, node: nodes.destination, unit },
      serviceId,
    }
  }
}
