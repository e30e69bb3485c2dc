import { type Clock, SettableClock, systemClock } from '@kapok/kit/clock'
import { type Log, makeLog } from '@kapok/kit/log'
import { SetupError } from '../config.ts'
import type { RoleMessage } from '../life/role-protocol.ts'

/** What runs in a process of its own: serves until it is told to drain. */
export interface Role {
  stop(): Promise<void>
}

/**
 * Runs one role in this process: ready when `start` returns; drained on SIGTERM, SIGINT, the supervisor's word, or
 * when the supervisor is gone (kill -9).
 */
export async function runRole(name: string, start: (log: Log) => Promise<Role>): Promise<void> {
  const tell = (message: RoleMessage) => {
    if (process.connected) process.send?.(message)
  }
  const log = makeLog(name, process.env.KAPOK_LOG ?? 'info', { onAlarm: (alarm) => tell({ life: 'alarm', alarm }) })
  let role: Role | undefined
  let draining = false
  const drain = async (why: string) => {
    if (draining) return
    draining = true
    log.info({ why }, 'draining')
    await role?.stop()
    process.exit(0)
  }
  process.on('SIGTERM', () => void drain('SIGTERM'))
  process.on('SIGINT', () => void drain('SIGINT'))
  process.on('disconnect', () => void drain('the supervisor is gone'))
  process.on('message', (message: RoleMessage) => {
    if ('life' in message && message.life === 'drain') void drain('the supervisor said so')
  })
  // A fault that nobody caught ends the process: the supervisor starts a fresh one, whose state is known.
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'uncaught')
    process.exit(1)
  })
  try {
    role = await start(log)
  } catch (error) {
    if (!process.connected) throw error
    log.fatal({ err: error }, 'did not start')
    process.send?.(
      { life: 'failed', why: error instanceof Error ? error.message : String(error) } satisfies RoleMessage,
      () => process.exit(1),
    )
    return
  }
  tell({ life: 'ready' })
  log.info('ready')
}

/** The clock of this process: settable by the supervisor in a world, the system's otherwise. */
export function roleClock(): Clock {
  if (process.env.KAPOK_MODE !== 'world') return systemClock
  const clock = new SettableClock()
  const { KAPOK_CLOCK_FROZEN: frozen, KAPOK_CLOCK_OFFSET: offset } = process.env
  if (frozen !== undefined) clock.set(Number(frozen), { running: false })
  else if (offset !== undefined) clock.set(Date.now() + Number(offset), { running: true })
  process.on('message', (message: RoleMessage) => {
    if (!('life' in message) || message.life !== 'clock') return
    clock.set(message.atMs, { running: message.running })
    process.send?.({ life: 'clock-set', id: message.id } satisfies RoleMessage)
  })
  return clock
}

export function need(name: string): string {
  const value = process.env[name]
  if (value === undefined || value === '') throw new SetupError(`Set ${name}; without a supervisor a role needs it.`)
  return value
}
