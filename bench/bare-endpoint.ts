import { type AddressInfo, createServer } from 'node:net'

// The limit beside the ingest figures: a TCP server of the same runtime that finds the frames of MQTT packets and
// acknowledges each PUBLISH, without reading it, checking it or writing it anywhere.
const connack = Buffer.of(0x20, 2, 0, 0)

const server = createServer({ noDelay: true }, (socket) => {
  let rest: Buffer = Buffer.alloc(0)
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk: Buffer) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const acks: number[] = []
    let at = 0
    for (;;) {
      const frame = frameAt(bytes, at)
      if (frame === undefined) break
      if (bytes[at] === 0x10) socket.write(connack)
      else {
        const topicBytes = bytes.readUInt16BE(frame.body)
        acks.push(0x40, 2, bytes[frame.body + 2 + topicBytes] ?? 0, bytes[frame.body + 3 + topicBytes] ?? 0)
      }
      at = frame.end
    }
    rest = bytes.subarray(at)
    if (acks.length > 0) socket.write(Buffer.from(acks))
  })
})

function frameAt(bytes: Buffer, at: number): { body: number; end: number } | undefined {
  let length = 0
  let cursor = at + 1
  for (let scale = 1; ; scale *= 128) {
    const byte = bytes[cursor++]
    if (byte === undefined) return undefined
    length += (byte & 0x7f) * scale
    if (byte < 0x80) break
  }
  return cursor + length > bytes.length ? undefined : { body: cursor, end: cursor + length }
}

server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.on('disconnect', () => process.exit(0))
