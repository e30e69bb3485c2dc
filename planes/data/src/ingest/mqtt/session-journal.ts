import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Holder } from '../directory.ts'
import { type OpenFile, realDisk } from '../disk.ts'

/** The file is written anew when it is longer than this and than twice what it holds. */
const compactBytesMin = 8 << 20
/** All retained messages, and all that is kept for clients that are away. */
const retainedBytesMax = 32 << 20
const queuedBytesMax = 64 << 20

export interface KeptMessage {
  topic: string
  payload: Buffer
  qos: 0 | 1
  retain: boolean
}
export interface RetainedMessage {
  topic: string
  payload: Buffer
  qos: 0 | 1
}
export interface Subscription {
  qos: 0 | 1
  noLocal: boolean
}
export interface KeptWill {
  topic: string
  payload: Buffer
  qos: 0 | 1
  retain: boolean
  delaySeconds: number
}

/** What of a session must outlive the process. */
export interface KeptSession {
  holder: Holder
  clientId: string
  expirySeconds: number
  /** Unix ms by the machine's clock when its connection ended; undefined while it lives. */
  leftAt: number | undefined
  subscriptions: [filter: string, subscription: Subscription][]
  will: KeptWill | undefined
}

interface Entry {
  session: KeptSession
  /** Promised to the client and not acknowledged by it, by number, in order. */
  messages: Map<number, KeptMessage>
  /** Packet ids of QoS 2 messages that came and were not released. */
  received: Set<number>
}

type Head =
  | { op: 'session'; key: string; session: Omit<KeptSession, 'will'>; will: Omit<KeptWill, 'payload'> | undefined }
  | { op: 'end'; key: string }
  | { op: 'message'; key: string; n: number; topic: string; qos: 0 | 1; retain: boolean }
  | { op: 'done'; key: string; n: number }
  | { op: 'received' | 'released'; key: string; id: number }
  | { op: 'retain'; orgId: string; topic: string; qos: 0 | 1 }

const headerBytes = 12
const nothing = Buffer.alloc(0)

/**
 * What MQTT promises beyond a connection: kept sessions with their subscriptions and undelivered messages, QoS 2 ids,
 * wills, retained messages. A journal in one file beside the log of points: a change is a record, and whoever is owed an
 * acknowledgement waits until its record is on disk. It holds the same in memory, so that the file can be written anew
 * when most of it is past. Record: length, CRC-32 of what follows, length of the head, head (JSON), payload.
 */
export class SessionJournal {
  readonly sessions = new Map<string, Entry>()
  /** Organisation → topic → message. */
  readonly retained = new Map<string, Map<string, RetainedMessage>>()
  readonly #file: string
  readonly #onDiskFailure: (error: Error) => void
  #open: OpenFile
  #size = 0
  #retainedBytes = 0
  #queuedBytes = 0
  #records: Buffer[] = []
  #waiting: (() => void)[] = []
  #committing: Promise<void> | undefined

