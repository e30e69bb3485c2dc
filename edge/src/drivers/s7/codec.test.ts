import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DeviceError } from '../../driver.ts'
import { type Area, areas } from './address.ts'
import {
  decodeItems,
  decodePdu,
  decodeRead,
  decodeSetup,
  decodeValues,
  decodeWrite,
  encodePdu,
  encodeValues,
  type Item,
  itemParameters,
  kinds,
  setupParameters,
} from './codec.ts'
import { encodeConnection, encodeData, type Tpdu, TpduReader, tpduTypes } from './transport.ts'

const none = Buffer.alloc(0)
const hex = (text: string) => Buffer.from(text, 'hex')
const tpduOf = (bytes: Buffer): Tpdu => {
  const tpdus = new TpduReader().push(bytes)
  expect(tpdus).toHaveLength(1)
  return tpdus[0]!
}
const job = (reference: number, parameters: Buffer, data = none) =>
  encodeData(encodePdu({ kind: kinds.job, reference, error: 0, parameters, data }))
const block: Item = { area: 'DB', db: 1, byte: 0, bit: 0, unit: 'byte', count: 64 }

// Wireshark’s sample capture s7comm_varservice_libnodavedemo.pcap (https://wiki.wireshark.org/S7comm), frames 7 to 12.
test('a CPU’s confirm of the connection, as captured, names both ends', () => {
  expect(tpduOf(hex('0300001611e00000000100c1020100c2020102c00109'))).toMatchObject({
    type: tpduTypes.connectionRequest,
    source: 1,
    calling: 0x0100,
    called: 0x0102,
  })
  expect(tpduOf(hex('0300001611d00001000300c00109c1020100c2020102'))).toMatchObject({
    type: tpduTypes.connectionConfirm,
    destination: 1,
    source: 3,
  })
  const own = { destination: 0, source: 1, called: 0x0102, calling: 0x0100 }
  expect(tpduOf(encodeConnection(tpduTypes.connectionRequest, own))).toMatchObject(own)
})

test('setup of communication and a read of 64 bytes have the bytes of the capture', () => {
  expect(job(0xffff, setupParameters(1_920)).toString('hex')).toBe('0300001902f08032010000ffff00080000f000000100010780')
  const granted = decodePdu(tpduOf(hex('0300001b02f08032030000ffff000800000000f0000001000100f0')).data)
  expect(granted).toMatchObject({ kind: kinds.ackData, reference: 0xffff, error: 0 })
  expect(decodeSetup(granted.parameters)).toBe(240)
  expect(job(0, itemParameters('read', [block])).toString('hex')).toBe(
    '0300001f02f080320100000000000e00000401120a10020040000184000000',
  )
  const answer = hex(`0300005902f0803203000000000002004400000401ff040200${'00'.repeat(64)}`)
  expect(decodeRead(decodePdu(tpduOf(answer).data), [block])).toEqual([{ data: Buffer.alloc(64) }])
})

test('a refused item is told apart from the others; odd values are filled up between', () => {
  const items = [
    { ...block, count: 3 },
    { ...block, db: 2, count: 1 },
    { ...block, count: 1 },
  ]
  const data = encodeValues([
    { code: 0xff, unit: 'byte', data: hex('010203') },
    { code: 0x0a, unit: 'byte', data: none },
    { code: 0xff, unit: 'byte', data: hex('04') },
  ])
  expect(data.toString('hex')).toBe('ff040018' + '01020300' + '0a000000' + 'ff04000804')
  const pdu = { kind: kinds.ackData, reference: 1, error: 0, parameters: hex('0403'), data }
  const values = [{ data: hex('010203') }, { refused: 10 }, { data: hex('04') }]
  expect(decodeRead(pdu, items)).toEqual(values)
  // Some CPUs fill up the last value, too.
  expect(decodeRead({ ...pdu, data: Buffer.concat([data, hex('00')]) }, items)).toEqual(values)
})

test('an answer that does not fit is never a value', () => {
  const data = encodeValues([{ code: 0xff, unit: 'byte', data: hex('0102') }])
  const pdu = { kind: kinds.ackData, reference: 1, error: 0, parameters: hex('0401'), data }
  const two = { ...block, count: 2 }
  expect(() => decodeRead(pdu, [block])).toThrow('2 bytes came instead of 64')
  expect(() => decodeRead({ ...pdu, parameters: hex('0501') }, [two])).toThrow('another request')
  expect(() => decodeRead({ ...pdu, data: data.subarray(0, 5) }, [two])).toThrow('beyond the end')
  expect(() => decodeRead({ ...pdu, data: Buffer.concat([data, data]) }, [two])).toThrow('more came')
  expect(() => decodePdu(Buffer.concat([encodePdu(pdu), hex('00')]))).toThrow('not as long as it says')
  expect(decodeWrite({ ...pdu, parameters: hex('0501'), data: hex('05') })).toBe('invalid address (return code 05)')
  expect(() => decodeWrite({ ...pdu, parameters: hex('0501'), data: hex('ffff') })).toThrow('2 bytes')
})

