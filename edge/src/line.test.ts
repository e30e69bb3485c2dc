import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Line } from './line.ts'
import { serveTcp } from './serve-tcp.ts'

/** A device that answers each byte with itself after a moment; `most` it had to answer at once. */
async function startEcho() {
  let open = 0
  const echo = { most: 0 }
  const server = await serveTcp({}, (socket) => (chunk) => {
    for (const byte of chunk) {
      echo.most = Math.max(echo.most, ++open)
      void sleep(10).then(() => {
        open--
        socket.write(Buffer.of(byte))
      })
    }
  })
  return { echo, server }
}

test('requests that come together are never more on the way than the protocol can tell apart', async () => {
  for (const inFlightMax of [1, 3]) {
    const { echo, server } = await startEcho()
    const { host, port } = server
    const line = new Line<Buffer>({
      end: {
        ...{ host, port, timeoutMs: 5_000, serialPort: undefined },
        ...{ baudRate: 9_600, dataBits: '8', parity: 'none', stopBits: '1' },
      },
      frames: () => ({ push: (chunk) => Array.from(chunk, (byte) => Buffer.of(byte)) }),
      inFlightMax,
    })
    const ask = (byte: number) =>
      line.request(Buffer.of(byte), (frame) => (inFlightMax > 1 && frame[0] !== byte ? undefined : frame[0]))
    expect(await Promise.all([1, 2, 3, 4, 5, 6].map(ask))).toEqual([1, 2, 3, 4, 5, 6])
    // And when the connection is there already.
    expect(await Promise.all([7, 8, 9].map(ask))).toEqual([7, 8, 9])
    expect(echo.most).toBe(inFlightMax)
    await line.close()
    await server.stop()
  }
})
