import { type BrowsedTag, DeviceError, RefusedRequest } from '../../driver.ts'
import { encodePath, encodeRequest, type Reply, services, wordsOf } from './codec.ts'
import { cipTypes, stringHandle, tagTypeOf } from './values.ts'

const requestsMax = 10_000
const elementsMax = 100

/**
 * The symbols of the controller and of its programs (1756-PM020, “Find user-created controller scope tags”): atomic types
 * and STRING, arrays of one dimension by their first 100 elements. Structures, modules and the system's own are left out.
 */
export async function* browseController(request: (message: Buffer) => Promise<Reply>): AsyncGenerator<BrowsedTag> {
  const programs: string[] = []
  for await (const symbol of symbolsOf(request, undefined)) {
    if (symbol.name.startsWith('Program:')) programs.push(symbol.name)
    else yield* tagsOf(symbol, symbol.name)
  }
  for (const program of programs)
    for await (const symbol of symbolsOf(request, program)) yield* tagsOf(symbol, `${program}.${symbol.name}`)
}

interface SymbolEntry {
  instance: number
  name: string
  type: number
  length: number
}

async function* symbolsOf(
  request: (message: Buffer) => Promise<Reply>,
  program: string | undefined,
): AsyncGenerator<SymbolEntry> {
  let instance = 0
  // Attributes 1 (name), 2 (type) and 8 (dimensions).
  const attributes = Buffer.from([3, 0, 1, 0, 2, 0, 8, 0])
  for (let asked = 0; asked < requestsMax; asked++) {
    const at = Buffer.from([0x20, 0x6b, 0x25, 0, instance & 0xff, instance >> 8])
    const path = program === undefined ? at : Buffer.concat([encodePath([program]), at])
    const reply = await request(encodeRequest(services.instanceAttributeList, path, attributes))
    // 6: more symbols follow.
    if (reply.status !== 0 && reply.status !== 6) throw new RefusedRequest(`symbols: ${wordsOf(reply)}`)
    const symbols = decodeSymbols(reply.data)
    yield* symbols
    const last = symbols.at(-1)
    if (reply.status === 0 || last === undefined || last.instance >= 0xffff) return
    instance = last.instance + 1
  }
}

/** Entries of an instance attribute list. Throws DeviceError where one is cut off. */
export function decodeSymbols(data: Buffer): SymbolEntry[] {
  const symbols: SymbolEntry[] = []
  for (let at = 0; at < data.length; ) {
    const nameAt = at + 6
    const bytes = nameAt <= data.length ? data.readUInt16LE(at + 4) : data.length
    const typeAt = nameAt + bytes
    if (typeAt + 14 > data.length) throw new DeviceError('a symbol that is cut off')
    symbols.push({
      instance: data.readUInt32LE(at),
      name: data.toString('latin1', nameAt, typeAt),
      type: data.readUInt16LE(typeAt),
      length: data.readUInt32LE(typeAt + 2),
    })
    at = typeAt + 14
  }
  return symbols
}

function* tagsOf({ name, type, length }: SymbolEntry, address: string): Generator<BrowsedTag> {
  // Bit 15: structure, bit 12: the system's own, bits 13 and 14: dimensions (1756-PM020, “Symbol type”).
  const dimensions = (type >> 13) & 3
  if ((type & 0x1000) !== 0 || dimensions > 1 || name.includes(':') || name.startsWith('__')) return
  const isString = (type & 0x8000) !== 0 && (type & 0x0fff) === stringHandle
  const atomic = type & 0xff
  const tagType = isString ? 'text' : (type & 0x8000) === 0 ? tagTypeOf(atomic) : undefined
  if (tagType === undefined) return
  const common = { type: tagType, writable: true }
  if (dimensions === 0) {
    yield { address, name: address, ...common }
    return
  }
  const elements = atomic === cipTypes.DWORD ? length * 32 : length
  for (let e = 0; e < Math.min(elements, elementsMax); e++)
    yield { address: `${address}[${e}]`, name: `${address}[${e}]`, ...common }
}
