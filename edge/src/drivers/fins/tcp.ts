import { DeviceError } from '../../driver.ts'
import { Line } from '../../line.ts'
import { encodeTcp, nodeNumbers, type TcpFrame, TcpFrameReader, tcpCommands } from './codec.ts'
import { tcpErrorWords } from './end-codes.ts'
import type { Exchange, Nodes, TransportOptions } from './transport.ts'

/** FINS/TCP: the node addresses are exchanged on each new connection, and frames carry them from then on. */
export function tcpTransport(options: TransportOptions): { exchange: Exchange; close(): Promise<void> } {
  const { host, port, timeoutMs } = options
  let nodes: Nodes = { source: 0, destination: 0 }
  let serviceId = 0
  const line = new Line<TcpFrame>({
    end: {
      host,
      port,
      timeoutMs,
      serialPort: undefined,
      baudRate: 9_600,
      dataBits: '8',
      parity: 'none',
      stopBits: '1',
    },
    frames: () => new TcpFrameReader(),
    inFlightMax: 1,
    async greet(say) {
      const asked = encodeTcp({ command: tcpCommands.clientNode, error: 0, data: nodeNumbers(options.sourceNode ?? 0) })
      nodes = await say(asked, (frame) => {
        refuse(frame)
        if (frame.command !== tcpCommands.serverNode || frame.data.length !== 8) return undefined
        const [source, destination] = [frame.data.readUInt32BE(0), frame.data.readUInt32BE(4)]
        if (source < 1 || source > 254 || destination > 254) throw new DeviceError(`a node address out of range`)
        return { source, destination: options.destinationNode ?? destination }
      })
    },
  })
  return {
    exchange: (encode, accept) => {
      serviceId = (serviceId % 255) + 1
      const own = serviceId
      return line.request(
        () => encodeTcp({ command: tcpCommands.frame, error: 0, data: encode(nodes, own) }),
        (frame) => {
          refuse(frame)
          return frame.command === tcpCommands.frame ? accept(frame.data, nodes, own) : undefined
        },
      )
    },
    close: () => line.close(),
  }
}

/** The error code of other commands means nothing (W421 §7-4). The controller ends the connection after one. */
function refuse({ command, error }: TcpFrame): void {
  const tells = command === tcpCommands.serverNode || command === tcpCommands.error
  if (tells && error !== 0) throw new DeviceError(tcpErrorWords(error))
}
