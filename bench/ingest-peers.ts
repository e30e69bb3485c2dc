import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeLog } from '@kapok/kit/log'
import { startPostgres } from '@kapok/kit-store/engine/postgres'
import { removeDataFolder } from '@kapok/kit-store/testing'
import pg from 'pg'
import { freePort } from '../tests/support/platform.ts'

/** Something that speaks MQTT on a port and is measured by the same generator as ingest. */
export interface Peer {
  port: number
  stop(): Promise<void>
}

/** A server that only acknowledges: what sockets, runtime and generator give on this machine. */
export async function startBareEndpoint(): Promise<Peer> {
  const child = fork(join(import.meta.dirname, 'bare-endpoint.ts'), { execPath: process.execPath })
  const [port] = (await once(child, 'message')) as [number]
  return { port, stop: () => end(child) }
}

/** Eclipse Mosquitto where the machine has it; it keeps QoS 1 messages in memory and acknowledges before any disk. */
export async function startMosquitto(): Promise<Peer | undefined> {
  if (spawnSync('mosquitto', ['-h']).error !== undefined) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'kapok-mosquitto-'))
  const port = await freePort()
  const config = join(folder, 'mosquitto.conf')
  writeFileSync(config, `listener ${port} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 0\n`, { mode: 0o644 })
  const child = spawn('mosquitto', ['-c', config], { stdio: 'ignore' })
  for (let tries = 0; ; tries++) {
    const socket = connect(port, '127.0.0.1')
    const [answer] = await Promise.race([once(socket, 'connect').then(() => ['open']), once(socket, 'error')])
    socket.destroy()
    if (answer === 'open') break
    if (tries > 100) throw new Error('mosquitto does not listen')
    await sleep(50)
  }
  return {
    port,
    async stop() {
      await end(child)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'exit')
}

/** What the disk gives: small synced writes a second, and bytes a second in synced writes of a mebibyte. */
export function diskLimits(): { syncsPerSecond: number; bytesPerSecond: number } {
  const folder = mkdtempSync(join(tmpdir(), 'kapok-disk-'))
  try {
    const rate = (bytes: number) => {
      const fd = openSync(join(folder, String(bytes)), 'w')
      const block = Buffer.alloc(bytes, 0x5a)
      let n = 0
      const began = performance.now()
      for (; performance.now() - began < 2000 && n * bytes < 2 ** 30; n++) {
        writeSync(fd, block)
        fdatasyncSync(fd)
      }
      const seconds = (performance.now() - began) / 1000
      closeSync(fd)
      return n / seconds
    }
    return { syncsPerSecond: rate(4096), bytesPerSecond: rate(1 << 20) * (1 << 20) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Points a second that PostgreSQL takes durably into (series, at, value) with its primary key, in rows of 10,000. */
export async function postgresPointsPerSecond(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'kapok-peer-'))
  const postgres = await startPostgres({ dataFolder: folder, log: makeLog('bench', 'warn') })
  try {
    const client = new pg.Client({ connectionString: postgres.ownerUrl })
    await client.connect()
    await client.query('CREATE TABLE peer (series int4, at int8, value float8, PRIMARY KEY (series, at))')
    const rows = 10_000
    const began = performance.now()
    let n = 0
    for (; performance.now() - began < 6000; n++)
      await client.query({
        name: 'peer',
        text: `INSERT INTO peer SELECT i % 100, $1::int8 + i / 100, i::float8 / 100 FROM generate_series(0, ${rows - 1}) i`,
        values: [n * rows],
      })
    const seconds = (performance.now() - began) / 1000
    await client.end()
    return (n * rows) / seconds
  } finally {
    await postgres.stop()
    removeDataFolder(folder)
  }
}
