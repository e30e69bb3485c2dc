import { gunzipSync } from 'node:zlib'
import {
  configurationBytesMax,
  type GatewayAsk,
  type GatewayRequest,
  gatewayTopics,
  type LogLines,
  type RunningConfiguration,
  type TagReading,
} from '@kapok/contracts/gateway-talk'
import type { Clock } from '@kapok/kit/clock'
import type { Log } from '@kapok/kit/log'
import { ReadGroup } from '../reading/read-group.ts'
import type { Readers, ReadTable } from '../reading/readers.ts'
import { besideEnglish, SaidError, type Words, wordsOf } from '../sentence.ts'
import type { Updater } from '../update/updater.ts'
import type { Uplink } from '../uplink.ts'
import { dryRun, triedSample } from './dry-run.ts'
import type { HealthReports } from './health.ts'
import type { ConfigurationVersion, KeptConfiguration } from './kept-configuration.ts'
import type { LogTail } from './log-tail.ts'
import { readManagedTable } from './managed-table.ts'

const stopMsMax = 3_000
const requestBytesMax = 8 * configurationBytesMax

export interface Managed {
  readers: Readers
  uplink: Uplink
  reports: HealthReports
  /** Undefined for a gateway whose tag table was given on the command line. */
  kept: KeptConfiguration | undefined
  clock: Clock
  log: Log
  logTail: LogTail
  updater: Updater
  /** Ends this run of the gateway and begins the next. */
  restart(): void
  /** Within this time after it was applied a configuration must have reached the platform. */
  trialMs: number
}

/** Does what the platform asks of this gateway, one thing after the other. */
export class Management {
  readonly #of: Managed
  #turn: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(of: Managed) {
    this.#of = of
  }

  take(payload: Uint8Array): void {
    this.#turn = this.#turn.then(async () => {
      if (this.#stopped) return
      try {
        await this.#do(JSON.parse(gunzipSync(payload, { maxOutputLength: requestBytesMax }).toString('utf8')))
      } catch (error) {
        this.#of.log.warn({ error: String(error) }, 'a request of the platform was not understood')
      }
    })
  }

  async #do(request: GatewayRequest): Promise<void> {
    const { log, uplink, updater } = this.#of
    log.info({ request: request.kind }, 'the platform asks')
    if (request.kind === 'apply') return this.#apply(request.id, request)
    if (request.kind === 'update') return updater.take(request)
    const answer = await this.#answerTo(request).then(
      (result) => ({ result }),
      (error: unknown) => refusalOf(wordsOf(error)),
    )
    await uplink.say(gatewayTopics.reply, 'reply', { id: request.id, ...answer })
  }

  async #answerTo(request: GatewayAsk): Promise<unknown> {
    const { readers, clock, logTail, restart } = this.#of
    switch (request.kind) {
      case 'dry-run':
        return dryRun(request.text, readers, clock)
      case 'read':
        return readTag(readers, request, clock)
      case 'logs':
        return { lines: [...logTail.lines] } satisfies LogLines
      case 'restart':
        // When the answer is on its way.
        setTimeout(restart, 500)
        return {}
      default:
        throw new SaidError({
          zh: `本网关不认识“${request.kind}”，请升级其软件。`,
          en: `This gateway does not know “${request.kind}”; update its software.`,
        })
    }
  }

  /** Runs another configuration; when it cannot start, or the platform is not reached with it, the last good one. */
  async #apply(order: string, next: ConfigurationVersion): Promise<void> {
    const { kept, readers, reports, clock, log, trialMs } = this.#of
    if (kept === undefined || kept.order === order) return
    kept.begin(order, { version: next.version, text: next.text })
    void reports.report()
    let before: ReadTable | undefined
    try {
      const table = await readManagedTable(next.text)
      before = readers.table
      if (this.#stopped) return
      await readers.run(table)
      await this.#reachesPlatform(trialMs)
      kept.commit()
      log.info({ version: next.version }, 'the configuration of the platform runs')
    } catch (error) {
      if (this.#stopped) return
      log.warn({ version: next.version, error: wordsOf(error).en }, 'the configuration is rolled back')
      kept.rollBack(wordsOf(error), clock.now())
      if (before !== undefined) await readers.run(before)
    }
    await reports.report()
  }

  /** A new connection with the new configuration, and a report over it that the platform acknowledged. */
  async #reachesPlatform(ms: number): Promise<void> {
    const { uplink, reports } = this.#of
    const deadline = performance.now() + ms
    await uplink.reconnect()
    while (!(uplink.state.connected && (await reports.report()))) {
      if (this.#stopped) throw new SaidError({ zh: '网关正在停止', en: 'the gateway ends' })
      if (performance.now() > deadline) throw new SaidError(notReachedWithin(Math.round(ms / 1_000)))
      await new Promise((go) => setTimeout(go, 100))
    }
  }

  /** What it does now comes to its end, or is left after a moment. */
  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.race([this.#turn, new Promise((go) => setTimeout(go, stopMsMax))])
  }
}

const notReachedWithin = (seconds: number) => ({
  zh: `使用该配置 ${seconds} s 内没有连上平台`,
  en: `the platform was not reached within ${seconds} s with this configuration`,
})

/** Reads a tag of a machine that runs, over the connection that it has. */
async function readTag(readers: Readers, ask: { device: string; property: string }, clock: Clock): Promise<TagReading> {
  const reader = readers.find(ask.device)
  if (reader === undefined)
    throw new SaidError({
      zh: `正在运行的配置中没有设备“${ask.device}”。`,
      en: `“${ask.device}” is no machine of the configuration that runs.`,
    })
  const { device, connection } = reader
  const tag = device.tags.find(({ property }) => property === ask.property)
  if (tag === undefined)
    throw new SaidError({
      zh: `设备“${ask.device}”没有属性“${ask.property}”的测点。`,
      en: `“${ask.device}” has no tag for the property “${ask.property}”.`,
    })
  const began = performance.now()
  const { samples } = await new ReadGroup(device.driver, device.settings, [tag]).read(connection, () => clock.now())
  const [sample] = samples
  if (sample === undefined) throw new SaidError({ zh: '设备没有给出值。', en: 'The machine answered nothing.' })
  return { ...triedSample(device, sample), at: sample.at, tookMs: Math.round(performance.now() - began) }
}

/** What runs, for the report. */
export function runningOf(kept: KeptConfiguration | undefined): RunningConfiguration {
  if (kept === undefined) return { source: 'local', version: null, trying: null, order: null, failed: null }
  const { good, trying, order, failed } = kept
  return { source: good === undefined ? 'none' : 'platform', version: good?.version ?? null, trying, order, failed }
}

const refusalOf = (words: Words) => ({ refused: words.en.slice(0, 1_000), ...besideEnglish(words, 1_000) })
