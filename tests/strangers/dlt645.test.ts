import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { TagType } from '../../edge/src/driver.ts'
import { driver } from '../../edge/src/drivers/dlt645/driver.ts'
import { freePort, newFolder, removeFolder, waitFor } from '../support/platform.ts'
import { pythonWith } from '../support/python.ts'

test('the Python package dlt645 as a meter: its values, its refusal and its address are read', async (context) => {
  const python = pythonWith('dlt645==3.2.0')
  if (typeof python === 'string') return context.skip(python)
  const folder = newFolder()
  const ended = join(folder, 'ended')
  const port = await freePort()
  const serving = python.run('dlt645_meter.py', [port, ended])
  const settings = driver.settings({ host: '127.0.0.1', port, meter: '123456789012' }, 'device')
  const connection = driver.open(settings)
  try {
    const read = async (address: string, type: TagType = 'float64') => {
      const tag = { address: driver.parseAddress(address, type, settings), type }
      const [request] = driver.plan([tag], settings)
      return (await connection.read(request!))[0]?.value
    }
    await waitFor(
      'the meter to serve',
      () =>
        read('voltageA').then(
          () => true,
          () => false,
        ),
      30_000,
    )
    expect(await read('forwardActiveEnergyTotal')).toBe(123_456.78)
    expect(await read('forwardActiveEnergyPeak')).toBe(0.05)
    expect(await read('voltageA')).toBe(231.4)
    expect(await read('currentB')).toBe(-12.345)
    expect(await read('activePowerTotal')).toBe(-7.0213)
    expect(await read('powerFactorTotal')).toBe(0.987)
    expect(await read('frequency')).toBe(50.02)
    expect(await read('01010000')).toBe(8.125)
    expect(await read('01010000/time', 'text')).toBe('2026-11-20 14:30')
    await expect(read('02FE0000:XX.XX')).rejects.toThrow('(error word ')
    const alone = driver.settings({ host: '127.0.0.1', port, meter: 'AAAAAAAAAAAA' }, 'device')
    const asking = driver.open(alone)
    try {
      const tag = { address: driver.parseAddress('meterAddress', 'text', alone), type: 'text' as const }
      expect((await asking.read(driver.plan([tag], alone)[0]!))[0]?.value).toBe('123456789012')
    } finally {
      await asking.close()
    }
  } finally {
    await connection.close()
    writeFileSync(ended, '')
    await serving
    python.remove()
    removeFolder(folder)
  }
})
