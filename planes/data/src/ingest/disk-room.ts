import { statfsSync } from 'node:fs'
import { limits } from '@kapok/kit/limits'
import type { Log } from '@kapok/kit/log'

/**
 * Whether the log's disk has room for more points. Ingest stops taking them before the disk is full: what it acknowledged
 * must still reach the store, and the engines on the same disk must be able to write.
 */
export class DiskRoom {
  isFull = false
  readonly #folder: string
  readonly #log: Log

  constructor(folder: string, log: Log) {
    this.#folder = folder
    this.#log = log
    this.look()
  }

  look(): void {
    const { bavail, bsize } = statfsSync(this.#folder)
    const isFull = bavail * bsize < limits.diskFreeToTakeBytes
    if (isFull === this.isFull) return
    this.isFull = isFull
    const freeMiB = Math.floor((bavail * bsize) / 2 ** 20)
    if (isFull)
      this.#log.error(
        { alarm: 'disk.full', freeMiB, folder: this.#folder },
        'the disk is nearly full: points are refused until space is freed; what was acknowledged is safe',
      )
    else this.#log.warn({ freeMiB }, 'the disk has room again: points are taken')
  }
}
