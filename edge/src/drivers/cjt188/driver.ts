import { type Check, fail, integer, oneOf, optional, otherwise, shape } from '../../check.ts'
import { type BrowsedTag, type Driver, type DriverTag, quality, type Request, type Sample } from '../../driver.ts'
import { checkLineEnd, Line, type LineEnd, lineSettings, nameOfLine, sharedLine } from '../../line.ts'
import { type Cjt188Address, parseAddress } from './address.ts'
import { Meter } from './client.ts'
import {
  type AddressOrder,
  addressOrders,
  batteryIsLow,
  decodeField,
  type Frame,
  fieldBytes,
  fieldsOf,
  frameReader,
  type IdentifierOrder,
  identifierOrders,
  type Layout,
  type MeterType,
  meterTypes,
  timeOf,
  units,
  valveOf,
  wildcard,
} from './codec.ts'

export interface Cjt188Settings extends LineEnd, Layout {
  /** Fourteen digits: the manufacturer's four and the number's ten; or fourteen A. */
  meter: string
  /** The byte T. */
  meterType: number
  addressOrder: AddressOrder
  identifierOrder: IdentifierOrder
  /** The order in which the meter answers, where it is another. */
  answeredOrder: IdentifierOrder | undefined
  /** Whether an answer has to carry the sequence number of its request; some meters always send the same. */
  sequenceNumber: 'checked' | 'ignored'
  /** Of the meter's clock. */
  utcOffsetMinutes: number
  preambleBytes: number
}

/** All that one question brings: the fields of 901FH, or the meter's address. */
export interface Cjt188Request extends Request<Cjt188Address> {
  what: 'data' | 'address'
}

const meter: Check<string> = (value, path) =>
  typeof value === 'string' && /^([\dA-F]{4}\d{10}|\d{10}|A{14})$/i.test(value)
    ? value.toUpperCase().padStart(14, '0')
    : fail(path, {
        zh: `应为 10 位数字（加引号），前面可带 4 位厂商代码或 0000，或 ${wildcard}`,
        en: `a number of 10 digits (in quotes), with the manufacturer’s 4 before it or 0000, or ${wildcard}, is expected`,
      })

const meterType: Check<number> = (value, path) => {
  if (typeof value === 'string' && value in meterTypes) return meterTypes[value as MeterType]
  const code = /^[1-4]\d$/.test(String(value)) ? Number.parseInt(String(value), 16) : undefined
  return (
    code ??
    fail(path, {
      zh: `应为 ${Object.keys(meterTypes).join('、')} 之一，或 10 至 49 的代码`,
      en: `one of ${Object.keys(meterTypes).join(', ')}, or a code from 10 to 49, is expected`,
    })
  )
}

const fields = shape<Cjt188Settings>({
  ...lineSettings({ port: 4001, baudRate: 2400, parity: 'even' }),
  meter,
  meterType: otherwise(meterType, meterTypes.water),
  addressOrder: otherwise(oneOf(addressOrders), '7'),
  identifierOrder: otherwise(oneOf(identifierOrders), '1F90'),
  answeredOrder: optional(oneOf(identifierOrders)),
  sequenceNumber: otherwise(oneOf(['checked', 'ignored'] as const), 'checked'),
  unitPosition: otherwise(oneOf(['after', 'before'] as const), 'after'),
  flowRateDecimals: otherwise(integer(0, 4), 4),
  utcOffsetMinutes: otherwise(integer(-720, 840), 480),
  preambleBytes: otherwise(integer(0, 16), 4),
})

/** Water, heat and gas meters by CJ/T 188-2004/2018, over a serial line or TCP. Reads only. */
export const driver: Driver<Cjt188Settings, Cjt188Address, Cjt188Request> = {
  protocol: 'cjt188',
  settings: (value, path) => checkLineEnd(fields(value, path), path),
  parseAddress: (address, type, { meterType, meter }) => parseAddress(address, type, meterType, meter),
  plan(tags) {
    const by = Map.groupBy(tags, ({ address }) => (address.what === 'address' ? 'address' : 'data'))
    return [...by].map(([what, these]) => ({ what, tags: these }))
  },
  open(settings) {
    const { host, port, serialPort, baudRate, dataBits, parity, stopBits, timeoutMs } = settings
    const end = { host, port, serialPort, baudRate, dataBits, parity, stopBits, timeoutMs }
    const { line, release } = sharedLine(
      `cjt188 ${nameOfLine(end)}`,
      () => new Line<Buffer>({ end, frames: frameReader, inFlightMax: 1 }),
    )
    const client = new Meter(line, settings)
    return {
      async read({ what, tags }) {
        const answer = await client.read(what)
        return what === 'address'
          ? tags.map(() => ({ value: answer.address, quality: quality.good }))
          : samplesOf(tags, answer, settings)
      },
      browse: () => browse(settings),
      close() {
        client.close()
        return release()
      },
    }
  },
}

