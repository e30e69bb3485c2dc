import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Check, fail, integer, oneOf, optional, otherwise, text } from './check.ts'
import { DeviceError } from './driver.ts'
import { lineIsBusy, networkWordsOf, noAnswerWithin, noConnectionWithin, tooManyWait } from './line-words.ts'
import { joined, SaidError } from './sentence.ts'

/** Where a line leads: a TCP port (a device, or a serial server with devices behind it) or a serial port of this box. */
export interface LineEnd {
  host: string | undefined
  port: number
  serialPort: string | undefined
  baudRate: number
  dataBits: '7' | '8'
  parity: 'none' | 'even' | 'odd'
  stopBits: '1' | '2'
  timeoutMs: number
}

/** Settings of a line, for a driver's `settings`. Which of `host` and `serialPort` is given is for `checkLineEnd`. */
export const lineSettings = (defaults: { port: number; baudRate: number; parity: LineEnd['parity'] }) =>
  ({
    host: optional(text),
    port: otherwise(integer(1, 65_535), defaults.port),
    serialPort: optional(text),
    baudRate: otherwise(integer(50, 4_000_000), defaults.baudRate),
    dataBits: otherwise(oneOf(['7', '8'] as const), '8'),
    parity: otherwise(oneOf(['none', 'even', 'odd'] as const), defaults.parity),
    stopBits: otherwise(oneOf(['1', '2'] as const), '1'),
    timeoutMs: otherwise(integer(50, 60_000), 3_000),
  }) satisfies { [K in keyof LineEnd]: Check<LineEnd[K]> }

export const nameOfLine = ({ host, port, serialPort }: LineEnd) => serialPort ?? `${host}:${port}`

/** Cuts a byte stream into frames; a frame may be torn at any byte. Throws DeviceError on what can be none. */
export interface FrameReader<F> {
  push(chunk: Buffer): F[]
}

export interface LineOptions<F> {
  end: LineEnd
  /** A new one for each connection. */
  frames(): FrameReader<F>
  /** Requests on the way at once: 1 where the protocol has nothing to tell answers apart by. */
  inFlightMax: number
  /** What is to be said and heard first on a new connection, if anything. */
  greet?(say: Request<F>): Promise<void>
}

/**
 * Sends `bytes` (made when it is their turn, if they need what the greeting brought) and waits for their answer: `accept`
 * looks at each frame that comes and gives the result, or undefined when the frame is not the answer, or throws what the
 * answer says. Rejects with that, or with DeviceError.
 */
type Request<F> = <T>(bytes: Buffer | (() => Buffer), accept: (frame: F) => T | undefined) => Promise<T>

interface Waiting<F> {
  /** True when the frame was this request's answer. */
  take(frame: F): boolean
  reject(error: Error): void
}

/** Requests that wait for their turn at most; more means that the line is asked for more than it can carry. */
const queueMax = 1_000
/** After an answer that did not come, a serial line has to be silent for this long before the next request. */
const silenceMs = 100

/**
 * Requests and answers over a byte stream. It connects when first asked and again after a break. A request that is not
 * answered in time ends the connection (on a serial port: waits for silence), so that a late answer is never taken for
 * the next request's.
 */
export class Line<F> {
  readonly #options: LineOptions<F>
  readonly #waiting: Waiting<F>[] = []
  readonly #queue: (() => void)[] = []
  #inFlight = 0
  #stream: Duplex | undefined
  #reader: FrameReader<F> | undefined
  #opening: { stream: Promise<void>; cancel(error: Error): void } | undefined
  #heard = 0
  #closed = false

  constructor(options: LineOptions<F>) {
    this.#options = options
  }

  /** See Request; waits its turn first. */
  async request<T>(bytes: Buffer | (() => Buffer), accept: (frame: F) => T | undefined): Promise<T> {
    const deadline = Date.now() + this.#options.end.timeoutMs
    await this.#open()
    await this.#turn(deadline)
    return this.#exchange(bytes, accept, deadline)
  }

  /** Ends the connection; whatever waits rejects. */
  async close(): Promise<void> {
    this.#closed = true
    const error = new DeviceError('closed')
    this.#opening?.cancel(error)
    this.#drop(error)
  }

  /** Gives its place, which it was given before, to the next when it settles. */
  #exchange<T>(bytes: Buffer | (() => Buffer), accept: (frame: F) => T | undefined, deadline: number): Promise<T> {
    const stream = this.#stream
    if (stream === undefined) {
      this.#leave()
      return Promise.reject(
        new DeviceError({ zh: '请求发出之前连接已断开', en: 'the connection ended before the request was sent' }),
      )
    }
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const settle = (outcome: () => void) => {
      const index = this.#waiting.indexOf(waiting)
      if (index === -1) return
      this.#waiting.splice(index, 1)
      clearTimeout(timer)
      this.#leave()
      outcome()
    }
    const waiting: Waiting<F> = {
      take(frame) {
        try {
          const result = accept(frame)
          if (result === undefined) return false
          settle(() => resolve(result))
        } catch (error) {
          settle(() => reject(error))
        }
        return true
      },
      reject: (error) => settle(() => reject(error)),
    }
    const timer = setTimeout(() => this.#late(waiting), Math.max(1, deadline - Date.now()))
    this.#waiting.push(waiting)
    stream.write(typeof bytes === 'function' ? bytes() : bytes)
    return promise
  }

