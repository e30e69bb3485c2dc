import type { RegistryFacts } from '@kapok/contracts/registry'
import { registryRowsMax } from '@kapok/contracts/registry'
import { type RegistryFieldKey, registryFields } from '@kapok/contracts/registry-fields'

/** A file that no rows can be read of; the words say why. */
export class FileFault extends Error {
  readonly words: { zh: string; en: string }
  constructor(words: { zh: string; en: string }, options?: ErrorOptions) {
    super(words.en, options)
    this.name = 'FileFault'
    this.words = words
  }
}

type Cell = string | number | boolean | Date | null | undefined
interface FileRow {
  /** As Excel counts it; the head is row 1. */
  row: number
  facts: RegistryFacts
}

/** The rows of the first sheet that have something in them. Throws FileFault. */
export async function readRows(file: Uint8Array): Promise<FileRow[]> {
  const [head = [], ...rows] = await firstSheet(file)
  const columns = columnsOf(head)
  const found = rows.flatMap((cells, i): FileRow[] => {
    const facts: RegistryFacts = {}
    for (const [at, key] of columns) {
      const text = textOf(cells[at])
      if (text !== '') facts[key] = text
    }
    return Object.keys(facts).length === 0 ? [] : [{ row: i + 2, facts }]
  })
  if (found.length > registryRowsMax)
    throw new FileFault({
      zh: `有 ${found.length} 行，一个文件至多 ${registryRowsMax} 行，请分成几个文件`,
      en: `it has ${found.length} rows; divide it into files of at most ${registryRowsMax}`,
    })
  if (found.length === 0)
    throw new FileFault({ zh: '第一张工作表里没有数据行', en: 'its first sheet has no row of data' })
  return found
}

async function firstSheet(file: Uint8Array): Promise<Cell[][]> {
  const { default: readSheets } = await import('read-excel-file/node')
  try {
    const sheets = (await readSheets(Buffer.from(file))) as { sheet: string; data: Cell[][] }[]
    return sheets[0]?.data ?? []
  } catch (cause) {
    throw new FileFault({ zh: '它不是 Excel 文件（.xlsx）', en: 'it is no Excel file (.xlsx)' }, { cause })
  }
}

/** Columns by their title in either language, or by the key; the order is free. */
function columnsOf(head: readonly Cell[]): Map<number, RegistryFieldKey> {
  const known = new Map<string, RegistryFieldKey>(
    registryFields.flatMap(({ key, title }) =>
      [key, title.zh, title.en].map((name) => [name.toLowerCase(), key] as const),
    ),
  )
  const columns = new Map<number, RegistryFieldKey>()
  for (const [at, cell] of head.entries()) {
    const title = textOf(cell).replace(/\s*[*＊]$/, '')
    if (title === '' || resultTitles.has(title)) continue
    const key = known.get(title.toLowerCase())
    const place = { zh: `第 1 行 ${letterOf(at)} 列`, en: `row 1, column ${letterOf(at)}` }
    if (key === undefined)
      throw new FileFault({
        zh: `${place.zh}：没有“${title}”这一列，可用的列有 ${registryFields.map((each) => each.title.zh).join('、')}`,
        en: `${place.en}: there is no column “${title}”; there are ${registryFields.map((each) => each.title.en).join(', ')}`,
      })
    if ([...columns.values()].includes(key))
      throw new FileFault({ zh: `${place.zh}：“${title}”出现了两次`, en: `${place.en}: “${title}” is there twice` })
    columns.set(at, key)
  }
  const missing = registryFields.find((field) => 'required' in field && ![...columns.values()].includes(field.key))
  if (missing)
    throw new FileFault({
      zh: `第 1 行没有“${missing.title.zh}”这一列；请用模板`,
      en: `row 1 has no column “${missing.title.en}”; use the template`,
    })
  return columns
}

/** Excel keeps a time as the wall clock, which the library gives as if it were UTC. */
function textOf(cell: Cell): string {
  if (cell === null || cell === undefined) return ''
  if (cell instanceof Date) return Number.isNaN(cell.getTime()) ? '' : cell.toISOString().slice(0, 19).replace('T', ' ')
  return String(cell).trim()
}

const letterOf = (column: number): string =>
  `${column >= 26 ? letterOf(Math.floor(column / 26) - 1) : ''}${String.fromCharCode(65 + (column % 26))}`

type Language = 'zh' | 'en'
const resultWords = { zh: ['结果', '说明'], en: ['Result', 'Remark'] } as const
/** So that a result file may be corrected and given again. */
const resultTitles: ReadonlySet<string> = new Set([...resultWords.zh, ...resultWords.en])

/** The template: titles, and one example to be overwritten. */
export function writeTemplate(language: Language): Promise<Buffer> {
  return write([titlesOf(language), registryFields.map(({ example }) => text(example))])
}

export interface ResultRow {
  facts: RegistryFacts
  result: string
  remark: string
}

export function writeResult(rows: readonly ResultRow[], language: Language): Promise<Buffer> {
  const head = [...titlesOf(language), ...resultWords[language].map(bold)]
  return write([
    head,
    ...rows.map(({ facts, result, remark }) => [
      ...registryFields.map(({ key }) => text(facts[key] ?? '')),
      text(result),
      text(remark),
    ]),
  ])
}

const titlesOf = (language: Language) =>
  registryFields.map((field) => bold(`${field.title[language]}${'required' in field ? ' *' : ''}`))
const bold = (value: string) => ({ value, type: String, fontWeight: 'bold' as const })
/** Text also where it has digits alone, so that no zero is lost. */
const text = (value: string) => (value === '' ? null : { value, type: String })

async function write(data: (ReturnType<typeof bold> | ReturnType<typeof text>)[][]): Promise<Buffer> {
  const { default: writeFile } = await import('write-excel-file/node')
  const columns = data[0]?.map(() => ({ width: 20 })) ?? []
  return writeFile([{ sheet: 'identifiers', data, columns, stickyRowsCount: 1 }]).toBuffer()
}
