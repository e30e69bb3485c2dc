import type { DriverTag } from '../../driver.ts'
import { mergeSpans } from '../../spans.ts'
import { type Area, answerOverheadBytes, type S7Address } from './address.ts'
import type { Item } from './codec.ts'

export interface PlannedItem extends Item {
  tags: DriverTag<S7Address>[]
}

/** Another item costs an answer four bytes and a request twelve. */
const gapMax = 12
const requestHeadBytes = 12
const requestItemBytes = 12
const answerHeadBytes = 14
const answerItemBytes = 4
/** The number of items of a request is limited by the CPU as well. */
const itemsMax = 20

/** Merges neighbours, and packs items so that request and answer fit a PDU each. Every tag is in exactly one item. */
export function planItems(tags: readonly DriverTag<S7Address>[], pduSize: number): PlannedItem[][] {
  const spans = tags.map((tag) => {
    const { area, db, byte, bytes } = tag.address
    return { area: `${area} ${db}`, from: byte, to: byte + bytes, item: tag }
  })
  const items = mergeSpans(spans, { sizeMax: pduSize - answerOverheadBytes, gapMax }).map((span): PlannedItem => {
    const [area, db] = span.area.split(' ') as [Area, string]
    return { area, db: Number(db), byte: span.from, bit: 0, unit: 'byte', count: span.to - span.from, tags: span.items }
  })
  const requests: PlannedItem[][] = []
  let [request, answer] = [0, 0]
  for (const item of items) {
    const bytes = answerItemBytes + item.count + (item.count % 2)
    const open = requests.at(-1)
    request += requestItemBytes
    answer += bytes
    if (open !== undefined && open.length < itemsMax && request <= pduSize && answer <= pduSize) open.push(item)
    else {
      requests.push([item])
      ;[request, answer] = [requestHeadBytes + requestItemBytes, answerHeadBytes + bytes]
    }
  }
  return requests
}
