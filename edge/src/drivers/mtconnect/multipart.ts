import { DeviceError } from '../../driver.ts'
import { documentBytesMax } from './codec.ts'

const headBytesMax = 8192

/**
 * Takes documents off a stream of `multipart/x-mixed-replace` (MTConnect Part 1 §8.3.3, RFC 2046 §5.1); a part may be torn
 * at any byte. Throws DeviceError on what is none.
 */
export class MultipartReader {
  readonly #boundary: Buffer
  #rest: Buffer = Buffer.alloc(0)
  /** What came since; joined when a part may be whole, so that a large one is not copied with each chunk. */
  #chunks: Uint8Array[] = []
  #waiting = 0
  #needed = 0

  /** From the content type of the response; undefined when it is no multipart. */
  static of(contentType: string | null): MultipartReader | undefined {
    const boundary = /^multipart\/x-mixed-replace;.*?boundary="?([^";]{1,200})"?/i.exec(contentType ?? '')?.[1]
    return boundary === undefined ? undefined : new MultipartReader(boundary)
  }

  private constructor(boundary: string) {
    this.#boundary = Buffer.from(`--${boundary}`)
  }

  push(chunk: Uint8Array): string[] {
    this.#chunks.push(chunk)
    this.#waiting += chunk.length
    if (this.#rest.length + this.#waiting < this.#needed) return []
    this.#rest = Buffer.concat([this.#rest, ...this.#chunks])
    this.#chunks = []
    this.#waiting = 0
    this.#needed = 0
    const parts: string[] = []
    for (let part = this.#next(); part !== undefined; part = this.#next()) parts.push(part)
    if (this.#rest.length > documentBytesMax + headBytesMax) throw new DeviceError('a part of the stream is too large')
    return parts
  }

  #next(): string | undefined {
    const began = this.#rest.indexOf(this.#boundary)
    if (began < 0) {
      if (this.#rest.length > headBytesMax) throw new DeviceError('the stream has no boundary where one is due')
      return undefined
    }
    if (began > 4) throw new DeviceError('the stream has something between two parts')
    const head = began + this.#boundary.length
    const headEnd = this.#rest.indexOf('\r\n\r\n', head)
    if (headEnd < 0) {
      if (this.#rest.length - head > headBytesMax) throw new DeviceError('the head of a part is too long')
      return undefined
    }
    const length = /content-length:\s*(\d{1,12})/i.exec(this.#rest.toString('latin1', head, headEnd))?.[1]
    const body = headEnd + 4
    const end = length === undefined ? this.#rest.indexOf(this.#boundary, body) : body + Number(length)
    if (length !== undefined && Number(length) > documentBytesMax)
      throw new DeviceError('a part of the stream is too large')
    if (end < 0) return undefined
    if (this.#rest.length < end) {
      this.#needed = end
      return undefined
    }
    const part = this.#rest.toString('utf8', body, end)
    // A copy, so that a small rest does not keep a large chunk.
    this.#rest = Buffer.from(this.#rest.subarray(end))
    return part
  }
}
