import { applicationPort } from '@kapok/access'
import { runIngest } from '@kapok/data/ingest'
import { readConfig } from '../config.ts'
import { roleKit } from './engine-kit.ts'
import { need, runRole } from './role.ts'

/** `kapok run ingest`: MQTT and device HTTP, the log, live values. */
export const runIngestRole = () =>
  runRole('ingest', async (log) => {
    const kit = roleKit(log)
    const config = readConfig(process.env.KAPOK_MODE === 'world' ? 'world' : 'platform')
    const ingest = await runIngest(kit, {
      mqttPort: config.mqttPort,
      mqttHosts: config.hosts,
      ...(config.tls && { tls: config.tls }),
      httpPort: Number(need('KAPOK_INNER_DEVICE_PORT')),
      httpSecret: need('KAPOK_INNER_DEVICE_SECRET'),
      applications: applicationPort(kit),
      storeReadsFiles: config.clickhouseUrl === undefined,
    })
    return {
      async stop() {
        await ingest.stop()
        await kit.clickhouse.close()
        await kit.db.stop()
      },
    }
  })
