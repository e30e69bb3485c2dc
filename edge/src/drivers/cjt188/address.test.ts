import { expect, test } from 'vitest'
import { AddressError } from '../../address.ts'
import type { TagType } from '../../driver.ts'
import { driver } from './driver.ts'

const settings = driver.settings({ host: 'h', meter: '0011223344' }, 'devices[0]')

test.each<[address: string, type: TagType, said: string]>([
  [
    'heat',
    'float64',
    'position 1: one of meterAddress, cumulativeFlow, settlementFlow, clock, status, valve, batteryLow',
  ],
  ['cumulativeFlow:miles', 'float64', 'position 16: one of J, Wh'],
  ['cumulativeFlow.1', 'bool', 'position 15: the end of the address'],
  ['status.16', 'bool', 'position 8: a bit from 0 to 15'],
  ['cumulativeFlow', 'float32', 'position 1: one of the types float64, text, not float32'],
  ['valve', 'bool', 'position 1: one of the types text, not bool'],
])('the address %s as %s is refused with its place', (address, type, said) => {
  const parse = () => driver.parseAddress(address, type, settings)
  expect(parse).toThrow(AddressError)
  expect(parse).toThrow(said)
})

test('settings say what is wrong with them', () => {
  const check = (more: Record<string, unknown>) => () =>
    driver.settings({ host: 'h', meter: '0011223344', ...more }, 'd')
  expect(check({})()).toMatchObject({ meter: '00000011223344', meterType: 0x10, identifierOrder: '1F90' })
  expect(check({ meterType: 25 })().meterType).toBe(0x25)
  expect(check({ meter: '112' })).toThrow('d.meter: a number of 10 digits')
  expect(check({ meterType: 'steam' })).toThrow('d.meterType: one of water, hotWater')
  expect(check({ identifierOrder: 'both' })).toThrow('d.identifierOrder: one of 1F90, 901F')
})
