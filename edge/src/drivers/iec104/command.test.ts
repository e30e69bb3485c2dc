import { afterEach, beforeEach, expect, test } from 'vitest'
import { RefusedRequest, type TagType } from '../../driver.ts'
import { driver, type Iec104Settings } from './driver.ts'
import { type Outstation, simulate } from './simulator.ts'

let station: Outstation
const open: { close(): Promise<void> }[] = []

beforeEach(async () => {
  station = (await simulate()) as Outstation
})
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
  await station.stop()
})

const settingsWith = (more: Record<string, unknown> = {}) =>
  driver.settings({ ...station.settings, timeoutMs: 400, ...more }, 'devices[0]')
type Wanted = readonly [address: string, type: TagType]
const tagsOf = (settings: Iec104Settings, wanted: readonly Wanted[]) =>
  wanted.map(([address, type]) => ({ address: driver.parseAddress(address, type, settings), type }))
const connect = (settings: Iec104Settings) => {
  const connection = driver.open(settings)
  open.push(connection)
  return connection
}

test('commands are executed, or selected first, and the point that they move comes back', async () => {
  for (const command of ['direct', 'select'] as const) {
    station.commands.length = 0
    station.set('M_SP:1/C_SC:6001H', 'bool', false)
    station.set('M_DP:2/C_DC:6002H', 'bool', false)
    station.set('M_ME_NC:4001H/C_SE_NC:6201H', 'float32', 0)
    const settings = settingsWith({ command })
    const connection = connect(settings)
    const orders: [...Wanted, value: boolean | number][] = [
      ['M_SP:1/C_SC:6001H', 'bool', true],
      ['M_DP:2/C_DC:6002H', 'bool', true],
      ['M_ME_NC:4001H/C_SE_NC:6201H', 'float32', 42.5],
      ['C_SE_NA:6202H', 'float64', -0.25],
      ['C_SE_NB:6203H', 'int16', -300],
    ]
    for (const [address, type, value] of orders) await connection.write!(tagsOf(settings, [[address, type]])[0]!, value)
    const told = ['C_SC 24577 1', 'C_DC 24578 1', 'C_SE_NC 25089 42.5', 'C_SE_NA 25090 -0.25', 'C_SE_NB 25091 -300']
    expect(station.commands).toEqual(
      told.flatMap((each) => (command === 'select' ? [`select ${each}`, `execute ${each}`] : [`execute ${each}`])),
    )
    const wanted = orders.slice(0, 3).map(([address, type]): Wanted => [address, type])
    const samples = await connection.read({ tags: tagsOf(settings, wanted) })
    expect(samples.map(({ value }) => value)).toEqual([true, true, 42.5])
    expect(station.get('C_SE_NB:6203H', 'int16')).toBe(-300)
  }
})

test('a command that the station refuses, or that cannot be sent, is rejected with its reason', async () => {
  const settings = settingsWith()
  const connection = connect(settings)
  const write = (address: string, type: TagType, value: boolean | number | string) =>
    connection.write!(tagsOf(settings, [[address, type]])[0]!, value)
  station.faults.missing.add('C_SC:5')
  await expect(write('C_SC:5', 'bool', true)).rejects.toThrow(RefusedRequest)
  await expect(write('C_SC:5', 'bool', true)).rejects.toThrow(
    'execution of C_SC 5 is refused: unknown object address (cause 47)',
  )
  await expect(write('M_SP:1', 'bool', true)).rejects.toThrow('names no command')
  await expect(write('C_SE_NB:1', 'float64', 40_000)).rejects.toThrow('40000')
  await expect(write('C_SE_NA:1', 'float64', 2)).rejects.toThrow('not within −1 and 1')
  await expect(write('C_SE_NC:1', 'float64', Number.NaN)).rejects.toThrow('is no number')
  station.faults.refusesAll = true
  await expect(write('C_SC:6', 'bool', true)).rejects.toThrow('activation confirmation (cause 7)')
})
