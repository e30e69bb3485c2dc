import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** What the wire does to what a machine sends. */
export interface WireFaults {
  /** Nothing passes any more, and nobody is told. */
  halfOpen: boolean
  /** A pause before each piece, ms. */
  delayMs: number
  /** Pieces of at most so many bytes. */
  pieceBytes: number
  /** What comes within this time goes as one piece, ms. */
  mergeMs: number
  /** Part of the pieces in which one bit is turned, among their first `guardedBytes`. */
  damage: number
}

export const soundWire = (): WireFaults => ({
  halfOpen: false,
  delayMs: 0,
  pieceBytes: Number.POSITIVE_INFINITY,
  mergeMs: 0,
  damage: 0,
})

/** A relay before a machine, which spoils what the machine answers. */
export async function startFaultyWire(to: { host: string; port: number }, guardedBytes: number) {
  const wire = { faults: soundWire(), damaged: 0 }
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect({ ...to, noDelay: true })
    near.setNoDelay(true)
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one)
      one.on('error', () => one.destroy())
      one.on('close', () => {
        sockets.delete(one)
        if (!wire.faults.halfOpen) other.destroy()
      })
    }
    near.on('data', (chunk) => {
      if (!wire.faults.halfOpen) far.write(chunk)
    })
    // One after the other, so that a slow piece is not overtaken.
    let last = Promise.resolve()
    let gathered: Buffer[] = []
    far.on('data', (chunk) => {
      const { mergeMs } = wire.faults
      if (mergeMs === 0) {
        last = last.then(() => pass(chunk))
        return
      }
      if (gathered.length === 0)
        setTimeout(() => {
          const whole = Buffer.concat(gathered)
          gathered = []
          last = last.then(() => pass(whole))
        }, mergeMs)
      gathered.push(chunk)
    })

    async function pass(chunk: Buffer): Promise<void> {
      const { halfOpen, delayMs, pieceBytes, damage } = wire.faults
      if (halfOpen || near.destroyed) return
      const bytes = Buffer.from(chunk)
      if (Math.random() < damage) {
        const at = Math.floor(Math.random() * Math.min(bytes.length, guardedBytes))
        bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(Math.random() * 8))
        wire.damaged++
      }
      for (let from = 0; from < bytes.length; from += pieceBytes) {
        if (delayMs > 0) await new Promise((go) => setTimeout(go, delayMs))
        else if (from > 0) await new Promise((go) => setImmediate(go))
        near.write(bytes.subarray(from, Math.min(bytes.length, from + pieceBytes)))
      }
    }
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    port: (server.address() as AddressInfo).port,
    faults: wire.faults,
    damaged: () => wire.damaged,
    stop: () =>
      new Promise<void>((done) => {
        server.close(() => done())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
