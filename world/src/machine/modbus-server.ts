import { type AddressInfo, createServer, type Server } from 'node:net'
import { decodeReadRequest, encodeException, encodeRegisters, FrameReader, writeNumber } from '@kapok/edge/modbus'
import type { Signal } from './machine.ts'

export interface ModbusMachine {
  port: number
  stop(): Promise<void>
}

/**
 * A machine's PLC: a real Modbus TCP server whose registers hold the values of this moment. A machine that is
 * switched off answers nothing and takes no connection.
 */
export async function serveMachine(
  signals: readonly Signal[],
  valuesNow: () => readonly number[] | undefined,
): Promise<ModbusMachine> {
  const registers = { holding: new Uint16Array(32), input: new Uint16Array(32) }
  const server: Server = createServer({ noDelay: true }, (socket) => {
    const reader = new FrameReader()
    if (valuesNow() === undefined) {
      socket.destroy()
      return
    }
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk) => {
      const values = valuesNow()
      if (values === undefined) {
        socket.destroy()
        return
      }
      try {
        for (const frame of reader.push(chunk)) {
          fill(values)
          socket.write(answer(frame))
        }
      } catch {
        socket.destroy()
      }
    })
  })

  function fill(values: readonly number[]): void {
    for (const [i, { register }] of signals.entries()) {
      const isFloat = register.type === 'float32' || register.type === 'float64'
      const raw = (values[i] ?? 0) / register.scale
      const words = writeNumber(isFloat ? raw : Math.round(raw), register.type, register.order)
      registers[register.area === 'input' ? 'input' : 'holding'].set(words, register.address)
    }
  }

  function answer(frame: Buffer): Buffer {
    const request = decodeReadRequest(frame)
    if (request === undefined || (request.area !== 'holding' && request.area !== 'input'))
      return encodeException(frame, 1)
    const area = registers[request.area]
    if (request.count < 1 || request.address + request.count > area.length) return encodeException(frame, 2)
    return encodeRegisters(request, area.slice(request.address, request.address + request.count))
  }

  await new Promise<void>((done, fail) => {
    server.once('error', fail)
    server.listen(0, '127.0.0.1', done)
  })
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => new Promise((done) => server.close(() => done())),
  }
}
