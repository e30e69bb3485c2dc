import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { quality, type TagType } from '../../edge/src/driver.ts'
import { driver } from '../../edge/src/drivers/iec104/driver.ts'
import { simulate } from '../../edge/src/drivers/iec104/simulator.ts'
import { freePort, newFolder, removeFolder, waitFor } from '../support/platform.ts'
import { pythonWith } from '../support/python.ts'

test('the Python package c104 as an outstation: points, qualities, time tags, spontaneous values and commands', async (context) => {
  const python = pythonWith('c104==2.2.1')
  if (typeof python === 'string') return context.skip(python)
  const folder = newFolder()
  const ended = join(folder, 'ended')
  const port = await freePort()
  const serving = python.run('c104_station.py', [port, ended])
  const given = { host: '127.0.0.1', port, commonAddress: 7, utcOffsetMinutes: 0, t2Ms: 500, t3Ms: 1_000 }
  const settings = driver.settings(given, 'device')
  const connection = driver.open(settings)
  const selecting = driver.open({ ...settings, command: 'select' })
  const tag = (address: string, type: TagType) => ({ address: driver.parseAddress(address, type, settings), type })
  const read = async (address: string, type: TagType) => (await connection.read({ tags: [tag(address, type)] }))[0]!
  try {
    const isServing = () =>
      read('M_SP:1', 'bool').then(
        () => true,
        () => false,
      )
    await waitFor('the station to serve', isServing, 30_000)
    const values: [address: string, type: TagType, value: unknown][] = [
      ['M_SP:1', 'bool', true],
      ['M_DP:2', 'bool', true],
      ['M_ST:3', 'int8', -12],
      ['M_BO:4', 'uint32', 0x8000_0001],
      ['M_BO:4.31', 'bool', true],
      ['M_ME_NA:5', 'float64', -0.5],
      ['M_ME_NB:6', 'int16', -1234],
      ['M_SP:9', 'bool', true],
    ]
    for (const [address, type, value] of values)
      expect([address, (await read(address, type)).value]).toEqual([address, value])
    expect(await read('M_ME_NC:10', 'float64')).toMatchObject({ value: undefined, quality: quality.bad })
    expect(await read('M_ME_NC:11', 'float64')).toMatchObject({
      value: 2.5,
      quality: quality.uncertain,
      reason: 'M_ME_NC:11: substituted (SB), not topical (NT)',
    })

    const got: number[] = []
    await connection.subscribe!([tag('M_ME_NC:7', 'float64')], {
      periodMs: 1_000,
      deliver: (_, { value }) => got.push(Number(value)),
      state: (error) => error && got.push(Number.NaN),
    })
    // Longer than w frames and than t3, so that both stations have acknowledged and tested the link.
    await waitFor('spontaneous values', () => got.length >= 25, 30_000)
    const spontaneous = got.slice(1)
    expect(spontaneous).toEqual(spontaneous.map((_, i) => spontaneous[0]! + i))

    const stamped = await read('M_ME_NC:8', 'float64')
    expect(stamped.value).toBeGreaterThan(100)
    // Its clock is this machine's: a time tag read by a wrong rule would be hours or years off.
    expect(Math.abs((stamped.at ?? 0) - Date.now())).toBeLessThan(600_000)

    await connection.write!(tag('C_SC:21', 'bool'), true)
    await connection.write!(tag('C_DC:22', 'bool'), true)
    await connection.write!(tag('C_SE_NC:23', 'float64'), 42.5)
    await selecting.write!(tag('C_SC:24', 'bool'), true)
    await expect(connection.write!(tag('C_SC:25', 'bool'), true)).rejects.toThrow('is refused')
    await expect(connection.write!(tag('C_SC:99', 'bool'), true)).rejects.toThrow('is refused')
  } finally {
    await connection.close()
    await selecting.close()
    writeFileSync(ended, '')
    const orders = JSON.parse((await serving) || '[]') as [number, unknown][]
    python.remove()
    removeFolder(folder)
    expect(orders.map(([address]) => address)).toEqual([21, 22, 23, 24, 25])
    expect(orders[2]).toEqual([23, 42.5])
  }
})

test('the Python package c104 reads and commands our simulated station', async (context) => {
  const python = pythonWith('c104==2.2.1')
  if (typeof python === 'string') return context.skip(python)
  const station = await simulate()
  try {
    station.set('M_SP:1', 'bool', true)
    station.set('M_DP:2', 'bool', true)
    station.set('M_ST:3', 'int8', -12)
    station.set('M_ME_NA:5', 'float64', -0.5)
    station.set('M_ME_NB:6', 'int16', -1234)
    station.set('M_ME_NC:7', 'float32', 21.5)
    station.set('M_IT:8', 'int32', 123_456)
    const said = JSON.parse(await python.run('c104_client.py', [Number(station.settings.port)]))
    const read = { 1: 1, 2: 'Double.ON', 3: -12, 5: -0.5, 6: -1234, 7: 21.5, 8: 123_456 }
    expect(said).toEqual({ read, asked: true, counted: true, ordered: true })
    expect(station.get('C_SC:21', 'bool')).toBe(true)
  } finally {
    await station.stop()
    python.remove()
  }
})
