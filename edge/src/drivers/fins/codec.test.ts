import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DeviceError, RefusedRequest } from '../../driver.ts'
import {
  type Command,
  decodeCommand,
  decodeResponse,
  encodeCommand,
  encodeResponse,
  encodeTcp,
  type FinsRoute,
  nodeNumbers,
  TcpFrameReader,
} from './codec.ts'

const route = (source: number, destination: number, serviceId = 1): FinsRoute => ({
  source: { network: 0, node: source, unit: 0 },
  destination: { network: 0, node: destination, unit: 0 },
  serviceId,
})
const words = (code: number, word: number, elements: number): Command => ({
  write: false,
  code,
  word,
  bit: 0,
  elements,
  unit: 'word',
})

// SYSMAC CS/CJ/NSJ Communications Commands Reference Manual (W342), §3-4-1: 10 words from D00010.
test('the reference manual’s example of reading I/O memory has its bytes', () => {
  const frame = encodeCommand(words(0x82, 10, 10), undefined, route(2, 1))
  expect(frame.subarray(10).toString('hex')).toBe('0101' + '82' + '000a00' + '000a')
})

// https://e-com-net.com/article/1295859341940826112.htm: 20 words from D100 by UDP, “tried for real” by its author.
test('an exchange that a user published has its bytes and values', () => {
  const command = words(0x82, 100, 20)
  const asked = encodeCommand(command, undefined, route(0x0b, 0x41, 0))
  expect(asked.toString('hex')).toBe('80000200410000' + '0b0000' + '0101' + '820064000014')
  const answer = Buffer.from(`c00002000b00004100000101000013881770${'1b58'}${'0000'.repeat(17)}`, 'hex')
  expect([...decodeResponse(answer, command, route(0x0b, 0x41, 0), 'D100')].slice(0, 4)).toEqual([
    0x1388, 0x1770, 0x1b58, 0,
  ])
})

// Ethernet Units Construction of Networks (W421), §7-4: lengths, commands and node addresses; the request's bytes also
// stand in the script omron-info of Nmap (https://nmap.org/nsedoc/scripts/omron-info.html).
test('the exchange of node addresses has the manual’s bytes', () => {
  const asked = encodeTcp({ command: 0, error: 0, data: nodeNumbers(0) })
  expect(asked.toString('hex')).toBe('46494e530000000c000000000000000000000000')
  const [answer] = new TcpFrameReader().push(Buffer.from('46494e53000000100000000100000000000000ef00000001', 'hex'))
  expect(answer).toEqual({ command: 1, error: 0, data: Buffer.from('000000ef00000001', 'hex') })
})

test('what is not the response to the command is never a value', () => {
  const command = words(0x82, 0, 2)
  const asked = route(11, 1, 7)
  const answer = encodeResponse(command, 0, Uint16Array.of(1, 2), asked)
  const spoilt = (at: number, value: number) => {
    const bytes = Buffer.from(answer)
    bytes[at] = value
    return () => decodeResponse(bytes, command, asked, 'D0')
  }
  expect(decodeResponse(answer, command, asked, 'D0')).toEqual(Uint16Array.of(1, 2))
  expect(spoilt(0, 0x80)).toThrow('a command came instead of a response')
  expect(spoilt(9, 6)).toThrow('service ID 6 came instead of 7')
  expect(spoilt(4, 12)).toThrow('a response to node 0.12.0 came')
  expect(spoilt(7, 3)).toThrow('node 0.3.0 responded')
  expect(spoilt(11, 2)).toThrow('a response to another command')
  const flag: Command = { ...command, code: 0x09, elements: 1, unit: 'bit' }
  const neither = encodeResponse(flag, 0, Uint16Array.of(2), asked)
  expect(() => decodeResponse(neither, flag, asked, 'T0')).toThrow('neither on nor off')
  expect(() => decodeResponse(answer, { ...command, elements: 3 }, asked, 'D0')).toThrow('4 bytes came instead of 6')
  expect(() =>
    decodeResponse(answer, command, { ...asked, destination: { ...asked.destination, node: 0 } }, 'D0'),
  ).not.toThrow()
  expect(() => encodeCommand(words(0x82, 0, 1_000), undefined, asked)).toThrow('1 to 999')
})

