import { TagTableError } from '../check.ts'
import { checkTagTable } from '../tag-table.ts'
import type { ImportedTable, WrittenDevice, WrittenTag } from './written-table.ts'

/**
 * A tag table as an Excel file (.xlsx) with two sheets. `devices`: name, protocol, connection (`host=192.168.1.10; unit=1`),
 * periodMs, heartbeatMs. `tags`: device, and what a tag of a tag table has; `values` as `0=off; 1=on`.
 */
const deviceColumns = ['name', 'protocol', 'connection', 'periodMs', 'heartbeatMs'] as const
const tagColumns = [
  'device',
  'property',
  'address',
  'type',
  'scale',
  'offset',
  'values',
  'rollOver',
  'periodMs',
  'report',
  'deadBand',
  'deadBandPercent',
  'heartbeatMs',
  'unit',
] as const

export const excelRowsMax = 200_000

type Cell = string | number | boolean | Date | null | undefined
type Sheet = { rows: Cell[][]; columnOf: Map<string, number>; name: string }

/** Where something stood: a row counted from 1, as Excel shows it. */
interface Place {
  sheet: Sheet
  row: number
}

/**
 * Reads the file. What is wrong with a row is named with sheet, row and column, and the rest is taken. Throws
 * TagTableError when it is no such file.
 */
export async function readExcel(file: Buffer): Promise<ImportedTable> {
  const sheets = await sheetsOf(file)
  const [deviceSheet, tagSheet] = [sheetOf(sheets, 'devices', deviceColumns), sheetOf(sheets, 'tags', tagColumns)]
  const notTaken: string[] = []
  const devices: { device: WrittenDevice; place: Place; tags: { tag: WrittenTag; place: Place }[] }[] = []
  const byName = new Map<string, (typeof devices)[number]>()
  for (const [row, cells] of rowsOf(deviceSheet)) {
    const read = (column: string) => cellOf(deviceSheet, cells, column)
    const device = {
      name: textOf(read('name')),
      protocol: textOf(read('protocol')),
      connection: pairsOf(textOf(read('connection')) ?? ''),
      periodMs: numberOf(read('periodMs')),
      heartbeatMs: numberOf(read('heartbeatMs')),
    } as Omit<WrittenDevice, 'tags'>
    const entry = { device: { ...device, tags: [] }, place: { sheet: deviceSheet, row }, tags: [] }
    if (byName.has(device.name)) notTaken.push(`${nameOf(entry.place, 'name')}: “${device.name}” is there twice`)
    else {
      byName.set(device.name, entry)
      devices.push(entry)
    }
  }
  for (const [row, cells] of rowsOf(tagSheet)) {
    const place = { sheet: tagSheet, row }
    const name = textOf(cellOf(tagSheet, cells, 'device'))
    const owner = byName.get(name ?? '')
    if (owner === undefined) notTaken.push(`${nameOf(place, 'device')}: a device of the sheet “devices” is expected`)
    else owner.tags.push({ tag: tagOf(tagSheet, cells), place })
  }
  const taken: WrittenDevice[] = []
  for (const { device, place, tags } of devices) {
    const good = await checked(device, place, tags, notTaken)
    if (good !== undefined) taken.push(good)
  }
  return { devices: taken, notTaken }
}

