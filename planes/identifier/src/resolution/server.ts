import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import {
  encodeFrame,
  envelopeBytes,
  HandleFormatError,
  handleLimits,
  PacketJoiner,
  readOrUndefined,
  splitIntoPackets,
} from '../handle/handle.ts'
import { rateLimits } from '../rate/limits.ts'
import { Rates } from '../rate/rates.ts'
import { type Answer, refusedFrame, tooLongForUdp } from './exchange.ts'
import { type Frame, FrameGatherer } from './frames.ts'
import { resolutionLimits } from './limits.ts'
import { UdpBudget } from './udp-budget.ts'

export interface HandleServerOptions {
  host: string
  /** 2641 by custom; 0 takes a free one, the same for both transports. */
  port: number
  /** Undefined for what is to be left without an answer. Never rejects. */
  answer(frame: Frame): Answer | undefined | Promise<Answer | undefined>
  /** What the node counts of each address; the defaults when nothing is said. */
  rates?: Rates
  clock: { now(): number }
}

/** Takes messages over UDP and TCP on one port and sends what is said to them. */
export class HandleServer {
  readonly #options: HandleServerOptions
  readonly #tcp: Server
  readonly #udp: UdpSocket
  readonly #joiner = new PacketJoiner()
  readonly #connections = new Set<Socket>()
  readonly #budget = new UdpBudget()
  readonly #rates: Rates
  #toldAtMs = 0
  #waitingByUdp = 0

  constructor(options: HandleServerOptions) {
    this.#options = options
    this.#rates = options.rates ?? new Rates()
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

  /** Ends every connection; a second time does nothing. */
  async stop(): Promise<void> {
    if (!this.#tcp.listening) return
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
    const whole: Frame | undefined = readOrUndefined(() =>
      this.#joiner.push(`${from.address} ${from.port}`, datagram, now),
    )
    // Whoever asks by UDP asks again when nothing comes.
    if (whole === undefined || this.#waitingByUdp >= resolutionLimits.udpWaiting) return
    const tooMuch = this.#rates.request(from.address, now)
    if (tooMuch) {
      if (now - this.#toldAtMs < rateLimits.toldByUdpMs) return
      this.#toldAtMs = now
      this.#sendByUdp(refusedFrame(whole, tooMuch, now), from)
      return
    }
    whole.from = from.address
    whole.byUdp = true
    const answer = this.#options.answer(whole)
    if (answer instanceof Promise) {
      this.#waitingByUdp++
      void answer.then((later) => {
        this.#waitingByUdp--
        this.#sendByUdp(later, from)
      })
    } else this.#sendByUdp(answer, from)
  }

  #sendByUdp(answer: Answer | undefined, from: RemoteInfo): void {
    if (answer === undefined) return
    const bytes = answer.message.length + envelopeBytes
    const { envelope, message, frame } =
      bytes > resolutionLimits.udpAnswerBytes || !this.#budget.allows(from.address, bytes, this.#options.clock.now())
        ? tooLongForUdp(answer)
        : answer
    const whole = frame && frame.length <= handleLimits.packetBytes ? [frame] : splitIntoPackets(envelope, message)
    try {
      // What cannot be sent (no way to the address) is asked again.
      for (const packet of whole) this.#udp.send(packet, from.port, from.address, () => {})
    } catch (error) {
      // An answer that comes after the socket was closed is nobody's.
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SOCKET_DGRAM_NOT_RUNNING') throw error
    }
  }

  #serve(socket: Socket): void {
    this.#connections.add(socket)
    const { answer, clock } = this.#options
    const from = socket.remoteAddress
    // Who is not counted is not asked about, message by message.
    const counted = this.#rates.counts(from)
    const conversation = new Conversation(socket, (frame) => {
      const tooMuch = counted ? this.#rates.request(from, clock.now()) : undefined
      frame.from = from
      return tooMuch ? refusedFrame(frame, tooMuch, clock.now()) : answer(frame)
    })
    socket.setNoDelay(true)
    socket.setTimeout(resolutionLimits.tcpIdleMs, () => socket.destroy())
    socket.on('close', () => this.#connections.delete(socket))
    // A client that is gone needs no answer; 'close' follows.
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => conversation.take(chunk))
  }
}

/**
 * One connection. What can be said at once is said in order; what has to wait is said when it is there, known by its request's
 * id, so that a dead node elsewhere holds nothing up here. Reads nothing while the client does not take its answers or too
 * many wait.
 */
class Conversation {
  readonly #socket: Socket
  readonly #answer: HandleServerOptions['answer']
  readonly #gatherer = new FrameGatherer()
  #waiting = 0
  #ends = false

  constructor(socket: Socket, answer: HandleServerOptions['answer']) {
    this.#socket = socket
    this.#answer = answer
  }

  take(chunk: Buffer): void {
    this.#go(this.#gatherer.push(chunk))
  }

  #go(frames: Generator<Frame>): void {
    const socket = this.#socket
    // What one chunk asked for leaves together.
    socket.cork()
    try {
      for (let next = frames.next(); !next.done && !this.#ends; next = frames.next()) {
        const answer = this.#answer(next.value)
        if (answer === undefined) return void socket.destroy()
        if (answer instanceof Promise) {
          this.#waiting++
          void answer.then((later) => {
            this.#waiting--
            if (later === undefined) socket.destroy()
            else this.#say(later)
          })
          if (this.#waiting < resolutionLimits.tcpWaiting) continue
          socket.pause()
          return void answer.then(() => this.#go(frames))
        }
        if (this.#say(answer)) continue
        socket.pause()
        return void socket.once('drain', () => this.#go(frames))
      }
      socket.resume()
    } catch (error) {
      if (!(error instanceof HandleFormatError)) throw error
      socket.destroy()
    } finally {
      socket.uncork()
    }
  }

  #say({ envelope, message, frame, keepConnection }: Answer): boolean {
    if (!keepConnection) this.#ends = true
    const taken = this.#socket.write(frame ?? encodeFrame(envelope, message))
    if (this.#ends && this.#waiting === 0) this.#socket.end()
    return taken
  }
}
