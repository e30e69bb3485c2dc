import { expect, test } from 'vitest'
import { AddressError } from '../../address.ts'
import type { TagType } from '../../driver.ts'
import { parseAddress } from './address.ts'

test.each<[string, TagType, object]>([
  ['holding/6', 'int16', { area: 'holding', address: 6, count: 1 }],
  ['Input/0#cdab', 'float32', { area: 'input', address: 0, count: 2, order: 'CDAB' }],
  ['coil/3', 'bool', { area: 'coil', address: 3, count: 1, bit: undefined }],
  ['holding/7.15', 'bool', { area: 'holding', address: 7, bit: 15 }],
  ['holding/10[20]', 'text', { area: 'holding', address: 10, count: 10 }],
  ['40001', 'uint16', { area: 'holding', address: 0 }],
  ['465536', 'uint16', { area: 'holding', address: 65_535 }],
  ['30007', 'float32', { area: 'input', address: 6 }],
  ['00001', 'bool', { area: 'coil', address: 0 }],
  ['10002', 'bool', { area: 'discrete', address: 1 }],
])('%s as %s is understood', (text, type, expected) => {
  expect(parseAddress(text, type, 'ABCD')).toMatchObject(expected)
})

test.each<[string, TagType, string]>([
  ['coils/3', 'bool', 'position 5: / is expected'],
  ['holding:6', 'int16', 'position 8: / is expected'],
  ['register/6', 'int16', 'position 1: coil/, discrete/'],
  ['holding/65536', 'int16', 'position 9: an address from 0 to 65535'],
  ['holding/65535', 'float32', 'a value of 2 registers that ends at 65535'],
  ['holding/1.16', 'bool', 'position 11: a bit from 0 to 15'],
  ['holding/1', 'bool', 'position 10: .n, the bit of the register'],
  ['holding/1.2', 'int16', 'position 10: int16 without a bit'],
  ['coil/1', 'int16', 'position 1: the area coil as a bool'],
  ['holding/1', 'text', 'position 10: [n], the bytes of the text'],
  ['holding/1[7]', 'text', 'position 11: an even number of bytes'],
  ['holding/1[8', 'text', 'position 12: ]'],
  ['holding/1[8]', 'int16', 'position 10: nothing more'],
  ['holding/1#ACBD', 'float32', 'position 11: one of ABCD, CDAB, BADC, DCBA'],
  ['holding/1 ', 'int16', 'position 10: the end of the address'],
  ['40000', 'int16', 'a reference from 1 to 9999'],
])('%s as %s is refused with its place', (text, type, says) => {
  expect(() => parseAddress(text, type, 'ABCD')).toThrow(AddressError)
  expect(() => parseAddress(text, type, 'ABCD')).toThrow(says)
})
