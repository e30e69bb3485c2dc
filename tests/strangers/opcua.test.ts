import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import type { Sample, TagType } from '../../edge/src/driver.ts'
import { driver } from '../../edge/src/drivers/opcua/driver.ts'
import { until } from '../../edge/src/testing.ts'
import { pythonWith } from '../support/python.ts'

const freePort = () =>
  new Promise<number>((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => done(port))
    })
  })

test('a server of asyncua is browsed, read, subscribed and written', async (context) => {
  const python = pythonWith('asyncua==2.1.0')
  if (typeof python === 'string') return context.skip(python)
  const port = await freePort()
  const settings = driver.settings({ endpoint: `opc.tcp://127.0.0.1:${port}/machine`, timeoutMs: 10_000 }, 'press')
  const tag = (identifier: string, type: TagType) => ({
    address: driver.parseAddress(`nsu=http://example.org/press;${identifier}`, type, settings),
    type,
  })
  const ended = python.run('asyncua_server.py', [port])
  const device = driver.open(settings)
  try {
    const read = (...tags: ReturnType<typeof tag>[]) => device.read({ tags })
    await until('the server to answer', () =>
      read(tag('s=Force', 'float64')).then(
        () => true,
        () => false,
      ),
    )
    const samples = await read(
      tag('s=Force', 'float64'),
      tag('s=Zones[2]', 'int16'),
      tag('s=Zones[3]', 'int16'),
      tag('s=Name', 'text'),
      tag('s=Absent', 'text'),
      tag('s=Axis#Actual', 'float64'),
      tag('s=Axis#Limits[1]', 'int32'),
      tag('s=Axis#Name', 'text'),
      tag('s=Axis#Nmae', 'text'),
      tag('s=State', 'text'),
      tag('s=State', 'int32'),
    )
    expect(samples.map(({ value, reason }) => reason ?? value)).toEqual([
      12.5,
      3,
      'the array has 3 elements',
      '冲压 3',
      expect.stringMatching(/^BadNodeIdUnknown/),
      12.25,
      100,
      '滑块',
      'the structure PressAxis has no member Nmae: it has Actual, Limits, Name',
      'running',
      1,
    ])
    const found = []
    for await (const each of device.browse!()) found.push(each)
    expect(found).toContainEqual({
      address: 'nsu=http://example.org/press;s=Force',
      name: 'Press/Force',
      type: 'float64',
      unit: 'kN',
      writable: false,
    })
    expect(found.filter(({ name }) => name.startsWith('Press/Axis')).map(({ name, type }) => [name, type])).toEqual([
      ['Press/Axis#Actual', 'float64'],
      ['Press/Axis#Limits[0]', 'int32'],
      ['Press/Axis#Limits[1]', 'int32'],
      ['Press/Axis#Name', 'text'],
    ])
    expect(found.find(({ name }) => name === 'Press/State')?.values).toEqual({ 0: 'idle', 1: 'running' })
    await expect(device.write!(tag('s=Force', 'float64'), 1)).rejects.toThrow(/BadUserAccessDenied/)
    const counted: Sample[] = []
    await device.subscribe!([tag('s=Count', 'uint32')], {
      periodMs: 50,
      deliver: (_, sample) => counted.push(sample),
      state: () => {},
    })
    await until('ten counts', () => counted.length >= 10)
    const first = Number(counted[0]?.value)
    expect(counted.map(({ value }) => value)).toEqual(counted.map((_, i) => first + i))
    await device.write!(tag('i=77', 'uint16'), 1234)
    await device.write!(tag('s=Wide', 'int64'), -6_000_000_000)
    await device.write!(tag('s=Stop', 'bool'), true)
    expect(JSON.parse(await ended)).toEqual({ setpoint: 1234, wide: -6_000_000_000 })
  } finally {
    await device.close()
    await ended.catch(() => {})
    python.remove()
  }
})