  /** Reads what an earlier process left; a torn end is cut, since nobody was told that it is there. */
  constructor(file: string, onDiskFailure: (error: Error) => void) {
    this.#file = file
    this.#onDiskFailure = onDiskFailure
    realDisk.makeFolder(dirname(file))
    this.#open = realDisk.open(file)
    const bytes = realDisk.size(file)
    this.#size = this.#replay(Buffer.from(realDisk.read(file, 0, bytes)))
    if (this.#size < bytes) realDisk.truncate(file, this.#size)
    realDisk.syncFolder(dirname(file))
  }

  keep(key: string, session: KeptSession): void {
    this.#record(...sessionRecord(key, session))
  }

  end(key: string): void {
    if (this.sessions.has(key)) this.#record({ op: 'end', key })
  }

  /** False when no more can be kept; the message then lives as long as the process. */
  message(key: string, n: number, { topic, payload, qos, retain }: KeptMessage): boolean {
    if (!this.sessions.has(key) || this.#queuedBytes + payload.length > queuedBytesMax) return false
    this.#record({ op: 'message', key, n, topic, qos, retain }, payload)
    return true
  }

  done(key: string, n: number): void {
    if (this.sessions.get(key)?.messages.has(n) === true) this.#record({ op: 'done', key, n })
  }

  received(key: string, id: number): void {
    if (this.sessions.has(key)) this.#record({ op: 'received', key, id })
  }

  released(key: string, id: number): void {
    if (this.sessions.get(key)?.received.has(id) === true) this.#record({ op: 'released', key, id })
  }

  /** An empty payload takes the retained message of the topic away. */
  retain(orgId: string, { topic, payload, qos }: RetainedMessage): void {
    if (payload.length === 0 && this.retained.get(orgId)?.has(topic) !== true) return
    if (this.#retainedBytes + payload.length > retainedBytesMax) return
    this.#record({ op: 'retain', orgId, topic, qos }, payload)
  }

  /** `done` is called when every record so far is on disk: at once when all of them are. In the order of the calls. */
  whenDurable(done: () => void): void {
    if (this.#records.length === 0 && this.#committing === undefined) done()
    else {
      this.#waiting.push(done)
      this.#schedule()
    }
  }

  durable(): Promise<void> {
    return new Promise((done) => this.whenDurable(done))
  }

  async stop(): Promise<void> {
    await this.durable()
    this.#open.close()
  }

  #record(head: Head, payload: Buffer = nothing): void {
    this.#apply(head, payload)
    this.#records.push(recordOf(head, payload))
    this.#schedule()
  }

  #schedule(): void {
    this.#committing ??= new Promise<void>((go) => setImmediate(go))
      .then(() => this.#commit())
      .catch((error: Error) => this.#onDiskFailure(error))
  }

  async #commit(): Promise<void> {
    const [records, waiting] = [this.#records, this.#waiting]
    this.#records = []
    this.#waiting = []
    const bytes = Buffer.concat(records)
    if (bytes.length > 0) {
      await this.#open.write(bytes, this.#size)
      await this.#open.sync()
    }
    this.#size += bytes.length
    if (this.#size > Math.max(compactBytesMin, 2 * (this.#queuedBytes + this.#retainedBytes))) this.#compact()
    this.#committing = undefined
    for (const done of waiting) done()
    if (this.#records.length + this.#waiting.length > 0) this.#schedule()
  }

  /** Writes what holds now into a new file that takes the place of the old one. */
  #compact(): void {
    const records: Buffer[] = []
    for (const [key, { session, messages, received }] of this.sessions) {
      records.push(recordOf(...sessionRecord(key, session)))
      for (const [n, { topic, payload, qos, retain }] of messages)
        records.push(recordOf({ op: 'message', key, n, topic, qos, retain }, payload))
      for (const id of received) records.push(recordOf({ op: 'received', key, id }))
    }
    for (const [orgId, topics] of this.retained)
      for (const { topic, payload, qos } of topics.values())
        records.push(recordOf({ op: 'retain', orgId, topic, qos }, payload))
    const next = `${this.#file}.next`
    realDisk.writeWhole(next, records)
    realDisk.rename(next, this.#file)
    realDisk.syncFolder(dirname(this.#file))
    this.#open.close()
    this.#open = realDisk.open(this.#file)
    // Records that came while we wrote hold in memory already and stand in the new file; said again, they change nothing.
    this.#size = records.reduce((sum, { length }) => sum + length, 0)
  }

  /** Applies whole records; the length of them. */
  #replay(bytes: Buffer): number {
    let at = 0
    while (at + headerBytes <= bytes.length) {
      const end = at + headerBytes + bytes.readUInt32LE(at)
      const headEnd = at + headerBytes + bytes.readUInt32LE(at + 8)
      if (end > bytes.length || headEnd > end || crc32(bytes.subarray(at + 8, end)) !== bytes.readUInt32LE(at + 4))
        break
      const head = JSON.parse(bytes.toString('utf8', at + headerBytes, headEnd)) as Head
      this.#apply(head, Buffer.from(bytes.subarray(headEnd, end)))
      at = end
    }
    return at
  }

  #apply(head: Head, payload: Buffer): void {
    if (head.op === 'retain') this.#applyRetained(head, payload)
    else this.#applySession(head, payload)
  }

  #applySession(head: Exclude<Head, { op: 'retain' }>, payload: Buffer): void {
    const entry = this.sessions.get(head.key)
    switch (head.op) {
      case 'session': {
        const will = head.will && { ...head.will, payload }
        const session = { ...head.session, will }
        if (entry !== undefined) entry.session = session
        else this.sessions.set(head.key, { session, messages: new Map(), received: new Set() })
        break
      }
      case 'end':
        for (const message of entry?.messages.values() ?? []) this.#queuedBytes -= message.payload.length
        this.sessions.delete(head.key)
        break
      case 'message': {
        if (entry === undefined || entry.messages.has(head.n)) break
        const { topic, qos, retain } = head
        entry.messages.set(head.n, { topic, payload, qos, retain })
        this.#queuedBytes += payload.length
        break
      }
      case 'done':
        this.#queuedBytes -= entry?.messages.get(head.n)?.payload.length ?? 0
        entry?.messages.delete(head.n)
        break
      case 'received':
        entry?.received.add(head.id)
        break
      case 'released':
        entry?.received.delete(head.id)
        break
    }
  }

  #applyRetained({ orgId, topic, qos }: Extract<Head, { op: 'retain' }>, payload: Buffer): void {
    let topics = this.retained.get(orgId)
    this.#retainedBytes += payload.length - (topics?.get(topic)?.payload.length ?? 0)
    if (payload.length === 0) {
      topics?.delete(topic)
      if (topics?.size === 0) this.retained.delete(orgId)
      return
    }
    if (topics === undefined) {
      topics = new Map()
      this.retained.set(orgId, topics)
    }
    topics.set(topic, { topic, payload, qos })
  }
}

/** The payload of a will stands behind the head, as that of every message does. */
function sessionRecord(key: string, { will, ...session }: KeptSession): [head: Head, payload: Buffer] {
  if (will === undefined) return [{ op: 'session', key, session, will }, nothing]
  const { payload, ...rest } = will
  return [{ op: 'session', key, session, will: rest }, payload]
}

function recordOf(head: Head, payload: Buffer = nothing): Buffer {
  const text = Buffer.from(JSON.stringify(head))
  const record = Buffer.concat([Buffer.alloc(headerBytes), text, payload])
  record.writeUInt32LE(text.length + payload.length, 0)
  record.writeUInt32LE(text.length, 8)
  record.writeUInt32LE(crc32(record.subarray(8)), 4)
  return record
}
