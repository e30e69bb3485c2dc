import { fileReceipt, getBatch, listBatches } from '@kapok/contracts/subsidy'
import type { Stage } from './desk.ts'

/** The bank's answer to batches of earlier days, entered by the finance officer as it arrives: every line is paid. */
export async function bankAnswers(stage: Stage): Promise<void> {
  const finance = stage.person('finance')
  const { rows: batches } = await finance.call(listBatches, { query: { size: 100 } })
  for (const batch of batches.filter(({ waiting }) => waiting > 0)) {
    const params = { batchId: batch.id }
    const { rows } = await finance.call(getBatch, { params })
    for (const { line } of rows.filter((each) => each.state === 'waiting')) {
      const receiptId = `HD-${batch.batchNo}-${line}`
      await finance.call(fileReceipt, { params, body: { line, receiptId, outcome: 'paid' } })
    }
  }
}
