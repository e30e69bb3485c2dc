import { connect, type Socket } from 'node:net'
import { DeviceError } from '../../driver.ts'
import { networkWordsOf, noAnswerWithin } from '../../line-words.ts'
import { decodeReply, encodeUnconnectedSend, type Reply } from './codec.ts'
import {
  commands,
  decodeUnconnected,
  encodeFrame,
  encodeUnconnected,
  type Frame,
  FrameReader,
} from './encapsulation.ts'

export interface LogixSettings {
  host: string
  port: number
  /** Of the processor in the chassis; 0 in a CompactLogix. */
  slot: number
  timeoutMs: number
}

interface Waiting {
  command: number
  context: bigint
  resolve(frame: Frame): void
  reject(error: DeviceError): void
}

/**
 * Unconnected messages to a Logix processor, one at a time, as a controller has few buffers for them. An answer belongs to
 * a request by session and context; what fits none is dropped.
 */
export class LogixClient {
  readonly #settings: LogixSettings
  #socket: Socket | undefined
  #session = 0
  #context = 0n
  #waiting: Waiting | undefined
  #turn: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(settings: LogixSettings) {
    this.#settings = settings
  }

  /** The reply of the processor, whatever its status. Rejects with DeviceError; within the time-out from now. */
  request(message: Buffer): Promise<Reply> {
    const until = performance.now() + this.#settings.timeoutMs
    const asked = this.#turn.then(async () => {
      await this.#register(until)
      const sent = encodeUnconnected(encodeUnconnectedSend(message, this.#settings.slot))
      const frame = await this.#exchange(commands.sendRrData, sent, until)
      return decodeReply(decodeUnconnected(frame.data), message.readUInt8(0))
    })
    this.#turn = asked.catch(() => {})
    return asked
  }

  close(): void {
    this.#closed = true
    const socket = this.#socket
    if (socket !== undefined && this.#session !== 0)
      socket.write(encodeFrame({ ...this.#frame(commands.unregisterSession), data: Buffer.alloc(0) }))
    this.#break(new DeviceError('the connection was closed'))
  }

  #frame(command: number) {
    return { command, session: this.#session, status: 0, context: this.#context }
  }

  async #register(until: number): Promise<void> {
    if (this.#closed) throw new DeviceError('the connection was closed')
    if (this.#session !== 0) return
    await this.#connect(until)
    // Protocol version 1, no options.
    const { session } = await this.#exchange(commands.registerSession, Buffer.from([1, 0, 0, 0]), until)
    if (session === 0) throw this.#broken(new DeviceError('the device gave no session'))
    this.#session = session
  }

  #connect(until: number): Promise<void> {
    const { host, port } = this.#settings
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true })
      this.#socket = socket
      const reader = new FrameReader()
      const fail = (error: DeviceError) => {
        clearTimeout(timer)
        reject(error)
        // A socket of an earlier life must not take the present one with it.
        if (this.#socket === socket) this.#break(error)
        else socket.destroy()
      }
      const timer = setTimeout(() => fail(this.#late()), Math.max(1, until - performance.now()))
      socket.on('connect', () => {
        clearTimeout(timer)
        resolve()
      })
      socket.on('error', (error) => fail(new DeviceError(networkWordsOf(error), { cause: error })))
      socket.on('close', () => fail(new DeviceError({ zh: '设备断开了连接', en: 'the device closed the connection' })))
      socket.on('data', (chunk) => {
        try {
          for (const frame of reader.push(chunk)) this.#take(frame)
        } catch (error) {
          fail(error instanceof DeviceError ? error : new DeviceError(String(error)))
        }
      })
    })
  }

  #exchange(command: number, data: Buffer, until: number): Promise<Frame> {
    const leftMs = until - performance.now()
    if (leftMs <= 0) return Promise.reject(this.#late())
    this.#context++
    return new Promise<Frame>((resolve, reject) => {
      const timer = setTimeout(() => this.#break(this.#late()), leftMs)
      const settle = () => {
        clearTimeout(timer)
        this.#waiting = undefined
      }
      this.#waiting = {
        command,
        context: this.#context,
        resolve: (frame) => {
          settle()
          resolve(frame)
        },
        reject: (error) => {
          settle()
          reject(error)
        },
      }
      this.#socket?.write(encodeFrame({ ...this.#frame(command), data }))
    })
  }

  #take(frame: Frame): void {
    const waiting = this.#waiting
    if (waiting === undefined || frame.context !== waiting.context || frame.command !== waiting.command) return
    if (this.#session !== 0 && frame.session !== this.#session) return
    if (frame.status === 0) waiting.resolve(frame)
    else this.#break(new DeviceError(`the device answered with status 0x${frame.status.toString(16)} of EtherNet/IP`))
  }

  #late(): DeviceError {
    return new DeviceError(noAnswerWithin(this.#settings.timeoutMs))
  }

  #broken(error: DeviceError): DeviceError {
    this.#break(error)
    return error
  }

  /** The next request connects again. */
  #break(error: DeviceError): void {
    const socket = this.#socket
    this.#socket = undefined
    this.#session = 0
    // What is on its way, the farewell, still goes out.
    socket?.destroySoon()
    setTimeout(() => socket?.destroy(), 100).unref()
    this.#waiting?.reject(error)
  }
}
