import { join } from 'node:path'
import { IdentifierNode } from '@kapok/identifier/start'
import { RecordStore } from '@kapok/identifier/store'
import { systemClock } from '@kapok/kit/clock'
import { benchRecord, benchRecords, gs1Record, gs1Records } from './identifier-records.ts'

// A node in a process of its own, with a million records, or those of the GS1 resolver; tells its ports when it serves. Loopback is
// not counted by its limits of requests (`rateLimits.uncounted`). `identifier-node.ts FOLDER [gs1]`.
const [, , folder = '', what] = process.argv
const [count, recordOf] = what === 'gs1' ? [gs1Records, gs1Record] : [benchRecords, benchRecord]
const records = RecordStore.open(join(folder, 'records'), { clock: systemClock })
for (let at = records.stats().records; at < count; at += 2_000) {
  const items = Array.from({ length: 2_000 }, (_, i) => recordOf(at + i))
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
