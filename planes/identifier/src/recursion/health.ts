import { recursionLimits } from './limits.ts'

interface Known {
  /** Moving average of the time of its answers, in ms. */
  rttMs: number
  /** Failures since it last answered. */
  failures: number
  /** Left alone until then; one question may try it afterwards. */
  restsUntilMs: number
}

/** What is known of the servers of others: how fast each answers, and which are left alone for a while. */
export class Health {
  readonly #servers = new Map<string, Known>()

  /** Whether a server is to be asked now. After its rest one question tries it, and the next wait for what comes of that. */
  mayAsk(server: string, nowMs: number): boolean {
    const known = this.#servers.get(server)
    if (known === undefined || known.failures < recursionLimits.failuresMax) return true
    if (nowMs < known.restsUntilMs) return false
    known.restsUntilMs = nowMs + restOf(known.failures)
    return true
  }

  answered(server: string, tookMs: number): void {
    const before = this.#servers.get(server)
    const rttMs = before === undefined || before.failures > 0 ? tookMs : before.rttMs * 0.8 + tookMs * 0.2
    this.#keep(server, { rttMs, failures: 0, restsUntilMs: 0 })
  }

  failed(server: string, nowMs: number): void {
    const before = this.#servers.get(server) ?? { rttMs: 0, failures: 0, restsUntilMs: 0 }
    const failures = before.failures + 1
    this.#keep(server, { rttMs: before.rttMs, failures, restsUntilMs: nowMs + restOf(failures) })
  }

  /** The servers to ask, the most promising first: those that answer, the fastest before. */
  ordered<T extends { name: string }>(servers: readonly T[], nowMs: number): T[] {
    const cost = ({ name }: T) => {
      const known = this.#servers.get(name)
      return known === undefined ? 0 : known.failures * 10_000 + known.rttMs
    }
    return servers.filter(({ name }) => this.mayAsk(name, nowMs)).sort((one, other) => cost(one) - cost(other))
  }

  /** Servers that are left alone at the moment. */
  resting(nowMs: number): string[] {
    return [...this.#servers].flatMap(([name, known]) =>
      known.failures >= recursionLimits.failuresMax && nowMs < known.restsUntilMs ? [name] : [],
    )
  }

  #keep(server: string, known: Known): void {
    this.#servers.delete(server)
    this.#servers.set(server, known)
    if (this.#servers.size <= recursionLimits.serversKnown) return
    const [oldest] = this.#servers.keys()
    if (oldest !== undefined) this.#servers.delete(oldest)
  }
}

const restOf = (failures: number) =>
  Math.min(recursionLimits.restMs * 2 ** Math.max(0, failures - recursionLimits.failuresMax), recursionLimits.restMsMax)
