/** Fixed header of an MQTT packet (MQTT 5.0 §2.1): its first byte, and where its body begins and ends in the buffer. */
export interface Frame {
  first: number
  bodyStart: number
  end: number
}

export class FrameError extends Error {
  readonly tooLarge: boolean
  constructor(message: string, tooLarge: boolean) {
    super(message)
    this.tooLarge = tooLarge
  }
}

/** The whole packet at `at`, or undefined when its end has not arrived. Throws a FrameError that must end the session. */
export function nextFrame(buffer: Buffer, at: number, bytesMax: number): Frame | undefined {
  const first = buffer[at]
  if (first === undefined) return undefined
  let length = 0
  let scale = 1
  let cursor = at + 1
  for (;;) {
    const byte = buffer[cursor]
    if (byte === undefined) return undefined
    cursor++
    length += (byte & 0x7f) * scale
    if (byte < 0x80) break
    scale *= 128
    if (cursor - at > 4) throw new FrameError('the remaining length has more than four bytes', false)
  }
  if (length + cursor - at > bytesMax)
    throw new FrameError(
      `报文最多 ${bytesMax} 字节，请拆分发送。 A packet has at most ${bytesMax} bytes; send in parts.`,
      true,
    )
  const end = cursor + length
  return end > buffer.length ? undefined : { first, bodyStart: cursor, end }
}
