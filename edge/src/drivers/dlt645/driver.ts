import { type Check, fail, integer, isOneOf, otherwise, shape } from '../../check.ts'
import type { BrowsedTag, Driver, DriverTag, Request, Sample, TagType } from '../../driver.ts'
import { quality, RefusedRequest } from '../../driver.ts'
import { checkLineEnd, Line, type LineEnd, lineSettings, nameOfLine, sharedLine } from '../../line.ts'
import { type Dlt645Address, parseAddress } from './address.ts'
import { Meter } from './client.ts'
import { decodeValue, type Edition, editions, frameReader, wildcard } from './codec.ts'
import { identifierOf, namesOf } from './table.ts'

export interface Dlt645Settings extends LineEnd {
  /** Twelve digits, or twelve A for a meter alone on its line that is asked for its address. */
  meter: string
  edition: Edition
  /** FEH before each request, which wake a meter up. */
  preambleBytes: number
}

/** All tags of one data identifier. */
export interface Dlt645Request extends Request<Dlt645Address> {
  identifier: string | undefined
}

const edition: Check<Edition> = (value, path) =>
  editions.find((each) => each === String(value)) ?? fail(path, isOneOf(editions))

const meter: Check<string> = (value, path) =>
  typeof value === 'string' && /^(\d{12}|A{12})$/i.test(value)
    ? value.toUpperCase()
    : fail(path, {
        zh: `应为电能表的 12 位地址（加引号），或 ${wildcard}`,
        en: `the 12 digits of the meter’s address (in quotes), or ${wildcard}, are expected`,
      })

const fields = shape<Dlt645Settings>({
  ...lineSettings({ port: 4001, baudRate: 2400, parity: 'even' }),
  meter,
  edition: otherwise(edition, '2007'),
  preambleBytes: otherwise(integer(0, 16), 4),
})

const settings: Check<Dlt645Settings> = (value, path) => {
  const read = checkLineEnd(fields(value, path), path)
  if (read.meter === wildcard && read.edition === '1997')
    fail(`${path}.meter`, {
      zh: '应为 12 位数字，因为 1997 版不能询问地址',
      en: '12 digits are expected, as the edition of 1997 cannot ask for an address',
    })
  return read
}

function plan(tags: readonly DriverTag<Dlt645Address>[]): Dlt645Request[] {
  const byIdentifier = Map.groupBy(tags, ({ address }) => address.identifier)
  return [...byIdentifier].map(([identifier, these]) => ({ identifier, tags: these }))
}

/** Energy meters by DL/T 645-2007 and -1997, over a serial line or TCP. Reads only. */
export const driver: Driver<Dlt645Settings, Dlt645Address, Dlt645Request> = {
  protocol: 'dlt645',
  settings,
  parseAddress: (address, type, { edition, meter }) => parseAddress(address, type, edition, meter),
  plan,
  open(settings) {
    const { meter: _, edition: __, preambleBytes: ___, ...end } = settings
    const { line, release } = sharedLine(
      `dlt645 ${nameOfLine(end)}`,
      () => new Line<Buffer>({ end, frames: frameReader, inFlightMax: 1 }),
    )
    const client = new Meter(line, settings)
    return {
      async read({ identifier, tags }) {
        const data = await client.read(identifier)
        return tags.map((tag) => sampleOf(tag, data))
      },
      browse: () => browse(client, settings),
      close() {
        client.close()
        return release()
      },
    }
  },
}

function sampleOf({ address, type }: DriverTag<Dlt645Address>, data: Buffer): Sample {
  const { text, format, offset, dataBytes, isBlock, bit } = address
  const bad = (reason: string): Sample => ({ value: undefined, quality: quality.bad, reason: `${text}: ${reason}` })
  // The edition of 1997 may close a block with AAH.
  const bytes = isBlock && data.length % dataBytes === 1 && data.at(-1) === 0xaa ? data.subarray(0, -1) : data
  if (isBlock ? bytes.length % dataBytes !== 0 : bytes.length !== dataBytes)
    return bad(`the meter answers with ${bytes.length} bytes instead of ${isBlock ? 'sets of ' : ''}${dataBytes}`)
  if (offset + format.bytes > bytes.length) return bad(`the block has ${bytes.length / dataBytes} sets of values`)
  const here = bytes.subarray(offset, offset + format.bytes)
  const value = decodeValue(here, format)
  if (value === undefined)
    return bad(`the meter answers ${here.toString('hex').toUpperCase()}H, which is no ${format.notation}`)
  if (bit !== undefined) return { value: ((Number(value) >> bit) & 1) === 1, quality: quality.good }
  const isText = type === 'text' && typeof value === 'number'
  return { value: isText ? value.toFixed(format.decimals) : value, quality: quality.good }
}

/** Asks for everything that has a name: a meter cannot list what it has. */
async function* browse(client: Meter, { edition, meter }: Dlt645Settings): AsyncGenerator<BrowsedTag> {
  if (meter === wildcard) return
  for (const [name, id] of namesOf[edition]) {
    const answers = await client.read(id).then(
      () => true,
      (error) => {
        if (error instanceof RefusedRequest) return false
        throw error
      },
    )
    const [part] = identifierOf(id, edition)?.parts ?? []
    if (!answers || part === undefined) continue
    yield {
      address: name,
      name,
      type: typeOf(part.format.kind),
      ...(part.unit && { unit: part.unit }),
      writable: false,
    }
  }
}

const typeOf = (kind: string): TagType => (kind === 'number' ? 'float64' : kind === 'bits' ? 'uint16' : 'text')
