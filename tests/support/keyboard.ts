import type { Locator, Page } from 'playwright-core'

/** Walks to an element with the Tab key alone; says so when the keyboard cannot get there. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor()
  for (let presses = 0; presses < 120; presses++) {
    if (await target.evaluate((element) => element === document.activeElement)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`the keyboard does not reach ${String(target)}`)
}

/** Fills text fields by label with the keyboard alone. */
export async function typeInto(page: Page, values: Record<string, string>): Promise<void> {
  for (const [label, value] of Object.entries(values)) {
    await tabTo(page, page.getByLabel(label, { exact: true }))
    await page.keyboard.press('ControlOrMeta+A')
    await page.keyboard.type(value)
  }
}

/** Types a civil day into a date field, whose parts stand in the order of the browser's own language. */
export async function typeDay(page: Page, label: string, day: string): Promise<void> {
  const field = page.getByLabel(label, { exact: true })
  const [year = '', month = '', date = ''] = day.split('-')
  for (const digits of [month + date + year, year + month + date, date + month + year]) {
    await tabTo(page, field)
    await page.keyboard.type(digits)
    if ((await field.inputValue()) === day) return
    await field.blur()
  }
  throw new Error(`the keyboard does not get ${day} into ${label}`)
}

/** Presses a button, follows a link or ticks a box with the keyboard alone. */
export async function pressOn(
  page: Page,
  target: Locator,
  key: 'Enter' | 'Space' | 'ArrowDown' = 'Enter',
): Promise<void> {
  await tabTo(page, target)
  await page.keyboard.press(key)
}
