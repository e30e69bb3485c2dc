import { getPlatform, getSession } from '@kapok/contracts/access'
import type { Role } from '@kapok/contracts/roles'
import { useAsk } from '../api/hooks.ts'

export function usePlatform() {
  return useAsk(getPlatform, {}, { every: 60_000 })
}

/** The platform's clock, which in a world is not the browser's: the time of the last answer. Undefined until it is known. */
export function usePlatformNow(): number | undefined {
  return usePlatform().data?.now
}

export function useSession() {
  return useAsk(getSession, {})
}

/** Whether the signed-in person holds one of the roles. */
export function useHas(roles: readonly Role[]): boolean {
  const held = useSession().data?.roles ?? []
  return held.some((role) => roles.includes(role))
}
