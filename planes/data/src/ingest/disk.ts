import {
  closeSync,
  constants,
  fdatasync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  write,
  writeSync,
} from 'node:fs'
import { promisify } from 'node:util'

const [writeAsync, syncAsync] = [promisify(write), promisify(fdatasync)]

/**
 * The little of a file system that the log of segments and the journal of sessions stand on. What is written is safe only after `sync`, a new or
 * renamed name only after `syncFolder`: the proof of power loss puts a disk under the log that keeps to exactly that.
 */
export interface Disk {
  makeFolder(folder: string): void
  /** Makes a file that must not exist yet. */
  create(file: string): OpenFile
  /** Opens a file to go on with it; makes it when it is not there. */
  open(file: string): OpenFile
  /** Names in a folder, without their path. */
  list(folder: string): string[]
  size(file: string): number
  /** Bytes from `at`, fewer at the end of the file. */
  read(file: string, at: number, bytes: number): Uint8Array
  /** Makes a file anew with these bytes, one after the other, and syncs it. */
  writeWhole(file: string, parts: readonly Uint8Array[]): void
  /** Cuts a file and syncs it. */
  truncate(file: string, bytes: number): void
  rename(from: string, to: string): void
  remove(file: string): void
  syncFolder(folder: string): void
}

export interface OpenFile {
  write(bytes: Uint8Array, at: number): Promise<void>
  /** Resolves when everything written before is safe; an error must never be retried (DESIGN §3.2). */
  sync(): Promise<void>
  close(): void
}

export const realDisk: Disk = {
  makeFolder: (folder) => void mkdirSync(folder, { recursive: true, mode: 0o700 }),
  create: (file) => openFile(openSync(file, 'wx', 0o600)),
  open: (file) => openFile(openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600)),
  list: (folder) => readdirSync(folder),
  size: (file) => statSync(file).size,
  read: (file, at, bytes) =>
    withFile(file, 'r', (fd) => {
      const buffer = Buffer.allocUnsafe(bytes)
      let done = 0
      for (let read = -1; read !== 0 && done < bytes; done += read)
        read = readSync(fd, buffer, done, bytes - done, at + done)
      return buffer.subarray(0, done)
    }),
  writeWhole: (file, parts) =>
    withFile(file, 'w', (fd) => {
      for (const part of parts) for (let done = 0; done < part.length; ) done += writeSync(fd, part, done)
      fsyncSync(fd)
    }),
  truncate: (file, bytes) =>
    withFile(file, 'r+', (fd) => {
      ftruncateSync(fd, bytes)
      fsyncSync(fd)
    }),
  rename: renameSync,
  remove: (file) => rmSync(file, { force: true }),
  syncFolder: (folder) => withFile(folder, 'r', (fd) => fsyncSync(fd)),
}

function openFile(fd: number): OpenFile {
  return {
    async write(bytes, at) {
      for (let done = 0; done < bytes.length; )
        done += (await writeAsync(fd, bytes, done, bytes.length - done, at + done)).bytesWritten
    },
    sync: () => syncAsync(fd),
    close: () => closeSync(fd),
  }
}

function withFile<T>(file: string, flags: string, work: (fd: number) => T): T {
  const fd = openSync(file, flags)
  try {
    return work(fd)
  } finally {
    closeSync(fd)
  }
}
