import { afterEach, expect, test } from 'vitest'
import { DeviceError, RefusedRequest, type TagType, type TagValue } from '../../driver.ts'
import { serveTcp } from '../../serve-tcp.ts'
import { driver } from './driver.ts'
import { simulate } from './simulator.ts'

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

function talk(raw: Record<string, unknown>) {
  const settings = driver.settings(raw, 'device')
  const connection = driver.open(settings)
  ends.push(() => connection.close())
  const tag = (address: string, type: TagType) => ({ address: driver.parseAddress(address, type, settings), type })
  const read = async (...tags: [string, TagType][]) => {
    const samples = []
    for (const request of driver.plan(
      tags.map(([address, type]) => tag(address, type)),
      settings,
    ))
      samples.push(...(await connection.read(request)))
    return samples
  }
  return { settings, connection, tag, read }
}

async function machine(more: Record<string, unknown> = {}) {
  const simulator = await simulate()
  ends.push(() => simulator.stop())
  return { simulator, ...talk({ ...simulator.settings, ...more }) }
}

const fails = async (read: Promise<unknown>, words: string) => {
  await expect(read).rejects.toThrow(DeviceError)
  await expect(read).rejects.not.toThrow(RefusedRequest)
  await expect(read).rejects.toThrow(words)
}

const values: [string, TagType, TagValue][] = [
  ['DB10.DBX0.1', 'bool', true],
  ['DB10.DBX0.2', 'bool', false],
  ['DB10.DBB2', 'uint8', 200],
  ['DB10.DBB3', 'int8', -3],
  ['DB10.DBW4', 'int16', -2],
  ['DB10.DBW6', 'uint16', 65_535],
  ['DB10.DBD8', 'float32', 1.5],
  ['DB10.DBD12', 'int32', -70_000],
  ['DB10.DBD16', 'uint32', 4_000_000_000],
  ['DB10.DBD20', 'float64', Math.PI],
  ['DB10.DBD28', 'int64', -(2 ** 40)],
  ['DB10.DBD36', 'uint64', 2 ** 50],
  ['DB10.STRING50[32]', 'text', '木棉 KAPOK'],
  ['DB10.DBB100[8]', 'text', 'S7-1200'],
  ['DB65535.DBW60000', 'int16', 5],
  ['M0.1', 'bool', true],
  ['MB1', 'uint8', 1],
  ['MW2', 'int16', 2],
  ['MD4', 'float32', 4.25],
  ['I0.7', 'bool', true],
  ['IW2', 'uint16', 22],
  ['E4.0', 'bool', true],
  ['QB1', 'uint8', 11],
  ['A2.3', 'bool', true],
  ['VW20', 'int16', 20],
]

test('every area and type is read, one by one and all at once', async () => {
  const { simulator, tag, settings, connection, read } = await machine()
  for (const [address, type, value] of values) simulator.set(address, type, value)
  for (const [address, type, value] of values)
    expect([address, ...(await read([address, type]))]).toEqual([address, { value, quality: 192 }])
  const tags = values.map(([address, type]) => tag(address, type))
  const [request, ...others] = driver.plan(tags, settings)
  expect(others).toEqual([])
  expect(new Set(request!.tags)).toEqual(new Set(tags))
  for (const [i, sample] of (await connection.read(request!)).entries())
    expect(sample.value).toBe(values[tags.indexOf(request!.tags[i]!)]![2])
})

test('every type is written; a STRING no longer than the CPU has room for', async () => {
  const { simulator, connection, tag } = await machine()
  for (const [address, type] of values) simulator.set(address, type, type === 'text' ? '' : type === 'bool' ? false : 0)
  for (const [address, type, value] of values) {
    await connection.write!(tag(address, type), value)
    expect([address, simulator.get(address, type)]).toEqual([address, value])
  }
  simulator.set('DB10.STRING200[4]', 'text', 'abcd')
  simulator.set('DB10.DBB206', 'uint8', 77)
  await expect(connection.write!(tag('DB10.STRING200[20]', 'text'), 'abcde')).rejects.toThrow('5 bytes and 4 fit')
  await connection.write!(tag('DB10.STRING200[20]', 'text'), 'xy')
  expect(simulator.get('DB10.STRING200[4]', 'text')).toBe('xy')
  expect(simulator.get('DB10.DBB206', 'uint8')).toBe(77)
  await expect(connection.write!(tag('DB10.STRING300[4]', 'text'), 'a')).rejects.toThrow('holds no STRING')
  await expect(connection.write!(tag('DB10.DBB2', 'uint8'), 256)).rejects.toThrow('256 does not fit uint8')
  await expect(connection.write!(tag('DB11.DBB2', 'uint8'), 1)).rejects.toThrow(
    'DB11.DBB2: object does not exist (return code 0A)',
  )
})

test('a STRING that is none, or longer than what was read, is bad with its reason', async () => {
  const { simulator, read } = await machine()
  simulator.set('DB1.STRING0[20]', 'text', 'twenty characters ok')
  expect(await read(['DB1.STRING0[10]', 'text'])).toEqual([
    { value: undefined, quality: 0, reason: 'the STRING has 20 characters, 10 were read' },
  ])
  simulator.set('DB1.DBB1', 'uint8', 21)
  expect(await read(['DB1.STRING0[20]', 'text'])).toMatchObject([{ quality: 0, reason: 'DB1.DBB0 holds no STRING' }])
})

