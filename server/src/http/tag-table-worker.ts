import { parentPort, workerData } from 'node:worker_threads'
import { excelOfTable, importTable, yamlOfImported } from '@kapok/edge/import-table'

export type TableAsk = { name: string; bytes: Uint8Array } | { table: string }

export type TableAnswer =
  | { text: string; devices: number; tags: number; notTaken: string[] }
  | { bytes: Uint8Array }
  | { unreadable: string }

async function answer(ask: TableAsk): Promise<TableAnswer> {
  if ('table' in ask) return { bytes: await excelOfTable(ask.table) }
  const table = await importTable(ask.name, Buffer.from(ask.bytes))
  return {
    text: (await yamlOfImported(table)).yaml,
    devices: table.devices.length,
    tags: table.devices.reduce((sum, { tags }) => sum + tags.length, 0),
    notTaken: table.notTaken,
  }
}

parentPort?.postMessage(
  await answer(workerData as TableAsk).catch(
    (error: unknown): TableAnswer => ({ unreadable: error instanceof Error ? error.message : String(error) }),
  ),
)
