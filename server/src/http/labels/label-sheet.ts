import { type LabelSheetName, labelSheets } from '@kapok/contracts/registry'
import type { LabelledThing } from '@kapok/registry'
import Document, { type Pdf } from 'pdfkit'
import { registerFonts } from '../fonts.ts'
import { elementText, gs1DataMatrix, qrCode, type Symbol2d } from './symbol.ts'

/** Points of a millimetre. */
const mm = 72 / 25.4
const black = '#000000'

export interface LabelAsk {
  sheet: LabelSheetName
  things: readonly LabelledThing[]
  /** Base of the address that a code without a GS1 key leads to. */
  portalUrl: string
  title: string
  atMs: number
}

/**
 * Labels as PDF: symbols as vectors, text in embedded fonts. The QR code holds the thing's GS1 Digital Link, or where it has none
 * the address of its page; who has a GS1 key gets a GS1 DataMatrix beside it.
 */
export async function printLabelSheet({ sheet, things, portalUrl, title, atMs }: LabelAsk): Promise<Uint8Array> {
  const { page, columns, rows, label, margin } = labelSheets[sheet]
  const pdf = new Document({
    size: [page[0] * mm, page[1] * mm],
    margins: { top: 0, bottom: 0, left: 0, right: 0 },
    bufferPages: false,
    lang: 'zh-CN',
    displayTitle: true,
    font: null,
    info: { Title: title, Creator: 'Kapok', CreationDate: new Date(atMs) },
  })
  registerFonts(pdf)
  const chunks: Buffer[] = []
  pdf.on('data', (chunk: Buffer) => chunks.push(chunk))
  const ended = new Promise((done, fail) => pdf.once('end', done).once('error', fail))
  for (const [i, thing] of things.entries()) {
    const place = i % (columns * rows)
    if (i > 0 && place === 0) {
      pdf.addPage()
      // Thousands of labels take seconds; others get their turn between pages.
      await new Promise((go) => setImmediate(go))
    }
    const x = margin[0] + (place % columns) * label[0]
    const y = margin[1] + Math.floor(place / columns) * label[1]
    drawLabel(pdf, thing, portalUrl, { x: x * mm, y: y * mm, width: label[0] * mm, height: label[1] * mm })
  }
  pdf.end()
  await ended
  return Buffer.concat(chunks)
}

interface Box {
  x: number
  y: number
  width: number
  height: number
}

/** The page of an identifier on the portal; slashes stay where they part a handle, so that the address can be read. */
export const pageOfHandle = (portalUrl: string, handle: string): string =>
  `${portalUrl}/identify/${handle.split('/').map(encodeURIComponent).join('/')}`

function drawLabel(pdf: Pdf, { handle, facts }: LabelledThing, portalUrl: string, box: Box): void {
  const pad = 1.5 * mm
  const side = Math.min(box.height - 2 * pad, box.width * 0.48)
  const { gs1 } = facts
  drawSymbol(pdf, qrCode(gs1 ?? pageOfHandle(portalUrl, handle)), {
    x: box.x + pad,
    y: box.y + (box.height - side) / 2,
    width: side,
    height: side,
  })
  const left = box.x + pad + side + 0.5 * mm
  const width = box.x + box.width - pad - left
  const matrix = gs1 === undefined ? 0 : Math.min(box.height * 0.42, width, 16 * mm)
  if (gs1 !== undefined)
    drawSymbol(pdf, gs1DataMatrix(gs1), {
      x: left + width - matrix,
      y: box.y + box.height - pad - matrix,
      width: matrix,
      height: matrix,
    })
  drawText(pdf, textsOf(handle, facts), { x: left, y: box.y + pad, width, height: box.height - 2 * pad - matrix })
}

interface Line {
  text: string
  bold?: true
  /** Of the size of the name. */
  share: number
}

function textsOf(handle: string, { name = '', model, batch, gs1 }: LabelledThing['facts']): Line[] {
  return [
    { text: name, bold: true, share: 1 },
    { text: handle, share: 0.75 },
    ...(gs1 === undefined ? [] : [{ text: elementText(gs1), share: 0.75 }]),
    ...[model, batch].flatMap((text) => (text === undefined ? [] : [{ text, share: 0.75 }])),
  ]
}

/** In the largest size in which all of it fits; on the smallest label what comes last is left out. */
function drawText(pdf: Pdf, lines: readonly Line[], box: Box): void {
  const sizes = [11, 10, 9, 8, 7, 6, 5]
  const heightOf = ({ text, bold, share }: Line, size: number) =>
    pdf
      .font(bold ? 'bold' : 'regular')
      .fontSize(size * share)
      .heightOfString(broken(pdf, text, box.width), { width: box.width })
  const total = (size: number) => lines.reduce((sum, line) => sum + heightOf(line, size), 0)
  const size = sizes.find((each) => total(each) <= box.height) ?? 5
  let y = box.y
  for (const line of lines) {
    const height = heightOf(line, size)
    if (y + height > box.y + box.height + 0.1) break
    pdf.fillColor(black).text(broken(pdf, line.text, box.width), box.x, y, { width: box.width })
    y += height
  }
}

/** Names of things have no blanks to break at: lines are made letter by letter, in the font that is set. */
function broken(pdf: Pdf, text: string, width: number): string {
  const lines: string[] = []
  let line = ''
  for (const letter of text) {
    if (line !== '' && pdf.widthOfString(line + letter) > width) {
      lines.push(line)
      line = ''
    }
    line += letter
  }
  return [...lines, line].join('\n')
}

/** Dark modules as rectangles, those beside each other in one; the quiet zone lies within the box. */
function drawSymbol(pdf: Pdf, { columns, rows, dark, quiet }: Symbol2d, box: Box): void {
  const module = Math.min(box.width / (columns + 2 * quiet), box.height / (rows + 2 * quiet))
  const left = box.x + (box.width - module * columns) / 2
  const top = box.y + (box.height - module * rows) / 2
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      if (!dark[row * columns + column]) continue
      const from = column
      while (column + 1 < columns && dark[row * columns + column + 1]) column++
      pdf.rect(left + from * module, top + row * module, (column - from + 1) * module, module)
    }
  pdf.fill(black)
}
