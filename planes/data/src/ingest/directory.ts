import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import type { PropertyType } from '@kapok/contracts/data'
import type { TokenScope } from '@kapok/contracts/route'
import type { Kit } from '@kapok/kit-store/kit'
import { retentionCodes } from '../store/point-row.ts'

/** Who sends: a credential of a device, resolved once when its session begins and again when something changed. */
export interface Sender {
  credentialId: string
  deviceId: string
  orgId: string
  kind: 'device' | 'gateway'
  purpose: 'live' | 'import'
  /** End of the overlap after a rotation, Unix ms. */
  endsAt: number | undefined
  /** The key of an enrolled gateway, whose batches count only with its signature. */
  key?: { id: string; publicKey: KeyObject }
}

/** A client that speaks for an organisation, by an API token. */
export interface Application {
  kind: 'application'
  credentialId: string
  orgId: string
  scopes: readonly TokenScope[]
  /** When the token expires, Unix ms. */
  endsAt: number | undefined
}

/** Who holds an MQTT session. */
export type Holder = Sender | Application

export interface LastValue {
  at: number
  value: number | string | boolean
  quality: number
  received: number
}

/** One series, ready for the hot path. */
export interface SeriesEntry {
  id: number
  property: string
  type: PropertyType
  min: number
  max: number
  retention: number
  last: LastValue
}

export interface DeviceEntry {
  id: string
  name: string
  enabled: boolean
  productId: string | null
  /** Undefined until the series of the device were interned; see `OrgDirectory.makeReady`. */
  series: Map<string, SeriesEntry> | undefined
}

interface ProductEntry {
  retention: keyof typeof retentionCodes
  properties: { identifier: string; type: PropertyType; min?: number; max?: number }[]
}

const orgDevicesMax = 100_000
const orgAgeMsMax = 600_000

/** Devices of one organisation as ingest sees them. Thrown away whole when anything in it changed. */
export class OrgDirectory {
  readonly orgId: string
  readonly loadedMs = performance.now()
  /** Devices and properties that were looked for again and are truly not there; bounded. */
  readonly unknown: Set<string>
  readonly #byKey = new Map<string, DeviceEntry>()
  readonly #products = new Map<string, ProductEntry>()
  readonly #kit: Kit
  readonly #lasts: Map<number, LastValue>
  readonly #unready = new Set<DeviceEntry>()
  #running: Promise<void> = Promise.resolve()
  #nextReady: Promise<void> | undefined

  constructor(kit: Kit, orgId: string, lasts: Map<number, LastValue>, unknown: Set<string>) {
    this.unknown = unknown
    this.#kit = kit
    this.orgId = orgId
    this.#lasts = lasts
  }

