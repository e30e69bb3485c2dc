import Document, { type Pdf } from 'pdfkit'
import { registerFonts } from './fonts.ts'

const margins = { top: 56, bottom: 64, left: 56, right: 56 }
const ink = '#1f2328'
const faint = '#57606a'
const rule = '#d0d7de'

export interface Column<Row> {
  title: string
  /** Share of the width. */
  share: number
  align?: 'right'
  cell(row: Row): string
}

/** A4 pages of headings, facts and tables in a font that has Chinese; only the glyphs that occur are embedded. */
export class Sheet {
  readonly #pdf: Pdf
  readonly #chunks: Buffer[] = []
  readonly #ended: Promise<void>
  readonly #width: number

  constructor(about: { title: string; atMs: number; lang: string }) {
    this.#pdf = new Document({
      size: 'A4',
      margins,
      bufferPages: true,
      lang: about.lang,
      displayTitle: true,
      font: null,
      info: { Title: about.title, Creator: 'Kapok', CreationDate: new Date(about.atMs) },
    })
    registerFonts(this.#pdf)
    this.#width = this.#pdf.page.width - margins.left - margins.right
    this.#pdf.on('data', (chunk: Buffer) => this.#chunks.push(chunk))
    this.#ended = new Promise((done, fail) => this.#pdf.once('end', done).once('error', fail))
  }

  title(text: string, under: string): void {
    this.#pdf.font('bold').fontSize(18).fillColor(ink).text(text, margins.left, undefined, { width: this.#width })
    this.#pdf.font('regular').fontSize(10).fillColor(faint).text(under)
    this.#skip(8)
  }

  heading(text: string): void {
    this.#skip(10)
    // A heading stays with the beginning of what it heads.
    this.#room(70)
    this.#pdf.font('bold').fontSize(12).fillColor(ink).text(text, margins.left, undefined, { width: this.#width })
    this.#line(this.#pdf.y + 2)
    this.#skip(8)
  }

  /** Names and values, two beside each other; what has no value is left out. */
  facts(pairs: readonly (readonly [string, string | null | undefined])[]): void {
    const given = pairs.filter(
      (pair): pair is [string, string] => pair[1] !== null && pair[1] !== undefined && pair[1] !== '',
    )
    const half = this.#width / 2 - 8
    for (let i = 0; i < given.length; i += 2) {
      const beside = given.slice(i, i + 2)
      const height = Math.max(...beside.map(([name, value]) => this.#factHeight(name, value, half)))
      this.#room(height)
      const y = this.#pdf.y
      for (const [column, [name, value]] of beside.entries()) {
        const x = margins.left + column * (half + 16)
        this.#pdf.font('regular').fontSize(8).fillColor(faint).text(name, x, y, { width: half })
        this.#pdf.fontSize(10).fillColor(ink).text(value, x, this.#pdf.y, { width: half })
      }
      this.#to(y + height)
    }
  }

  paragraph(text: string, tone: 'ink' | 'faint' = 'ink'): void {
    this.#pdf
      .font('regular')
      .fontSize(10)
      .fillColor(tone === 'ink' ? ink : faint)
    this.#pdf.text(text, margins.left, undefined, { width: this.#width, lineGap: 1 })
    this.#skip(4)
  }

  table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): void {
    const total = columns.reduce((sum, { share }) => sum + share, 0)
    const widths = columns.map(({ share }) => (share / total) * this.#width)
    const draw = (font: 'regular' | 'bold', cells: readonly string[]) => {
      this.#pdf
        .font(font)
        .fontSize(font === 'bold' ? 8.5 : 9)
        .fillColor(font === 'bold' ? faint : ink)
      const height =
        6 + Math.max(...cells.map((cell, i) => this.#pdf.heightOfString(cell, { width: (widths[i] ?? 0) - 8 })))
      if (this.#isFull(height)) {
        this.#pdf.addPage()
        if (font === 'regular')
          draw(
            'bold',
            columns.map(({ title }) => title),
          )
        this.#pdf
          .font(font)
          .fontSize(font === 'bold' ? 8.5 : 9)
          .fillColor(font === 'bold' ? faint : ink)
      }
      const y = this.#pdf.y
      let x = margins.left
      for (const [i, cell] of cells.entries()) {
        const width = widths[i] ?? 0
        this.#pdf.text(cell, x, y + 3, { width: width - 8, align: columns[i]?.align ?? 'left' })
        x += width
      }
      this.#line(y + height)
      this.#to(y + height)
    }
    // The head of a table stays with its first row.
    this.#room(48)
    draw(
      'bold',
      columns.map(({ title }) => title),
    )
    for (const row of rows)
      draw(
        'regular',
        columns.map(({ cell }) => cell(row)),
      )
    this.#skip(6)
  }

  /** The finished file; `foot` gives the words at the foot of each page. */
  async bytes(foot: (page: number, pages: number) => string): Promise<Uint8Array> {
    const { count } = this.#pdf.bufferedPageRange()
    for (let page = 0; page < count; page++) {
      this.#pdf.switchToPage(page)
      // Below the margin pdfkit would begin another page.
      this.#pdf.page.margins.bottom = 0
      this.#line(this.#pdf.page.height - 46)
      this.#pdf.font('regular').fontSize(8).fillColor(faint)
      this.#pdf.text(foot(page + 1, count), margins.left, this.#pdf.page.height - 40, {
        width: this.#width,
        lineBreak: false,
      })
    }
    this.#pdf.end()
    await this.#ended
    return Buffer.concat(this.#chunks)
  }

  #factHeight(name: string, value: string, width: number): number {
    const label = this.#pdf.font('regular').fontSize(8).heightOfString(name, { width })
    return label + this.#pdf.fontSize(10).heightOfString(value, { width }) + 6
  }

  #isFull(height: number): boolean {
    return this.#pdf.y + height > this.#pdf.page.height - margins.bottom && this.#pdf.y > margins.top
  }

  #room(height: number): void {
    if (this.#isFull(height)) this.#pdf.addPage()
  }

  #line(y: number): void {
    this.#pdf
      .strokeColor(rule)
      .lineWidth(0.5)
      .moveTo(margins.left, y)
      .lineTo(margins.left + this.#width, y)
      .stroke()
  }

  #skip(height: number): void {
    this.#to(this.#pdf.y + height)
  }

  #to(y: number): void {
    this.#pdf.x = margins.left
    this.#pdf.y = y
  }
}
