import { createSocket, type Socket } from 'node:dgram'
import { DeviceError } from '../../driver.ts'
import { networkWordsOf, noAnswerWithin } from '../../line-words.ts'
import { joined } from '../../sentence.ts'
import type { Exchange, Nodes, TransportOptions } from './transport.ts'

/** Requests that wait for their turn at most. */
const queueMax = 1_000
/** A request is sent this often within its time, in case it or its answer gets lost. */
const sendings = 3
/**
 * Each service ID is used once in the life of a socket, and after a time-out the next socket is taken: so a late or double
 * answer finds either nobody who waits for its service ID or a port that is closed.
 */
const requestsOfSocket = 255

interface Open {
  socket: Socket
  nodes: Nodes
  used: number
}

/** FINS/UDP, one request at a time, sent again when nothing comes. */
export class UdpTransport {
  readonly #options: TransportOptions
  #open: Open | undefined
  #opening: Promise<Open> | undefined
  #tail: Promise<unknown> = Promise.resolve()
  #queued = 0
  #closed = false
  /** Ends what is on the way. */
  #abort: ((error: Error) => void) | undefined

  constructor(options: TransportOptions) {
    this.#options = options
  }

  readonly exchange: Exchange = async (encode, accept) => {
    if (this.#closed) throw new DeviceError('closed')
    if (this.#queued >= queueMax) throw new DeviceError('too many requests wait for this device')
    const deadline = Date.now() + this.#options.timeoutMs
    this.#queued++
    const turn = this.#tail.then(() => this.#request(encode, accept, deadline))
    this.#tail = turn.catch(() => undefined)
    return await turn.finally(() => this.#queued--)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#abort?.(new DeviceError('closed'))
    this.#drop()
    await this.#tail
  }

  async #request<T>(
    encode: Parameters<Exchange>[0],
    accept: (frame: Buffer, nodes: Nodes, serviceId: number) => T | undefined,
    deadline: number,
  ): Promise<T> {
    if (this.#closed) throw new DeviceError('closed')
    const { host, port, timeoutMs } = this.#options
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    this.#abort = reject
    const late = new DeviceError(joined`${host}:${port}: ${noAnswerWithin(timeoutMs)}`)
    const timer = setTimeout(() => reject(late), Math.max(1, deadline - Date.now()))
    let again: NodeJS.Timeout | undefined
    try {
      // Nothing was sent yet, so that it can only reject.
      const open = await Promise.race([this.#socket(), promise as Promise<never>])
      const serviceId = ++open.used
      open.socket.on('message', (frame) => {
        try {
          const result = accept(frame, open.nodes, serviceId)
          if (result !== undefined) resolve(result)
        } catch (error) {
          reject(error)
        }
      })
      const bytes = encode(open.nodes, serviceId)
      open.socket.send(bytes)
      again = setInterval(() => open.socket.send(bytes), Math.max(10, timeoutMs / sendings))
      const result = await promise
      if (open.used >= requestsOfSocket) this.#drop()
      return result
    } catch (error) {
      if (error === late) this.#drop()
      throw error
    } finally {
      clearTimeout(timer)
      clearInterval(again)
      this.#open?.socket.removeAllListeners('message')
      this.#abort = undefined
    }
  }

  #socket(): Promise<Open> {
    if (this.#open !== undefined) return Promise.resolve(this.#open)
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = undefined
    })
    return this.#opening
  }

  async #connect(): Promise<Open> {
    const { host, port, sourceNode, destinationNode } = this.#options
    const socket = createSocket('udp4')
    const fail = (cause: Error) => new DeviceError(joined`${host}:${port}: ${networkWordsOf(cause)}`, { cause })
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    socket.on('error', (cause) => {
      reject(fail(cause))
      if (this.#open?.socket !== socket) return
      this.#abort?.(fail(cause))
      this.#drop()
    })
    socket.connect(port, host, (cause?: Error | null) => (cause ? reject(fail(cause)) : resolve()))
    try {
      await promise
      if (this.#closed) throw new DeviceError('closed')
    } catch (error) {
      socket.close()
      throw error
    }
    const nodes = {
      source: sourceNode ?? lastNumber(socket.address().address),
      destination: destinationNode ?? lastNumber(socket.remoteAddress().address),
    }
    this.#open = { socket, nodes, used: 0 }
    return this.#open
  }

  #drop(): void {
    this.#open?.socket.close()
    this.#open = undefined
  }
}

/** Omron's units take the last number of their IP address as their node number. */
const lastNumber = (address: string) => Number(address.split('.').at(-1))