  #late(waiting: Waiting<F>): void {
    const { end } = this.#options
    const error = new DeviceError(joined`${nameOfLine(end)}: ${noAnswerWithin(end.timeoutMs)}`)
    if (end.serialPort === undefined) this.#drop(error)
    else void this.#silence().then(() => waiting.reject(error))
  }

  /** Until nothing has been heard for a while, and no longer than a second on a line that never falls silent. */
  async #silence(): Promise<void> {
    this.#reader = undefined
    for (const began = Date.now(); Date.now() - began < 1_000; ) {
      const before = this.#heard
      await new Promise((go) => setTimeout(go, silenceMs))
      if (before === this.#heard) break
    }
    if (this.#stream !== undefined) this.#reader = this.#options.frames()
  }

  /** Takes a place among the requests on the way, at once when there is one: two that come together are two. */
  async #turn(deadline: number): Promise<void> {
    while (this.#inFlight >= this.#options.inFlightMax) {
      if (this.#queue.length >= queueMax) throw new DeviceError(tooManyWait)
      await new Promise<void>((go) => this.#queue.push(go))
      const isLate = Date.now() > deadline
      if (!this.#closed && !isLate) continue
      // The place that it was called to is the next one's.
      this.#queue.shift()?.()
      throw new DeviceError(this.#closed ? 'closed' : joined`${nameOfLine(this.#options.end)}: ${lineIsBusy}`)
    }
    this.#inFlight++
  }

  #leave(): void {
    this.#inFlight--
    this.#queue.shift()?.()
  }

  #open(): Promise<void> {
    if (this.#closed) return Promise.reject(new DeviceError('closed'))
    if (this.#opening !== undefined) return this.#opening.stream
    if (this.#stream !== undefined) return Promise.resolve()
    const { promise: cancelled, reject: cancel } = Promise.withResolvers<never>()
    const stream = Promise.race([this.#connect(), cancelled]).finally(() => {
      this.#opening = undefined
    })
    this.#opening = { stream, cancel }
    return stream
  }

  async #connect(): Promise<void> {
    const { end, frames, greet } = this.#options
    // For all of it, so that the request which opens the line settles within its time.
    const deadline = Date.now() + end.timeoutMs
    const stream = await (end.serialPort === undefined ? openTcp(end) : openSerial(end))
    if (this.#closed) {
      stream.destroy()
      throw new DeviceError('closed')
    }
    this.#stream = stream
    this.#reader = frames()
    stream.on('data', (chunk: Buffer) => {
      this.#heard += chunk.length
      try {
        for (const frame of this.#reader?.push(chunk) ?? []) this.#waiting.find((waiting) => waiting.take(frame))
      } catch (error) {
        this.#drop(error instanceof Error ? error : new DeviceError(String(error)))
      }
    })
    stream.on('close', () => {
      if (this.#stream === stream)
        this.#drop(
          new DeviceError({ zh: `${nameOfLine(end)} 断开了连接`, en: `${nameOfLine(end)} ended the connection` }),
        )
    })
    if (greet !== undefined)
      try {
        await greet((bytes, accept) => {
          this.#inFlight++
          return this.#exchange(bytes, accept, deadline)
        })
      } catch (error) {
        this.#drop(error instanceof Error ? error : new DeviceError(String(error)))
        throw error
      }
  }

  #drop(error: Error): void {
    const stream = this.#stream
    this.#stream = undefined
    stream?.destroy()
    // Who waits for a turn finds the connection gone and says so.
    for (const go of this.#queue.splice(0)) go()
    for (const waiting of [...this.#waiting]) waiting.reject(error)
  }
}

function openTcp({ host = '', port, timeoutMs }: LineEnd): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true })
    const timer = setTimeout(() => socket.destroy(new SaidError(noConnectionWithin(timeoutMs))), timeoutMs)
    socket.once('connect', () => {
      clearTimeout(timer)
      resolve(socket)
    })
    // Stays for the whole life of the socket: what breaks it later is told by its close.
    socket.on('error', (cause) => {
      clearTimeout(timer)
      reject(new DeviceError(joined`${host}:${port}: ${networkWordsOf(cause)}`, { cause }))
    })
  })
}

/** The library, which brings a native part, is loaded by the first serial line only. */
async function openSerial(end: LineEnd): Promise<Duplex> {
  const { SerialPort } = await import('serialport')
  return new Promise((resolve, reject) => {
    const port = new SerialPort({
      path: end.serialPort ?? '',
      baudRate: end.baudRate,
      dataBits: Number(end.dataBits) as 7 | 8,
      parity: end.parity,
      stopBits: Number(end.stopBits) as 1 | 2,
      autoOpen: false,
    })
    port.on('error', () => port.destroy())
    port.open((cause) => {
      if (cause === null) resolve(port)
      else reject(new DeviceError(joined`${end.serialPort ?? ''}: ${networkWordsOf(cause)}`, { cause }))
    })
  })
}

/** One of `host` and `serialPort` leads to the devices. The path is the settings'. */
export function checkLineEnd<T extends LineEnd>(settings: T, path: string): T {
  if ((settings.host === undefined) === (settings.serialPort === undefined))
    fail(path, {
      zh: '应给出 host（和 port）或 serialPort 之一',
      en: 'either host (and port) or serialPort is expected',
    })
  return settings
}

const shared = new Map<string, { line: Line<unknown>; users: number }>()

/**
 * A line that several devices use: the first makes it, the last to release it closes it. Devices of one protocol on one
 * end have to agree in everything that the key holds.
 */
export function sharedLine<F>(key: string, make: () => Line<F>): { line: Line<F>; release(): Promise<void> } {
  const entry = shared.get(key) ?? { line: make() as Line<unknown>, users: 0 }
  shared.set(key, entry)
  entry.users++
  return {
    line: entry.line as Line<F>,
    async release() {
      if (--entry.users > 0) return
      shared.delete(key)
      await entry.line.close()
    },
  }
}
