import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Pdf } from 'pdfkit'

const { resolve } = createRequire(import.meta.url)
const files = {
  regular: '@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf',
  bold: '@expo-google-fonts/noto-sans-sc/700Bold/NotoSansSC_700Bold.ttf',
}

/** Fonts that have Chinese, as `regular` and `bold`; only the glyphs that occur are embedded. */
export function registerFonts(pdf: Pdf): void {
  for (const [name, file] of Object.entries(files)) pdf.registerFont(name, readFileSync(resolve(file)))
}
