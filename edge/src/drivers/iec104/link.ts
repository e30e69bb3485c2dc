import type { Socket } from 'node:net'
import { DeviceError } from '../../driver.ts'
import { networkWordsOf } from '../../line-words.ts'
import { type Apdu, decodeApdu, encodeApdu, frameReader, sequenceModulus } from './codec.ts'

/** Parameters of a link (§9.6), as both stations have agreed on them. */
export interface LinkParameters {
  /** I frames sent and not yet acknowledged at most. */
  k: number
  /** I frames received after which at the latest they are acknowledged. */
  w: number
  /** For an acknowledgement or confirmation to come; without it the connection ends. */
  t1Ms: number
  /** After an I frame came, until it is acknowledged by an S frame. */
  t2Ms: number
  /** Without any frame, until the link is tested. */
  t3Ms: number
}

export interface LinkEvents {
  asdu(asdu: Buffer): void
  /** Data transfer has been started by the controlling station. */
  started?(): void
  /** Once; the link is of no use afterwards. */
  ended(error: DeviceError): void
  /** Whether this end neither hears nor says anything: a fault of a simulated station. */
  isMute?(): boolean
}

/** ASDUs that wait for an acknowledgement to make room; more means that the other station has stopped to listen. */
const queueMax = 10_000

/** One connection between a controlling and a controlled station (§5), either end of it. */
export class Link {
  readonly #socket: Socket
  readonly #parameters: LinkParameters
  readonly #events: LinkEvents
  readonly #queue: Buffer[] = []
  readonly #timers = new Map<'acknowledge' | 'start' | 'test' | 't2' | 't3', NodeJS.Timeout>()
  /** V(S), V(R) and the acknowledged number of §5.1. */
  #sent = 0
  #received = 0
  #acknowledged = 0
  #unacknowledgedByUs = 0
  #isStarted = false
  #ended = false
  #starting: PromiseWithResolvers<void> | undefined
  #testing: PromiseWithResolvers<void> | undefined

