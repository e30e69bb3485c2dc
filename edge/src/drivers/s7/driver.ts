import { integer, oneOf, optional, otherwise, shape, text } from '../../check.ts'
import {
  type DeviceConnection,
  DeviceError,
  type Driver,
  type DriverTag,
  RefusedRequest,
  type Request,
  type Sample,
  type TagValue,
} from '../../driver.ts'
import {
  bad,
  booleanOf,
  good,
  type NumberType,
  readNumber,
  readText,
  textEncodings,
  writeNumber,
  writeText,
} from '../../values.ts'
import { nameOf, parseAddress, type S7Address } from './address.ts'
import { S7Client } from './client.ts'
import type { Item, ItemAnswer } from './codec.ts'
import { itemWords } from './errors.ts'
import { type PlannedItem, planItems } from './plan.ts'

const settings = shape({
  host: text,
  port: otherwise(integer(1, 65_535), 102),
  timeoutMs: otherwise(integer(50, 60_000), 3_000),
  rack: otherwise(integer(0, 7), 0),
  slot: otherwise(integer(0, 31), 1),
  connectionType: otherwise(oneOf(['pg', 'op', 'basic'] as const), 'basic'),
  localTsap: otherwise(integer(0, 0xffff), 0x0100),
  remoteTsap: optional(integer(0, 0xffff)),
  pduSize: otherwise(integer(240, 960), 240),
  encoding: otherwise(oneOf(textEncodings), 'utf-8'),
})
export type S7Settings = ReturnType<typeof settings>

interface S7Request extends Request<S7Address> {
  items: PlannedItem[]
}

export const driver: Driver<S7Settings, S7Address, S7Request> = {
  protocol: 's7',
  settings,
  parseAddress,
  place: ({ address: { area, db, byte, bytes } }) => ({ area: `${area}${db}`, from: byte, to: byte + bytes }),
  plan: (tags, { pduSize }) =>
    planItems(tags, pduSize).map((items) => ({ items, tags: items.flatMap((each) => each.tags) })),
  open: (device) => new S7Connection(device),
}

class S7Connection implements DeviceConnection<S7Address, S7Request> {
  readonly #settings: S7Settings
  readonly #client: S7Client

  constructor(device: S7Settings) {
    this.#settings = device
    this.#client = new S7Client(device)
  }

  async read({ items }: S7Request): Promise<Sample[]> {
    const answers = await this.#client.read(items)
    return items.flatMap((item, i) => this.#samples(item, answers[i]!))
  }

  async write({ address, type }: DriverTag<S7Address>, value: TagValue): Promise<void> {
    const { area, db, byte, bit } = address
    const item = (data: Buffer, more: Partial<Item> = {}): Item => ({
      area,
      db,
      byte,
      bit: 0,
      unit: 'byte',
      count: data.length,
      ...more,
    })
    if (type === 'bool') {
      const data = Buffer.from([booleanOf(value) ? 1 : 0])
      await this.#client.write(item(data, { bit, unit: 'bit' }), data)
    } else if (address.isString) {
      const data = await this.#stringBytes(address, value)
      await this.#client.write(item(data, { byte: byte + 1 }), data)
    } else {
      const data =
        type === 'text'
          ? writeText(value, address.bytes, this.#settings.encoding)
          : writeNumber(value, type as NumberType)
      await this.#client.write(item(data), data)
    }
  }

  close(): Promise<void> {
    return this.#client.close()
  }

  /** A tag that stands alone is bad by itself; of several it is not known which one the CPU refuses. */
  #samples(item: PlannedItem, answer: ItemAnswer): Sample[] {
    if ('data' in answer) return item.tags.map((tag) => this.#sample(tag, item, answer.data))
    const reason = `${nameOf(item)}: ${itemWords(answer.refused)}`
    if (item.tags.length > 1) throw new RefusedRequest(reason)
    return [bad(reason)]
  }

  #sample({ address, type }: DriverTag<S7Address>, item: Item, data: Buffer): Sample {
    const at = address.byte - item.byte
    const bytes = data.subarray(at, at + address.bytes)
    if (type === 'bool') return good(((bytes[0]! >> address.bit) & 1) === 1)
    if (type !== 'text') return readNumber(bytes, type)
    if (!address.isString) return readText(bytes, this.#settings.encoding)
    const [max = 0, length = 0] = bytes
    if (length > max || max === 0 || max === 255) return bad(`${nameOf(address)} holds no STRING`)
    if (length > address.bytes - 2) return bad(`the STRING has ${length} characters, ${address.bytes - 2} were read`)
    return readText(bytes.subarray(2, 2 + length), this.#settings.encoding)
  }

  /** Length and characters, as far as the STRING in the CPU has room, which only its own first byte says. */
  async #stringBytes(address: S7Address, value: TagValue): Promise<Buffer> {
    const { area, db, byte } = address
    const [answer] = await this.#client.read([{ area, db, byte, bit: 0, unit: 'byte', count: 1 }])
    if (answer === undefined || 'refused' in answer)
      throw new RefusedRequest(`${nameOf(address)}: ${itemWords(answer?.refused ?? 0)}`)
    const max = answer.data[0]!
    if (max === 0 || max === 255) throw new DeviceError(`${nameOf(address)} holds no STRING`)
    const text = writeText(value, Math.min(max, address.bytes - 2), this.#settings.encoding)
    const end = text.indexOf(0)
    const characters = end === -1 ? text : text.subarray(0, end)
    return Buffer.concat([Buffer.from([characters.length]), characters])
  }
}
