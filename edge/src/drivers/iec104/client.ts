import { connect } from 'node:net'
import { DeviceError, RefusedRequest } from '../../driver.ts'
import { noConnectionWithin } from '../../line-words.ts'
import { joined, wordsOf } from '../../sentence.ts'
import { type Asdu, causes, causeWord, decodeAsdu, encodeAsdu } from './codec.ts'
import type { Iec104Settings } from './driver.ts'
import {
  type Commanded,
  codeOf,
  commanded,
  counterInterrogation,
  decodePoint,
  elementBytes,
  encodeCommand,
  interrogation,
  type Point,
  typeOf,
} from './elements.ts'
import { Link } from './link.ts'

interface Waiting {
  /** True when the ASDU was the last one that was waited for. Throws what it refuses. */
  take(asdu: Asdu): boolean
  settle(error?: Error): void
}

interface StationEvents {
  /** A value came, in the order of sending. */
  point(object: number, point: Point): void
  /** The link ended after it had been whole. */
  lost(error: DeviceError): void
}

/** A controlled station as the controlling one sees it: its last values, interrogations and commands. */
export class Station {
  readonly #settings: Iec104Settings
  readonly #events: StationEvents
  readonly #waiting: Waiting[] = []
  /** Last values since the connection began, by object address. */
  readonly #image = new Map<number, Point>()
  #link: Link | undefined
  #connecting: Promise<Link> | undefined
  #interrogating: Promise<void> | undefined
  #isInterrogated = false
  #commands: Promise<unknown> = Promise.resolve()
  #strange: number | undefined
  #closed = false

  constructor(settings: Iec104Settings, events: StationEvents) {
    this.#settings = settings
    this.#events = events
  }

  last(object: number): Point | undefined {
    return this.#image.get(object)
  }

  /** All that the station has sent since the connection began, by object address. */
  get points(): ReadonlyMap<number, Point> {
    return this.#image
  }

  /**
   * Makes sure that the station is there and that a general interrogation over this link has ended; another one is made
   * when `again`, a test of the link otherwise.
   */
  async interrogated(again: boolean): Promise<void> {
    const link = await this.#connected()
    if (this.#isInterrogated && !again) {
      await link.test().catch((cause) => this.#fail(cause))
      return
    }
    this.#interrogating ??= this.#interrogate(link, interrogation.type, interrogation.station, 'general interrogation')
      .then(() => {
        if (this.#link === link) this.#isInterrogated = true
      })
      .finally(() => {
        this.#interrogating = undefined
      })
    await this.#interrogating
  }

  /** Has the station send its integrated totals (C_CI_NA_1). */
  async countersInterrogated(): Promise<void> {
    const { type, general } = counterInterrogation
    await this.#interrogate(await this.#connected(), type, general, 'counter interrogation')
  }

  /** Carries out a command, after selecting it where the settings say so. Rejects with RefusedRequest or DeviceError. */
  command(kind: Commanded, object: number, value: number): Promise<void> {
    const mine = this.#commands.then(async () => {
      const link = await this.#connected()
      if (this.#settings.command === 'select') await this.#confirm(link, kind, object, value, true)
      await this.#confirm(link, kind, object, value, false)
    })
    this.#commands = mine.catch(() => {})
    return mine
  }

  close(): void {
    this.#closed = true
    this.#link?.end(new DeviceError('closed'))
  }

  #connected(): Promise<Link> {
    if (this.#closed) return Promise.reject(new DeviceError('closed'))
    if (this.#link?.isStarted) return Promise.resolve(this.#link)
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined
    })
    return this.#connecting
  }

  async #connect(): Promise<Link> {
    const { host, port, timeoutMs } = this.#settings
    const socket = connect({ host, port, noDelay: true })
    let whole = false
    const link = new Link(socket, this.#settings, {
      asdu: (bytes) => this.#take(bytes),
      ended: (cause) => {
        const error = new DeviceError(joined`${this.#name}: ${wordsOf(cause)}`, { cause })
        if (this.#link === link) this.#forget(error)
        if (whole && !this.#closed) this.#events.lost(error)
      },
    })
    this.#link = link
    const timer = setTimeout(() => link.end(new DeviceError(noConnectionWithin(timeoutMs))), timeoutMs)
    try {
      await link.start()
    } catch (cause) {
      this.#fail(cause)
    } finally {
      clearTimeout(timer)
    }
    whole = true
    return link
  }

