import type { Log } from '@kapok/kit/log'

export interface LogLine {
  /** Unix ms. */
  at: number
  level: string
  text: string
}

const linesMax = 200
const lettersMax = 500
const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const
type Level = (typeof levels)[number]

/** The newest lines of the gateway's log. */
export class LogTail {
  readonly #lines: LogLine[] = []

  get lines(): readonly LogLine[] {
    return this.#lines
  }

  /** The same log, of which every line that is written is kept too. */
  around(log: Log): Log {
    return new Proxy(log, {
      get: (target, name, receiver) => {
        const level = levels.find((each) => each === name)
        if (level === undefined) return Reflect.get(target, name, receiver)
        return (...args: Parameters<Log[Level]>) => {
          if (target.isLevelEnabled(level)) this.#keep(level, args)
          target[level](...args)
        }
      },
    })
  }

  #keep(level: Level, args: readonly unknown[]): void {
    const words = args.map((each) => (typeof each === 'string' ? each : JSON.stringify(each)))
    // The sentence comes first, what it is about after it.
    const text = words.toReversed().join(' ').slice(0, lettersMax)
    this.#lines.push({ at: Date.now(), level, text })
    if (this.#lines.length > linesMax) this.#lines.shift()
  }
}
