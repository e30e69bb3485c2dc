import { expect, test } from 'vitest'
import { AddressError } from '../../address.ts'
import type { TagType } from '../../driver.ts'
import { driver } from './driver.ts'

const settings = driver.settings({ host: 'h', meter: '000000000161' }, 'devices[0]')

test.each<[address: string, type: TagType, said: string]>([
  ['0001', 'float64', 'position 1: 8 hexadecimal digits of a data identifier or a name of the table'],
  ['voltageD', 'float64', 'position 1: 8 hexadecimal digits'],
  ['02010100x', 'float64', 'position 1'],
  ['02010100/1', 'float64', 'position 9: the end of the address'],
  ['0201FF00', 'float64', 'position 9: a set of the block'],
  ['0201FF00/65', 'float64', 'position 10: a set of the block from 1 to 64'],
  ['04000503.16', 'bool', 'position 10: a bit from 0 to 15'],
  ['0E000001', 'float64', 'position 9: a notation'],
  ['0E000001:abc', 'float64', 'position 10: digits as X'],
  ['02010100', 'uint16', 'position 1: one of the types float32, float64, text, not uint16'],
  ['00010000', 'float32', 'position 1: one of the types float64, text, not float32'],
  ['04000503', 'bool', 'position 1: one of the types uint16, uint32'],
  ['01010000/time', 'float64', 'position 1: one of the types text'],
])('the address %s as %s is refused with its place', (address, type, said) => {
  const parse = () => driver.parseAddress(address, type, settings)
  expect(parse).toThrow(AddressError)
  expect(parse).toThrow(said)
})

test('settings say what is wrong with them', () => {
  const check = (settings: Record<string, unknown>) => () => driver.settings(settings, 'devices[0]')
  expect(check({ host: 'h', meter: '161' })).toThrow('devices[0].meter: the 12 digits')
  expect(check({ host: 'h', meter: 161 })).toThrow('devices[0].meter: the 12 digits')
  expect(check({ host: 'h', meter: '000000000161', edition: 2018 })).toThrow('devices[0].edition: one of 2007, 1997')
  expect(check({ meter: '000000000161' })).toThrow('either host (and port) or serialPort')
  expect(driver.settings({ serialPort: '/dev/ttyS0', meter: '000000000161' }, 'd')).toMatchObject({
    baudRate: 2400,
    parity: 'even',
    edition: '2007',
  })
})
