import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** The files of releases under the data folder. Whether one is whole stands in its row. */
export class ReleaseFiles {
  readonly #folder: string

  constructor(dataFolder: string) {
    this.#folder = join(dataFolder, 'data', 'releases')
  }

  #path = (id: string) => join(this.#folder, id)

  /** Bytes that are here. */
  async received(id: string): Promise<number> {
    const found = await stat(this.#path(id)).catch(() => undefined)
    return found?.size ?? 0
  }

  /** Appends a piece; it is on disk when this returns. */
  async append(id: string, piece: Uint8Array): Promise<void> {
    await mkdir(this.#folder, { recursive: true })
    const file = await open(this.#path(id), 'a')
    try {
      await file.appendFile(piece)
      await file.sync()
    } finally {
      await file.close()
    }
  }

  /** Whether what arrived has this SHA-256; what has not is deleted. */
  async has(id: string, sha256: string): Promise<boolean> {
    const hash = createHash('sha256')
    for await (const chunk of createReadStream(this.#path(id))) hash.update(chunk as Buffer)
    if (hash.digest('hex') === sha256) return true
    await this.remove(id)
    return false
  }

  /** A piece of a file; shorter, or empty, at its end. Undefined when the file is not here. */
  async piece(id: string, offset: number, bytes: number): Promise<Uint8Array | undefined> {
    const file = await open(this.#path(id)).catch(() => undefined)
    if (file === undefined) return undefined
    try {
      const buffer = Buffer.allocUnsafe(bytes)
      const { bytesRead } = await file.read(buffer, 0, bytes, offset)
      return buffer.subarray(0, bytesRead)
    } finally {
      await file.close()
    }
  }

  async remove(id: string): Promise<void> {
    await rm(this.#path(id), { force: true })
  }
}
