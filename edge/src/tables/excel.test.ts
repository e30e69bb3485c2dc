import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeTable } from '../table-command.ts'
import { readTagTable } from '../tag-table.ts'
import { readExcel, writeExcel } from './excel.ts'
import { tableYaml, type WrittenDevice } from './written-table.ts'

const press: WrittenDevice = {
  name: '冲床 1',
  protocol: 'modbus',
  connection: { host: '10.0.0.5', unit: 3 },
  periodMs: 500,
  tags: [
    { property: 'force', address: 'holding/0#CDAB', type: 'float32', scale: 0.1, deadBand: 2 },
    { property: 'state', address: '40005', type: 'uint16', values: { 0: 'off', 1: 'on' } },
    { property: 'strokes', address: 'holding/8', type: 'uint32', rollOver: 4294967296, periodMs: 10_000 },
  ],
}
const meter: WrittenDevice = {
  name: 'meter',
  protocol: 'dlt645',
  connection: { host: '10.0.0.6', meter: '000000000161' },
  tags: [{ property: 'voltage', address: 'voltageA', type: 'float64', report: 'period', heartbeatMs: 5_000 }],
}

test('a table goes to Excel and comes back as it was, a meter number with its zeros', async () => {
  const { devices, notTaken } = await readExcel(await writeExcel([press, meter]))
  expect(notTaken).toEqual([])
  expect(JSON.parse(JSON.stringify(devices))).toEqual(JSON.parse(JSON.stringify([press, meter])))
  expect((await readTagTable(tableYaml(devices))).devices.map(({ name, tags }) => [name, tags.length])).toEqual([
    ['冲床 1', 3],
    ['meter', 1],
  ])
})

test('of 100,000 rows with three bad ones, these are named with sheet, row and column, and the rest is taken', async () => {
  const tags = Array.from({ length: 100_000 }, (_, i) => ({
    property: `p${i}`,
    address: `holding/${i % 65_000}`,
    type: 'int16' as string,
  }))
  tags[7]!.address = 'holdng/7'
  tags[50_000]!.type = 'integer'
  tags[99_999]!.property = 'p0'
  const { devices, notTaken } = await readExcel(await writeExcel([{ ...press, tags: tags as WrittenDevice['tags'] }]))
  expect(notTaken).toEqual([
    'Sheet tags, row 9, column C (address): “holdng/7”, position 1: coil/, discrete/, holding/, input/ or a reference such as 40001 is expected',
    expect.stringMatching(/^Sheet tags, row 50002, column D \(type\): one of bool, int8, .* is expected$/),
    'Sheet tags, row 100001, column B (property): “p0” is there twice',
  ])
  expect(devices[0]?.tags.length).toBe(99_997)
}, 120_000)

test('an import names tags that share registers, beside the table and not as something that was not taken', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kapok-excel-'))
  const file = join(folder, 'plant.xlsx')
  const tag = (property: string, address: string, type: 'uint16' | 'uint32') => ({ property, address, type })
  writeFileSync(
    file,
    await writeExcel([{ ...press, tags: [tag('shots', 'holding/4', 'uint32'), tag('n', 'holding/5', 'uint16')] }]),
  )
  const notes: string[] = []
  const table: string[] = []
  const said = { note: (sentence: string) => notes.push(sentence), table: (text: string) => table.push(text) }
  expect(await makeTable(['import', file], { host: '', name: '' }, said)).toBe(0)
  rmSync(folder, { recursive: true })
  expect(notes).toEqual([`no error, but look: ${press.name}: “n” at holding/5 shares a part of “shots” at holding/4`])
  expect((await readTagTable(table.join(''))).devices[0]?.tags.length).toBe(2)
})

test('a row without its device, a wrong cell, an unknown column, a file that is none: each is said where it stands', async () => {
  const twice = await readExcel(await writeExcel([press, { ...meter, name: '冲床 1' }]))
  expect(twice.notTaken[0]).toBe('Sheet devices, row 3, column A (name): “冲床 1” is there twice')
  const odd = { ...press, tags: [{ ...press.tags[0]!, scale: 'ten' as unknown as number }, press.tags[1]!] }
  const { devices, notTaken } = await readExcel(await writeExcel([odd, { ...meter, protocol: 'modbuss' }]))
  expect(notTaken).toEqual([
    'Sheet tags, row 2, column E (scale): a number is expected',
    expect.stringMatching(/^Sheet devices, row 3, column B \(protocol\): one of modbus, /),
  ])
  expect(devices.map(({ name, tags }) => [name, tags.length])).toEqual([['冲床 1', 1]])
  const { default: write } = await import('write-excel-file/node')
  const sheet = (columns: string[]) => [columns.map((value) => ({ value }))]
  const wrong = await write([
    { sheet: 'devices', data: sheet(['name', 'protocol', 'conection']) },
    { sheet: 'tags', data: sheet(['device', 'property', 'address', 'type']) },
  ]).toBuffer()
  await expect(readExcel(wrong)).rejects.toThrow(
    'Sheet devices, row 1, column C: unknown column “conection”; known are',
  )
  await expect(readExcel(Buffer.from('PK no'))).rejects.toThrow('This is no Excel file (.xlsx)')
})
