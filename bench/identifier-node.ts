import { join } from 'node:path'
import { IdentifierNode } from '@kapok/identifier/start'
import { RecordStore } from '@kapok/identifier/store'
import { systemClock } from '@kapok/kit/clock'
import { benchRecord, benchRecords } from './identifier-records.ts'

// A node in a process of its own, with a million records; tells its ports when it serves. `identifier-node.ts FOLDER`.
const [, , folder = ''] = process.argv
const records = RecordStore.open(join(folder, 'records'), { clock: systemClock })
for (let at = records.stats().records; at < benchRecords; at += 2_000) {
  const items = Array.from({ length: 2_000 }, (_, i) => benchRecord(at + i))
  await records.batch(`${at}`, '', items)
}
const node = new IdentifierNode({
  records,
  host: '127.0.0.1',
  address: '127.0.0.1',
  port: 0,
  httpPort: 0,
  homes: ['88.608.8889'],
  clock: systemClock,
})
process.send?.(await node.run())
process.on('disconnect', () => process.exit(0))
