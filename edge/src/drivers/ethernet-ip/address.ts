import { AddressScanner, aBit } from '../../address.ts'
import type { TagType } from '../../driver.ts'

/** A symbolic name, or an element of an array. */
export type Segment = string | number

export interface LogixAddress {
  /** `Program:Main`, `Motor`, 3, `Speed`. */
  segments: readonly Segment[]
  /** Of a whole number, from 0; of an array of BOOL, which the controller keeps in words of 32, within the word. */
  bit: number | undefined
  /** The last element is one of an array of BOOL: `segments` leads to its word. */
  isBitOfArray: boolean
}

const textCharacters = 40

/** `Motor.Speed`, `Zones[3]`, `Grid[1,2]`, `Status.5`, `Program:Main.Count`, `Local:1:I.Data`, as Studio 5000 shows them. */
export function parseLogixAddress(address: string, type: TagType): LogixAddress {
  const scan = new AddressScanner(address)
  const segments: Segment[] = []
  let bit: number | undefined
  do {
    // The bit is the last and the only part that is a number alone.
    if (segments.length > 0 && scan.optional(/(?=\d)/y) !== undefined) {
      const began = scan.at
      bit = scan.number(0, 63, aBit)
      if (type !== 'bool')
        scan.fail({ zh: '没有位号的地址，因为类型不是 bool', en: 'no bit, as the type is not bool' }, began)
      break
    }
    const name = scan.take(segments.length === 0 ? /[a-z_][a-z0-9_:]*/iy : /[a-z_][a-z0-9_]*/iy, {
      zh: '标签名',
      en: 'the name of a tag',
    })
    for (const part of name.split(':'))
      if (part.length > textCharacters)
        scan.fail(
          { zh: `不超过 ${textCharacters} 个字符的名称`, en: `a name of at most ${textCharacters} characters` },
          scan.at - name.length,
        )
    segments.push(name)
    if (scan.optional(/\[/y) !== undefined) parseElements(scan, segments)
  } while (segments.length < 30 && scan.optional(/\./y) !== undefined)
  scan.end()
  const last = segments.at(-1)
  if (type !== 'bool' || bit !== undefined || typeof last !== 'number') return { segments, bit, isBitOfArray: false }
  return { segments: [...segments.slice(0, -1), Math.floor(last / 32)], bit: last % 32, isBitOfArray: true }
}

function parseElements(scan: AddressScanner, segments: Segment[]): void {
  for (let dimension = 1; ; dimension++) {
    segments.push(scan.number(0, 0xffff_ffff, { zh: '元素下标', en: 'an element' }))
    if (dimension === 3 || scan.optional(/,/y) === undefined) break
  }
  scan.take(/\]/y, ']')
}

/** As it is written. */
export function formatLogixAddress({ segments, bit, isBitOfArray }: LogixAddress): string {
  const last = segments.at(-1)
  const all = isBitOfArray && typeof last === 'number' ? [...segments.slice(0, -1), last * 32 + (bit ?? 0)] : segments
  let text = ''
  for (const [i, segment] of all.entries()) {
    if (typeof segment === 'string') text += text === '' ? segment : `.${segment}`
    else if (typeof all[i - 1] === 'number') text = `${text.slice(0, -1)},${segment}]`
    else text += `[${segment}]`
  }
  return isBitOfArray || bit === undefined ? text : `${text}.${bit}`
}