  constructor(socket: Socket, parameters: LinkParameters, events: LinkEvents) {
    this.#socket = socket
    this.#parameters = parameters
    this.#events = events
    const reader = frameReader()
    socket.on('data', (chunk) => {
      if (events.isMute?.()) return
      try {
        for (const frame of reader.push(chunk)) if (!this.#ended) this.#take(decodeApdu(frame))
      } catch (error) {
        this.end(error instanceof DeviceError ? error : new DeviceError(String(error), { cause: error }))
      }
    })
    socket.on('error', (error) => this.end(new DeviceError(networkWordsOf(error), { cause: error })))
    socket.on('close', () =>
      this.end(new DeviceError({ zh: '对方断开了连接', en: 'the other station ended the connection' })),
    )
    this.#arm('t3', parameters.t3Ms)
  }

  get isStarted(): boolean {
    return this.#isStarted
  }

  /** STARTDT: asks the controlled station for its data. Rejects when the link ends first. */
  start(): Promise<void> {
    this.#starting = Promise.withResolvers<void>()
    this.#write({ kind: 'U', function: 'startAct' })
    this.#arm('start', this.#parameters.t1Ms)
    return this.#starting.promise
  }

  /** TESTFR: resolves when the other station has shown that it is there. Rejects when the link ends first. */
  test(): Promise<void> {
    this.#testing ??= Promise.withResolvers<void>()
    this.#sendTest()
    return this.#testing.promise
  }

  #sendTest(): void {
    if (this.#timers.has('test')) return
    this.#write({ kind: 'U', function: 'testAct' })
    this.#arm('test', this.#parameters.t1Ms)
  }

  /** Sends an ASDU in its turn. */
  send(asdu: Buffer): void {
    if (this.#ended) return
    this.#queue.push(asdu)
    if (this.#queue.length > queueMax) this.end(new DeviceError(`more than ${queueMax} ASDUs wait to be sent`))
    else this.#flush()
  }

  end(error: DeviceError): void {
    if (this.#ended) return
    this.#ended = true
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#queue.length = 0
    this.#socket.destroy()
    this.#starting?.reject(error)
    this.#testing?.reject(error)
    this.#events.ended(error)
  }

  #take(apdu: Apdu): void {
    this.#arm('t3', this.#parameters.t3Ms)
    if (apdu.kind === 'U') {
      this.#takeUnnumbered(apdu.function)
      return
    }
    this.#acknowledge(apdu.received)
    if (apdu.kind === 'S') return
    if (!this.#isStarted) throw new DeviceError('an I frame came before data transfer was started')
    if (apdu.sent !== this.#received)
      throw new DeviceError(`an I frame came with the number ${apdu.sent} instead of ${this.#received}`)
    this.#received = (this.#received + 1) % sequenceModulus
    this.#unacknowledgedByUs++
    if (this.#unacknowledgedByUs >= this.#parameters.w) this.#supervise()
    else if (!this.#timers.has('t2')) this.#arm('t2', this.#parameters.t2Ms)
    this.#events.asdu(apdu.asdu)
  }

  #takeUnnumbered(received: Extract<Apdu, { kind: 'U' }>['function']): void {
    switch (received) {
      case 'startAct':
        this.#isStarted = true
        this.#write({ kind: 'U', function: 'startCon' })
        this.#events.started?.()
        break
      case 'startCon':
        this.#disarm('start')
        this.#isStarted = true
        this.#starting?.resolve()
        this.#starting = undefined
        break
      case 'stopAct':
        this.#isStarted = false
        this.#write({ kind: 'U', function: 'stopCon' })
        break
      case 'stopCon':
        this.#isStarted = false
        break
      case 'testAct':
        this.#write({ kind: 'U', function: 'testCon' })
        break
      case 'testCon':
        this.#disarm('test')
        this.#testing?.resolve()
        this.#testing = undefined
    }
  }

  /** The other station has received all I frames before `number`. */
  #acknowledge(number: number): void {
    const since = (number - this.#acknowledged + sequenceModulus) % sequenceModulus
    const outstanding = this.#outstanding()
    if (since > outstanding)
      throw new DeviceError(
        `I frames up to ${number} are acknowledged, of which only those up to ${this.#sent} were sent`,
      )
    if (since === 0) return
    this.#acknowledged = number
    this.#disarm('acknowledge')
    if (since < outstanding) this.#arm('acknowledge', this.#parameters.t1Ms)
    this.#flush()
  }

  #outstanding(): number {
    return (this.#sent - this.#acknowledged + sequenceModulus) % sequenceModulus
  }

  #flush(): void {
    while (this.#isStarted && this.#outstanding() < this.#parameters.k) {
      const asdu = this.#queue.shift()
      if (asdu === undefined) return
      this.#write({ kind: 'I', sent: this.#sent, received: this.#received, asdu })
      this.#sent = (this.#sent + 1) % sequenceModulus
      this.#nothingToAcknowledge()
      if (!this.#timers.has('acknowledge')) this.#arm('acknowledge', this.#parameters.t1Ms)
    }
  }

  /** Acknowledges by an S frame. */
  #supervise(): void {
    if (this.#unacknowledgedByUs === 0) return
    this.#write({ kind: 'S', received: this.#received })
    this.#nothingToAcknowledge()
  }

  #nothingToAcknowledge(): void {
    this.#unacknowledgedByUs = 0
    this.#disarm('t2')
  }

  #write(apdu: Apdu): void {
    if (!this.#ended && !this.#events.isMute?.()) this.#socket.write(encodeApdu(apdu))
  }

  #arm(name: 'acknowledge' | 'start' | 'test' | 't2' | 't3', ms: number): void {
    this.#disarm(name)
    this.#timers.set(
      name,
      setTimeout(() => this.#due(name), ms),
    )
  }

  #disarm(name: 'acknowledge' | 'start' | 'test' | 't2' | 't3'): void {
    clearTimeout(this.#timers.get(name))
    this.#timers.delete(name)
  }

  #due(name: 'acknowledge' | 'start' | 'test' | 't2' | 't3'): void {
    this.#timers.delete(name)
    const { t1Ms, t3Ms } = this.#parameters
    if (name === 't2') {
      this.#supervise()
      return
    }
    if (name === 't3') {
      this.#sendTest()
      this.#arm('t3', t3Ms)
      return
    }
    const what = { acknowledge: 'acknowledgement', start: 'confirmation of STARTDT', test: 'confirmation of TESTFR' }[
      name
    ]
    this.end(new DeviceError(`no ${what} within t1 = ${t1Ms} ms`))
  }
}
