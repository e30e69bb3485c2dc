import type { BusMessage, BusPort } from '@kapok/kit/bus'

/** What the supervisor and its roles say to each other over Node IPC, beside the bus. */
export type RoleMessage =
  | BusMessage
  | { life: 'ready' }
  | { life: 'progress'; words: string }
  /** Why the role could not start; it ends after this. */
  | { life: 'failed'; why: string }
  /** The log has a line for which somebody must act. */
  | { life: 'alarm'; alarm: string }
  /** From a world: run this role too, e.g. a plant's gateway. */
  | { life: 'start'; name: string; args: string[] }
  | { life: 'clock'; id: number; atMs: number; running: boolean }
  | { life: 'clock-set'; id: number }
  | { life: 'drain' }

/** The bus over this process's IPC channel; undefined when the role runs alone. */
export function ipcPort(): BusPort | undefined {
  if (process.send === undefined) return undefined
  return {
    send: (message) => {
      if (process.connected) process.send?.(message)
    },
    onMessage: (listener) => {
      process.on('message', (message: RoleMessage) => {
        if ('kapok' in message) listener(message)
      })
    },
  }
}
