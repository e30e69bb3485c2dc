import { bracketElementString, digitalLinkOf, parseDigitalLink, scannedElementString } from '@kapok/identifier/name'
import bwip from 'bwip-js/node'

/** The modules of a two-dimensional symbol, row by row; true is dark. */
export interface Symbol2d {
  columns: number
  rows: number
  dark: boolean[]
  /** Light modules that have to be around it. */
  quiet: number
}

/** QR code (ISO/IEC 18004), correction level M: 15 % of it may be dirty. */
export const qrCode = (text: string): Symbol2d => modulesOf('qrcode', text, { eclevel: 'M' }, 4)

/** GS1 DataMatrix (GS1 General Specifications §5.6): FNC1 first, and behind each value without pre-defined length. */
export function gs1DataMatrix(digitalLink: string): Symbol2d {
  const text = `^FNC1${scannedElementString(elementsOf(digitalLink)).replaceAll('\u001d', '^FNC1')}`
  return modulesOf('datamatrix', text, { parsefnc: true }, 1)
}

/** As people read it: `(01)09506000134376(21)A-1`. */
export const elementText = (digitalLink: string): string => bracketElementString(elementsOf(digitalLink))

function elementsOf(digitalLink: string) {
  const { key, qualifiers } = parseDigitalLink(digitalLink)
  const link = digitalLinkOf([key, ...qualifiers])
  // One with pre-defined length needs no FNC1 behind it: the key goes first.
  return [link.key, ...link.qualifiers]
}

function modulesOf(kind: 'qrcode' | 'datamatrix', text: string, options: object, quiet: number): Symbol2d {
  const [symbol] = bwip.raw({ bcid: kind, text, ...options })
  if (symbol === undefined || !('pixs' in symbol)) throw new Error(`${kind} has no modules`)
  return { columns: symbol.pixx, rows: symbol.pixy, dark: symbol.pixs.map((each) => each === 1), quiet }
}
