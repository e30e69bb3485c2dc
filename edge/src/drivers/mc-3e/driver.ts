import { integer, oneOf, otherwise, shape, text } from '../../check.ts'
import {
  type DeviceConnection,
  DeviceError,
  type Driver,
  type DriverTag,
  type Place,
  type Request,
  type TagValue,
} from '../../driver.ts'
import { Line } from '../../line.ts'
import { passingOverMisfits } from '../../misfit.ts'
import { mergeSpans } from '../../spans.ts'
import { booleanOf, good, textEncodings } from '../../values.ts'
import { readWords, type TextLayout, type WordType, writeWords } from '../../words.ts'
import { type Device, devices, isRead16, type McAddress, nameOf, parseAddress, pointsOf } from './address.ts'
import { type Command, decodeAnswer, encodeRequest, Frame3EReader, pointsMax } from './codec.ts'

const settings = shape({
  host: text,
  port: otherwise(integer(1, 65_535), 5_007),
  timeoutMs: otherwise(integer(50, 60_000), 3_000),
  code: otherwise(oneOf(['binary', 'ascii'] as const), 'binary'),
  series: otherwise(oneOf(['ql', 'iqr'] as const), 'ql'),
  xyNumbering: otherwise(oneOf(['hexadecimal', 'octal'] as const), 'hexadecimal'),
  network: otherwise(integer(0, 255), 0),
  station: otherwise(integer(0, 255), 255),
  moduleIo: otherwise(integer(0, 0xffff), 0x03ff),
  multidrop: otherwise(integer(0, 255), 0),
  encoding: otherwise(oneOf(textEncodings), 'utf-8'),
})
type Settings = ReturnType<typeof settings>

interface McRequest extends Request<McAddress> {
  command: Command
}

/** Reading a few words that nobody asked for costs less than another request. */
const gapMax = { word: 32, bit: 64 } as const

export const driver: Driver<Settings, McAddress, McRequest> = {
  protocol: 'mc-3e',
  settings,
  parseAddress,
  place: placeOf,
  plan,
  open: (device) => new McConnection(device),
}

function placeOf({ address, type }: DriverTag<McAddress>): Place {
  const { device, number } = address
  const end = number + pointsOf(address, type)
  const per = isRead16(device) ? 16 : 1
  return { area: device, from: Math.floor(number / per), to: Math.ceil(end / per) }
}

function plan(tags: readonly DriverTag<McAddress>[]): McRequest[] {
  const spanOf = (tag: DriverTag<McAddress>) => ({ ...placeOf(tag), item: tag })
  const requests = (unit: Command['unit']) => {
    const ofUnit = tags.filter(({ address }) => (devices[address.device].kind === 'contact') === (unit === 'bit'))
    return mergeSpans(ofUnit.map(spanOf), { sizeMax: pointsMax[unit], gapMax: gapMax[unit] }).map((span): McRequest => {
      const device = span.area as Device
      const head = span.from * (isRead16(device) ? 16 : 1)
      return { tags: span.items, command: { write: false, unit, device, head, points: span.to - span.from } }
    })
  }
  return [...requests('word'), ...requests('bit')]
}

class McConnection implements DeviceConnection<McAddress, McRequest> {
  readonly #settings: Settings
  readonly #line: Line<Buffer>
  readonly #layout: TextLayout

  constructor(device: Settings) {
    this.#settings = device
    this.#layout = { first: 'low', encoding: device.encoding }
    const { host, port, timeoutMs } = device
    this.#line = new Line({
      end: {
        host,
        port,
        timeoutMs,
        serialPort: undefined,
        baudRate: 9_600,
        dataBits: '8',
        parity: 'none',
        stopBits: '1',
      },
      frames: () => new Frame3EReader(device.code, 'answer'),
      // Nothing in a 3E frame tells the answers to two requests apart.
      inFlightMax: 1,
    })
  }

  async read({ tags, command }: McRequest) {
    const points = await this.#request(command, undefined)
    return tags.map(({ address, type }) => {
      const offset = address.number - command.head
      if (command.unit === 'bit') return good(points[offset] === 1)
      const at = isRead16(address.device) ? offset >> 4 : offset
      if (type === 'bool') return good((((points[at] ?? 0) >> (address.bit ?? offset & 15)) & 1) === 1)
      const words = pointsOf(address, type) / (isRead16(address.device) ? 16 : 1)
      return readWords(points.subarray(at, at + words), type as WordType, address.length, this.#layout)
    })
  }

  async write({ address, type }: DriverTag<McAddress>, value: TagValue) {
    const { device, number: head, bit, length } = address
    if (bit !== undefined)
      throw new DeviceError(`${nameOf(address, this.#settings)}: a single bit of a word device cannot be written`)
    const data =
      type === 'bool'
        ? Uint16Array.of(booleanOf(value) ? 1 : 0)
        : writeWords(value, type as WordType, length, this.#layout)
    const unit = type === 'bool' ? 'bit' : 'word'
    await this.#request({ write: true, unit, device, head, points: data.length }, data)
  }

  close() {
    return this.#line.close()
  }

  #request(command: Command, data: Uint16Array | undefined): Promise<Uint16Array> {
    const settings = this.#settings
    const timer = Math.max(1, Math.floor(settings.timeoutMs / 250) - 1)
    return passingOverMisfits(
      (accept) => this.#line.request(encodeRequest(command, data, settings, settings, timer), accept),
      (frame: Buffer) => decodeAnswer(frame, command, settings, settings),
    )
  }
}