  #fail(cause: unknown): never {
    throw new DeviceError(joined`${this.#name}: ${wordsOf(cause)}`, { cause })
  }

  #forget(error: DeviceError): void {
    this.#link = undefined
    this.#isInterrogated = false
    this.#image.clear()
    for (const waiting of [...this.#waiting]) waiting.settle(error)
  }

  get #name(): string {
    const { host, port, commonAddress } = this.#settings
    return `${host}:${port}, common address ${commonAddress}`
  }

  #take(bytes: Buffer): void {
    const { commonAddress, utcOffsetMinutes } = this.#settings
    const asdu = decodeAsdu(bytes, this.#settings, elementBytes)
    if (asdu === undefined || asdu.isTest) return
    if (asdu.commonAddress !== commonAddress) {
      this.#strange = asdu.commonAddress
      return
    }
    const type = typeOf(asdu.type)
    const isCommand = type?.kind === undefined || commanded.includes(type.kind as Commanded)
    if (isCommand) {
      this.#waiting.find((waiting) => takes(waiting, asdu))
      return
    }
    const now = Date.now()
    for (const { address, element } of asdu.objects) {
      const point = decodePoint(type, element, utcOffsetMinutes, now)
      if (this.#image.size < imageMax || this.#image.has(address)) this.#image.set(address, point)
      this.#events.point(address, point)
    }
  }

  /** Asks and waits for activation termination. */
  #interrogate(link: Link, type: number, qualifier: number, what: string): Promise<void> {
    const element = Buffer.of(qualifier)
    return this.#activate(link, type, 0, element, what, (cause) => cause === causes.activationTermination).catch(
      (error) => {
        // An interrogation is for all points: with fewer of them it would be the same again.
        throw error instanceof RefusedRequest ? new DeviceError(error.message, { cause: error }) : error
      },
    )
  }

  #confirm(link: Link, kind: Commanded, object: number, value: number, isSelect: boolean): Promise<void> {
    const element = encodeCommand(kind, value, isSelect)
    const what = `${isSelect ? 'selection' : 'execution'} of ${kind} ${object}`
    return this.#activate(
      link,
      codeOf(kind, 0),
      object,
      element,
      what,
      (cause) => cause === causes.activationConfirmation,
    )
  }

  #activate(
    link: Link,
    type: number,
    object: number,
    element: Buffer,
    what: string,
    isLast: (cause: number) => boolean,
  ): Promise<void> {
    const { commonAddress, timeoutMs } = this.#settings
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiting: Waiting = {
      take: (asdu) => {
        const [mirrored] = asdu.objects
        const isOurs = asdu.type === type && mirrored?.address === object && mirrored.element.equals(element)
        if (!isOurs) return false
        if (asdu.isNegative || asdu.cause >= causes.unknownType)
          throw new RefusedRequest(`${this.#name}: ${what} is refused: ${causeWord(asdu.cause)}`)
        return isLast(asdu.cause)
      },
      settle: (error) => {
        const index = this.#waiting.indexOf(waiting)
        if (index === -1) return
        this.#waiting.splice(index, 1)
        clearTimeout(timer)
        if (error === undefined) resolve()
        else reject(error)
      },
    }
    const timer = setTimeout(() => {
      const strange = this.#strange === undefined ? '' : `; it sent for common address ${this.#strange}`
      waiting.settle(new DeviceError(`${this.#name}: no answer to ${what} within ${timeoutMs} ms${strange}`))
    }, timeoutMs)
    this.#waiting.push(waiting)
    this.#strange = undefined
    const asdu = { type, cause: causes.activation, isNegative: false, isTest: false, commonAddress }
    link.send(encodeAsdu({ ...asdu, objects: [{ address: object, element }] }, this.#settings))
    return promise
  }
}

/** Object addresses whose last value is kept at most. */
const imageMax = 100_000

function takes(waiting: Waiting, asdu: Asdu): boolean {
  try {
    if (!waiting.take(asdu)) return false
    waiting.settle()
  } catch (error) {
    waiting.settle(error instanceof Error ? error : new DeviceError(String(error)))
  }
  return true
}
