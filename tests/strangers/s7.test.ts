// @ts-expect-error It has no types.
import NodeS7 from 'nodes7'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TagType } from '../../edge/src/driver.ts'
import { driver } from '../../edge/src/drivers/s7/driver.ts'
import { simulate } from '../../edge/src/drivers/s7/simulator.ts'
import { serveTcp } from '../../edge/src/serve-tcp.ts'
import { waitFor } from '../support/platform.ts'
import { type PythonFolder, pythonWith } from '../support/python.ts'

let python: PythonFolder | string = 'not tried'
beforeAll(() => {
  python = pythonWith('python-snap7==3.3.0')
}, 180_000)
afterAll(() => {
  if (typeof python !== 'string') python.remove()
})

async function cpu() {
  const simulator = await simulate()
  simulator.set('DB10.DBX0.1', 'bool', true)
  simulator.set('DB10.DBW4', 'int16', -2)
  simulator.set('DB10.DBD8', 'float32', 1.5)
  simulator.set('DB10.STRING20[16]', 'text', 'KAPOK')
  simulator.set('MW2', 'int16', 22)
  return { simulator, port: simulator.settings.port as number }
}

test('python-snap7 reads and writes the simulated CPU', async (context) => {
  if (typeof python === 'string') return context.skip(python)
  const { simulator, port } = await cpu()
  try {
    expect(JSON.parse(await python.run('s7_client.py', [port]))).toEqual({
      bool: true,
      int: -2,
      real: 1.5,
      string: 'KAPOK',
      marker: 22,
      refused: true,
    })
    expect(simulator.get('DB10.DBW60', 'int16')).toBe(7)
    expect(simulator.get('MB10', 'uint8')).toBe(5)
  } finally {
    await simulator.stop()
  }
})

test('the driver reads and writes a CPU that python-snap7 plays', async (context) => {
  if (typeof python === 'string') return context.skip(python)
  const free = await serveTcp({}, () => () => undefined)
  await free.stop()
  const ended = python.run('s7_server.py', [free.port])
  const settings = driver.settings({ host: '127.0.0.1', port: free.port }, 'device')
  const connection = driver.open(settings)
  const tag = (address: string, type: TagType) => ({ address: driver.parseAddress(address, type, settings), type })
  const read = async (...tags: [string, TagType][]) => {
    const [request] = driver.plan(
      tags.map(([address, type]) => tag(address, type)),
      settings,
    )
    return (await connection.read(request!)).map(({ value, reason }) => value ?? reason)
  }
  try {
    await waitFor(
      'the CPU',
      () =>
        read(['MW2', 'int16']).then(
          () => true,
          () => false,
        ),
      30_000,
    )
    expect(await read(['DB1.DBX0.1', 'bool'], ['DB1.DBW4', 'int16'], ['DB1.DBD8', 'float32'])).toEqual([true, -2, 1.5])
    expect(await read(['DB1.STRING20[16]', 'text'], ['DB1.DBD200', 'int32'], ['MW2', 'int16'])).toEqual([
      'KAPOK',
      70_000,
      22,
    ])
    // A single bit is not tried: that server writes it as a whole byte.
    await connection.write!(tag('DB1.DBW6', 'uint16'), 0xabcd)
    await connection.write!(tag('DB1.STRING20[16]', 'text'), 'S7')
    await connection.write!(tag('DB2.DBB0', 'uint8'), 1)
    const block = Buffer.from(await ended, 'hex')
    expect([block.readUInt16BE(6), block.toString('latin1', 20, 24)]).toEqual([0xabcd, '\x10\x02S7'])
  } finally {
    await connection.close()
  }
})

interface NodeS7Client {
  initiateConnection(options: Record<string, unknown>, done: (error: unknown) => void): void
  addItems(items: string[]): void
  readAllItems(done: (anythingBad: boolean, values: Record<string, unknown>) => void): void
  writeItems(item: string, value: unknown, done: (anythingBad: boolean) => void): void
  dropConnection(done: () => void): void
}

test('nodes7 reads and writes the simulated CPU', async () => {
  const { simulator, port } = await cpu()
  const client = new (NodeS7 as new (options: { silent: boolean }) => NodeS7Client)({ silent: true })
  try {
    await new Promise<void>((done, fail) =>
      client.initiateConnection({ host: '127.0.0.1', port, rack: 0, slot: 1 }, (error) =>
        error === undefined ? done() : fail(error),
      ),
    )
    client.addItems(['DB10,X0.1', 'DB10,INT4', 'DB10,REAL8', 'DB10,S20.16', 'MI2'])
    const values = await new Promise((done) => client.readAllItems((_, all) => done(all)))
    expect(values).toEqual({ 'DB10,X0.1': true, 'DB10,INT4': -2, 'DB10,REAL8': 1.5, 'DB10,S20.16': 'KAPOK', MI2: 22 })
    const write = (item: string, value: unknown) => new Promise((done) => client.writeItems(item, value, done))
    expect(await write('DB10,INT4', 44)).toBe(false)
    expect(await write('DB10,X0.3', true)).toBe(false)
    expect(simulator.get('DB10.DBW4', 'int16')).toBe(44)
    expect(simulator.get('DB10.DBB0', 'uint8')).toBe(0b1010)
  } finally {
    await new Promise<void>((done) => client.dropConnection(done))
    await simulator.stop()
  }
})
