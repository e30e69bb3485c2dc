import type { Clock } from '@kapok/kit/clock'
import type { Log } from '@kapok/kit/log'
import type { EdgeBuffer } from './buffer.ts'
import { ModbusClient } from './modbus/client.ts'
import { type Block, planBlocks, valuesOf } from './read-plan.ts'
import type { EdgeDevice, Tag } from './tag-table.ts'

export interface DeviceState {
  name: string
  address: string
  connected: boolean
  lastRead: number | undefined
  reads: number
  errors: number
  lastError: string | undefined
  values: Record<string, { at: number; value: number | boolean }>
}

export interface Reader {
  state: DeviceState
  stop(): Promise<void>
}

const backOffMsMax = 30_000

const wordsOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

/** One line when it begins and one at each doubling, not one a second for a machine that is off all night. */
const isDoubling = (n: number) => n > 0 && (n & (n - 1)) === 0

/** Reads one device on its period, on its own connection, so that a dead one delays nobody. */
export function startReader(device: EdgeDevice, buffer: EdgeBuffer, clock: Clock, log: Log): Reader {
  const client = new ModbusClient({ host: device.host, port: device.port, inFlightMax: 4, timeoutMs: 3_000 })
  const blocks = planBlocks(device.tags)
  const sent = new Map<Tag, { at: number; value: number | boolean }>()
  const state: DeviceState = {
    name: device.name,
    address: `${device.host}:${device.port}/${device.unit}`,
    connected: false,
    lastRead: undefined,
    reads: 0,
    errors: 0,
    lastError: undefined,
    values: {},
  }
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let failures = 0
  let partial = 0
  let round: Promise<void> = Promise.resolve()

  /** Reads every block; one that fails (a wrong address, say) takes nothing from the others. */
  async function readOnce(): Promise<void> {
    const outcomes = await Promise.allSettled(blocks.map(readBlock))
    const values = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : []))
    buffer.append(values.map(({ tag, at, value }) => ({ device: device.name, property: tag.property, at, value })))
    // Only what is on disk counts as sent: a value that a full disk refused is tried again.
    for (const { tag, at, value } of values) sent.set(tag, { at, value })
    const failed = outcomes.filter((outcome) => outcome.status === 'rejected')
    if (failed.length === outcomes.length) throw failed[0]?.reason
    state.connected = true
    state.reads++
    if (failures > 0) log.info({ device: device.name }, 'the device answers again')
    failures = 0
    state.lastError = failed.length === 0 ? undefined : wordsOf(failed[0]?.reason)
    state.errors += failed.length
    partial = failed.length === 0 ? 0 : partial + 1
    if (isDoubling(partial))
      log.warn({ device: device.name, error: state.lastError }, 'a part of the device cannot be read')
  }

  async function readBlock(block: Block) {
    const asked = clock.now()
    const data = await client.read({ unit: device.unit, area: block.area, address: block.address, count: block.count })
    const answered = clock.now()
    // The machine gives no time: the middle of the request is nearest to when it looked.
    const at = Math.round((asked + answered) / 2)
    state.lastRead = answered
    return valuesOf(block, data).flatMap(([tag, value]) => {
      state.values[tag.property] = { at, value }
      if (!worthSending(tag, value, at)) return []
      return [{ tag, at, value }]
    })
  }

  function worthSending(tag: Tag, value: number | boolean, at: number): boolean {
    const last = sent.get(tag)
    if (last === undefined || at - last.at >= device.heartbeatMs || at < last.at) return true
    if (typeof value === 'boolean' || typeof last.value === 'boolean') return value !== last.value
    return Math.abs(value - last.value) > tag.deadBand
  }

  async function loop(): Promise<void> {
    try {
      await readOnce()
    } catch (error) {
      state.connected = false
      state.errors++
      state.lastError = wordsOf(error)
      failures++
      if (isDoubling(failures))
        log.warn({ device: device.name, failures, error: state.lastError }, 'the device cannot be read')
    }
    if (stopped) return
    const wait =
      failures === 0 ? device.periodMs : Math.min(backOffMsMax, device.periodMs * 2 ** Math.min(failures, 10))
    // On the grid of the period, so that a slow answer does not push every later reading.
    const delay = failures === 0 ? wait - (Date.now() % wait) : wait
    timer = setTimeout(() => {
      round = loop()
    }, delay)
  }
  round = loop()

  return {
    state,
    async stop() {
      stopped = true
      clearTimeout(timer)
      client.close()
      await round
    },
  }
}
