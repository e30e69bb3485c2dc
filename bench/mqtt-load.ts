import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import mqttPacket from 'mqtt-packet'

/** A client that costs the generator as little as possible: it writes ready packets and counts acknowledgements. */
export class LoadClient {
  acknowledged = 0
  onAck: ((packetId: number) => void) | undefined
  /** Resolves when the connection is gone. */
  readonly closed: Promise<unknown>
  readonly socket: Socket
  #rest: Buffer = Buffer.alloc(0)

  private constructor(socket: Socket) {
    this.socket = socket
    this.closed = new Promise((done) => socket.once('close', done))
  }

  static async connect(port: number, token: string): Promise<LoadClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    socket.write(
      mqttPacket.generate({
        cmd: 'connect',
        protocolId: 'MQTT',
        protocolVersion: 4,
        clean: true,
        clientId: token.slice(0, 12),
        keepalive: 0,
        username: token,
      }),
    )
    const gone = once(socket, 'close')
    const [connack] = (await Promise.race([
      once(socket, 'data'),
      gone.then(() => {
        throw new Error('closed before it was welcomed')
      }),
    ])) as [Buffer]
    if (connack[0] !== 0x20 || connack[3] !== 0) throw new Error(`refused: ${connack.toString('hex')}`)
    const client = new LoadClient(socket)
    socket.on('data', (chunk: Buffer) => client.#onData(chunk))
    socket.on('error', () => {})
    return client
  }

  #onData(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    while (at + 4 <= bytes.length) {
      if (bytes[at] !== 0x40) throw new Error(`not a PUBACK: ${bytes[at]?.toString(16)}`)
      this.acknowledged++
      this.onAck?.(bytes.readUInt16BE(at + 2))
      at += 4
    }
    this.#rest = bytes.subarray(at)
  }

  close(): void {
    this.socket.destroy()
  }
}

/** A PUBLISH, QoS 1. The packet id stands at the returned offset, the payload behind it. */
export function publishPacket(topic: string, payload: Uint8Array): { packet: Buffer; idAt: number; payloadAt: number } {
  const packet = mqttPacket.generate({
    cmd: 'publish',
    topic,
    payload: Buffer.from(payload),
    qos: 1,
    dup: false,
    retain: false,
    messageId: 1,
  })
  const payloadAt = packet.length - payload.length
  return { packet, idAt: payloadAt - 2, payloadAt }
}
