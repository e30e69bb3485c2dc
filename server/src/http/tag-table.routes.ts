import { exportTable, importTable, notTakenMax } from '@kapok/contracts/gateway'
import { configurationBytesMax } from '@kapok/contracts/gateway-talk'
import { refusals } from '@kapok/contracts/refusal'
import { inWorker } from '@kapok/kit-store/in-worker'
import { handle, type RouteHandler } from '@kapok/kit-store/plane'
import type { TableAnswer, TableAsk } from './tag-table-worker.ts'

/** A file of 10^5 rows takes seconds; one that takes longer than this is no tag table. */
const workMsMax = 60_000
const memoryMb = 1_024
const workersMax = 2
const script = new URL('./tag-table-worker.ts', import.meta.url)

const refuse = refusals({
  'table.unreadable': { status: 422, zh: '此文件无法读取：{why}', en: 'This file cannot be read: {why}' },
  'table.too_large': {
    status: 413,
    zh: '此表写成文本超过 {kib} KiB，请分成多台网关，或在网关上用 edge-table import 读取。',
    en: 'As text this table is larger than {kib} KiB; divide it between gateways, or load it at the gateway with edge-table import.',
  },
  'table.busy': {
    status: 503,
    zh: '正在转换其他点位表，请稍后再试。',
    en: 'Other tag tables are being converted; try again in a moment.',
  },
})

/** Tag tables from and to files. The work is a worker thread's, so that a large file holds up nobody. */
export function tagTableRoutes(): RouteHandler[] {
  let working = 0
  async function work(ask: TableAsk): Promise<Exclude<TableAnswer, { unreadable: string }>> {
    if (working >= workersMax) throw refuse('table.busy')
    working++
    try {
      const answer = await inWorker<TableAnswer>(script, ask, { msMax: workMsMax, memoryMb }).catch(
        (cause: unknown) => {
          throw refuse('table.unreadable', { why: cause instanceof Error ? cause.message : String(cause) }, { cause })
        },
      )
      if ('unreadable' in answer) throw refuse('table.unreadable', { why: answer.unreadable })
      return answer
    } finally {
      working--
    }
  }
  return [
    handle(importTable, async (call) => {
      const answer = await work({ name: call.query.name, bytes: call.body })
      if (!('text' in answer)) throw new Error('an import has a text')
      if (Buffer.byteLength(answer.text) > configurationBytesMax)
        throw refuse('table.too_large', { kib: configurationBytesMax >> 10 })
      const { notTaken, ...taken } = answer
      return { ...taken, notTaken: notTaken.slice(0, notTakenMax), notTakenTotal: notTaken.length }
    }),
    handle(exportTable, async (call) => {
      const answer = await work({ table: call.body.text })
      if (!('bytes' in answer)) throw new Error('an export has bytes')
      return {
        bytes: answer.bytes,
        mediaType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
        fileName: 'tag-table.xlsx',
      }
    }),
  ]
}
