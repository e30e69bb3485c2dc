import { type ChildProcess, fork } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '@kapok/kit/log'
import { wordsOfAlarm, wordsOfRole } from './alarms.ts'
import type { RoleMessage } from './role-protocol.ts'

export interface RoleSpec {
  name: string
  /** Arguments of `kapok`, e.g. `['run', 'ingest']`. */
  args: string[]
  env: Record<string, string>
}

interface Running {
  spec: RoleSpec
  child: ChildProcess
  ready: Promise<void>
  startedAt: number
  /** Restarts without a quiet minute between; the back-off grows with it. */
  failures: number
  /** It was ready once; a first start that fails is for whoever started it to tell. */
  served: boolean
  /** What the role said before it ended. */
  why?: string
}

const backOffMs = [200, 1_000, 3_000, 10_000, 30_000]
const drainMs = 20_000
const clockAnswerMs = 10_000

/** A role ended before it served. */
export class RoleFailed extends Error {
  override name = 'RoleFailed'
  constructor(role: string, why: string) {
    super(`${wordsOfRole(role)} did not start: ${why.replace(/\.?$/, '.')}`)
  }
}

/** Keeps the roles running: starts them, relays their bus, restarts one that crashed while the others serve. */
export class Supervisor {
  readonly #log: Log
  readonly #entry: string
  readonly #say: (words: string) => void
  readonly #output: number | 'inherit'
  readonly #roles = new Map<string, Running>()
  readonly #serving = new Map<string, string>()
  readonly #startedForWorld = new Set<string>()
  #stopping = false
  #nextClockId = 1
  #clock: { offsetMs: number; frozenAtMs: number | undefined } | undefined
  readonly #clockWaits = new Map<number, () => void>()
  /** Set in a world only; a platform has no way to set its clock. */
  clockSetter: string | undefined

  /** `output`: file descriptor of what roles write to standard output and error; without it they share ours. */
  constructor(options: { log: Log; entry: string; say(words: string): void; output?: number | undefined }) {
    this.#output = options.output ?? 'inherit'
    this.#log = options.log
    this.#entry = options.entry
    this.#say = options.say
  }

  /** Starts a role and resolves when it serves. */
  start(spec: RoleSpec): Promise<void> {
    return this.#launch(spec, 0).ready
  }

