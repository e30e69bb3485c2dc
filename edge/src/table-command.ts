import { readFileSync, writeFileSync } from 'node:fs'
import { deviceTableOf } from '@kapok/contracts/machine-model'
import { TagTableError } from './check.ts'
import { CommandError } from './command.ts'
import { DeviceError } from './driver.ts'
import { loadModel, modelIds } from './models/model.ts'
import { playModel } from './models/play-model.ts'

export interface TableOptions {
  /** Of the machine, for a piece of table from the library. */
  host: string
  /** Of the device on the platform. */
  name: string
}

/** Where the words of a command go: a table to one place, what is said about it to another. */
export interface Said {
  table(text: string): void
  note(sentence: string): void
}

export const tableHelp = `edge-table                               list the machine models of the library
edge-table <model> [--host] [--name]     print the model’s piece of a tag table
edge-table browse <endpoint>             print what a machine offers (opc.tcp://…, http://… of an MTConnect agent, ethernet-ip://…)
edge-table import <file>                 print the tag table of an .xlsx file, or of ThingsBoard’s modbus.json or opcua.json
edge-table export <table> <file.xlsx>    write a tag table as an Excel file`

/** `edge-table …`: makes pieces of tag tables. Resolves with the exit code: 1 when something could not be taken. Throws CommandError. */
export async function makeTable(words: readonly string[], options: TableOptions, said: Said): Promise<number> {
  const [verb, first, second] = words
  return inSentences(async () => {
    if (verb === undefined) return listModels(said)
    if (verb === 'browse' && first !== undefined) return browse(first, options, said)
    if (verb === 'import' && first !== undefined) return importFile(first, said)
    if (verb === 'export' && first !== undefined && second !== undefined) return exportFile(first, second, said)
    if (words.length > 1 || ['browse', 'import', 'export'].includes(verb)) throw new CommandError(tableHelp)
    said.table(`devices:\n${deviceTableOf(await loadModel(verb), options)}`)
    const { note } = await loadModel(verb)
    if (note !== undefined) said.note(note.en)
    return 0
  })
}

export interface PlayOptions {
  port: number
  host: string
}

/** Plays a machine of the library; says how to read it. Throws CommandError. */
export async function simulateMachine(
  model: string,
  options: PlayOptions,
  said: Said,
): Promise<{ stop(): Promise<void> }> {
  return inSentences(async () => {
    const known = await loadModel(model)
    const played = await playModel(known, options).catch((error: unknown) => {
      const { code, port } = error as { code?: string; port?: number }
      if (code === 'EADDRINUSE') throw new CommandError(`Port ${port} is taken; choose another with --port.`)
      if (code === 'ERR_MODULE_NOT_FOUND')
        throw new CommandError(
          'To play machines of this protocol install what the README names (node-opcua-server and others), or play them from the repository.',
        )
      throw error
    })
    const { connection } = played
    said.note(`Plays ${known.maker}, ${known.en}. Its tag table:`)
    said.table(
      `devices:\n${deviceTableOf({ ...known, connection: connection as typeof known.connection }, { name: known.en, host: options.host })}`,
    )
    return played
  })
}

async function inSentences<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof TagTableError || error instanceof DeviceError)
      throw new CommandError(error.message, { cause: error })
    throw error
  }
}

async function listModels({ table }: Said): Promise<number> {
  for (const id of modelIds()) {
    const { maker, en, protocol, addresses } = await loadModel(id)
    table(`${id.padEnd(44)} ${protocol.padEnd(12)} ${addresses.padEnd(10)} ${maker}: ${en}\n`)
  }
  return 0
}

async function browse(endpoint: string, { name }: TableOptions, said: Said): Promise<number> {
  const { browseMachines, browsedMax, devicesOfBrowsed } = await import('./tables/browse-device.ts')
  const { protocol, connection } = connectionOf(endpoint)
  const { found, machines } = await browseMachines(protocol, connection)
  if (found.length === 0) throw new CommandError(`${endpoint} offers nothing that can be read.`)
  if (found.length === browsedMax) said.note(`Only the first ${browsedMax} tags are listed.`)
  for (const note of machines.flatMap(({ notes }) => notes)) said.note(note)
  const { tableYaml } = await import('./tables/written-table.ts')
  said.table(tableYaml(devicesOfBrowsed(found, machines, { name, protocol, connection })))
  return 0
}

function connectionOf(endpoint: string): { protocol: string; connection: Record<string, unknown> } {
  if (endpoint.startsWith('opc.tcp://')) return { protocol: 'opcua', connection: { endpoint } }
  if (/^https?:\/\//.test(endpoint)) return { protocol: 'mtconnect', connection: { url: endpoint } }
  const [, protocol, host, port] = /^(ethernet-ip|iec104):\/\/([^:/]+)(?::(\d+))?\/?$/.exec(endpoint) ?? []
  if (protocol === undefined)
    throw new CommandError(
      `“${endpoint}”: an address as opc.tcp://host:4840, http://host:5000, ethernet-ip://host or iec104://host is expected.`,
    )
  return { protocol, connection: { host, ...(port === undefined ? {} : { port: Number(port) }) } }
}

async function importFile(file: string, said: Said): Promise<number> {
  const { importTable, yamlOfImported } = await import('./tables/import-table.ts')
  const table = await importTable(file, bytesOf(file))
  for (const each of table.notTaken) said.note(`not taken: ${each}`)
  const { yaml, overlaps } = await yamlOfImported(table)
  for (const { device, tag, with: other } of overlaps)
    said.note(
      `no error, but look: ${device}: “${tag.property}” at ${tag.where} shares a part of “${other.property}” at ${other.where}`,
    )
  said.table(yaml)
  return table.notTaken.length > 0 ? 1 : 0
}

async function exportFile(table: string, file: string, said: Said): Promise<number> {
  const { excelOfTable } = await import('./tables/import-table.ts')
  writeFileSync(file, await excelOfTable(bytesOf(table).toString('utf8')))
  said.note(`${file} is written.`)
  return 0
}

function bytesOf(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new CommandError(`${file} cannot be read.`, { cause })
  }
}
