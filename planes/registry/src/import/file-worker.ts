import { parentPort, workerData } from 'node:worker_threads'
import type { Registrant } from '../record/check-facts.ts'
import { type CheckedRow, checkRows } from './check-rows.ts'
import { FileFault, type ResultRow, readRows, writeResult, writeTemplate } from './excel.ts'

type Language = 'zh' | 'en'
export type FileAsk =
  | { check: Uint8Array; registrant: Registrant }
  | { result: readonly ResultRow[]; language: Language }
  | { template: Language }
export type FileAnswer = { rows: CheckedRow[] } | { bytes: Uint8Array } | { unreadable: { zh: string; en: string } }

async function answer(ask: FileAsk): Promise<FileAnswer> {
  if ('template' in ask) return { bytes: await writeTemplate(ask.template) }
  if ('result' in ask) return { bytes: await writeResult(ask.result, ask.language) }
  return { rows: checkRows(await readRows(ask.check), ask.registrant) }
}

parentPort?.postMessage(
  await answer(workerData as FileAsk).catch((error: unknown): FileAnswer => {
    if (error instanceof FileFault) return { unreadable: error.words }
    throw error
  }),
)
