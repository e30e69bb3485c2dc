import { type AddressInfo, createServer, type Socket } from 'node:net'

/** A TCP server of a simulator. */
export interface TcpServer {
  host: string
  port: number
  /** Ends it and every connection. */
  stop(): Promise<void>
}

/** `connected` gets every connection; what it throws on data ends that connection only. */
export async function serveTcp(
  { port = 0, host = '127.0.0.1' }: { port?: number; host?: string },
  connected: (socket: Socket) => (chunk: Buffer) => void,
): Promise<TcpServer> {
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    const receive = connected(socket)
    socket.on('data', (chunk) => {
      try {
        receive(chunk)
      } catch {
        socket.destroy()
      }
    })
  })
  await new Promise<void>((done, fail) => {
    server.once('error', fail)
    server.listen(port, host, done)
  })
  return {
    host,
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((done) => {
        server.close(() => done())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
