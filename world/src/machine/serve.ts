import { portOf, type Simulator } from '@kapok/edge/simulator'
import { simulatorOf } from '@kapok/edge/simulators'
import type { Controller } from './controller.ts'

export interface ServedMachine {
  /** What leads a gateway to it. */
  settings: Record<string, unknown>
  stop(): Promise<void>
}

/** A PLC puts its values into its memory at this pace. */
const scanMs = 250

/**
 * A machine's controller: a real server of its protocol, which holds the values of this moment. A machine that is
 * switched off answers nothing and takes no connection.
 */
export async function serveMachine(
  { protocol, signals }: Controller,
  valuesNow: () => readonly number[] | undefined,
): Promise<ServedMachine> {
  const simulate = await simulatorOf(protocol)
  let running: Simulator | undefined = await simulate()
  const { settings } = running
  let stopped = false
  let scan: Promise<void> = Promise.resolve()

  async function scanOnce(): Promise<void> {
    const values = valuesNow()
    if (values === undefined) {
      await running?.stop()
      running = undefined
      return
    }
    running ??= await simulate({ port: portOf(settings) })
    for (const [i, { where }] of signals.entries()) {
      const raw = (values[i] ?? 0) / where.scale
      running.set(where.address, where.type, where.type.startsWith('float') ? raw : Math.round(raw))
    }
  }
  await scanOnce()
  const timer = setInterval(() => {
    scan = scan.then(() => (stopped ? undefined : scanOnce())).catch(() => undefined)
  }, scanMs)

  return {
    settings,
    async stop() {
      stopped = true
      clearInterval(timer)
      await scan
      await running?.stop()
    },
  }
}
