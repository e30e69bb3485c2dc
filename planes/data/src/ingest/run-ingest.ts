import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LiveMessage } from '@kapok/contracts/data'
import type { ApplicationPort } from '@kapok/contracts/ports'
import type { Kit } from '@kapok/kit-store/kit'
import { migrateStore } from '../store/migrate-store.ts'
import { DeviceStates } from './device-states.ts'
import { Directory } from './directory.ts'
import { DiskRoom } from './disk-room.ts'
import { Gateways } from './gateways.ts'
import { DeviceHttp } from './http/device-http.ts'
import { Intake, type Message } from './intake.ts'
import { LastValues } from './last-values.ts'
import { LiveValues } from './live-values.ts'
import { Loader } from './loader.ts'
import { MqttEndpoint } from './mqtt/endpoint.ts'
import { SessionJournal } from './mqtt/session-journal.ts'
import { QuarantineWriter } from './quarantine-writer.ts'
import { Receipts } from './receipts.ts'
import { Reception } from './reception.ts'
import { recoverSegments } from './recover-segments.ts'
import { SegmentLog } from './segment-log.ts'

export interface IngestOptions {
  /** 0: any free port. */
  mqttPort: number
  mqttHosts: readonly string[]
  /** MQTT over TLS on that port, PEM texts. */
  tls?: { cert: string; key: string }
  /** Inner port of device HTTP on loopback, to which the server forwards `/api/v1/*` and `/device/v1/*`. 0: any free. */
  httpPort: number
  /** What the server must show at that port; without it (tests, benchmarks) the port asks for nothing. */
  httpSecret?: string
  /** Default: `<data folder>/data/log`. One ingest process a folder. */
  logFolder?: string
  /** Default: `<data folder>/data/sessions.journal`. */
  sessionFile?: string
  /** Who an API token is, so that applications can sign in. */
  applications?: ApplicationPort
  /** Whether the store may read our segment files itself (same machine). Default: true. */
  storeReadsFiles?: boolean
}

export interface Ingest {
  mqttPort: number
  httpPort: number
  /** For metrics and benchmarks. */
  state(): {
    connections: number
    messages: number
    points: number
    pendingBytes: number
    segmentsWaiting: number
    segmentsSetAside: number
  }
  /** Everything acknowledged so far is queryable. */
  flush(): Promise<void>
  stop(): Promise<void>
}

const segmentBytes = 64 << 20
const segmentMs = 1000
const commitMs = 2
/** Beyond these, senders are slowed down: rows in memory, and segments that the store has not taken. */
const pendingBytesMax = 48 << 20
const segmentsWaitingMax = 2000

