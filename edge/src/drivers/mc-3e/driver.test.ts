import { afterEach, expect, test } from 'vitest'
import { AddressError } from '../../address.ts'
import { DeviceError, RefusedRequest, type TagType, type TagValue } from '../../driver.ts'
import type { Simulator } from '../../simulator.ts'
import { driver } from './driver.ts'
import { simulate } from './simulator.ts'

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

async function machine(more: Record<string, unknown> = {}) {
  const simulator = await simulate()
  const settings = driver.settings({ ...simulator.settings, ...more }, 'device')
  const connection = driver.open(settings)
  ends.push(
    () => connection.close(),
    () => simulator.stop(),
  )
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
  return { simulator, settings, connection, tag, read }
}

const values: [string, TagType, TagValue][] = [
  ['D100', 'int16', -2],
  ['D101', 'uint16', 65_535],
  ['D102', 'int32', -70_000],
  ['D104', 'uint32', 4_000_000_000],
  ['D106', 'float32', 1.5],
  ['D110', 'float64', Math.PI],
  ['D114', 'int64', -(2 ** 40)],
  ['D118', 'uint64', 2 ** 50],
  ['D122[6]', 'text', 'KAPOK1'],
  ['D130.F', 'bool', true],
  ['D130.3', 'bool', false],
  ['W1A', 'uint16', 7],
  ['R5', 'int16', 8],
  ['ZR40000', 'int16', 9],
  ['SD203', 'uint16', 2],
  ['X1F', 'bool', true],
  ['Y20', 'bool', true],
  ['M8191', 'bool', true],
  ['M16', 'uint16', 0x1234],
  ['L7', 'bool', true],
  ['B1AB', 'bool', true],
  ['SM400', 'bool', true],
  ['T5', 'uint16', 300],
  ['T5', 'bool', true],
  ['ST6', 'bool', true],
  ['STN6', 'int16', 12],
  ['C7', 'int16', 3],
  ['CS7', 'bool', true],
]

const formats: { code?: string; series?: string }[] = [
  {},
  { code: 'ascii' },
  { series: 'iqr' },
  { series: 'iqr', code: 'ascii' },
]
for (const more of formats)
  test(`every device and type is read ${JSON.stringify(more)}`, async () => {
    const { simulator, read } = await machine(more)
    for (const [address, type, value] of values) simulator.set(address, type, value)
    for (const [address, type, value] of values.filter(([each]) => !each.startsWith('ZR') || more.code === undefined))
      expect([address, ...(await read([address, type]))]).toEqual([address, { value, quality: 192 }])
  })

test('every type is written, and read back by the simulator', async () => {
  const { simulator, connection, tag } = await machine()
  for (const [address, type, value] of values) {
    if (address.includes('.')) continue
    await connection.write!(tag(address, type), value)
    expect([address, simulator.get(address, type)]).toEqual([address, value])
  }
  await expect(connection.write!(tag('D1.2', 'bool'), true)).rejects.toThrow('D1: a single bit of a word device')
  await expect(connection.write!(tag('D1', 'int16'), 40_000)).rejects.toThrow('40000 does not fit int16')
  await expect(connection.write!(tag('D1[4]', 'text'), 'fives')).rejects.toThrow('5 bytes and 4 fit')
})

test('neighbours within 960 words are one request, others are not', async () => {
  const { settings, tag } = await machine()
  const tags = [
    ...Array.from({ length: 100 }, (_, i) => tag(`D${i * 2}`, 'int32')),
    tag('D959', 'int16'),
    tag('D960', 'int16'),
    tag('M3', 'bool'),
    tag('M120', 'bool'),
    tag('T1', 'bool'),
    tag('T9', 'bool'),
    tag('T1', 'int16'),
  ]
  const requests = driver.plan(tags, settings)
  expect(requests.flatMap((request) => request.tags)).toHaveLength(tags.length)
  expect(new Set(requests.flatMap((request) => request.tags))).toEqual(new Set(tags))
  const commands = requests.map((request) => (request as unknown as { command: Record<string, unknown> }).command)
  expect(commands).toMatchObject([
    { device: 'D', head: 0, points: 200, unit: 'word' },
    { device: 'D', head: 959, points: 2 },
    { device: 'M', head: 0, points: 8, unit: 'word' },
    { device: 'TN', head: 1, points: 1 },
    { device: 'TS', head: 1, points: 9, unit: 'bit' },
  ])
})

