import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { encodeFrame, HandleFormatError, PacketJoiner, readOrUndefined, splitIntoPackets } from '../handle/handle.ts'
import { answerTo, type RecordSource, tooLongForUdp } from './answer.ts'
import { type Frame, FrameGatherer } from './frames.ts'
import { resolutionLimits } from './limits.ts'

export interface HandleServerOptions {
  host: string
  /** 2641 by custom; 0 takes a free one, the same for both transports. */
  port: number
  records: RecordSource
  clock: { now(): number }
}

/** Answers resolutions over UDP and TCP on one port. */
export class HandleServer {
  readonly #options: HandleServerOptions
  readonly #tcp: Server
  readonly #udp: UdpSocket
  readonly #joiner = new PacketJoiner()
  readonly #connections = new Set<Socket>()

  constructor(options: HandleServerOptions) {
    this.#options = options
    this.#tcp = createServer((socket) => this.#serve(socket))
    this.#tcp.maxConnections = resolutionLimits.tcpConnections
    this.#udp = createSocket(options.host.includes(':') ? 'udp6' : 'udp4')
    this.#udp.on('message', (datagram, from) => this.#take(datagram, from))
  }

  /** Resolves with the port when both transports listen. */
  async run(): Promise<number> {
    const { host, port } = this.#options
    this.#tcp.listen(port, host)
    await once(this.#tcp, 'listening')
    const bound = (this.#tcp.address() as AddressInfo).port
    try {
      this.#udp.bind(bound, host)
      await once(this.#udp, 'listening')
    } catch (error) {
      this.#tcp.close()
      throw error
    }
    return bound
  }

  async stop(): Promise<void> {
    for (const socket of this.#connections) socket.destroy()
    const closed = [once(this.#tcp, 'close'), once(this.#udp, 'close')]
    this.#tcp.close()
    this.#udp.close()
    await Promise.all(closed)
  }

  #take(datagram: Buffer, from: RemoteInfo): void {
    // Only a forged sender has port 0, and Node throws at sending there: one datagram would end the process.
    if (from.port === 0) return
    const now = this.#options.clock.now()
    // What is no packet has nobody to be answered to.
    const whole = readOrUndefined(() => this.#joiner.push(`${from.address} ${from.port}`, datagram, now))
    if (whole === undefined) return
    let answer = answerTo(whole.envelope, whole.message, this.#options.records, now)
    if (answer === undefined) return
    if (answer.message.length > resolutionLimits.udpAnswerBytes) answer = tooLongForUdp(answer)
    // What cannot be sent (no way to the address) is asked again.
    for (const packet of splitIntoPackets(answer.envelope, answer.message))
      this.#udp.send(packet, from.port, from.address, () => {})
  }

  #serve(socket: Socket): void {
    this.#connections.add(socket)
    const gatherer = new FrameGatherer()
    socket.setNoDelay(true)
    socket.setTimeout(resolutionLimits.tcpIdleMs, () => socket.destroy())
    socket.on('close', () => this.#connections.delete(socket))
    // A client that is gone needs no answer; 'close' follows.
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => this.#answer(socket, gatherer.push(chunk)))
  }

  /** Answers one after another, and waits, reading nothing, while the client does not take its answers. */
  #answer(socket: Socket, frames: Generator<Frame>): void {
    try {
      for (let next = frames.next(); !next.done; next = frames.next()) {
        const { envelope, message } = next.value
        const answer = answerTo(envelope, message, this.#options.records, this.#options.clock.now())
        if (answer === undefined) return void socket.destroy()
        const taken = socket.write(encodeFrame(answer.envelope, answer.message))
        if (!answer.keepConnection) return void socket.end()
        if (taken) continue
        socket.pause()
        return void socket.once('drain', () => this.#answer(socket, frames))
      }
      socket.resume()
    } catch (error) {
      if (!(error instanceof HandleFormatError)) throw error
      socket.destroy()
    }
  }
}