async function sheetsOf(file: Buffer): Promise<{ sheet: string; data: Cell[][] }[]> {
  const { default: readSheets } = await import('read-excel-file/node')
  try {
    return (await readSheets(file)) as { sheet: string; data: Cell[][] }[]
  } catch (cause) {
    throw new TagTableError(`This is no Excel file (.xlsx): ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}

function sheetOf(
  sheets: readonly { sheet: string; data: Cell[][] }[],
  name: string,
  columns: readonly string[],
): Sheet {
  const found = sheets.find(({ sheet }) => sheet.trim().toLowerCase() === name)
  if (found === undefined)
    throw new TagTableError(`A sheet “${name}” is expected; there are ${sheets.map(({ sheet }) => sheet).join(', ')}`)
  const [head = [], ...rows] = found.data
  if (rows.length > excelRowsMax) throw new TagTableError(`Sheet ${name}: at most ${excelRowsMax} rows are expected`)
  const columnOf = new Map(head.flatMap((cell, i) => (cell === null ? [] : [[String(cell).trim(), i] as const])))
  for (const [column, i] of columnOf)
    if (!columns.includes(column))
      throw new TagTableError(
        `Sheet ${name}, row 1, column ${letterOf(i)}: unknown column “${column}”; known are ${columns.join(', ')}`,
      )
  for (const column of columns.slice(0, name === 'tags' ? 4 : 3))
    if (!columnOf.has(column)) throw new TagTableError(`Sheet ${name}, row 1: a column “${column}” is expected`)
  return { rows, columnOf, name }
}

/** The rows with something in them, with their numbers. */
const rowsOf = ({ rows }: Sheet) =>
  rows.flatMap((cells, i): [number, Cell[]][] =>
    cells.every((cell) => cell === null || cell === '') ? [] : [[i + 2, cells]],
  )

const cellOf = ({ columnOf }: Sheet, cells: Cell[], column: string): Cell => {
  const at = columnOf.get(column)
  return at === undefined ? undefined : cells[at]
}

/** As a tag table would have it; an empty cell is a key that is not there. What does not fit is left for the check to name. */
function tagOf(sheet: Sheet, cells: Cell[]): WrittenTag {
  const read = (column: (typeof tagColumns)[number]) => cellOf(sheet, cells, column)
  const values = textOf(read('values'))
  return {
    property: textOf(read('property')),
    address: textOf(read('address')),
    type: textOf(read('type')),
    unit: textOf(read('unit')),
    report: textOf(read('report')),
    values: values === undefined ? undefined : pairsOf(values, String),
    ...Object.fromEntries(
      (['scale', 'offset', 'rollOver', 'periodMs', 'deadBand', 'deadBandPercent', 'heartbeatMs'] as const).map(
        (column) => [column, numberOf(read(column))],
      ),
    ),
  } as WrittenTag
}

const textOf = (cell: Cell): string | undefined =>
  cell === null || cell === undefined || cell === '' ? undefined : String(cell).trim()

/** A number; what is none stays as it is, so that it is named. */
function numberOf(cell: Cell): number | undefined {
  const text = textOf(cell)
  if (text === undefined) return undefined
  return Number.isFinite(Number(text)) ? Number(text) : (text as unknown as number)
}

/** `a=1; b=x` */
function pairsOf(text: string, read: (text: string) => unknown = scalarOf): Record<string, never> {
  const pairs = text.split(';').filter((each) => each.trim() !== '')
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      return at === -1 ? [pair.trim(), ''] : [pair.slice(0, at).trim(), read(pair.slice(at + 1).trim())]
    }),
  ) as Record<string, never>
}

/** Digits with leading zeros, as of a meter, are a text. */
function scalarOf(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true'
  return /^-?(0|[1-9]\d{0,8})(\.\d+)?$/.test(text) ? Number(text) : text
}

/** The device with those of its tags that a tag table takes. */
async function checked(
  device: WrittenDevice,
  place: Place,
  tags: readonly { tag: WrittenTag; place: Place }[],
  notTaken: string[],
): Promise<WrittenDevice | undefined> {
  const faulty = new Set<number>()
  let isWhole = true
  try {
    await checkTagTable({ devices: [{ ...device, tags: tags.map(({ tag }) => tag) }] })
  } catch (error) {
    if (!(error instanceof TagTableError)) throw error
    for (const problem of error.problems) {
      const [, number, rest = ''] = /^table\.devices\[0\]\.tags\[(\d+)\](.*)$/s.exec(problem) ?? []
      if (number === undefined) {
        isWhole = false
        notTaken.push(named(place, problem.replace(/^table\.devices\[0\]/, '')))
      } else {
        faulty.add(Number(number))
        notTaken.push(named(tags[Number(number)]?.place ?? place, rest))
      }
    }
  }
  const good = tags.flatMap(({ tag }, i) => (faulty.has(i) ? [] : [tag]))
  return isWhole && good.length > 0 ? { ...device, tags: good } : undefined
}

/** A problem of a row, `.address: what is expected`, with the column that it is in. */
function named(place: Place, problem: string): string {
  const [, column = '', rest = problem] = /^\.(\w+)(.*)$/s.exec(problem) ?? []
  return `${nameOf(place, column)}${rest.startsWith(':') ? rest : ` ${rest}`}`
}

function nameOf({ sheet, row }: Place, column: string): string {
  const at = sheet.columnOf.get(column)
  return `Sheet ${sheet.name}, row ${row}${at === undefined ? `, ${column}` : `, column ${letterOf(at)} (${column})`}`
}

const letterOf = (column: number): string =>
  `${column >= 26 ? letterOf(Math.floor(column / 26) - 1) : ''}${String.fromCharCode(65 + (column % 26))}`

/** The file of a table; the inverse of readExcel. */
export async function writeExcel(devices: readonly WrittenDevice[]): Promise<Buffer> {
  const { default: write } = await import('write-excel-file/node')
  const header = (columns: readonly string[]) => columns.map((value) => ({ value, fontWeight: 'bold' as const }))
  const pairs = (mapping: object | undefined) =>
    mapping &&
    Object.entries(mapping)
      .map(([key, value]) => `${key}=${value}`)
      .join('; ')
  const cell = (value: unknown) => (value === undefined ? null : (value as string | number))
  const deviceRows = devices.map(({ connection, ...device }) => {
    const row = { ...device, connection: pairs(connection) }
    return deviceColumns.map((column) => cell(row[column]))
  })
  const tagRows = devices.flatMap(({ name, tags }) =>
    tags.map((tag) => {
      const row = { ...tag, device: name, values: pairs(tag.values) }
      return tagColumns.map((column) => cell(row[column]))
    }),
  )
  return write([
    { sheet: 'devices', data: [header(deviceColumns), ...deviceRows], stickyRowsCount: 1 },
    { sheet: 'tags', data: [header(tagColumns), ...tagRows], stickyRowsCount: 1 },
  ]).toBuffer()
}