/** A meter's clock that is further from the gateway's than this is not taken for the time of its values, ms. */
const clockErrorMax = 86_400_000

function samplesOf(
  tags: readonly DriverTag<Cjt188Address>[],
  { data, type }: Frame,
  settings: Cjt188Settings,
): Sample[] {
  const fields = fieldsOf(type)
  const bytes = fields.reduce((sum, field) => sum + fieldBytes(field), 0)
  const reason = `the meter answers with ${data.length} bytes instead of ${bytes}`
  if (data.length !== bytes) return tags.map(() => ({ value: undefined, quality: quality.bad, reason }))
  let offset = 0
  const parts = new Map(
    fields.map((field) => {
      const here = data.subarray(offset, offset + fieldBytes(field))
      offset += here.length
      return [field.name, { ...decodeField(here, field, settings), hex: here.toString('hex').toUpperCase() }]
    }),
  )
  const at = timeOf(String(parts.get('clock')?.value ?? ''), settings.utcOffsetMinutes)
  const stamp = at !== undefined && Math.abs(at - Date.now()) < clockErrorMax ? { at } : {}
  return tags.map(({ address, type }) => {
    const part = parts.get(address.field?.name ?? '')
    if (part === undefined) throw new Error(`${address.text} has no field`)
    return { ...sampleOf(address, type === 'text', part), ...stamp }
  })
}

function sampleOf(
  { text, what, bit, unit, field }: Cjt188Address,
  asText: boolean,
  part: { value: number | string | undefined; unit?: number; hex: string },
): Sample {
  const good = (value: Sample['value']): Sample => ({ value, quality: quality.good })
  const bad = (reason: string): Sample => ({ value: undefined, quality: quality.bad, reason: `${text}: ${reason}` })
  const { value } = part
  const code = `unit code ${part.unit?.toString(16).toUpperCase().padStart(2, '0')}H, which is none`
  const counted = units[part.unit ?? -1]
  if (what === 'unit') return counted === undefined ? bad(`the meter has the ${code}`) : good(counted)
  if (value === undefined) return bad(`the meter answers ${part.hex}H, which is no ${field?.notation}`)
  if (what === 'bit') return good(((Number(value) >> bit) & 1) === 1)
  if (what === 'valve') return good(valveOf(Number(value)))
  if (what === 'batteryLow') return good(batteryIsLow(Number(value)))
  if (field?.kind === 'clock') {
    const [, ...parts] = /^(....)(..)(..)(..)(..)(..)$/.exec(String(value)) ?? []
    return timeOf(String(value), 0) === undefined
      ? bad(`the meter’s clock says ${value}, which is no time`)
      : good(`${parts.slice(0, 3).join('-')} ${parts.slice(3).join(':')}`)
  }
  if (unit !== undefined && unit !== counted) return bad(`the meter counts in ${counted ?? code} instead of ${unit}`)
  const said = asText && typeof value === 'number' ? value.toFixed(field?.notation.split('.')[1]?.length ?? 0) : value
  if (field?.kind !== 'quantity' || counted !== undefined) return good(said)
  return { value: said, quality: quality.uncertain, reason: `${text}: the meter has the ${code}` }
}

async function* browse({ meterType, meter }: Cjt188Settings): AsyncGenerator<BrowsedTag> {
  const plain = { writable: false }
  if (meter === wildcard) return
  for (const { name, kind, unit } of fieldsOf(meterType)) {
    const type = kind === 'clock' ? 'text' : kind === 'status' ? 'uint16' : 'float64'
    yield { ...plain, address: name, name, type, ...(unit !== undefined && { unit }) }
    if (kind === 'quantity') yield { ...plain, address: `${name}/unit`, name: `${name}/unit`, type: 'text' }
  }
  yield { ...plain, address: 'valve', name: 'valve', type: 'text' }
  yield { ...plain, address: 'batteryLow', name: 'batteryLow', type: 'bool' }
}
