import type { Kit } from '@kapok/kit-store/kit'

/** When devices were last heard and which have a session: gathered in memory, written together every few seconds. */
export class DeviceStates {
  readonly #kit: Kit
  #seen = new Map<string, number>()
  #sessions = new Map<string, number | null>()
  #shared = new Set<string>()
  #writing: Promise<void> = Promise.resolve()
  #lastDevice = ''
  #lastReceived = 0

  constructor(kit: Kit) {
    this.#kit = kit
  }

  seen(deviceId: string, received: number): void {
    // Called for every point; most messages are of one device.
    if (deviceId === this.#lastDevice && received === this.#lastReceived) return
    this.#lastDevice = deviceId
    this.#lastReceived = received
    this.#seen.set(deviceId, received)
  }

  session(deviceId: string, open: boolean): void {
    this.#sessions.set(deviceId, open ? this.#kit.clock.now() : null)
  }

  sharedCredential(deviceId: string): void {
    this.#shared.add(deviceId)
  }

  /** At the start: sessions of the process before us are gone. */
  async nobodyIsConnected(): Promise<void> {
    await this.#kit.db.tx({ job: 'data' }, (tx) =>
      tx.run('UPDATE data.device SET session_since = NULL WHERE session_since IS NOT NULL'),
    )
  }

  flush(): Promise<void> {
    this.#writing = this.#writing
      .then(() => this.#write())
      .catch((error: unknown) => {
        this.#kit.log.warn({ error: String(error) }, 'last-seen times could not be written')
      })
    return this.#writing
  }

  async #write(): Promise<void> {
    if (this.#seen.size + this.#sessions.size + this.#shared.size === 0) return
    const [seen, sessions, shared] = [this.#seen, this.#sessions, this.#shared]
    this.#seen = new Map()
    this.#sessions = new Map()
    this.#shared = new Set()
    this.#lastDevice = ''
    const time = (ms: number | null) => (ms === null ? null : new Date(ms))
    await this.#kit.db.tx({ job: 'data' }, async (tx) => {
      if (seen.size > 0)
        await tx.run(
          `UPDATE data.device d SET last_seen = greatest(d.last_seen, s.at)
           FROM (SELECT * FROM unnest($1::uuid[], $2::timestamptz[]) AS u (id, at) ORDER BY id) s WHERE d.id = s.id`,
          [[...seen.keys()], [...seen.values()].map(time)],
          'data-seen',
        )
      if (sessions.size > 0)
        await tx.run(
          `UPDATE data.device d SET session_since = s.at
           FROM unnest($1::uuid[], $2::timestamptz[]) AS s (id, at) WHERE d.id = s.id`,
          [[...sessions.keys()], [...sessions.values()].map(time)],
          'data-sessions',
        )
      if (shared.size > 0)
        await tx.run('UPDATE data.device SET shared_credential_at = $2 WHERE id = ANY ($1)', [
          [...shared],
          new Date(this.#kit.clock.now()),
        ])
    })
  }
}
