import type { Role } from '@kapok/contracts/roles'
import type { Browser, BrowserContext } from 'playwright-core'

/** How a reader looks at the portal. */
export interface Reader {
  language: 'zh-CN' | 'en'
  theme: 'light' | 'dark'
  width: 1440 | 390
}
export const atDesk: Reader = { language: 'zh-CN', theme: 'light', width: 1440 }
export const onPhone: Reader = { language: 'zh-CN', theme: 'light', width: 390 }

export interface PersonOfWorld {
  userId: string
  name: string
  organisationName: string
  role: Role
  waiting: number
}

/** A browser of one reader, signed out. */
export async function newReader(browser: Browser, url: string, how: Reader): Promise<BrowserContext> {
  const context = await browser.newContext({
    // The platform's own links say localhost, and a session belongs to the name under which it began.
    baseURL: url.replace('127.0.0.1', 'localhost'),
    viewport: { width: how.width, height: how.width === 390 ? 844 : 900 },
    isMobile: how.width === 390,
    hasTouch: how.width === 390,
    colorScheme: how.theme,
    locale: how.language,
    acceptDownloads: true,
    // A dialog that is still growing moves its button away from under a press.
    reducedMotion: 'reduce',
  })
  context.setDefaultTimeout(20_000)
  return context
}

/** Enters a world as one of its people through the API that its “enter as …” page calls; the context keeps the session. */
export async function enterAs(context: BrowserContext, userId: string): Promise<void> {
  const reply = await context.request.post('/api/world/enter', { data: { userId }, headers: { 'X-Kapok': '1' } })
  if (!reply.ok()) throw new Error(`nobody entered: ${reply.status()} ${await reply.text()}`)
}

export async function peopleOf(url: string): Promise<PersonOfWorld[]> {
  const reply = await fetch(`${url}/api/world/people`)
  return ((await reply.json()) as { people: PersonOfWorld[] }).people
}

/** Waits until the world's past has been replayed, or until what it plays is played. */
export async function played(url: string): Promise<void> {
  for (;;) {
    const reply = await fetch(`${url}/api/world`)
    if (reply.ok) {
      const state = (await reply.json()) as {
        replaying: boolean
        daysPlayed: number
        daysTotal: number
        message: string
        stumbled: boolean
      }
      if (!state.replaying && state.daysPlayed === state.daysTotal) return
      if (state.stumbled) throw new Error(state.message)
    }
    await new Promise((go) => setTimeout(go, 500))
  }
}
