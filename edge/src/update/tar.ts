import { closeSync, fchmodSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** An archive that is not one of ours. */
export class ArchiveError extends Error {
  override name = 'ArchiveError'
}

const block = 512
const entriesMax = 50_000

/** One entry of a POSIX ustar archive (IEEE Std 1003.1, pax, “ustar Interchange Format”), a regular file or a folder. */
interface Entry {
  path: string
  bytes: number
  isFolder: boolean
  isProgram: boolean
}

/**
 * Unpacks an archive of regular files and folders into an empty folder, `bytesMax` of content at most. Anything else in it –
 * links, devices, paths that lead outside, a path that comes twice – throws ArchiveError, and the folder is the caller's to
 * remove. Nothing that is written can be a link, so that no later entry is led elsewhere by an earlier one.
 */
export async function unpackTar(
  archive: AsyncIterable<Uint8Array>,
  folder: string,
  bytesMax: number,
): Promise<{ files: number; bytes: number }> {
  const rest = new Bytes(archive)
  let files = 0
  let bytes = 0
  for (let entries = 0; ; entries++) {
    const header = await rest.take(block)
    if (header.every((byte) => byte === 0)) break
    if (entries >= entriesMax) throw new ArchiveError(`more than ${entriesMax} entries`)
    const entry = readHeader(header)
    bytes += entry.bytes
    if (bytes > bytesMax) throw new ArchiveError(`more than ${bytesMax} bytes`)
    if (!entry.isFolder) files++
    await inPlace(entry.path, () => writeEntry(join(folder, entry.path), entry, rest))
  }
  return { files, bytes }
}

/** What stands where the entry should go is of the archive too, since the folder was empty. */
async function inPlace(name: string, write: () => Promise<void>): Promise<void> {
  try {
    await write()
  } catch (cause) {
    const isTaken = ['EEXIST', 'ENOTDIR', 'EISDIR'].includes(String((cause as NodeJS.ErrnoException).code))
    throw isTaken ? new ArchiveError(`${name} comes twice`, { cause }) : cause
  }
}

async function writeEntry(path: string, { bytes, isFolder, isProgram }: Entry, rest: Bytes): Promise<void> {
  if (isFolder) {
    mkdirSync(path, { recursive: true })
    return
  }
  mkdirSync(dirname(path), { recursive: true })
  const file = openSync(path, 'wx', 0o644)
  try {
    for (let left = bytes; left > 0; ) {
      const chunk = await rest.some(left)
      writeSync(file, chunk)
      left -= chunk.length
    }
    await rest.take((block - (bytes % block)) % block)
    if (isProgram) fchmodSync(file, 0o755)
  } finally {
    closeSync(file)
  }
}

function readHeader(header: Buffer): Entry {
  const text = (from: number, length: number) => {
    const field = header.subarray(from, from + length)
    const end = field.indexOf(0)
    return field.subarray(0, end < 0 ? length : end).toString('utf8')
  }
  const octal = (from: number, length: number) => {
    const digits = text(from, length).trim()
    if (!/^[0-7]{1,12}$/.test(digits)) throw new ArchiveError('a number that is none')
    return Number.parseInt(digits, 8)
  }
  let sum = 0
  // The checksum counts its own field as blanks.
  for (const [i, byte] of header.entries()) sum += i >= 148 && i < 156 ? 0x20 : byte
  if (octal(148, 8) !== sum) throw new ArchiveError('a header with a wrong checksum')
  const prefix = text(257, 6) === 'ustar' ? text(345, 155) : ''
  const path = prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`
  const type = text(156, 1)
  if (type !== '' && type !== '0' && type !== '5')
    throw new ArchiveError(`${path.slice(0, 200)} is neither a file nor a folder (type ${type})`)
  const isFolder = type === '5'
  return {
    path: safePath(path),
    bytes: isFolder ? 0 : octal(124, 12),
    isFolder,
    isProgram: (octal(100, 8) & 0o100) !== 0,
  }
}

/** A path below `node_modules` that nobody can read in two ways. */
function safePath(path: string): string {
  const parts = path.replace(/\/$/, '').split('/')
  const isPlain = (part: string) => part !== '' && part !== '.' && part !== '..' && !/[\\\p{Cc}]/u.test(part)
  if (parts[0] !== 'node_modules' || !parts.every(isPlain))
    throw new ArchiveError(`the path ${JSON.stringify(path.slice(0, 200))} leads outside node_modules`)
  return parts.join('/')
}

/** The header of a regular file. Throws for a path that ustar cannot hold. */
export function tarHeader(path: string, bytes: number, isProgram: boolean): Buffer {
  const header = Buffer.alloc(block)
  const cut = Buffer.byteLength(path) <= 100 ? -1 : path.lastIndexOf('/', Buffer.from(path).length - 1)
  let at = cut
  while (at > 0 && Buffer.byteLength(path.slice(0, at)) > 155) at = path.lastIndexOf('/', at - 1)
  const name = at < 0 ? path : path.slice(at + 1)
  if (Buffer.byteLength(name) > 100) throw new ArchiveError(`the path ${path} is too long for an archive`)
  header.write(name, 0)
  const octal = (value: number, from: number, length: number) =>
    header.write(`${value.toString(8).padStart(length - 1, '0')}\0`, from)
  octal(isProgram ? 0o755 : 0o644, 100, 8)
  octal(0, 108, 8)
  octal(0, 116, 8)
  octal(bytes, 124, 12)
  octal(0, 136, 12)
  header.write('0', 156)
  header.write('ustar\x0000', 257)
  if (at > 0) header.write(path.slice(0, at), 345)
  header.fill(0x20, 148, 156)
  octal(
    header.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  )
  return header
}

/** What stands after a file's bytes. */
export const tarPadding = (bytes: number) => Buffer.alloc((block - (bytes % block)) % block)
export const tarEnd = Buffer.alloc(2 * block)

/** A stream of bytes of which one takes as many as one needs. */
class Bytes {
  readonly #from: AsyncIterator<Uint8Array>
  #here: Buffer = Buffer.alloc(0)

  constructor(from: AsyncIterable<Uint8Array>) {
    this.#from = from[Symbol.asyncIterator]()
  }

  /** Between 1 and `max` bytes. */
  async some(max: number): Promise<Buffer> {
    while (this.#here.length === 0) {
      const { value, done } = await this.#from.next()
      if (done === true) throw new ArchiveError('the archive ends in the middle')
      this.#here = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    }
    const taken = this.#here.subarray(0, max)
    this.#here = this.#here.subarray(taken.length)
    return taken
  }

  async take(count: number): Promise<Buffer> {
    const parts: Buffer[] = []
    for (let left = count; left > 0; ) {
      const part = await this.some(left)
      parts.push(part)
      left -= part.length
    }
    return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)
  }
}
