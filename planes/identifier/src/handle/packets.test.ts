import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HandleFormatError } from './bytes.ts'
import { decodeEnvelope, ourVersion } from './envelope.ts'
import { handleLimits } from './limits.ts'
import { PacketJoiner, splitIntoPackets } from './packets.ts'

const envelope = {
  version: ourVersion,
  suggested: ourVersion,
  compressed: false,
  encrypted: false,
  sessionId: 0,
  requestId: 7,
}
const counted = (length: number) => Buffer.from(Uint8Array.from({ length }, (_, i) => i * 31 + (i >> 8)))

test('a message of 1,000 bytes is three packets of at most 512 bytes, each with the whole length', () => {
  const packets = splitIntoPackets(envelope, counted(1_000))
  expect(packets.map(({ length }) => length)).toEqual([512, 512, 36])
  expect(packets.map((packet) => decodeEnvelope(packet))).toMatchObject(
    [0, 1, 2].map((sequence) => ({ sequence, messageLength: 1_000, truncated: true, requestId: 7 })),
  )
  expect(splitIntoPackets(envelope, counted(492)).map((packet) => decodeEnvelope(packet).truncated)).toEqual([false])
})

test('packets in any order, some twice, become the message once', () => {
  const order = fc.integer({ min: 0, max: 5_000 }).chain((length) => {
    const packets = splitIntoPackets(envelope, counted(length))
    return fc.record({
      length: fc.constant(length),
      arriving: fc.shuffledSubarray([...packets, ...packets], { minLength: packets.length * 2 }),
    })
  })
  fc.assert(
    fc.property(order, ({ length, arriving }) => {
      const joiner = new PacketJoiner()
      const [first, ...others] = arriving.flatMap((packet) => joiner.push('a:1', packet, 0) ?? [])
      expect(first?.message.equals(counted(length))).toBe(true)
      // The copies of a message of one packet are messages of their own; others begin one that stays incomplete.
      for (const other of others) expect(other.message.equals(counted(length))).toBe(true)
    }),
    { numRuns: 300 },
  )
})

test('messages of two peers, or of two requests, are never mixed', () => {
  const joiner = new PacketJoiner()
  const [a0, a1] = splitIntoPackets(envelope, Buffer.alloc(600, 1))
  const [b0, b1] = splitIntoPackets({ ...envelope, requestId: 8 }, Buffer.alloc(600, 2))
  const push = (peer: string, packet: Uint8Array = Buffer.alloc(0)) => joiner.push(peer, packet, 0)?.message
  expect([push('a:1', a0), push('a:2', a1), push('a:1', b1)]).toEqual([undefined, undefined, undefined])
  expect(push('a:1', a1)).toEqual(Buffer.alloc(600, 1))
  expect(push('a:1', b0)).toEqual(Buffer.alloc(600, 2))
  expect(joiner.waiting).toEqual({ messages: 1, bytes: 108 })
})

test('a packet that cannot be part of its message is refused with the place', () => {
  const joiner = new PacketJoiner()
  const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = splitIntoPackets(envelope, counted(600))
  const changed = (bytes: Buffer, at: number, value: number) => {
    const copy = Buffer.from(bytes)
    copy.writeUInt32BE(value, at)
    return () => joiner.push('a:1', copy, 0)
  }
  expect(changed(second, 12, 2)).toThrow('at byte 12: expected a sequence number below 2, found 2')
  expect(() => joiner.push('a:1', second.subarray(0, 40), 0)).toThrow(
    'at byte 40: expected 108 bytes of packet 1, found 20',
  )
  joiner.push('a:1', first, 0)
  expect(changed(second, 16, 700)).toThrow(HandleFormatError)
  expect(joiner.push('a:1', second, 0)?.message).toEqual(counted(600))
})

test('packets whose others stay away are forgotten, and an announced length reserves nothing', () => {
  const joiner = new PacketJoiner()
  const message = Buffer.alloc(handleLimits.messageBytes)
  const first = (requestId: number) => splitIntoPackets({ ...envelope, requestId }, message)[0] ?? Buffer.alloc(0)
  for (let id = 0; id < handleLimits.incompleteMessages + 50; id++) joiner.push('a:1', first(id), 0)
  expect(joiner.waiting).toEqual({
    messages: handleLimits.incompleteMessages,
    bytes: handleLimits.incompleteMessages * 492,
  })
  joiner.push('a:1', first(1), handleLimits.incompleteMs)
  expect(joiner.waiting).toEqual({ messages: 1, bytes: 492 })
})

test('the bytes of all incomplete messages together have a limit', () => {
  const joiner = new PacketJoiner()
  const message = Buffer.alloc(handleLimits.messageBytes)
  for (let id = 0; id < 70; id++)
    for (const packet of splitIntoPackets({ ...envelope, requestId: id }, message).slice(1))
      joiner.push('a:1', packet, 0)
  expect(joiner.waiting.bytes).toBeLessThanOrEqual(handleLimits.incompleteBytes)
})
