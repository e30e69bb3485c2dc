import { useState } from 'react'
import { useSession } from '../../app/platform.ts'

/**
 * Parts of a filing that are not yet enough for a draft on the platform: kept in this tab, so that a reload or a look at
 * another page loses nothing. Another person in the same tab does not see them.
 */
export function useKeptDraft<T extends object>(name: string, known: T | undefined) {
  const session = useSession()
  const key = `kapok.draft.${session.data?.user?.id ?? ''}.${name}`
  const [draft, setDraft] = useState<Partial<T>>(() => known ?? read(key))
  return {
    draft,
    change(next: Partial<T>) {
      setDraft(next)
      if (known === undefined) write(key, next)
    },
    /** The platform has it now. */
    forget: () => write(key, undefined),
  }
}

function read(key: string): object {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? '{}') as object
  } catch {
    return {}
  }
}

function write(key: string, value: object | undefined): void {
  try {
    if (value === undefined) sessionStorage.removeItem(key)
    else sessionStorage.setItem(key, JSON.stringify(value))
  } catch {
    // Storage is shut off: the draft lasts as long as the page.
  }
}
