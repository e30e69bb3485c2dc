import { mkdtemp, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import chromium from '@sparticuz/chromium'
import { type Browser, chromium as playwright } from 'playwright-core'
import { browserProgram } from './browser-program.ts'

/**
 * A headless browser that comes with the repository's packages: Chromium and a Chinese font from npm, so that a bare
 * machine draws the same pages. The caller closes it. `camera`: a file of moving pictures (Y4M) that its camera sees, with leave for it.
 */
export async function launchBrowser({ camera }: { camera?: string } = {}): Promise<Browser> {
  const folder = await mkdtemp(join(tmpdir(), 'kapok-browser-'))
  const fonts = join(folder, 'fonts.conf')
  await writeFile(fonts, fontsConf(fontFolder(), join(folder, 'cache')))
  return playwright.launch({
    executablePath: await browserProgram(),
    // One process would end with the first closed page; we open many.
    args: [
      ...chromium.args.filter((each) => each !== '--single-process'),
      '--lang=zh-CN',
      ...(camera === undefined
        ? []
        : [
            '--use-fake-ui-for-media-stream',
            '--use-fake-device-for-media-stream',
            `--use-file-for-fake-video-capture=${camera}`,
          ]),
    ],
    headless: true,
    // Without a UTF-8 locale the chart library cannot make its date formats.
    env: { ...process.env, FONTCONFIG_FILE: fonts, LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' },
  })
}

/** Pictures of every open page in a new temporary folder, for whoever has to find out why a test failed. */
export async function photograph(browser: Browser): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kapok-failure-'))
  const pages = browser.contexts().flatMap((context) => context.pages())
  for (const [n, page] of pages.entries())
    await page.screenshot({ path: join(folder, `${n}.png`), fullPage: true }).catch(() => undefined)
  return folder
}

function fontFolder(): string {
  return dirname(createRequire(import.meta.url).resolve('@expo-google-fonts/noto-sans-sc/package.json'))
}

function fontsConf(fonts: string, cache: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${fonts}</dir>
  <cachedir>${cache}</cachedir>
  <alias binding="same"><family>sans-serif</family><prefer><family>Noto Sans SC</family></prefer></alias>
  <alias binding="same"><family>monospace</family><prefer><family>Noto Sans SC</family></prefer></alias>
</fontconfig>
`
}
