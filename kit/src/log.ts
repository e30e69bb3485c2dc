import { type Logger, pino } from 'pino'

export type Log = Logger

export interface LogOptions {
  /** File descriptor to write to; standard error without it. */
  fd?: number
  /** Hears the word in `alarm` of every line that has one: somebody must act. */
  onAlarm?(alarm: string): void
}

/** JSON lines, one object a line, times in Unix milliseconds. `KAPOK_LOG` sets the level (default `info`). */
export function makeLog(role: string, level = process.env.KAPOK_LOG ?? 'info', options: LogOptions = {}): Log {
  const { fd = 2, onAlarm } = options
  return pino(
    {
      base: { role, pid: process.pid },
      level,
      hooks: {
        logMethod(args, method) {
          const [first] = args as unknown[]
          if (typeof first === 'object' && first !== null && 'alarm' in first) onAlarm?.(String(first.alarm))
          method.apply(this, args)
        },
      },
    },
    pino.destination({ fd, sync: true }),
  )
}
