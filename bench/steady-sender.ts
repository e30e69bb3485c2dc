import { setTimeout as sleep } from 'node:timers/promises'
import { LoadClient, publishPacket } from './mqtt-load.ts'

/**
 * A device that keeps some messages under way whatever happens to the platform: it connects again when its connection
 * is lost and sends again what was not acknowledged, as the standard asks. Message `n` is the point at `start + n` ms
 * with the value `n`.
 */
export class SteadySender {
  sent = 0
  readonly acknowledged = new Set<number>()
  readonly #port: number
  readonly #token: string
  readonly #start: number
  readonly #inFlight: number
  readonly #unacknowledged = new Set<number>()
  #client: LoadClient | undefined
  #stopped = false
  #running: Promise<void> | undefined

  constructor(port: number, token: string, options: { start: number; inFlight: number }) {
    this.#port = port
    this.#token = token
    this.#start = options.start
    this.#inFlight = options.inFlight
  }

  run(): void {
    this.#running = this.#connectForEver()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#client?.close()
    await this.#running
  }

  async #connectForEver(): Promise<void> {
    while (!this.#stopped) {
      try {
        const client = await LoadClient.connect(this.#port, this.#token)
        this.#client = client
        client.onAck = (id) => this.#onAck(id)
        const again = [...this.#unacknowledged]
        for (const n of again) this.#send(n)
        for (let k = again.length; k < this.#inFlight; k++) this.#sendNext()
        await client.closed
      } catch {
        // Refused or not there yet: it comes back.
      }
      await sleep(50)
    }
  }

  #sendNext(): void {
    const n = this.sent++
    this.#unacknowledged.add(n)
    this.#send(n)
  }

  #send(n: number): void {
    const payload = Buffer.from(JSON.stringify({ ts: this.#start + n, values: { m0: n } }))
    const { packet, idAt } = publishPacket('kapok/v1/telemetry', payload)
    packet.writeUInt16BE((n % 65_535) + 1, idAt)
    this.#client?.socket.write(packet)
  }

  #onAck(id: number): void {
    for (const n of this.#unacknowledged)
      if ((n % 65_535) + 1 === id) {
        this.#unacknowledged.delete(n)
        this.acknowledged.add(n)
        break
      }
    if (!this.#stopped) this.#sendNext()
  }
}