test('data in fragments is put together within a bound; what is no ISO-on-TCP is refused', () => {
  const fragment = (last: boolean, data: string) => {
    const bytes = hex(`0300000002f0${last ? '80' : '00'}${data}`)
    bytes.writeUInt16BE(bytes.length, 2)
    return bytes
  }
  expect(tpduOf(Buffer.concat([fragment(false, ''), fragment(false, '3201'), fragment(true, '02')])).data).toEqual(
    hex('320102'),
  )
  const reader = new TpduReader()
  const large = fragment(false, '00'.repeat(3_000))
  reader.push(large)
  expect(() => reader.push(large)).toThrow('too many fragments')
  expect(() => new TpduReader().push(Buffer.from('GET / HTTP/1.1\r\n'))).toThrow('no ISO-on-TCP')
  expect(() => new TpduReader().push(hex('0300ffff02f080'))).toThrow('65535 bytes')
})

const itemsOf = fc.array(
  fc.record({
    area: fc.constantFrom(...(Object.keys(areas) as Area[])),
    db: fc.nat(65_535),
    byte: fc.nat(65_535),
    bit: fc.constant(0),
    unit: fc.constant('byte' as const),
    count: fc.integer({ min: 1, max: 30 }),
  }),
  { minLength: 1, maxLength: 8 },
)

test('items and values come back, in packets torn at any byte', () => {
  fc.assert(
    fc.property(itemsOf, fc.nat(0xffff), fc.nat(0xff), fc.nat(200), (items, reference, seed, cut) => {
      const through = (bytes: Buffer) => {
        const reader = new TpduReader()
        const tpdus = [...reader.push(bytes.subarray(0, cut)), ...reader.push(bytes.subarray(cut))]
        expect(tpdus).toHaveLength(1)
        return decodePdu(tpdus[0]!.data)
      }
      const values = items.map(({ count }, i) => ({
        code: 0xff,
        unit: 'byte' as const,
        data: Buffer.alloc(count, (seed * (i + 1)) & 0xff),
      }))
      const asked = through(job(reference, itemParameters('read', items)))
      expect(asked.reference).toBe(reference)
      expect(decodeItems(asked.parameters)).toEqual(items)
      const answer = { kind: kinds.ackData, reference, error: 0, parameters: Buffer.from([4, items.length]) }
      const came = through(encodeData(encodePdu({ ...answer, data: encodeValues(values) })))
      expect(decodeRead(came, items)).toEqual(values.map(({ data }) => ({ data })))
    }),
  )
})

test('whatever bytes come, they are packets of a bounded size or a DeviceError', { timeout: 600_000 }, () => {
  const items = [
    { ...block, count: 3 },
    { ...block, count: 2 },
  ]
  const data = encodeValues(
    items.map(({ count }) => ({ code: 0xff, unit: 'byte' as const, data: Buffer.alloc(count, 7) })),
  )
  const answer = { kind: kinds.ackData, reference: 1, error: 0, parameters: hex('0402'), data }
  const whole = [
    encodeData(encodePdu(answer)),
    job(1, itemParameters('read', items)),
    encodeConnection(tpduTypes.connectionConfirm, { destination: 1, source: 7, called: 1, calling: 1 }),
  ]
  const spoilt = fc
    .tuple(fc.constantFrom(...whole), fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 3 }))
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
  const look = (bytes: Buffer) => {
    const pdu = decodePdu(bytes)
    declared(() => expect(decodeRead(pdu, items)).toHaveLength(2))
    declared(() => void decodeWrite(pdu))
    declared(() => expect(decodeItems(pdu.parameters).length).toBeLessThanOrEqual(255))
    declared(() => expect(decodeSetup(pdu.parameters)).toBeLessThanOrEqual(65_535))
    declared(() => expect(decodeValues(pdu.data, 255)).toHaveLength(255))
  }
  fc.assert(
    fc.property(
      fc.oneof(
        spoilt,
        fc.uint8Array({ maxLength: 300 }).map((each) => Buffer.from(each)),
      ),
      (input) => {
        declared(() => look(input))
        declared(() => {
          for (const tpdu of new TpduReader().push(input)) {
            expect(tpdu.data.length).toBeLessThanOrEqual(4_096)
            look(tpdu.data)
          }
        })
      },
    ),
    { numRuns: Number(process.env.KAPOK_FUZZ_RUNS ?? 20_000) },
  )
})
