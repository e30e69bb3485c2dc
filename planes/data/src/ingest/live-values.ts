import type { LiveValue } from '@kapok/contracts/data'
import type { Kit } from '@kapok/kit-store/kit'

const emitMs = 100
const valuesMax = 2000
/** A watcher repeats itself every 10 s; one that is silent for three turns is gone. */
const watchMsMax = 30_000

/** Live values of the devices that somebody watches, onto the bus ten times a second. */
export class LiveValues {
  readonly #kit: Kit
  readonly #onValues: (orgId: string, deviceId: string, values: LiveValue[]) => void
  readonly #watched = new Map<string, number>()
  #values = new Map<string, { orgId: string; values: LiveValue[] }>()
  #timer: NodeJS.Timeout | undefined
  #off: (() => void) | undefined

  constructor(kit: Kit, onValues: (orgId: string, deviceId: string, values: LiveValue[]) => void) {
    this.#kit = kit
    this.#onValues = onValues
  }

  watch(): void {
    this.#off = this.#kit.bus.on('live.watch', ({ deviceIds }) => {
      for (const id of deviceIds) this.#watched.set(id, performance.now())
    })
    this.#timer = setInterval(() => this.#emit(), emitMs)
  }

  stop(): void {
    this.#off?.()
    clearInterval(this.#timer)
  }

  isWatched(deviceId: string): boolean {
    return this.#watched.size > 0 && this.#watched.has(deviceId)
  }

  add(orgId: string, deviceId: string, value: LiveValue): void {
    let of = this.#values.get(deviceId)
    if (of === undefined) {
      of = { orgId, values: [] }
      this.#values.set(deviceId, of)
    }
    const { values } = of
    // A chart that gets thousands of points in a tenth of a second misses none by losing the oldest of them.
    if (values.length >= valuesMax) values.splice(0, valuesMax / 2)
    values.push(value)
  }

  #emit(): void {
    const now = performance.now()
    for (const [id, since] of this.#watched) if (now - since > watchMsMax) this.#watched.delete(id)
    if (this.#values.size === 0) return
    const all = this.#values
    this.#values = new Map()
    for (const [deviceId, { orgId, values }] of all) {
      this.#kit.bus.emit('live.values', { deviceId, values })
      this.#onValues(orgId, deviceId, values)
    }
  }
}