/** socket → dialect → intake → log → (acknowledge) → loader → store */
export async function runIngest(kit: Kit, options: IngestOptions): Promise<Ingest> {
  const { clock, log } = kit
  const folder = options.logFolder ?? join(kit.dataFolder, 'data', 'log')
  await migrateStore(kit.clickhouse)
  const loader = new Loader(kit, { storeReadsFiles: options.storeReadsFiles ?? true })
  const left = recoverSegments(folder)
  for (const file of left.files) loader.add(file, undefined)
  for (const file of left.damaged)
    log.error(
      { alarm: 'segment.damaged', segment: file },
      'a segment was damaged on disk; its whole blocks are loaded, the file is kept aside',
    )

  const directory = new Directory(kit)
  const receipts = new Receipts()
  const lasts = new LastValues(kit, directory)
  const states = new DeviceStates(kit)
  const quarantine = new QuarantineWriter(kit)
  const onDiskFailure = (error: Error) => {
    // What is on disk is unknown now: no further acknowledgement may be given (DESIGN §3.2).
    log.fatal({ error: String(error) }, 'the log cannot be written; ingest stops')
    process.exit(70)
  }
  const segments = new SegmentLog({
    folder,
    segmentBytes,
    segmentMs,
    commitMs,
    onClosed: (file, holds) => loader.add(file, holds),
    onDiskFailure,
  })
  const room = new DiskRoom(folder, log)
  const journal = new SessionJournal(
    options.sessionFile ?? join(kit.dataFolder, 'data', 'sessions.journal'),
    onDiskFailure,
  )
  const intake = new Intake(directory, segments, clock, receipts, {
    onDevice: (deviceId, received) => states.seen(deviceId, received),
    isWatched: (orgId, deviceId) => live.isWatched(deviceId) || mqtt.hearsLive(orgId, deviceId),
    onLive: (orgId, deviceId, value) => live.add(orgId, deviceId, value),
  })
  const reception = new Reception(intake, quarantine, (message: Message, devices) => {
    for (const device of devices)
      lasts.markStale(message.sender.orgId, device === '' ? message.sender.deviceId : device)
  })
  const shared = {
    reception,
    directory,
    clock,
    log,
    whenDurable: (done: () => void) => segments.whenDurable(done),
    underPressure: () =>
      room.isFull || segments.pendingBytes > pendingBytesMax || loader.waiting.length > segmentsWaitingMax,
    lastOf: (orgId: string, device: string) => lasts.knownOf(orgId, device),
  }
  const gateways = new Gateways(kit, (deviceId, topic, payload) => mqtt.tell(deviceId, topic, payload))
  const mqtt: MqttEndpoint = new MqttEndpoint({
    ...shared,
    receipts,
    journal,
    gateways,
    applications: options.applications,
    hasPending: () => segments.hasUnawaited(),
    takesNobody: () => room.isFull,
    onSession: (deviceId, open) => states.session(deviceId, open),
    onHeard: (deviceId, received) => states.seen(deviceId, received),
    onSharedCredential: (deviceId) => states.sharedCredential(deviceId),
  })
  const live = new LiveValues(kit, (orgId, deviceId, values) => {
    if (mqtt.hearsLive(orgId, deviceId))
      mqtt.publishLive(orgId, deviceId, Buffer.from(JSON.stringify({ deviceId, values } satisfies LiveMessage)))
  })
  const http = new DeviceHttp({ ...shared, ...(options.httpSecret !== undefined && { secret: options.httpSecret }) })

  await states.nobodyIsConnected()
  await lasts.readReceipts(loader, receipts)
  await mqtt.restore()
  await mqtt.listen(options.mqttPort, options.mqttHosts, options.tls)
  const httpPort = await http.listen(options.httpPort, '127.0.0.1')

  const changed = ({ orgId }: { orgId: string }) => {
    directory.drop(orgId)
    http.forget(orgId)
    mqtt
      .recheck(orgId)
      .catch((error: unknown) => log.error({ error: String(error) }, 'sessions were not checked again'))
  }
  const offBus = [
    kit.bus.on('device.changed', changed),
    kit.bus.on('product.changed', changed),
    kit.bus.on('token.changed', changed),
    kit.bus.on('gateway.ordered', ({ deviceId }) => gateways.ordered(deviceId)),
  ]
  live.watch()
  const flush = async () => {
    await segments.roll()
    await loader.drained()
    await Promise.all([quarantine.flush(), states.flush(), gateways.flush()])
  }
  kit.bus.serve('ingest.flush', async () => {
    const loadedThrough = clock.now()
    await flush()
    return { loadedThrough }
  })
  kit.bus.serve('ingest.gateway', ({ deviceId, request }) => gateways.ask(deviceId, request))
  kit.bus.serve('ingest.last', ({ deviceIds }) => lasts.ofDevices(deviceIds))
  const timers = [
    setInterval(() => segments.closeIfOld(), segmentMs / 4),
    setInterval(() => room.look(), 500),
    setInterval(() => void quarantine.flush(), 500),
    setInterval(() => void gateways.flush(), 500),
    setInterval(() => void states.flush(), 2000),
    setInterval(() => directory.dropOld(), 30_000),
  ]

  return {
    mqttPort: mqtt.port ?? 0,
    httpPort,
    state: () => ({
      connections: mqtt.connections,
      messages: reception.messages,
      points: reception.points,
      pendingBytes: segments.pendingBytes,
      segmentsWaiting: loader.waiting.length,
      segmentsSetAside: loader.setAside,
    }),
    flush,
    async stop() {
      for (const off of offBus) off()
      for (const timer of timers) clearInterval(timer)
      live.stop()
      gateways.stop()
      await Promise.all([mqtt.stop(), http.stop()])
      await segments.stop()
      await journal.stop()
      // What is not loaded in this time waits on disk for the next start.
      await Promise.race([loader.drained(), sleep(5000)])
      await loader.stop()
      await Promise.all([quarantine.flush(), states.flush(), gateways.flush()])
    },
  }
}