  async load(): Promise<this> {
    await this.#kit.db.tx({ job: 'data' }, async (tx) => {
      const products = await tx.rows<{ id: string } & ProductEntry>(
        'SELECT id, retention, properties FROM data.product WHERE org_id = $1',
        [this.orgId],
      )
      for (const product of products) this.#products.set(product.id, product)
      const devices = await tx.rows<Omit<DeviceEntry, 'series'>>(
        `SELECT id, name, enabled, product_id AS "productId" FROM data.device
         WHERE org_id = $1 AND deleted_at IS NULL ORDER BY created_at LIMIT ${orgDevicesMax}`,
        [this.orgId],
      )
      for (const device of devices) {
        const entry: DeviceEntry = { ...device, series: undefined }
        // An id wins over a name that looks like one.
        if (!this.#byKey.has(device.name)) this.#byKey.set(device.name, entry)
        this.#byKey.set(device.id, entry)
      }
    })
    return this
  }

  /** Takes the series of devices that are not ready here from an older reading of the same organisation. */
  inheritSeries(older: OrgDirectory): void {
    for (const entry of this.#byKey.values()) entry.series ??= older.find(entry.id)?.series
  }

  /** By id or by name. */
  find(key: string): DeviceEntry | undefined {
    return this.#byKey.get(key)
  }

  /**
   * Interns every property of these devices as a series. After a restart thousands of devices may ask in the same
   * moment: whoever asks while a transaction runs shares the next one, so that an organisation holds one connection.
   */
  makeReady(devices: readonly DeviceEntry[]): Promise<void> {
    for (const device of devices) this.#unready.add(device)
    this.#nextReady ??= this.#running.then(() => {
      const together = [...this.#unready].filter(({ series }) => series === undefined)
      this.#unready.clear()
      this.#nextReady = undefined
      const made = this.#intern(together)
      // Its failure is told to those who wait for it; the next group begins all the same.
      this.#running = made.catch(() => {})
      return made
    })
    return this.#nextReady
  }

  async #intern(devices: readonly DeviceEntry[]): Promise<void> {
    if (devices.length === 0) return
    const wanted = { device: [] as string[], property: [] as string[], type: [] as string[], retention: [] as string[] }
    for (const device of devices) {
      const product = this.#products.get(device.productId ?? '')
      for (const property of product?.properties ?? []) {
        wanted.device.push(device.id)
        wanted.property.push(property.identifier)
        wanted.type.push(property.type)
        wanted.retention.push(product?.retention ?? 'year3')
      }
    }
    const rows = await this.#kit.db.tx({ job: 'data' }, async (tx) => {
      const known = () =>
        tx.rows<{ id: bigint; deviceId: string; property: string; retention: keyof typeof retentionCodes }>(
          `SELECT id, device_id AS "deviceId", property, retention FROM data.series WHERE device_id = ANY ($1)`,
          [devices.map(({ id }) => id)],
        )
      const before = await known()
      const have = new Set(before.map((row) => `${row.deviceId} ${row.property}`))
      if (wanted.device.every((id, i) => have.has(`${id} ${wanted.property[i]}`))) return before
      await tx.run(
        `INSERT INTO data.series (org_id, device_id, property, type, retention)
         SELECT $1, w.device, w.property, w.type, w.retention
         FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[]) AS w (device, property, type, retention)
         WHERE NOT EXISTS (SELECT FROM data.series s WHERE s.device_id = w.device AND s.property = w.property)
         ON CONFLICT DO NOTHING`,
        [this.orgId, wanted.device, wanted.property, wanted.type, wanted.retention],
      )
      return known()
    })
    const ids = new Map(rows.map((row) => [`${row.deviceId} ${row.property}`, row]))
    for (const device of devices) {
      const series = new Map<string, SeriesEntry>()
      for (const property of this.#products.get(device.productId ?? '')?.properties ?? []) {
        const row = ids.get(`${device.id} ${property.identifier}`)
        if (row === undefined) continue
        const id = Number(row.id)
        let last = this.#lasts.get(id)
        if (last === undefined) {
          last = { at: Number.NEGATIVE_INFINITY, value: 0, quality: 0, received: 0 }
          this.#lasts.set(id, last)
        }
        series.set(property.identifier, {
          id,
          property: property.identifier,
          type: property.type,
          min: property.min ?? Number.NEGATIVE_INFINITY,
          max: property.max ?? Number.POSITIVE_INFINITY,
          retention: retentionCodes[row.retention],
          last,
        })
      }
      device.series = series
    }
  }
}

/** What ingest knows by heart: organisations with their devices, and who a token is. Dropped when the bus says so. */
export class Directory {
  /** Last value of every series that sent since the start. */
  readonly lasts = new Map<number, LastValue>()
  readonly #kit: Kit
  readonly #orgs = new Map<string, OrgDirectory>()
  readonly #loading = new Map<string, Promise<OrgDirectory>>()
  readonly #drops = new Map<string, number>()
  readonly #before = new Map<string, OrgDirectory>()

  constructor(kit: Kit) {
    this.#kit = kit
  }

  /** The organisation when it is in memory and fresh. */
  org(orgId: string): OrgDirectory | undefined {
    return this.#orgs.get(orgId)
  }

