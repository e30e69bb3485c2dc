import { join } from 'node:path'
import { jwkOf, makeJwsKey } from '@kapok/identifier/handle'
import { IdentifierNode, signingKinds } from '@kapok/identifier/start'
import { RecordStore } from '@kapok/identifier/store'
import { makeServerKey } from '@kapok/identifier/trust'
import { systemClock } from '@kapok/kit/clock'
import { benchRecord, certifiedRecords } from './identifier-records.ts'

// A node that signs its records, in a process of its own; tells port and keys when it serves. `identifier-certified-node.ts FOLDER KIND`.
const [, , folder = '', kind = ''] = process.argv
const key = makeJwsKey(signingKinds.find((each) => each === kind) ?? 'ed25519')
const node = new IdentifierNode({
  records: RecordStore.open(join(folder, 'records'), { clock: systemClock }),
  host: '127.0.0.1',
  address: '127.0.0.1',
  port: 0,
  homes: ['88.608.8889'],
  keys: { server: makeServerKey(), records: key },
  clock: systemClock,
})
for (let at = 0; at < certifiedRecords; at += 2_000)
  await node.records.batch(
    `${at}`,
    '',
    Array.from({ length: 2_000 }, (_, i) => benchRecord(at + i)),
  )
const { port } = await node.run()
const serverKey = Buffer.from(node.site().servers[0]?.publicKey ?? '').toString('base64')
process.send?.({ port, key: jwkOf(key), serverKey })
process.on('disconnect', () => process.exit(0))