test('an address out of the grammar is named with its position', async () => {
  const { settings } = await machine()
  const refused = (address: string, type: TagType, words: string) =>
    expect(() => driver.parseAddress(address, type, settings)).toThrow(
      new AddressError(...misfit(address, words)).message,
    )
  const misfit = (address: string, words: string): [string, number, string] => {
    const [, at, expected] = /^(\d+) (.*)$/.exec(words)!
    return [address, Number(at), expected!]
  }
  refused('D', 'int16', '2 a number (base 10) from 0 to 16777215')
  refused('D1F', 'int16', '3 the end of the address')
  refused('XG', 'bool', '2 a number (base 16) from 0 to FFFFFF')
  refused('D100', 'bool', '5 “.” and the bit of the word')
  refused('D100.G', 'bool', '6 a bit from 0 to F')
  refused('D100', 'text', '5 “[” and the number of characters')
  refused('D100[501]', 'text', '6 a number of characters from 1 to 500')
  refused('M3', 'uint16', '2 the type bool, or a multiple of 16')
  refused('D1', 'int8', '1 a type of 1, 16, 32 or 64 bits, or text,')
  refused('TS1', 'int16', '1 the type bool')
  expect(driver.parseAddress('x1f', 'bool', settings)).toMatchObject({ device: 'X', number: 31 })
  expect(() => driver.parseAddress('ZR1', 'int16', { ...settings, code: 'ascii' })).toThrow('another device than ZR')
  const fx5 = driver.settings({ ...settings, xyNumbering: 'octal' }, 'device')
  expect(driver.parseAddress('X17', 'bool', fx5)).toMatchObject({ number: 15 })
  expect(() => driver.parseAddress('X18', 'bool', fx5)).toThrow('position 3')
})

test('a value that no number can hold is marked', async () => {
  const { simulator, read } = await machine()
  for (const [i, word] of [0xffff, 0xffff, 0xffff, 0x7fff].entries()) simulator.set(`D${i}`, 'uint16', word)
  expect(await read(['D0', 'int64'])).toEqual([
    {
      ...{ value: 2 ** 63, quality: 64, reason: '9223372036854775807 is beyond ±2^53 and was rounded' },
      zh: '9223372036854775807 超出 ±2^53，已舍入',
    },
  ])
  expect(await read(['D2', 'float32'])).toMatchObject([{ value: undefined, quality: 0 }])
  expect(await read(['D0[2]', 'text'])).toMatchObject([{ value: undefined, quality: 0 }])
})

test('texts of Chinese and Japanese panels are read in their encoding', async () => {
  const { simulator, read } = await machine({ encoding: 'gb18030' })
  simulator.set('D0', 'uint16', 0xbec4)
  expect(await read(['D0[4]', 'text'])).toEqual([{ value: '木', quality: 192 }])
})

test('a device that the station does not have is a refusal of the request; fewer tags at once pass', async () => {
  const { simulator, connection, settings, tag, read } = await machine()
  simulator.faults.missing.add('D5')
  const [request] = driver.plan([tag('D4', 'int16'), tag('D5', 'int16')], settings)
  await expect(connection.read(request!)).rejects.toThrow(RefusedRequest)
  await expect(connection.read(request!)).rejects.toThrow(
    'D4: the request goes beyond the highest address (end code C056)',
  )
  expect(await read(['D4', 'int16'])).toEqual([{ value: 0, quality: 192 }])
  simulator.faults.refusesAll = true
  await expect(read(['D4', 'int16'])).rejects.toThrow('cannot be executed by this CPU module (end code C05F)')
})

const fails = async (connection: Promise<unknown>, words: string) => {
  await expect(connection).rejects.toThrow(DeviceError)
  await expect(connection).rejects.not.toThrow(RefusedRequest)
  await expect(connection).rejects.toThrow(words)
}

test('a silent station and one that answers for another are errors, and values come again afterwards', async () => {
  const { simulator, read } = await machine({ timeoutMs: 600 })
  simulator.faults.silent = true
  await fails(read(['D0', 'int16']), 'no answer within 600 ms')
  simulator.faults.silent = false
  simulator.faults.answersForAnother = true
  await fails(read(['D0', 'int16']), 'no answer within 600 ms; an answer came from network 0, station 0')
  simulator.faults.answersForAnother = false
  simulator.set('D0', 'int16', 5)
  expect(await read(['D0', 'int16'])).toEqual([{ value: 5, quality: 192 }])
})

test('a station that restarts is read again; a closed connection is not', async () => {
  const { simulator, settings, connection, read } = await machine()
  expect(await read(['D0', 'int16'])).toHaveLength(1)
  await simulator.stop()
  await fails(read(['D0', 'int16']), 'ended the connection')
  const again: Simulator = await simulate({ port: settings.port })
  ends.push(() => again.stop())
  again.set('D0', 'int16', 6)
  expect(await read(['D0', 'int16'])).toEqual([{ value: 6, quality: 192 }])
  again.faults.silent = true
  const waiting = read(['D0', 'int16'])
  await connection.close()
  await fails(waiting, 'the connection ended')
  await fails(read(['D0', 'int16']), 'closed')
})
