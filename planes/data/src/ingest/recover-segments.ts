import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { rowBytes } from '../store/point-row.ts'
import { type Disk, realDisk } from './disk.ts'
import { isHeader } from './segment-log.ts'

export interface Recovered {
  /** Segments to load, oldest first. */
  files: string[]
  /** Segments of which a part was unreadable: kept under `damaged/`, their whole blocks are among `files`. */
  damaged: string[]
}

/** A run of bytes of a segment, [from, to). */
interface Stretch {
  from: number
  to: number
}

/**
 * The segments that an earlier process left. A block counts when its header, length and CRC agree. An open segment's
 * tail that is no whole block was never acknowledged and is cut off. Damage anywhere else (a flipped bit, a lost
 * sector) is never returned: the whole blocks around it are copied into a segment of their own, the file is kept aside.
 */
export function recoverSegments(folder: string, disk: Disk = realDisk): Recovered {
  disk.makeFolder(folder)
  const recovered: Recovered = { files: [], damaged: [] }
  for (const name of disk.list(folder).sort()) {
    const file = join(folder, name)
    // A copy that a crash cut short; what it was made of is still there.
    if (name.endsWith('.part')) disk.remove(file)
    const open = name.endsWith('.open')
    if (!open && !name.endsWith('.rows')) continue
    const size = disk.size(file)
    const blocks = wholeBlocks(disk, file, size)
    const end = blocks.at(-1)?.to ?? 0
    const inOnePiece = blocks.every(({ from }, i) => from === (blocks[i - 1]?.to ?? 0))
    if (inOnePiece && (open || end === size)) {
      if (end < size) disk.truncate(file, end)
      const closed = file.replace(/open$/, 'rows')
      if (open) disk.rename(file, closed)
      recovered.files.push(closed)
    } else {
      recovered.files.push(copyWhole(disk, folder, name, blocks))
      recovered.damaged.push(setDamagedAside(disk, folder, name))
    }
  }
  disk.syncFolder(folder)
  recovered.files.sort()
  return recovered
}

/** Where the whole blocks of a segment lie; behind damage the next header that a CRC confirms is looked for. */
function wholeBlocks(disk: Disk, file: string, size: number): Stretch[] {
  const blocks: Stretch[] = []
  for (let at = 0; at + rowBytes <= size; ) {
    const to = wholeBlockEnd(disk, file, at, size)
    if (to !== undefined) blocks.push({ from: at, to })
    const next = to ?? nextHeader(disk, file, at + 1, size)
    if (next === undefined) break
    at = next
  }
  return blocks
}

function wholeBlockEnd(disk: Disk, file: string, at: number, size: number): number | undefined {
  const bytes = disk.read(file, at, rowBytes)
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < rowBytes || !isHeader(header, 0)) return undefined
  const length = header.getBigInt64(4, true)
  if (length <= 0n || BigInt(at + rowBytes) + length > BigInt(size)) return undefined
  const rows = disk.read(file, at + rowBytes, Number(length))
  if (BigInt(crc32(rows)) !== header.getBigInt64(23, true)) return undefined
  return at + rowBytes + Number(length)
}

const searchBytes = 1 << 20

/** The next place from `from` on that begins as a header does and whose block is whole. Rows of text have any length. */
function nextHeader(disk: Disk, file: string, from: number, size: number): number | undefined {
  for (let start = from; start + rowBytes <= size; start += searchBytes) {
    const bytes = disk.read(file, start, searchBytes + rowBytes)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let i = 0; i < searchBytes && i + rowBytes <= bytes.length; i++)
      if (isHeader(view, i) && wholeBlockEnd(disk, file, start + i, size) !== undefined) return start + i
  }
  return undefined
}

/** The copy has its name before the original loses its own: a crash in between leaves rows twice, which count once. */
function copyWhole(disk: Disk, folder: string, name: string, blocks: readonly Stretch[]): string {
  const copy = join(folder, `${name.replace(/\.\w+$/, '')}-mended`)
  const bytes = blocks.map(({ from, to }) => disk.read(join(folder, name), from, to - from))
  disk.remove(`${copy}.rows`)
  disk.writeWhole(`${copy}.part`, bytes)
  disk.rename(`${copy}.part`, `${copy}.rows`)
  disk.syncFolder(folder)
  return `${copy}.rows`
}

function setDamagedAside(disk: Disk, folder: string, name: string): string {
  const damaged = join(folder, 'damaged')
  disk.makeFolder(damaged)
  const kept = join(damaged, name)
  disk.rename(join(folder, name), kept)
  disk.syncFolder(damaged)
  return kept
}
