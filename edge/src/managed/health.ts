import {
  type DeviceHealth,
  devicesInHealthMax,
  type GatewayHealth,
  gatewayTopics,
  type RunningConfiguration,
} from '@kapok/contracts/gateway-talk'
import type { Clock } from '@kapok/kit/clock'
import type { EdgeBuffer } from '../buffer/buffer.ts'
import { quality } from '../driver.ts'
import type { Northbounds } from '../northbound/northbounds.ts'
import type { DeviceState } from '../reading/reader.ts'
import type { Updater } from '../update/updater.ts'
import type { Uplink } from '../uplink.ts'
import { gatewayVersion } from '../version.ts'

const reportEveryMs = 15_000
const lookEveryMs = 1_000
const errorLettersMax = 500

/** What a report is made of; asked anew each time. */
export interface Reported {
  devices(): readonly DeviceState[]
  northbound(): Northbounds['states']
  buffer: EdgeBuffer
  clock: Clock
  beganAt: number
  configuration(): RunningConfiguration
  updater: Updater
}

/** Tells the platform how this gateway is: every 15 s, when it comes back, and within a second when something changed. */
export class HealthReports {
  readonly #of: Reported
  readonly #uplink: Uplink
  readonly #timer: NodeJS.Timeout
  #saidAt = Number.NEGATIVE_INFINITY
  #said = ''
  #saying = false

  constructor(of: Reported, uplink: Uplink) {
    this.#of = of
    this.#uplink = uplink
    this.#timer = setInterval(() => void this.#look(), lookEveryMs)
  }

  async #look(): Promise<void> {
    if (!this.#uplink.state.connected) {
      this.#said = ''
      return
    }
    if (this.#saying || (performance.now() - this.#saidAt < reportEveryMs && this.#said === this.#stateNow())) return
    await this.report()
  }

  /** What is told at once when it changes; numbers wait for their turn. */
  #stateNow(): string {
    const devices = this.#of.devices().map(({ name, connected }) => `${name} ${connected}`)
    for (const { name, phase } of this.#of.northbound()) devices.push(`${name} ${phase}`)
    return [JSON.stringify(this.#of.configuration()), softwareNow(this.#of), ...devices].join('\n')
  }

  /** Reports now; whether the platform has it. */
  async report(): Promise<boolean> {
    this.#saying = true
    const state = this.#stateNow()
    const taken = await this.#uplink.say(gatewayTopics.health, 'health', healthOf(this.#of))
    this.#saying = false
    if (!taken) return false
    this.#saidAt = performance.now()
    this.#said = state
    this.#of.updater.reported()
    return true
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}

/** Of a download every twentieth is told at once. */
function softwareNow({ updater }: Reported): string {
  const { doing, ...software } = updater.software
  const twentieth = doing === null || doing.total === 0 ? 0 : Math.floor((20 * doing.bytes) / doing.total)
  return JSON.stringify([software, doing && { ...doing, bytes: twentieth }])
}

function healthOf({ devices, northbound, buffer, clock, beganAt, configuration, updater }: Reported): GatewayHealth {
  const { points, bytes, lost } = buffer.tally()
  const [oldest] = buffer.waiting(0, Number.MAX_SAFE_INTEGER, 1)
  const all = devices().map(deviceHealthOf)
  return {
    at: clock.now(),
    version: gatewayVersion,
    uptimeMs: Math.max(0, Math.round(performance.now() - beganAt)),
    software: updater.software,
    configuration: configuration(),
    devices: all.toSorted((a, b) => troubleOf(b) - troubleOf(a)).slice(0, devicesInHealthMax),
    devicesTotal: all.length,
    brokers: northbound().map(({ kind, name, phase, lastError, waiting }) => ({
      ...{ kind, phase, waiting, name: name.slice(kind.length + 1) },
      lastError: lastError?.slice(0, errorLettersMax) ?? null,
    })),
    backlog: { points, bytes, oldestAt: oldest?.firstAt ?? null },
    lost,
  }
}

const troubleOf = ({ connected, bad }: DeviceHealth) => (connected ? 0 : 2) + (bad > 0 ? 1 : 0)

function deviceHealthOf({ name, protocol, connected, lastError, lastErrorZh, values }: DeviceState): DeviceHealth {
  const tags = Object.values(values)
  const good = tags.filter((tag) => tag.quality === quality.good).length
  return {
    name,
    protocol,
    connected,
    lastError: lastError?.slice(0, errorLettersMax) ?? null,
    ...(lastErrorZh !== undefined && lastErrorZh !== lastError && { zh: lastErrorZh.slice(0, errorLettersMax) }),
    good,
    bad: tags.length - good,
  }
}
