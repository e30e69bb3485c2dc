import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { TagType, TagValue } from '../../edge/src/driver.ts'
import { driver } from '../../edge/src/drivers/modbus/driver.ts'
import { freePort, newFolder, removeFolder, waitFor } from '../support/platform.ts'
import { pythonWith } from '../support/python.ts'

test.for([
  ['Modbus TCP', 'socket', 'tcp'],
  ['RTU over TCP', 'rtu', 'rtu'],
])(
  'pymodbus as a device by %s: every area is read, what is written stands, refusals have their word',
  async ([, framer, framing], context) => {
    const python = pythonWith('pymodbus==3.11.3')
    if (typeof python === 'string') return context.skip(python)
    const folder = newFolder()
    const ended = join(folder, 'ended')
    const port = await freePort()
    const serving = python.run('pymodbus_server.py', [port, framer ?? '', ended])
    const settings = driver.settings({ host: '127.0.0.1', port, framing }, 'device')
    const connection = driver.open(settings)
    const tagOf = (address: string, type: TagType) => ({ address: driver.parseAddress(address, type, settings), type })
    const read = async (address: string, type: TagType) => {
      const [request] = driver.plan([tagOf(address, type)], settings)
      if (request === undefined) throw new Error('no plan')
      return (await connection.read(request))[0]?.value
    }
    const write = (address: string, type: TagType, value: TagValue) => connection.write?.(tagOf(address, type), value)
    try {
      const serves = () =>
        read('holding/0', 'uint16').then(
          () => true,
          () => false,
        )
      await waitFor('pymodbus to serve', serves, 30_000)
      expect(await read('holding/7', 'uint16')).toBe(700)
      expect(await read('input/0', 'float32')).toBeCloseTo(123.456, 3)
      expect(await read('coil/3', 'bool')).toBe(true)
      expect(await read('coil/4', 'bool')).toBe(false)
      expect(await read('discrete/8', 'bool')).toBe(true)
      await write('holding/50#CDAB', 'float32', -1.5)
      expect(await read('holding/50#CDAB', 'float32')).toBe(-1.5)
      await write('holding/60', 'uint16', 0b1000)
      await write('holding/60.0', 'bool', true)
      expect(await read('holding/60', 'uint16')).toBe(0b1001)
      await write('coil/4', 'bool', true)
      expect(await read('coil/4', 'bool')).toBe(true)
      await expect(read('holding/5000', 'uint16')).rejects.toThrow('holding/5000: illegal data address')
    } finally {
      await connection.close()
      writeFileSync(ended, '')
      await serving
      python.remove()
      removeFolder(folder)
    }
  },
)
