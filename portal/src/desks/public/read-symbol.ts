import type { ReadResult } from 'zxing-wasm/reader'

/**
 * What the first QR code or Data Matrix of a picture says, as the look-up takes it; undefined when there is none. The decoder comes
 * with the first picture (1 MB), from our own server. A browser's own BarcodeDetector is not asked: it does not tell the FNC1 by
 * which a GS1 symbol is told from any other.
 */
export async function readSymbol(picture: Blob | ImageData): Promise<string | undefined> {
  const [{ prepareZXingModule, readBarcodes }, { default: wasm }] = await Promise.all([
    import('zxing-wasm/reader'),
    import('zxing-wasm/reader/zxing_reader.wasm?url'),
  ])
  prepareZXingModule({ overrides: { locateFile: (name: string) => (name.endsWith('.wasm') ? wasm : name) } })
  const [found] = await readBarcodes(picture, {
    formats: ['QRCode', 'DataMatrix'],
    maxNumberOfSymbols: 1,
    textMode: 'Plain',
    tryHarder: true,
  })
  return found && nameIn(found)
}

/** A label of a portal names its page; a GS1 symbol is read as a scanner would send it. */
function nameIn({ text, contentType, symbologyIdentifier }: ReadResult): string {
  const [, page] = /^https?:\/\/[^/]+\/identify\/(.+)$/.exec(text) ?? []
  if (page !== undefined) return decoded(page)
  return contentType === 'GS1' ? `${symbologyIdentifier}${text}` : text
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
