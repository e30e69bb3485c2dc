import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { BrowserContext } from 'playwright-core'
import { addressOf, type Look, looks } from '../tests/portal/looks.ts'
import { launchBrowser } from '../tests/support/browser.ts'
import { enterAs, newReader, peopleOf, played, type Reader } from '../tests/support/people.ts'
import { newFolder, removeFolder, startKapok } from '../tests/support/platform.ts'
import { personOf, thingsOf } from '../tests/support/things.ts'

// `npm run screenshots -- FOLDER`: every page of every desk with the data of a fresh world, in both languages, themes
// and widths, written to be looked at by a person. `--url` takes a world that runs already, `--only` some pages of it.
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { url: { type: 'string' }, only: { type: 'string' }, how: { type: 'string' } },
})
const [folder] = positionals
if (folder === undefined) {
  process.stderr.write('Say where the pictures go: npm run screenshots -- FOLDER\n')
  process.exit(2)
}
await mkdir(folder, { recursive: true })

const readers: Reader[] = (['zh-CN', 'en'] as const).flatMap((language) =>
  (['light', 'dark'] as const).flatMap((theme) => ([1440, 390] as const).map((width) => ({ language, theme, width }))),
)
const nameOf = ({ language, theme, width }: Reader) => `${language.slice(0, 2)}-${width}-${theme}`

/** A page as one organisation's person sees it; without one, the person of the role with the most to show. */
interface Picture extends Look {
  of?: string
}
/** Cases worth a look of their own, beside the one that stands for all. */
const moreCases: readonly Picture[] = [
  { name: 'case-certification', path: '/cases/{certification}', as: 'county.reviewer' },
  { name: 'case-application', path: '/cases/{application}', as: 'supplier.manager' },
  { name: 'case-paid', path: '/cases/{paid}', as: 'plant.manager' },
  { name: 'case-returned', path: '/cases/{returned}', as: 'plant.manager', of: '莞城' },
]

const world = values.url === undefined ? await startWorld() : undefined
const url = values.url ?? world?.url ?? ''
const browser = await launchBrowser()
try {
  await played(url)
  const people = await peopleOf(url)
  const ids = await thingsOf(browser, url, people)
  const wanted: Picture[] = [...looks, ...moreCases].filter(
    ({ name }) => values.only?.split(',').includes(name) ?? true,
  )
  for (const how of readers.filter((each) => values.how?.split(',').includes(nameOf(each)) ?? true)) {
    for (const [, pictures] of Map.groupBy(wanted, ({ as, of }) => `${as} ${of}`)) {
      const { as, of } = pictures[0] ?? {}
      const context = await newReader(browser, url, how)
      await context.addInitScript(`localStorage.setItem('kapok.language', '${how.language}')`)
      if (as !== undefined) await enterAs(context, personOf(people, as, of).userId)
      for (const each of pictures) await photograph(context, each, ids, how)
      await context.close()
    }
    process.stdout.write(`${nameOf(how)}\n`)
  }
} finally {
  await browser.close()
  await world?.stop()
  if (world) removeFolder(world.folder)
}

async function startWorld() {
  const started = await startKapok(['world'], { folder: newFolder() })
  await started.ready()
  return started
}

async function photograph(context: BrowserContext, look: Look, ids: Record<string, string>, how: Reader) {
  const thing = /\{(\w+)\}/.exec(look.path)?.[1]
  if (thing !== undefined && ids[thing] === undefined) return
  const page = await context.newPage()
  await page.goto(addressOf(look, ids))
  await page.waitForSelector('h1')
  // Live values and charts come after the page; a world that is being watched is never idle.
  await page.waitForSelector('.skeleton', { state: 'detached' })
  await page.waitForTimeout(800)
  await page.screenshot({ path: join(folder ?? '', `${look.name}-${nameOf(how)}.png`), fullPage: true })
  await page.close()
}
