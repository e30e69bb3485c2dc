import { AddressScanner, aBit } from '../../address.ts'
import type { TagType } from '../../driver.ts'
import { type Area, areas, isBitArea } from './codec.ts'
import { bytesOf, isNumberType, type WordOrder, wordOrders } from './registers.ts'

export interface ModbusAddress {
  area: Area
  /** From 0, as on the wire. */
  address: number
  /** Registers or bits that the value takes. */
  count: number
  /** The bit of a register, 0 the lowest. */
  bit: number | undefined
  order: WordOrder
}

/** Areas by the first digit of a reference as in makers' register lists: 40001 is holding register 0. */
const references: Record<string, Area> = { '0': 'coil', '1': 'discrete', '3': 'input', '4': 'holding' }
const textBytesMax = 250

/**
 * `holding/6`, `input/0`, `coil/3`, `discrete/5` with the address on the wire, or a reference `40007`, `400007`; then
 * `.n` for a bit of a register, `[n]` for a text of n bytes, `#CDAB` for an order that is not the device's own.
 */
export function parseAddress(text: string, type: TagType, order: WordOrder): ModbusAddress {
  const scan = new AddressScanner(text)
  const { area, address } = areaOf(scan, text)
  const at = scan.at
  const bit = scan.optional(/\./y) === undefined ? undefined : scan.number(0, 15, aBit)
  const bytes = scan.optional(/\[/y) === undefined ? undefined : textLength(scan)
  const own = scan.optional(/#/y) === undefined ? order : scan.word(wordOrders)
  scan.end()
  const wanted =
    type === 'text'
      ? { zh: '[n]，即文本的字节数', en: '[n], the bytes of the text' }
      : { zh: '地址的结尾', en: 'nothing more' }
  if ((type === 'text') !== (bytes !== undefined)) scan.fail(wanted, at)
  if (isBitArea(area) && (type !== 'bool' || bit !== undefined))
    scan.fail(
      {
        zh: `类型 bool（区域 ${area} 只有位；寄存器的一位写作 holding/${address}.0）`,
        en: `the area ${area} as a bool; a bit of a register is holding/${address}.0`,
      },
      0,
    )
  if (!isBitArea(area) && (type === 'bool') !== (bit !== undefined))
    scan.fail(
      type === 'bool'
        ? { zh: '.n，即寄存器的位号', en: '.n, the bit of the register' }
        : { zh: `不带位号的 ${type}`, en: `${type} without a bit` },
      at,
    )
  const count = bytes !== undefined ? bytes / 2 : isNumberType(type) ? bytesOf[type] / 2 : 1
  if (address + count > 65_536)
    scan.fail(
      {
        zh: `不超出 65535 的地址（此值占 ${count} 个寄存器）`,
        en: `a value of ${count} registers that ends at 65535`,
      },
      0,
    )
  return { area, address, count, bit, order: own }
}

function areaOf(scan: AddressScanner, text: string): { area: Area; address: number } {
  const reference = /^[0134](\d{4}|\d{5})(?!\d)/.exec(text)
  if (reference !== null) {
    const area = references[scan.take(/[0134]/y, { zh: '区域', en: 'an area' })] ?? 'holding'
    return {
      area,
      address: scan.number(1, reference[1]?.length === 4 ? 9_999 : 65_536, { zh: '编号', en: 'a reference' }) - 1,
    }
  }
  const area = scan.word(areas, {
    zh: 'coil/、discrete/、holding/、input/ 或 40001 这样的编号',
    en: 'coil/, discrete/, holding/, input/ or a reference such as 40001',
  })
  scan.take(/\//y, '/')
  return { area, address: scan.number(0, 65_535, { zh: '地址', en: 'an address' }) }
}

function textLength(scan: AddressScanner): number {
  const at = scan.at
  const bytes = scan.number(1, textBytesMax, { zh: '长度', en: 'a length' })
  if (bytes % 2 === 1) scan.fail({ zh: '偶数个字节', en: 'an even number of bytes' }, at)
  scan.take(/\]/y, ']')
  return bytes
}
