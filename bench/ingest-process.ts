import { createClient } from '@clickhouse/client'
import { runIngest } from '@kapok/data/ingest'
import { makeBus } from '@kapok/kit/bus'
import { SettableClock } from '@kapok/kit/clock'
import { randomIds } from '@kapok/kit/ids'
import { makeLog } from '@kapok/kit/log'
import { openDb } from '@kapok/kit-store/db'

// Ingest as a process of its own, as the supervisor runs it, over engines that a benchmark or a proof started.
export interface IngestProcessOptions {
  appUrl: string
  clickhouseUrl: string
  dataFolder: string
  mqttPort: number
}
export type ToIngest = { ask: 'flush' | 'state' | 'stop' }

const options = JSON.parse(process.argv[2] ?? '{}') as IngestProcessOptions
const url = new URL(options.clickhouseUrl)
const log = makeLog('ingest', process.env.KAPOK_LOG ?? 'error')
const kit = {
  clock: new SettableClock(),
  ids: randomIds,
  log,
  bus: makeBus(),
  db: openDb(options.appUrl, () => {}),
  clickhouse: createClient({
    url: `${url.protocol}//${url.username}:${url.password}@${url.host}`,
    database: url.pathname.slice(1),
  }),
  dataFolder: options.dataFolder,
  baseUrl: '',
}
const ingest = await runIngest(kit, {
  mqttPort: options.mqttPort,
  mqttHosts: ['127.0.0.1'],
  httpPort: 0,
})
process.send?.({ mqttPort: ingest.mqttPort, httpPort: ingest.httpPort })
process.on('message', (message: ToIngest) => {
  if (message.ask === 'flush') void ingest.flush().then(() => process.send?.({ flushed: true }))
  else if (message.ask === 'state')
    process.send?.({ state: { ...ingest.state(), rss: process.memoryUsage.rss(), cpu: process.cpuUsage() } })
  else void ingest.stop().then(() => process.exit(0))
})
process.on('disconnect', () => process.exit(0))
