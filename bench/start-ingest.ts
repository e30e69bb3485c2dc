import { type ChildProcess, fork } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import type { TestKit } from '@kapok/kit-store/testing'
import type { IngestProcessOptions, ToIngest } from './ingest-process.ts'

export interface IngestProcess {
  child: ChildProcess
  mqttPort: number
  httpPort: number
  flush(): Promise<void>
  state(): Promise<{ rss: number; points: number; pendingBytes: number; cpu: { user: number; system: number } }>
  stop(): Promise<void>
}

/** `preload`: modules of this folder that change what is slow or wrong before ingest starts. */
export async function startIngest(
  kit: TestKit,
  { preload = [], ...options }: { mqttPort?: number; preload?: readonly string[] } = {},
): Promise<IngestProcess> {
  const all: IngestProcessOptions = {
    appUrl: kit.appUrl,
    clickhouseUrl: kit.clickhouseUrl,
    dataFolder: kit.dataFolder,
    mqttPort: 0,
    ...options,
  }
  const child = fork(join(import.meta.dirname, 'ingest-process.ts'), [JSON.stringify(all)], {
    execPath: process.execPath,
    execArgv: preload.flatMap((module) => ['--import', join(import.meta.dirname, module)]),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`ingest ended with ${code}`)
  })
  ended.catch(() => {})
  const answer = async <T>(ask?: ToIngest['ask']): Promise<T> => {
    if (ask !== undefined) child.send({ ask } satisfies ToIngest)
    const [message] = await Promise.race([once(child, 'message'), ended])
    return message as T
  }
  const ports = await answer<{ mqttPort: number; httpPort: number }>()
  return {
    child,
    ...ports,
    flush: async () => {
      await answer('flush')
    },
    state: async () => (await answer<{ state: Awaited<ReturnType<IngestProcess['state']>> }>('state')).state,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.send({ ask: 'stop' } satisfies ToIngest)
      await once(child, 'exit')
    },
  }
}

/**
 * Devices of one organisation in bulk, each with a token; as many properties `m0`, `m1` … of type float. Ids are drawn
 * at random unless `newId` makes them.
 */
export async function makeDevices(
  kit: TestKit,
  ask: { devices: number; properties: number; newId?: () => string },
): Promise<{ orgId: string; devices: { id: string; token: string }[] }> {
  const newId = ask.newId ?? (() => crypto.randomUUID())
  const orgId = newId()
  const productId = newId()
  const properties = Array.from({ length: ask.properties }, (_, i) => ({
    identifier: `m${i}`,
    name: `m${i}`,
    type: 'float',
    unit: '',
  }))
  const devices = Array.from({ length: ask.devices }, () => ({
    id: newId(),
    token: randomBytes(32).toString('base64url'),
  }))
  await kit.db.tx({ job: 'data' }, async (tx) => {
    const at = new Date(kit.clock.now())
    await tx.run(
      `INSERT INTO data.product (id, org_id, name, version, retention, properties, created_at, updated_at)
       VALUES ($1, $2, 'bench', 1, 'year3', $3, $4, $4)`,
      [productId, orgId, JSON.stringify(properties), at],
    )
    await tx.run(
      `INSERT INTO data.device (id, org_id, name, kind, product_id, created_at)
       SELECT id, $2, id::text, 'device', $3, $4 FROM unnest($1::uuid[]) AS id`,
      [devices.map(({ id }) => id), orgId, productId, at],
    )
    await tx.run(
      `INSERT INTO data.credential (id, org_id, device_id, purpose, secret_sha256, hint, created_at)
       SELECT gen_random_uuid(), $2, d, 'live', s, '', $4 FROM unnest($1::uuid[], $3::bytea[]) AS u (d, s)`,
      [devices.map(({ id }) => id), orgId, devices.map(({ token }) => createHash('sha256').update(token).digest()), at],
    )
  })
  return { orgId, devices }
}
