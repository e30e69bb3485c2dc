import { type Logger, pino } from 'pino'

export type Log = Logger

/** JSON lines on stderr, one object a line, times in Unix milliseconds. `KAPOK_LOG` sets the level (default `info`). */
export function makeLog(role: string, level = process.env.KAPOK_LOG ?? 'info'): Log {
  return pino({ base: { role, pid: process.pid }, level }, pino.destination({ fd: 2, sync: true }))
}
