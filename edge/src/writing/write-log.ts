import { closeSync, fstatSync, fsyncSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { TagValue } from '../driver.ts'
import type { RefusalCode } from './refusal.ts'

/** One line of the record. A write that was sent has two: `begun` before it and its outcome after it. */
export interface WriteRecord {
  id: string
  /** Unix ms. */
  at: number
  who: string
  device: string
  property: string
  /** What was known before, in the tag's own terms; null when nothing was. */
  old: TagValue | null
  new: TagValue
  outcome: 'begun' | 'written' | RefusalCode
}

const tailBytes = 64 * 1024

/** The record of writes: a file of JSON lines that is only ever appended to, each line on disk before it counts. */
export class WriteLog {
  readonly #file: number
  #isTorn: boolean

  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    this.#file = openSync(path, 'a+', 0o600)
    this.#isTorn = !this.#endsWithLine()
  }

  /** Throws the disk's error. */
  add(record: WriteRecord): void {
    // A line that a power cut tore, or a full disk, is left as it is; the next one begins anew.
    const line = `${this.#isTorn ? '\n' : ''}${JSON.stringify(record)}\n`
    this.#isTorn = true
    writeSync(this.#file, line)
    fsyncSync(this.#file)
    this.#isTorn = false
  }

  /** The newest records, newest first. */
  last(limit: number): WriteRecord[] {
    const { size } = fstatSync(this.#file)
    const bytes = Buffer.alloc(Math.min(size, tailBytes))
    readSync(this.#file, bytes, 0, bytes.length, size - bytes.length)
    const lines = bytes.toString('utf8').split('\n')
    if (size > tailBytes) lines.shift()
    return lines.flatMap(recordsIn).reverse().slice(0, limit)
  }

  close(): void {
    closeSync(this.#file)
  }

  #endsWithLine(): boolean {
    const { size } = fstatSync(this.#file)
    if (size === 0) return true
    const last = Buffer.alloc(1)
    readSync(this.#file, last, 0, 1, size - 1)
    return last[0] === 0x0a
  }
}

function recordsIn(line: string): WriteRecord[] {
  try {
    return [JSON.parse(line) as WriteRecord]
  } catch {
    return []
  }
}
