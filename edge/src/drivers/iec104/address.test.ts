import { expect, test } from 'vitest'
import { AddressError } from '../../address.ts'
import type { TagType } from '../../driver.ts'
import { driver } from './driver.ts'

const settings = driver.settings({ host: 'h' }, 'devices[0]')

test.each<[address: string, type: TagType, said: string]>([
  ['X:1', 'bool', 'position 1: one of M_SP, M_DP, M_ST, M_BO, M_ME_NA'],
  ['M_SP1', 'bool', 'position 5: a colon and the information object address'],
  ['M_SP:16777216', 'bool', 'position 6: an information object address from 0 to 16777215'],
  ['M_SP:x', 'bool', 'position 6: an information object address'],
  ['M_BO:1.32', 'bool', 'position 8: a bit from 0 to 31'],
  ['M_SP:1.1', 'bool', 'position 7: the end of the address'],
  ['M_SP:1/M_SP:2', 'bool', 'position 8: one of C_SC, C_DC'],
  ['M_SP:1', 'float32', 'position 1: one of the types bool, not float32'],
  ['M_ME_NC:1/C_SC:2', 'float32', 'position 1: one of the types'],
])('the address %s as %s is refused with its place', (address, type, said) => {
  const parse = () => driver.parseAddress(address, type, settings)
  expect(parse).toThrow(AddressError)
  expect(parse).toThrow(said)
})

test('settings have the standard’s defaults and say what is wrong with them', () => {
  expect(driver.settings({ host: 'h' }, 'd')).toMatchObject({
    port: 2404,
    commonAddress: 1,
    k: 12,
    w: 8,
    t1Ms: 15_000,
    t2Ms: 10_000,
    t3Ms: 20_000,
    objectAddressBytes: 3,
  })
  expect(() => driver.settings({}, 'd')).toThrow('d.host: a text')
  expect(() => driver.settings({ host: 'h', command: 'maybe' }, 'd')).toThrow('d.command: one of direct, select')
})
