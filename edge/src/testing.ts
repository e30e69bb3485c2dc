import { type AddressInfo, createServer, type Socket } from 'node:net'
import { decodeReadRequest, encodeBits, encodeException, encodeRegisters, FrameReader } from './modbus/codec.ts'

export interface TestPlc {
  port: number
  holding: Uint16Array
  coils: boolean[]
  /** Requests that came, as `area address count`. */
  requests: string[]
  /** `silent`: takes connections and requests and never answers. */
  mood: 'answers' | 'silent'
  stop(): Promise<void>
}

/** A Modbus TCP server of 1000 holding registers and 100 coils, whose values a test sets. */
export async function servePlc(port = 0): Promise<TestPlc> {
  const sockets = new Set<Socket>()
  const plc: TestPlc = {
    port,
    holding: new Uint16Array(1000),
    coils: new Array<boolean>(100).fill(false),
    requests: [],
    mood: 'answers',
    stop: () =>
      new Promise((done) => {
        server.close(() => done())
        for (const socket of sockets) socket.destroy()
      }),
  }
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    const reader = new FrameReader()
    socket.on('data', (chunk) => {
      for (const frame of reader.push(chunk)) if (plc.mood === 'answers') socket.write(answer(frame))
    })
  })

  function answer(frame: Buffer): Buffer {
    const request = decodeReadRequest(frame)
    if (request === undefined) return encodeException(frame, 1)
    const { area, address, count } = request
    plc.requests.push(`${area} ${address} ${count}`)
    const end = address + count
    if (area === 'coil' && end <= plc.coils.length) return encodeBits(request, plc.coils.slice(address, end))
    if (area === 'holding' && end <= plc.holding.length)
      return encodeRegisters(request, plc.holding.slice(address, end))
    return encodeException(frame, 2)
  }

  await new Promise<void>((done, fail) => {
    server.once('error', fail)
    server.listen(port, '127.0.0.1', done)
  })
  plc.port = (server.address() as AddressInfo).port
  return plc
}

export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const began = Date.now(); !(await holds()); await new Promise((go) => setTimeout(go, 20)))
    if (Date.now() - began > 30_000) throw new Error(`waited in vain for ${what}`)
}