test('an end code is a refusal with the manual’s words; errors of the CPU Unit besides are not', () => {
  const command = words(0x82, 0, 1)
  const answer = (endCode: number, data: number[] = []) =>
    decodeResponse(
      encodeResponse(command, endCode, Uint16Array.from(data), route(2, 1)),
      command,
      route(2, 1),
      'D32767',
    )
  expect(() => answer(0x1104)).toThrow(RefusedRequest)
  expect(() => answer(0x1104)).toThrow('D32767: parameter error, address range exceeded (end code 1104)')
  expect(() => answer(0x8205)).toThrow(
    'destination node error, response timeout, on the way through another network (end code 8205)',
  )
  expect(() => answer(0x1143)).toThrow('address range error, the CPU Unit has a non-fatal error (end code 1143)')
  expect(() => answer(0x2783)).toThrow('the CPU Unit has a fatal error (end code 2783)')
  expect(answer(0x0040, [5])).toEqual(Uint16Array.of(5))
})

test('a stream that is no FINS/TCP, or claims too much, is refused before it is gathered', () => {
  expect(() => new TcpFrameReader().push(Buffer.from('GET / HTTP/1.1\r\n'))).toThrow('no FINS/TCP frame')
  expect(() => new TcpFrameReader().push(Buffer.from(`46494e53ffffffff${'00'.repeat(8)}`, 'hex'))).toThrow(DeviceError)
  expect(() => new TcpFrameReader().push(Buffer.from(`46494e5300001000${'00'.repeat(8)}`, 'hex'))).toThrow('4104 bytes')
})

const commands = fc
  .record({
    write: fc.boolean(),
    code: fc.constantFrom(0x82, 0xb0, 0xb1, 0xb2, 0xb3, 0xa0, 0x68, 0x89, 0x30, 0x02, 0x09, 0xe8),
    word: fc.nat(32_767),
    bit: fc.nat(15),
    elements: fc.integer({ min: 1, max: 40 }),
  })
  .map((each): Command => ({ ...each, unit: [0x30, 0x02, 0x09, 0xe8].includes(each.code) ? 'bit' : 'word' }))

test('every command and response comes back, in TCP frames torn at any byte', () => {
  fc.assert(
    fc.property(commands, fc.nat(255), fc.nat(0xffff), fc.nat(120), (command, serviceId, seed, cut) => {
      const data = Uint16Array.from({ length: command.elements }, (_, i) =>
        command.unit === 'bit' ? (seed >> (i % 16)) & 1 : (seed * (i + 1)) & 0xffff,
      )
      const asked = route(239, 1, serviceId)
      const through = (frame: Buffer) => {
        const stream = encodeTcp({ command: 2, error: 0, data: frame })
        const reader = new TcpFrameReader()
        const frames = [...reader.push(stream.subarray(0, cut)), ...reader.push(stream.subarray(cut))]
        expect(frames).toHaveLength(1)
        return frames[0]!.data
      }
      const sent = command.write ? data : new Uint16Array()
      expect(decodeCommand(through(encodeCommand(command, command.write ? data : undefined, asked)))).toEqual({
        command,
        route: asked,
        data: sent,
      })
      const back = command.write ? new Uint16Array() : data
      expect(decodeResponse(through(encodeResponse(command, 0, back, asked)), command, asked, '')).toEqual(back)
    }),
  )
})

test('whatever bytes come, they are frames of a bounded size or a DeviceError', { timeout: 600_000 }, () => {
  const command = words(0x82, 100, 3)
  const asked = route(2, 1)
  const frames = [
    encodeResponse(command, 0, Uint16Array.of(1, 2, 3), asked),
    encodeResponse(command, 0x1104, new Uint16Array(), asked),
    encodeCommand(command, undefined, asked),
  ]
  const whole = [...frames, ...frames.map((data) => encodeTcp({ command: 2, error: 0, data }))]
  const spoilt = fc
    .tuple(fc.constantFrom(...whole), fc.array(fc.tuple(fc.nat(40), fc.nat(255)), { maxLength: 3 }))
    .map(([frame, changes]) => {
      const bytes = Buffer.from(frame)
      for (const [at, value] of changes) bytes[at % bytes.length] = value
      return bytes
    })
  const declared = (run: () => void) => {
    try {
      run()
    } catch (error) {
      expect(error).toBeInstanceOf(DeviceError)
    }
  }
  fc.assert(
    fc.property(
      fc.oneof(
        spoilt,
        fc.uint8Array({ maxLength: 300 }).map((each) => Buffer.from(each)),
      ),
      (input) => {
        declared(() => expect(decodeResponse(input, command, asked, 'D100')).toHaveLength(3))
        declared(() => expect(decodeCommand(input).data.length).toBeLessThanOrEqual(input.length))
        declared(() => {
          for (const { data } of new TcpFrameReader().push(input)) expect(data.length).toBeLessThanOrEqual(4_096)
        })
      },
    ),
    { numRuns: Number(process.env.KAPOK_FUZZ_RUNS ?? 20_000) },
  )
})
