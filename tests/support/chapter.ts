import type { Browser } from 'playwright-core'
import { type TestContext, test } from 'vitest'
import { photograph } from './browser.ts'

/**
 * Tests that follow each other as the chapters of one story: when one fails, the rest have nothing to stand on and say
 * so, and the open pages are photographed for whoever has to find out why.
 */
export function chaptersIn(browser: () => Browser) {
  let told = true
  return (title: string, tell: () => Promise<void>, timeout = 120_000) =>
    test(
      title,
      async ({ skip }: TestContext) => {
        if (!told) skip('an earlier chapter failed')
        told = false
        await tell().catch(async (error: unknown) => {
          const pictures = await photograph(browser())
          throw new Error(`${String(error)}\nThe pages stood like this: ${pictures}`, { cause: error })
        })
        told = true
      },
      timeout,
    )
}
