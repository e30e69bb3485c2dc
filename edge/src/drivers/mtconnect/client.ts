import { DeviceError, RefusedRequest } from '../../driver.ts'
import { networkWordsOf, noAnswerWithin } from '../../line-words.ts'
import { joined } from '../../sentence.ts'
import {
  type DevicesDocument,
  documentBytesMax,
  type MtconnectDocument,
  parseDocument,
  type StreamsDocument,
} from './codec.ts'
import { MultipartReader } from './multipart.ts'

export interface MtconnectSettings {
  /** Of the agent, `http://host:5000`. */
  url: string
  /** Name or uuid of one device of the agent; all of them when absent. */
  device: string | undefined
  /** Whether the agent streams (`interval`), or is asked each period (`from`, `count`). */
  streaming: boolean
  /** After so long without news the agent says that it lives, ms. */
  heartbeatMs: number
  /** Observations in one answer at most. */
  count: number
  timeoutMs: number
}

/** The agent no longer has, or not yet has, what was asked for. */
export class OutOfRange extends RefusedRequest {}

/** Asks an agent (MTConnect Part 1 §8). */
export class MtconnectClient {
  readonly #settings: MtconnectSettings
  readonly #closing = new AbortController()

  constructor(settings: MtconnectSettings) {
    this.#settings = settings
  }

  close(): void {
    this.#closing.abort(new DeviceError('the connection was closed'))
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted
  }

  async probe(withinMs = this.#settings.timeoutMs): Promise<DevicesDocument> {
    const document = await this.#ask('probe', {}, withinMs)
    if (document.kind !== 'devices') throw new DeviceError(`answered probe with ${document.kind}`)
    return document
  }

  async current(withinMs = this.#settings.timeoutMs): Promise<StreamsDocument> {
    return this.#streams('current', await this.#ask('current', {}, withinMs))
  }

  async sample(from: number): Promise<StreamsDocument> {
    return this.#streams('sample', await this.#ask('sample', { from, count: this.#settings.count }))
  }

  /**
   * Documents as the agent sends them, until the connection ends. An agent that answers with a single one has ended it:
   * it cannot stream. Rejects with DeviceError when even the heartbeat is missing.
   */
  async *stream(from: number, intervalMs: number): AsyncGenerator<StreamsDocument> {
    const { count, heartbeatMs, timeoutMs } = this.#settings
    const watchdog = new Watchdog(timeoutMs, this.#closing.signal)
    try {
      const response = await this.#fetch(
        'sample',
        { from, count, interval: intervalMs, heartbeat: heartbeatMs },
        watchdog.signal,
      )
      const reader = MultipartReader.of(response.headers.get('content-type'))
      if (reader === undefined) {
        yield this.#streams('sample', parseDocument(await textOf(response)))
        return
      }
      for await (const chunk of response.body ?? []) {
        watchdog.feed(heartbeatMs + timeoutMs)
        for (const part of reader.push(chunk)) yield this.#streams('sample', parseDocument(part))
      }
    } catch (error) {
      throw deviceError(error, watchdog.signal)
    } finally {
      watchdog.stop()
    }
  }

  #streams(request: string, document: MtconnectDocument): StreamsDocument {
    if (document.kind === 'error') throw refusalOf(document.errors)
    if (document.kind !== 'streams') throw new DeviceError(`answered ${request} with ${document.kind}`)
    const { device } = this.#settings
    const isOther = (name: string) => name.toUpperCase() !== device?.toUpperCase()
    if (device !== undefined && document.devices.length > 0 && document.devices.every(isOther))
      throw new DeviceError(`answered for ${document.devices[0]?.slice(0, 60)} instead of ${device}`)
    return document
  }

  async #ask(
    request: string,
    parameters: Record<string, number>,
    withinMs = this.#settings.timeoutMs,
  ): Promise<MtconnectDocument> {
    const watchdog = new Watchdog(withinMs, this.#closing.signal)
    try {
      const response = await this.#fetch(request, parameters, watchdog.signal)
      const document = parseDocument(await textOf(response))
      if (document.kind === 'error') throw refusalOf(document.errors)
      return document
    } catch (error) {
      throw deviceError(error, watchdog.signal)
    } finally {
      watchdog.stop()
    }
  }

  async #fetch(request: string, parameters: Record<string, number>, signal: AbortSignal): Promise<Response> {
    const { url, device } = this.#settings
    const path = device === undefined ? request : `${encodeURIComponent(device)}/${request}`
    const query = Object.entries(parameters).map(([key, value]) => `${key}=${value}`)
    const response = await fetch(
      `${url.replace(/\/$/, '')}/${path}${query.length === 0 ? '' : `?${query.join('&')}`}`,
      {
        headers: { accept: 'text/xml, application/xml, multipart/x-mixed-replace' },
        redirect: 'error',
        signal,
      },
    )
    // An agent explains its refusals in XML, whatever the status.
    if (response.ok || /xml/i.test(response.headers.get('content-type') ?? '')) return response
    await response.body?.cancel()
    throw new RefusedRequest(`the agent answered ${request} with status ${response.status}`)
  }
}

function refusalOf(errors: readonly { code: string; message: string }[]): RefusedRequest {
  const words = errors.map(({ code, message }) => `${code}: ${message}`).join('; ')
  const isOutOfRange = errors.some(({ code }) => /^out_?of_?range$/i.test(code))
  return new (isOutOfRange ? OutOfRange : RefusedRequest)(`the agent refused: ${words}`)
}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > documentBytesMax) throw new DeviceError('the document is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Aborts when it was not fed in time, or when the connection is closed. */
class Watchdog {
  readonly #controller = new AbortController()
  readonly #closing: AbortSignal
  readonly #onClose = () => this.#controller.abort(this.#closing.reason)
  #timer: NodeJS.Timeout | undefined

  constructor(ms: number, closing: AbortSignal) {
    this.#closing = closing
    if (closing.aborted) this.#onClose()
    closing.addEventListener('abort', this.#onClose)
    this.feed(ms)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  feed(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#controller.abort(new DeviceError(noAnswerWithin(ms))), ms)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#closing.removeEventListener('abort', this.#onClose)
    // Ends a stream that nobody reads any more.
    this.#controller.abort()
  }
}

function deviceError(error: unknown, signal: AbortSignal): DeviceError {
  if (error instanceof DeviceError) return error
  if (signal.reason instanceof DeviceError) return signal.reason
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const away = { zh: '连不上代理', en: 'the agent cannot be reached' }
  return new DeviceError(joined`${away}: ${networkWordsOf(cause)}`, { cause: error })
}
