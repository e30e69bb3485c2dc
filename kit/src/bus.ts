import type { BusEvents, BusRequests } from '@kapok/contracts/bus'
import { limits } from './limits.ts'

/**
 * Wake-ups and live values between the roles of one platform. What must not be lost is a row in a database first:
 * a message here can vanish when its receiver restarts.
 */
export interface Bus {
  emit<K extends keyof BusEvents>(name: K, data: BusEvents[K]): void
  /** Returns a function that ends the subscription. */
  on<K extends keyof BusEvents>(name: K, listener: (data: BusEvents[K]) => void): () => void
  /** Asks whichever role serves `name`; rejects after `limits.busRequestMs` or when nobody serves it. */
  request<K extends keyof BusRequests>(name: K, ask: BusRequests[K]['ask']): Promise<BusRequests[K]['answer']>
  serve<K extends keyof BusRequests>(
    name: K,
    answer: (ask: BusRequests[K]['ask']) => Promise<BusRequests[K]['answer']>,
  ): void
}

/** What crosses the wire. `from` is filled by the relay so that an answer finds its way back. */
export type BusMessage =
  | { kapok: 'emit'; name: string; data: unknown }
  | { kapok: 'serve'; name: string }
  | { kapok: 'ask'; name: string; id: number; from?: string; data: unknown }
  | { kapok: 'answer'; id: number; to?: string; data?: unknown; error?: string }

/** A port carries messages to the other roles: Node IPC on one machine, nothing when a role runs alone. */
export interface BusPort {
  send(message: BusMessage): void
  onMessage(listener: (message: BusMessage) => void): void
}

/** The bus over a port. Without a port it still works inside its own process. */
export function makeBus(port?: BusPort): Bus {
  const listeners = new Map<string, Set<(data: never) => void>>()
  const servers = new Map<string, (ask: never) => Promise<unknown>>()
  const waiting = new Map<number, { resolve(data: unknown): void; reject(error: Error): void; timer: NodeJS.Timeout }>()
  let nextId = 1

  const deliver = (name: string, data: unknown) => {
    for (const listener of listeners.get(name) ?? []) listener(data as never)
  }
  port?.onMessage((message) => {
    if (message.kapok === 'emit') deliver(message.name, message.data)
    else if (message.kapok === 'ask') {
      const serve = servers.get(message.name)
      if (serve === undefined) return
      const { id, from } = message
      serve(message.data as never).then(
        (data) => port.send({ kapok: 'answer', id, to: from, data }),
        (error: unknown) => port.send({ kapok: 'answer', id, to: from, error: String(error) }),
      )
    } else if (message.kapok === 'answer') {
      const wait = waiting.get(message.id)
      if (wait === undefined) return
      waiting.delete(message.id)
      clearTimeout(wait.timer)
      if (message.error === undefined) wait.resolve(message.data)
      else wait.reject(new Error(message.error))
    }
  })

  return {
    emit(name, data) {
      deliver(name, data)
      port?.send({ kapok: 'emit', name, data })
    },
    on(name, listener) {
      const set = listeners.get(name) ?? new Set()
      listeners.set(name, set)
      set.add(listener as never)
      return () => set.delete(listener as never)
    },
    serve(name, answer) {
      servers.set(name, answer as never)
      port?.send({ kapok: 'serve', name })
    },
    request(name, ask) {
      const own = servers.get(name)
      if (own !== undefined) return own(ask as never) as Promise<never>
      if (port === undefined) return Promise.reject(new Error(`no role serves ${name}`))
      return new Promise((resolve, reject) => {
        const id = nextId++
        const timer = setTimeout(() => {
          waiting.delete(id)
          reject(new Error(`${name} was not answered in ${limits.busRequestMs} ms`))
        }, limits.busRequestMs)
        waiting.set(id, { resolve: resolve as (data: unknown) => void, reject, timer })
        port.send({ kapok: 'ask', name, id, data: ask })
      })
    },
  }
}