  /** Ends every role: drain, then SIGKILL for what does not end in time. The last started ends first. */
  async stop(): Promise<void> {
    this.#stopping = true
    for (const running of [...this.#roles.values()].reverse()) await this.#end(running)
  }

  pids(): Record<string, number> {
    return Object.fromEntries([...this.#roles].map(([name, { child }]) => [name, child.pid ?? 0]))
  }

  #launch(spec: RoleSpec, failures: number): Running {
    const child = fork(this.#entry, spec.args, {
      env: { ...process.env, ...spec.env, ...this.#clockEnv() },
      stdio: ['ignore', this.#output, this.#output, 'ipc'],
      serialization: 'advanced',
      // Its own group: Ctrl-C reaches the supervisor alone, which then drains the roles in order.
      detached: true,
    })
    let settle: { done(): void; fail(error: Error): void } | undefined
    const ready = new Promise<void>((done, fail) => {
      settle = { done, fail }
    })
    // A role that fails later than its first start is restarted; nobody waits for that promise then.
    ready.catch(() => {})
    const running: Running = { spec, child, ready, startedAt: Date.now(), failures, served: failures > 0 }
    this.#roles.set(spec.name, running)
    child.on('message', (message: RoleMessage) => {
      if ('life' in message) {
        if (message.life === 'ready') {
          running.served = true
          settle?.done()
        } else if (message.life === 'progress') this.#say(message.words)
        else if (message.life === 'failed') running.why = message.why
        else if (message.life === 'alarm') this.#say(`⚠ ${wordsOfAlarm(message.alarm)}`)
        else if (message.life === 'start') this.#startFor(spec, message)
        else if (message.life === 'clock-set') this.#clockWaits.get(message.id)?.()
      } else this.#relay(spec.name, message)
    })
    // A message to a role that was killed a moment ago fails; its end is told by `exit`.
    child.on('error', (error) => this.#log.warn({ err: error, role: spec.name }, 'a role was not reached'))
    child.once('exit', (code, signal) => {
      settle?.fail(new RoleFailed(spec.name, running.why ?? `it ended with ${signal ?? code}`))
      if (!this.#stopping && this.#roles.get(spec.name) === running)
        void this.#restart(running, running.why ?? signal ?? String(code))
    })
    return running
  }

  async #restart(running: Running, how: string): Promise<void> {
    const { spec } = running
    const quiet = Date.now() - running.startedAt > 60_000
    const failures = quiet ? 1 : running.failures + 1
    const wait = backOffMs[Math.min(failures, backOffMs.length) - 1] ?? 0
    if (running.served)
      this.#say(`⚠ ${wordsOfRole(spec.name)} 意外退出，正在重启 · ended unexpectedly (${how}) and is started again`)
    this.#log.error({ crashed: spec.name, how, restartInMs: wait }, 'a role crashed; it is started again')
    for (const [name, role] of this.#serving) if (role === spec.name) this.#serving.delete(name)
    await sleep(wait)
    // Meanwhile it may have been ended on purpose.
    if (!this.#stopping && this.#roles.get(spec.name) === running) this.#launch(spec, failures)
  }

  async #end({ child, spec }: Running): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((done) => child.once('exit', done))
    if (child.connected) child.send({ life: 'drain' } satisfies RoleMessage)
    else child.kill('SIGTERM')
    const timer = setTimeout(() => {
      this.#log.warn({ slow: spec.name }, 'a role did not drain in time')
      child.kill('SIGKILL')
    }, drainMs)
    await ended
    clearTimeout(timer)
  }

  #send(role: string, message: RoleMessage): void {
    const child = this.#roles.get(role)?.child
    if (child?.connected === true) child.send(message)
  }

  #relay(from: string, message: Extract<RoleMessage, { kapok: string }>): void {
    switch (message.kapok) {
      case 'emit':
        for (const name of this.#roles.keys()) if (name !== from) this.#send(name, message)
        break
      case 'serve':
        this.#serving.set(message.name, from)
        break
      case 'answer':
        if (message.to !== undefined) this.#send(message.to, message)
        break
      case 'ask':
        if (message.name === 'clock.set') this.#setClockFor(from, message)
        else if (message.name === 'role.stop') void this.#stopFor(from, message)
        else if (this.#serving.has(message.name))
          this.#send(this.#serving.get(message.name) ?? '', { ...message, from })
        else this.#send(from, { kapok: 'answer', id: message.id, error: `no role serves ${message.name}` })
        break
    }
  }

  /** A world starts the gateways of its plants; nobody else may ask for a process. */
  #startFor(from: RoleSpec, { name, args }: { name: string; args: string[] }): void {
    if (from.name !== this.clockSetter || this.#roles.has(name)) return
    this.#startedForWorld.add(name)
    this.start({ name, args, env: from.env }).catch((error: unknown) =>
      this.#log.error({ err: error, role: name }, 'a role did not start'),
    )
  }

  /** The world ends what it started, and nothing else. */
  async #stopFor(from: string, { id, data }: { id: number; data: unknown }): Promise<void> {
    const { name } = data as { name: string }
    const running = this.#roles.get(name)
    if (from !== this.clockSetter || (running !== undefined && !this.#startedForWorld.has(name))) {
      this.#send(from, { kapok: 'answer', id, error: 'this role cannot be ended' })
      return
    }
    // Out of the list first, so that its end is no crash.
    this.#roles.delete(name)
    if (running !== undefined) await this.#end(running)
    this.#send(from, { kapok: 'answer', id, data: {} })
  }

  #setClockFor(from: string, message: { id: number; data: unknown }): void {
    if (this.clockSetter === undefined || from !== this.clockSetter) {
      this.#send(from, { kapok: 'answer', id: message.id, error: 'this clock cannot be set' })
      return
    }
    const { atMs, running } = message.data as { atMs: number; running: boolean }
    this.setClock(atMs, running).then(
      () => this.#send(from, { kapok: 'answer', id: message.id, data: {} }),
      (error: unknown) => this.#send(from, { kapok: 'answer', id: message.id, error: String(error) }),
    )
  }

  /** Sets the clock of every role, also of those yet to start, and waits until each has said so. Worlds only. */
  async setClock(atMs: number, running: boolean): Promise<void> {
    this.#clock = { offsetMs: atMs - Date.now(), frozenAtMs: running ? undefined : atMs }
    const said = [...this.#roles].map(([name, { child }]) => {
      if (!child.connected) return Promise.resolve()
      const id = this.#nextClockId++
      return new Promise<void>((done, fail) => {
        const timer = setTimeout(
          () => finish(() => fail(new Error(`role ${name} did not take the clock`))),
          clockAnswerMs,
        )
        const finish = (then: () => void) => {
          clearTimeout(timer)
          child.off('exit', gone)
          this.#clockWaits.delete(id)
          then()
        }
        const gone = () => finish(done)
        this.#clockWaits.set(id, () => finish(done))
        child.once('exit', gone)
        this.#send(name, { life: 'clock', id, atMs, running })
      })
    })
    await Promise.all(said)
  }

  #clockEnv(): Record<string, string> {
    if (this.#clock === undefined) return {}
    const { offsetMs, frozenAtMs } = this.#clock
    return frozenAtMs === undefined
      ? { KAPOK_CLOCK_OFFSET: String(offsetMs) }
      : { KAPOK_CLOCK_FROZEN: String(frozenAtMs) }
  }
}
