/**
 * A point as a row of the segment log: RowBinary, in the very form that the store reads (little-endian, 32 bytes and
 * the text). Numbers have an empty text. Rows of series 0 are the log's own: block headers and receipts.
 */
export const rowStructure =
  "series UInt32, at DateTime64(3, 'UTC'), value Float64, quality UInt8, door UInt8, retention UInt8, received DateTime64(3, 'UTC'), text String"
export const rowBytes = 32
/** By which a point came. `gateway`: signed by an enrolled gateway. */
export const doors = { mqtt: 1, http: 2, import: 3, gateway: 4 } as const
export type Door = keyof typeof doors
/** Added to `door` in the log where the row belongs to the table of texts. */
export const textRow = 0x80
/** `door` of a row of series 0 that keeps the receive time of a payload without a time of its own. */
export const receiptRow = 0x7f
/** `door` of a row of series 0 that keeps the sequence of a gateway's batch; its text has the words of `sequenceColumns`. */
export const sequenceRow = 0x7e
/** Columns of the store's table of batches but the last, `received`; separated by tabs in the row's text. */
export const sequenceColumns = ['key', 'sequence', 'kind', 'points', 'first_at', 'last_at', 'mark', 'reason'] as const
export const retentionCodes = { year1: 1, year3: 3, year6: 6 } as const

/** Writes the fixed part at `to`, with the text's length as 0. Times in ms. */
export function writeRow(
  view: DataView,
  to: number,
  series: number,
  at: number,
  value: number,
  quality: number,
  door: number,
  retention: number,
  received: number,
): void {
  view.setUint32(to, series, true)
  writeInt64(view, to + 4, at)
  view.setFloat64(to + 12, value, true)
  view.setUint8(to + 20, quality)
  view.setUint8(to + 21, door)
  view.setUint8(to + 22, retention)
  writeInt64(view, to + 23, received)
  view.setUint8(to + 31, 0)
}

/** UTC hours (hours since 1970) of the points and texts in a run of rows; the log's own rows have none. */
export function hoursOfRows(rows: Uint8Array): Set<number> {
  const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength)
  const hours = new Set<number>()
  for (let at = 0; at < rows.length; ) {
    if (view.getUint32(at, true) > 0) hours.add(Math.floor(Number(view.getBigInt64(at + 4, true)) / 3_600_000))
    let textBytes = 0
    let to = at + rowBytes - 1
    // The text's length in groups of seven bits, the lowest first.
    for (let shift = 0; ; shift += 7) {
      const group = view.getUint8(to++)
      textBytes |= (group & 0x7f) << shift
      if (group < 0x80) break
    }
    at = to + textBytes
  }
  return hours
}

/** A safe integer as Int64, without the cost of a bigint. */
function writeInt64(view: DataView, to: number, value: number): void {
  const high = Math.floor(value / 4_294_967_296)
  view.setUint32(to, value - high * 4_294_967_296, true)
  view.setInt32(to + 4, high, true)
}
