import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { inflateSync } from 'node:zlib'
import { prepareZXingModule, type ReadResult, readBarcodes } from 'zxing-wasm/reader'

const wasm = createRequire(import.meta.url).resolve('zxing-wasm/reader/zxing_reader.wasm')
const scale = 6

/**
 * The symbols of each page of a PDF of labels: its rectangles are drawn into a picture, and that is read by a decoder that is not
 * ours. FNC1 comes as U+001D.
 */
export async function readLabels(pdf: Uint8Array): Promise<ReadResult[][]> {
  await prepareZXingModule({
    overrides: { wasmBinary: new Uint8Array(readFileSync(wasm)).buffer },
    fireImmediately: true,
  })
  const text = Buffer.from(pdf).toString('latin1')
  const [, width = '0', height = '0'] = /\/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/.exec(text) ?? []
  const pages: ReadResult[][] = []
  for (const content of contentsOf(pdf)) {
    const picture = drawn(content, Math.ceil(Number(width) * scale), Math.ceil(Number(height) * scale))
    pages.push(
      await readBarcodes(picture, { formats: ['QRCode', 'DataMatrix'], maxNumberOfSymbols: 255, textMode: 'Plain' }),
    )
  }
  return pages
}

/** Content streams with rectangles in them. */
function contentsOf(pdf: Uint8Array): string[] {
  const file = Buffer.from(pdf)
  const found: string[] = []
  for (let at = file.indexOf('stream\n'); at !== -1; at = file.indexOf('stream\n', at + 7)) {
    if (file.subarray(at - 3, at).toString('latin1') === 'end') continue
    const bytes = file.subarray(at + 7, file.indexOf('\nendstream', at))
    try {
      const text = inflateSync(bytes).toString('latin1')
      if (/ re$/m.test(text)) found.push(text)
    } catch {
      // A font, or another stream that is not packed so.
    }
  }
  return found
}

/** Black rectangles on white. A page of pdfkit has its origin at the top left. */
function drawn(content: string, width: number, height: number) {
  const data = new Uint8ClampedArray(width * height * 4).fill(255)
  for (const [, ...numbers] of content.matchAll(/^(-?[\d.]+) (-?[\d.]+) (-?[\d.]+) (-?[\d.]+) re$/gm)) {
    const [x = 0, y = 0, w = 0, h = 0] = numbers.map((each) => Number(each) * scale)
    for (let row = Math.round(y); row < Math.round(y + h); row++)
      data.fill(0, (row * width + Math.round(x)) * 4, (row * width + Math.round(x + w)) * 4)
  }
  for (let alpha = 3; alpha < data.length; alpha += 4) data[alpha] = 255
  return { data, width, height, colorSpace: 'srgb' as const }
}
