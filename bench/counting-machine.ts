import { decodeRead, encodeReadAnswer } from '../edge/src/drivers/modbus/codec.ts'
import { tcpFraming } from '../edge/src/drivers/modbus/framing.ts'
import { serveTcp } from '../edge/src/serve-tcp.ts'

/** A machine that counts: every read brings the next number, so that each value was there exactly once. */
export async function startCountingMachine() {
  const machine = { served: 0 }
  const server = await serveTcp({}, (socket) => {
    const reader = tcpFraming.reader('client')
    return (chunk) => {
      for (const { pdu, ...head } of reader.push(chunk)) {
        if (decodeRead(pdu) === undefined) throw new Error('a machine that counts answers reads only')
        const data = Buffer.alloc(4)
        data.writeUInt32BE(++machine.served)
        socket.write(tcpFraming.encode({ ...head, pdu: encodeReadAnswer('holding', data) }))
      }
    }
  })
  return {
    settings: { host: server.host, port: server.port },
    /** Numbers that were given out so far, from 1. */
    served: () => machine.served,
    stop: server.stop,
  }
}
