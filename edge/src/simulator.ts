import type { TagType, TagValue } from './driver.ts'

/** What can be switched on in a simulated machine. All off at the start; they may change while it runs. */
export interface SimulatorFaults {
  /** Takes connections and requests and never answers. */
  silent: boolean
  /** Answers in the name of another request: a wrong transaction, unit, meter or sequence, as the protocol has it. */
  answersForAnother: boolean
  /** Answers everything with the protocol's own error. */
  refusesAll: boolean
  /** Addresses, as in a tag table, that the machine no longer has. */
  missing: Set<string>
}

/** A machine that is played: a real server of its protocol, whose values a test, the world or a user sets. */
export interface Simulator {
  /** Settings for a tag table that lead to it. */
  settings: Record<string, unknown>
  /** Sets what stands at an address (in the driver's grammar). Throws AddressError. */
  set(address: string, type: TagType, value: TagValue): void
  /** What stands there now, a value that was written included. */
  get(address: string, type: TagType): TagValue
  faults: SimulatorFaults
  /** Ends it and every connection; the same port can be taken again at once, which is a restart. */
  stop(): Promise<void>
}

/**
 * `port` 0 takes a free one. Listens on loopback only unless `host` says otherwise. `addresses`: what will be set, for a
 * protocol whose machine has to be made of it.
 */
export type Simulate = (options?: { port?: number; host?: string; addresses?: readonly string[] }) => Promise<Simulator>

export const noFaults = (): SimulatorFaults => ({
  silent: false,
  answersForAnother: false,
  refusesAll: false,
  missing: new Set(),
})

/** The TCP port in a simulator's settings, to start it again on; that of a machine that is addressed by a URL is in there. */
export function portOf({ port, url, endpoint }: Record<string, unknown>): number {
  return Number(port ?? new URL(String(url ?? endpoint).replace('opc.tcp:', 'http:')).port)
}

const againMs = 30_000

/**
 * Starts a machine again where it was. A client that asks for it meanwhile may be given the very port by the system, for a
 * moment; what stands in the way for longer is thrown.
 */
export async function simulateAgain(simulate: Simulate, settings: Record<string, unknown>): Promise<Simulator> {
  for (const began = performance.now(); ; await new Promise((go) => setTimeout(go, 100)))
    try {
      return await simulate({ port: portOf(settings) })
    } catch (error) {
      if (performance.now() - began > againMs) throw error
    }
}