test('a tag that the CPU refuses by itself is a bad sample beside good ones; of merged tags the request is refused', async () => {
  const { simulator, read } = await machine()
  simulator.set('DB1.DBW0', 'int16', 1)
  expect(await read(['DB1.DBW0', 'int16'], ['DB2.DBW0', 'int16'], ['MW0', 'int16'])).toEqual([
    { value: 1, quality: 192 },
    { value: undefined, quality: 0, reason: 'DB2.DBB0: object does not exist (return code 0A)' },
    { value: 0, quality: 192 },
  ])
  simulator.faults.missing.add('DB1.DBW2')
  await expect(read(['DB1.DBW0', 'int16'], ['DB1.DBW2', 'int16'])).rejects.toThrow(RefusedRequest)
  expect(await read(['DB1.DBW2', 'int16'])).toMatchObject([{ quality: 0, reason: /invalid address/ }])
  simulator.faults.refusesAll = true
  await expect(read(['DB1.DBW0', 'int16'])).rejects.toThrow(RefusedRequest)
  await expect(read(['DB1.DBW0', 'int16'])).rejects.toThrow('PUT/GET access may be off (error 8104)')
})

test('requests and answers fit the PDU, whatever is planned', async () => {
  for (const pduSize of [240, 480]) {
    const { simulator, read } = await machine({ pduSize })
    const tags: [string, TagType][] = []
    for (let db = 1; db <= 30; db++)
      for (let byte = 0; byte < 400; byte += 20) {
        simulator.set(`DB${db}.DBW${byte}`, 'int16', db * byte)
        tags.push([`DB${db}.DBW${byte}`, 'int16'])
      }
    const samples = await read(...tags)
    expect(samples).toHaveLength(600)
    expect(samples.every(({ quality }) => quality === 192)).toBe(true)
    expect(samples.reduce((sum, { value }) => sum + (value as number), 0)).toBe(465 * 3_800)
  }
})

test('a silent CPU and one that answers for another are errors, and values come again afterwards', async () => {
  const { simulator, read } = await machine({ timeoutMs: 600 })
  expect(await read(['MW0', 'int16'])).toHaveLength(1)
  simulator.faults.silent = true
  await fails(read(['MW0', 'int16']), 'no answer within 150 ms')
  await fails(read(['MW0', 'int16']), 'no answer within 150 ms')
  simulator.faults.silent = false
  expect(await read(['MW0', 'int16'])).toHaveLength(1)
  simulator.faults.answersForAnother = true
  await fails(read(['MW0', 'int16']), 'no answer within 150 ms; the answer to PDU')
  simulator.faults.answersForAnother = false
  simulator.set('MW0', 'int16', 5)
  expect(await read(['MW0', 'int16'])).toEqual([{ value: 5, quality: 192 }])
})

test('a CPU that restarts is read again; a closed connection is not', async () => {
  const { simulator, settings, connection, read } = await machine()
  expect(await read(['MW0', 'int16'])).toHaveLength(1)
  await simulator.stop()
  await fails(read(['MW0', 'int16']), `127.0.0.1:${settings.port}`)
  const again = await simulate({ port: settings.port })
  ends.push(() => again.stop())
  again.set('MW0', 'int16', 6)
  expect(await read(['MW0', 'int16'])).toEqual([{ value: 6, quality: 192 }])
  again.faults.silent = true
  const waiting = read(['MW0', 'int16'])
  await connection.close()
  await fails(waiting, 'the connection ended')
  await fails(read(['MW0', 'int16']), 'closed')
})

test('a CPU that refuses the connection, or grants less than is set, is told as such', async () => {
  const refusing = await serveTcp({}, (socket) => () => socket.write(Buffer.from('0300000b06800001000000', 'hex')))
  ends.push(() => refusing.stop())
  await fails(talk({ host: '127.0.0.1', port: refusing.port }).read(['MW0', 'int16']), 'rack, slot or TSAP are wrong')
  const { read } = await machine({ pduSize: 960 })
  await fails(read(['MW0', 'int16']), 'the CPU grants PDUs of 480 bytes: pduSize cannot be 960')
})

test('an address out of the grammar is named with its position', async () => {
  const { settings } = await machine()
  const refused = (address: string, type: TagType, at: number, expected: string) =>
    expect(() => driver.parseAddress(address, type, settings)).toThrow(
      `“${address}”, position ${at}: ${expected} is expected`,
    )
  refused('T1', 'int16', 1, 'DB, I, Q, M or V')
  refused('DB0.DBW0', 'int16', 3, 'a number of a data block from 1 to 65535')
  refused('DB1,REAL4', 'float32', 4, '“.” and DBX, DBB, DBW, DBD or STRING')
  refused('DB1.REAL4', 'float32', 5, 'one of DBX, DBB, DBW, DBD, STRING')
  refused('DB1.DBX0', 'bool', 9, '“.” and a bit')
  refused('DB1.DBX0.8', 'bool', 10, 'a bit from 0 to 7')
  refused('DB1.DBW0', 'float32', 1, 'a type of 16 bits')
  refused('DB1.DBD0', 'int16', 1, 'a type of 32 or 64 bits')
  refused('DB1.DBX0.1', 'uint8', 1, 'the type bool')
  refused('DB1.DBW0', 'text', 1, 'STRING or B')
  refused('DB1.STRING0', 'text', 12, '“[” and the number of characters')
  refused('DB1.STRING0[221]', 'text', 13, 'a number of characters from 1 to 220')
  refused('MW65535', 'int16', 1, 'a value that ends at byte 65535')
  refused('M0.1x', 'bool', 5, 'the end of the address')
  expect(driver.parseAddress('db10.dbx0.1', 'bool', settings)).toMatchObject({ area: 'DB', db: 10, byte: 0, bit: 1 })
})
