import { closeSync, fstatSync, openSync, readSync, statfsSync } from 'node:fs'
import { StoreFault, StoreRefusal } from './refusal.ts'

/** Where LMDB's meta pages (format 2, the first two of the file) have what is read here. */
const meta = {
  magicAt: 24,
  magic: 0xbeefc0de,
  formatAt: 28,
  format: 2,
  lastPageAt: 144,
  transactionAt: 152,
  bytes: 160,
}
const pageBytes = 4_096

/**
 * LMDB maps its file and trusts it: a page that is named and not there ends the process at the first touch. So before it is
 * opened its length is compared with what the newest meta page names. Throws StoreFault.
 */
export function assertNotTorn(file: string): void {
  const open = openSync(file, 'r')
  try {
    const { size } = fstatSync(open)
    // Its maker was killed before it wrote: LMDB begins anew.
    if (size === 0) return
    const metas = [0, pageBytes].flatMap((at) => {
      const bytes = Buffer.alloc(meta.bytes)
      const read = readSync(open, bytes, 0, meta.bytes, at)
      if (read < meta.bytes || bytes.readUInt32LE(meta.magicAt) !== meta.magic) return []
      if (bytes.readUInt32LE(meta.formatAt) !== meta.format) return []
      const lastPage = Number(bytes.readBigUInt64LE(meta.lastPageAt))
      return [{ needed: (lastPage + 1) * pageBytes, transaction: bytes.readBigUInt64LE(meta.transactionAt) }]
    })
    const [newest] = metas.sort((a, b) => (a.transaction > b.transaction ? -1 : 1))
    if (newest === undefined) throw new StoreFault(`${file} is no store of records`)
    if (size < newest.needed)
      throw new StoreFault(
        `${file} is torn: ${size} bytes are there, ${newest.needed} belong to it. Put it back from a backup`,
      )
  } finally {
    closeSync(open)
  }
}

/** Throws StoreRefusal when the disk of a folder has less than `least` bytes left. */
export function refuseFullDisk(folder: string, least: number): void {
  const { bavail, bsize } = statfsSync(folder)
  const free = bavail * bsize
  if (free < least)
    throw new StoreRefusal(
      'diskFull',
      `the disk of ${folder} has ${Math.floor(free / 2 ** 20)} MiB left, nothing is written with less than ${Math.ceil(least / 2 ** 20)} MiB`,
    )
}
