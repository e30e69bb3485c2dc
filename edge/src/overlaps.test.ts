import { expect, test } from 'vitest'
import { overlapsIn } from './overlaps.ts'
import { readTagTable } from './tag-table.ts'

const tableOf = (protocol: string, tags: readonly [property: string, address: string, type: string][]) => `devices:
  - name: M
    protocol: ${protocol}
    connection: { host: 127.0.0.1 }
    tags:
${tags.map(([property, address, type]) => `      - { property: ${property}, address: "${address}", type: ${type} }`).join('\n')}
`
const told = async (...table: Parameters<typeof tableOf>) =>
  overlapsIn((await readTagTable(tableOf(...table))).devices).map(
    (each) => `${each.tag.property} ${each.with.property}`,
  )

test('a tag that shares a part of another’s registers is told; one beside it, the same one and a bit of it are not', async () => {
  expect(
    await told('modbus', [
      ['speed', 'holding/10', 'float32'],
      ['spare', 'holding/11', 'int16'],
      ['next', 'holding/12', 'int16'],
      ['same', 'holding/12', 'uint16'],
      ['running', 'holding/10.3', 'bool'],
      ['elsewhere', 'input/11', 'int16'],
    ]),
  ).toEqual(['spare speed'])
})

test('a tag under a wide one is told also when a small one stands between', async () => {
  expect(
    await told('s7', [
      ['text', 'DB1.STRING0[20]', 'text'],
      ['small', 'DB1.DBW4', 'int16'],
      ['late', 'DB1.DBD18', 'int32'],
      ['other', 'DB2.DBW4', 'int16'],
    ]),
  ).toEqual(['small text', 'late text'])
})

test('words of MELSEC and Omron are told as they lie, and protocols of names have no places', async () => {
  expect(
    await told('mc-3e', [
      ['a', 'D100', 'int32'],
      ['b', 'D101', 'int16'],
    ]),
  ).toEqual(['b a'])
  expect(
    await told('fins', [
      ['a', 'D100', 'float64'],
      ['b', 'D103', 'int16'],
      ['c', 'D104', 'int16'],
    ]),
  ).toEqual(['b a'])
  expect(
    await told('ethernet-ip', [
      ['a', 'Counts', 'int32'],
      ['b', 'Counts', 'int16'],
    ]),
  ).toEqual([])
})
