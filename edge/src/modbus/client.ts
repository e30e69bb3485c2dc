import { connect, type Socket } from 'node:net'
import { decodeReadAnswer, encodeReadRequest, FrameReader, ModbusError, type ReadRequest } from './codec.ts'

export interface ModbusClientOptions {
  host: string
  port: number
  /** Requests on the wire at once; devices that cannot pipeline take 1. */
  inFlightMax: number
  timeoutMs: number
}

interface Waiting {
  request: ReadRequest
  resolve(data: Buffer): void
  reject(error: Error): void
  timer: NodeJS.Timeout
}

/** A Modbus TCP client that pipelines: requests go out without waiting, answers are matched by transaction. */
export class ModbusClient {
  readonly #options: ModbusClientOptions
  #socket: Socket | undefined
  #connecting: Promise<Socket> | undefined
  readonly #waiting = new Map<number, Waiting>()
  readonly #queue: (() => void)[] = []
  #transaction = 0
  #opening: Socket | undefined
  #closed = false

  constructor(options: ModbusClientOptions) {
    this.#options = options
  }

  /** Data bytes of a read. Rejects with ModbusError for an exception, a time-out or a broken connection. */
  async read(request: Omit<ReadRequest, 'transaction'>): Promise<Buffer> {
    const socket = await this.#connected()
    if (this.#waiting.size >= this.#options.inFlightMax) await new Promise<void>((go) => this.#queue.push(go))
    if (socket !== this.#socket) throw new ModbusError('the connection ended before the request was sent')
    return new Promise((resolve, reject) => {
      this.#transaction = (this.#transaction + 1) & 0xffff
      const whole = { ...request, transaction: this.#transaction }
      const timer = setTimeout(() => {
        // A late answer would be taken for nobody's, so the connection is begun anew.
        if (socket === this.#socket) this.#drop(new ModbusError(`no answer within ${this.#options.timeoutMs} ms`))
      }, this.#options.timeoutMs)
      this.#waiting.set(whole.transaction, { request: whole, resolve, reject, timer })
      socket.write(encodeReadRequest(whole))
    })
  }

  close(): void {
    this.#closed = true
    this.#opening?.destroy(new Error('closed'))
    this.#drop(new ModbusError('closed'))
  }

  #connected(): Promise<Socket> {
    if (this.#closed) return Promise.reject(new ModbusError('closed'))
    if (this.#socket !== undefined) return Promise.resolve(this.#socket)
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined
      this.#opening = undefined
    })
    return this.#connecting
  }

  #connect(): Promise<Socket> {
    const { host, port, timeoutMs } = this.#options
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true })
      this.#opening = socket
      const timer = setTimeout(() => socket.destroy(new Error(`no connection within ${timeoutMs} ms`)), timeoutMs)
      const reader = new FrameReader()
      socket.once('connect', () => {
        clearTimeout(timer)
        this.#socket = socket
        resolve(socket)
      })
      socket.on('data', (chunk) => {
        try {
          for (const frame of reader.push(chunk)) this.#answer(frame)
        } catch (error) {
          this.#drop(error instanceof Error ? error : new Error(String(error)))
        }
      })
      socket.on('error', (cause) => {
        clearTimeout(timer)
        reject(new ModbusError(`${host}:${port}: ${cause.message}`, { cause }))
      })
      socket.on('close', () => {
        clearTimeout(timer)
        if (this.#socket === socket) this.#drop(new ModbusError(`${host}:${port} closed the connection`))
      })
    })
  }

  #answer(frame: Buffer): void {
    const waiting = this.#waiting.get(frame.readUInt16BE(0))
    if (waiting === undefined) return
    this.#settle(waiting)
    try {
      waiting.resolve(decodeReadAnswer(frame, waiting.request))
    } catch (error) {
      waiting.reject(error instanceof Error ? error : new Error(String(error)))
    }
  }

  #settle(waiting: Waiting): void {
    this.#waiting.delete(waiting.request.transaction)
    clearTimeout(waiting.timer)
    this.#queue.shift()?.()
  }

  #drop(error: Error): void {
    const socket = this.#socket
    this.#socket = undefined
    socket?.destroy()
    // Who waits for a place finds the connection gone and says so.
    for (const go of this.#queue.splice(0)) go()
    for (const waiting of [...this.#waiting.values()]) {
      this.#settle(waiting)
      waiting.reject(error)
    }
  }
}