  loadOrg(orgId: string, unknown = new Set<string>()): Promise<OrgDirectory> {
    const running = this.#loading.get(orgId)
    if (running !== undefined) return running
    const drops = this.#drops.get(orgId) ?? 0
    const loading = new OrgDirectory(this.#kit, orgId, this.lasts, unknown)
      .load()
      .then((org) => {
        // A change that came while we read makes what we read old: it serves the waiting message and no other.
        if ((this.#drops.get(orgId) ?? 0) === drops) this.#orgs.set(orgId, org)
        return org
      })
      .finally(() => this.#loading.delete(orgId))
    this.#loading.set(orgId, loading)
    return loading
  }

  /** Reads an organisation again because something was missing in it: what it knows may be older than the message. */
  reload(org: OrgDirectory): Promise<OrgDirectory> {
    if (this.#orgs.get(org.orgId) === org) this.drop(org.orgId)
    return this.loadOrg(org.orgId, org.unknown)
  }

  /** A device as it was last read, also while its organisation is being read again. Its last values are always current. */
  lastKnown(orgId: string, device: string): DeviceEntry | undefined {
    const now = this.#orgs.get(orgId)?.find(device)
    return now?.series === undefined ? (this.#before.get(orgId)?.find(device) ?? now) : now
  }

  drop(orgId: string): void {
    const before = this.#orgs.get(orgId)
    const earlier = this.#before.get(orgId)
    if (before !== undefined) {
      // Dropped again before its devices sent anything: what was known of them still holds.
      if (earlier !== undefined) before.inheritSeries(earlier)
      this.#before.set(orgId, before)
    }
    this.#drops.set(orgId, (this.#drops.get(orgId) ?? 0) + 1)
    this.#orgs.delete(orgId)
    this.#loading.delete(orgId)
  }

  /** Forgets what is so old that a lost message on the bus could matter. */
  dropOld(): void {
    for (const org of this.#orgs.values()) if (performance.now() - org.loadedMs > orgAgeMsMax) this.drop(org.orgId)
  }

  /** The sender behind a token: of a living, enabled device and a credential that has not ended. */
  async authenticate(token: string): Promise<Sender | undefined> {
    if (token.length < 20 || token.length > 200) return undefined
    const now = this.#kit.clock.now()
    const row = await this.#kit.db.tx({ job: 'data' }, (tx) =>
      tx.row<Omit<Sender, 'endsAt' | 'key'> & { endsAt: Date | null; keyId: string | null; publicKey: Buffer | null }>(
        `UPDATE data.credential c SET last_used_at = $2
         FROM data.device d LEFT JOIN data.gateway_key k ON k.device_id = d.id AND k.replaced_at IS NULL
         WHERE c.secret_sha256 = $1 AND (c.ends_at IS NULL OR c.ends_at > $2)
           AND d.id = c.device_id AND d.enabled AND d.deleted_at IS NULL
         RETURNING c.id AS "credentialId", d.id AS "deviceId", d.org_id AS "orgId", d.kind, c.purpose, c.ends_at AS "endsAt",
           k.id AS "keyId", k.public_key AS "publicKey"`,
        [createHash('sha256').update(token).digest(), new Date(now)],
        'data-authenticate',
      ),
    )
    if (row === undefined) return undefined
    const { keyId, publicKey, endsAt, ...sender } = row
    return {
      ...sender,
      endsAt: endsAt?.getTime(),
      ...(keyId === null || publicKey === null ? {} : { key: { id: keyId, publicKey: ed25519Key(publicKey) } }),
    }
  }

  /** Which of these credentials still have the right to a session. */
  async stillValid(credentialIds: readonly string[]): Promise<Set<string>> {
    const rows = await this.#kit.db.tx({ job: 'data' }, (tx) =>
      tx.rows<{ id: string }>(
        `SELECT c.id FROM data.credential c JOIN data.device d ON d.id = c.device_id
         WHERE c.id = ANY ($1) AND (c.ends_at IS NULL OR c.ends_at > $2) AND d.enabled AND d.deleted_at IS NULL`,
        [credentialIds, new Date(this.#kit.clock.now())],
      ),
    )
    return new Set(rows.map(({ id }) => id))
  }
}

/** A raw public key as Node takes it (RFC 8410 §4: a fixed head before the 32 bytes). */
function ed25519Key(raw: Buffer): KeyObject {
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw])
  return createPublicKey({ key: spki, format: 'der', type: 'spki' })
}
