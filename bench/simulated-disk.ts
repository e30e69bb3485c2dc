import { dirname } from 'node:path'
import type { Disk, OpenFile } from '../planes/data/src/ingest/disk.ts'

const sectorBytes = 512

interface Inode {
  /** What is safe. */
  durable: Uint8Array
  /** What a reader sees: the safe bytes and what was written since. */
  content: Uint8Array
  /** Written and not synced, in order. */
  pending: { at: number; bytes: Uint8Array }[]
}

/** A change of names that its folder's sync has not made safe yet. */
interface NameChange {
  folders: string[]
  apply(names: Map<string, Inode>): void
}

/**
 * A disk in memory that keeps to the letter of what a disk promises and gives nothing beyond: when power goes, of what
 * was not synced any sectors may be there and any may not, and names that were not synced may be the old ones.
 */
export class SimulatedDisk implements Disk {
  syncs = 0
  readonly #random: () => number
  readonly #liesAboutSync: boolean
  #names = new Map<string, Inode>()
  #durableNames = new Map<string, Inode>()
  #nameChanges: NameChange[] = []
  /** Operations until the power goes; each may be the last. */
  #operationsLeft = Number.POSITIVE_INFINITY

  constructor(random: () => number, options: { liesAboutSync?: boolean } = {}) {
    this.#random = random
    this.#liesAboutSync = options.liesAboutSync ?? false
  }

  cutPowerAfter(operations: number): void {
    this.#operationsLeft = operations
  }

  get isOff(): boolean {
    return this.#operationsLeft <= 0
  }

  #step(): void {
    if (--this.#operationsLeft <= 0) throw new PowerCut()
  }

  makeFolder(): void {}

  create(file: string): OpenFile {
    this.#step()
    const inode: Inode = { durable: new Uint8Array(0), content: new Uint8Array(0), pending: [] }
    this.#change([dirname(file)], (names) => names.set(file, inode))
    return this.#handle(inode)
  }

  open(file: string): OpenFile {
    const inode = this.#names.get(file)
    return inode === undefined ? this.create(file) : this.#handle(inode)
  }

  #handle(inode: Inode): OpenFile {
    const disk = this
    return {
      async write(bytes, at) {
        await disk.#asyncStep()
        disk.#write(inode, Uint8Array.from(bytes), at)
      },
      async sync() {
        // Power may go before the disk has done it, or after it and before anybody hears.
        await disk.#asyncStep()
        disk.#sync(inode)
        await disk.#asyncStep()
      },
      close: () => {},
    }
  }

  /** Without power nothing is answered any more: the promise stays open, as the process would be gone. */
  #asyncStep(): Promise<void> {
    return --this.#operationsLeft > 0 ? Promise.resolve() : new Promise(() => {})
  }

  #write(inode: Inode, bytes: Uint8Array, at: number): void {
    inode.pending.push({ at, bytes })
    inode.content = withBytes(inode.content, bytes, at)
  }

  #sync(inode: Inode): void {
    this.syncs++
    if (this.#liesAboutSync) return
    inode.durable = inode.content.slice()
    inode.pending = []
  }

  #change(folders: string[], apply: (names: Map<string, Inode>) => void): void {
    apply(this.#names)
    this.#nameChanges.push({ folders, apply })
  }

  #inode(file: string): Inode {
    const inode = this.#names.get(file)
    if (inode === undefined) throw new Error(`no such file: ${file}`)
    return inode
  }

  list(folder: string): string[] {
    return [...this.#names.keys()]
      .filter((each) => dirname(each) === folder)
      .map((each) => each.slice(folder.length + 1))
  }

  size(file: string): number {
    return this.#inode(file).content.length
  }

  read(file: string, at: number, bytes: number): Uint8Array {
    return this.#inode(file).content.slice(at, at + bytes)
  }

  writeWhole(file: string, parts: readonly Uint8Array[]): void {
    this.#step()
    const inode: Inode = { durable: new Uint8Array(0), content: new Uint8Array(0), pending: [] }
    this.#change([dirname(file)], (names) => names.set(file, inode))
    for (const part of parts) this.#write(inode, part, inode.content.length)
    this.#step()
    this.#sync(inode)
  }

  truncate(file: string, bytes: number): void {
    this.#step()
    const inode = this.#inode(file)
    inode.content = inode.content.slice(0, bytes)
    this.#sync(inode)
  }

  rename(from: string, to: string): void {
    this.#step()
    const inode = this.#inode(from)
    this.#change([dirname(from), dirname(to)], (names) => {
      names.delete(from)
      names.set(to, inode)
    })
  }

  remove(file: string): void {
    this.#step()
    this.#change([dirname(file)], (names) => names.delete(file))
  }

  syncFolder(folder: string): void {
    this.#step()
    const last = this.#nameChanges.findLastIndex(({ folders }) => folders.includes(folder))
    for (const change of this.#nameChanges.splice(0, last + 1)) change.apply(this.#durableNames)
  }

  /** The power went and came back: what is there now is what a start finds. */
  loseUnsynced(): void {
    this.#operationsLeft = Number.POSITIVE_INFINITY
    const kept = Math.floor(this.#random() * (this.#nameChanges.length + 1))
    for (const change of this.#nameChanges.splice(0).slice(0, kept)) change.apply(this.#durableNames)
    for (const inode of new Set(this.#durableNames.values())) {
      for (const { at, bytes } of inode.pending)
        for (let from = 0; from < bytes.length; ) {
          // Sectors of the file, not of the write: a write that begins within one shares its fate.
          const to = Math.min(bytes.length, from + sectorBytes - ((at + from) % sectorBytes))
          const luck = this.#random()
          if (luck < 0.6) inode.durable = withBytes(inode.durable, bytes.subarray(from, to), at + from)
          // The length may be there without the bytes.
          else if (luck < 0.8 && at + to > inode.durable.length)
            inode.durable = withBytes(inode.durable, new Uint8Array(0), at + to)
          from = to
        }
      inode.pending = []
      inode.content = inode.durable.slice()
    }
    this.#names = new Map(this.#durableNames)
  }

  /** One bit of what is safe turns. Returns whether there was one. */
  flipBit(): boolean {
    const inodes = [...new Set(this.#names.values())].filter(({ durable }) => durable.length > 0)
    const inode = inodes[Math.floor(this.#random() * inodes.length)]
    if (inode === undefined) return false
    const bit = Math.floor(this.#random() * inode.durable.length * 8)
    inode.durable[bit >> 3] = (inode.durable[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    inode.content = inode.durable.slice()
    return true
  }
}

export class PowerCut extends Error {
  override name = 'PowerCut'
}

function withBytes(old: Uint8Array, bytes: Uint8Array, at: number): Uint8Array {
  const next = new Uint8Array(Math.max(old.length, at + bytes.length))
  next.set(old)
  next.set(bytes, at)
  return next
}
