/** What we use of pdfkit, which comes without types. Lengths are points (1/72 inch). */
declare module 'pdfkit' {
  import type { Readable } from 'node:stream'

  interface TextOptions {
    width?: number
    align?: 'left' | 'right' | 'center'
    lineGap?: number
    lineBreak?: boolean
    height?: number
    ellipsis?: boolean
  }
  interface Pdf extends Readable {
    x: number
    y: number
    page: { width: number; height: number; margins: { top: number; bottom: number; left: number; right: number } }
    registerFont(name: string, data: Uint8Array): this
    font(name: string): this
    fontSize(size: number): this
    fillColor(colour: string): this
    strokeColor(colour: string): this
    lineWidth(width: number): this
    moveTo(x: number, y: number): this
    lineTo(x: number, y: number): this
    stroke(): this
    rect(x: number, y: number, width: number, height: number): this
    fill(colour: string): this
    text(text: string, x?: number, y?: number, options?: TextOptions): this
    widthOfString(text: string): number
    heightOfString(text: string, options?: TextOptions): number
    addPage(): this
    bufferedPageRange(): { start: number; count: number }
    switchToPage(page: number): this
    end(): void
  }
  const make: new (options: {
    size: 'A4' | [width: number, height: number]
    margins: { top: number; bottom: number; left: number; right: number }
    bufferPages: boolean
    lang: string
    displayTitle: boolean
    font: string | null
    info: Record<string, string | Date>
  }) => Pdf
  export default make
  export type { Pdf }
}
