import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { SimulatorFaults } from '../../simulator.ts'

/** The line between client and server, on which faults are played; without them it passes everything through. */
export interface Wire {
  url: string
  innerPort: number
  cut(): void
  stop(): Promise<void>
}

export async function startWire(faults: SimulatorFaults, options: { port?: number; host?: string }): Promise<Wire> {
  const sockets = new Set<Socket>()
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
  }
  const innerPort = await freePort()
  const outer = createServer((client) => {
    const inner = connect(innerPort, '127.0.0.1')
    keep(client)
    keep(inner)
    client.on('data', (chunk) => inner.write(chunk))
    inner.on('data', (chunk) => {
      if (faults.silent) return
      client.write(faults.answersForAnother ? withAnotherRequest(chunk) : chunk)
    })
    client.on('close', () => inner.destroy())
    inner.on('close', () => client.destroy())
  })
  const host = options.host ?? '127.0.0.1'
  const port = await listen(outer, options.port ?? 0, host)
  return {
    url: `opc.tcp://${host}:${port}`,
    innerPort,
    cut: () => {
      for (const socket of sockets) socket.destroy()
    },
    stop: () =>
      new Promise((done) => {
        outer.close(() => done())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

/** An answer (message type MSG) whose request id, the last of the sequence header, is another one (OPC 10000-6 §6.7.2). */
function withAnotherRequest(chunk: Buffer): Buffer {
  if (chunk.length < 24 || chunk.toString('latin1', 0, 3) !== 'MSG') return chunk
  const other = Buffer.from(chunk)
  other.writeUInt32LE((chunk.readUInt32LE(20) + 1_000_000) >>> 0, 20)
  return other
}

async function listen(server: Server, port: number, host: string): Promise<number> {
  await new Promise<void>((done, fail) => {
    server.once('error', fail)
    server.listen(port, host, done)
  })
  return (server.address() as AddressInfo).port
}

async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listen(server, 0, '127.0.0.1')
  await new Promise((done) => server.close(done))
  return port
}
