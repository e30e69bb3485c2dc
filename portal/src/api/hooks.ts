import type { ReplyOf, RouteContract } from '@kapok/contracts/route'
import { keepPreviousData, type QueryClient, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef } from 'react'
import { type Ask, call } from './call.ts'
import { isFinal } from './refusal.ts'

export interface AskOptions<T> {
  enabled?: boolean
  /** Milliseconds between fetches, also by what was last read; absent = only when somebody looks again. */
  every?: number | ((last: T | undefined) => number)
  /** Show the page before while the next one is loading (tables). */
  keep?: boolean
}

/** The name under which a reply is kept. */
export function keyOf<R extends RouteContract>(contract: R, ask: Ask<R>): readonly unknown[] {
  return [contract.id, ask.params ?? null, ask.query ?? null]
}

/** Reads one route; the reply is kept under the route's id and what was asked. */
export function useAsk<R extends RouteContract>(contract: R, ask: Ask<R>, options: AskOptions<ReplyOf<R>> = {}) {
  const { every } = options
  return useQuery<ReplyOf<R>>({
    queryKey: keyOf(contract, ask),
    queryFn: ({ signal }) => call(contract, ask, { signal }),
    enabled: options.enabled,
    refetchInterval: typeof every === 'function' ? (query) => every(query.state.data) : every,
    placeholderData: options.keep ? (keepPreviousData as never) : undefined,
  })
}

/** Everything that was read under these route ids, or planes when they end in a dot, is read again when next shown. */
export function forget(client: QueryClient, ids: readonly string[]) {
  return client.invalidateQueries({
    predicate: ({ queryKey: [id] }) =>
      ids.some((each) => (each.endsWith('.') ? String(id).startsWith(each) : id === each)),
  })
}

/**
 * A command with the life of its idempotency key: a submission that got no final answer (cable pulled, server busy)
 * keeps its key when it is sent again unchanged, so that it counts once; a changed one, or one that was answered, gets
 * a new key. Never optimistic: the page changes when the server has answered.
 */
export function useCommand<R extends RouteContract>(contract: R, changes: readonly string[] = []) {
  const client = useQueryClient()
  const open = useRef<{ content: string; key: string }>(undefined)
  return useMutation<ReplyOf<R>, Error, Ask<R>>({
    mutationFn: async (ask) => {
      const content = JSON.stringify([ask.params, ask.query, contract.bodyKind === 'raw' ? Math.random() : ask.body])
      if (open.current?.content !== content) open.current = { content, key: crypto.randomUUID() }
      try {
        const reply = await call(contract, ask, { key: open.current.key })
        open.current = undefined
        return reply
      } catch (error) {
        if (isFinal(error)) open.current = undefined
        throw error
      }
    },
    onSuccess: () => forget(client, changes),
  })
}
