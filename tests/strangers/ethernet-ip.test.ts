import { connect, createServer } from 'node:net'
import { expect, test } from 'vitest'
import type { TagType } from '../../edge/src/driver.ts'
import { driver } from '../../edge/src/drivers/ethernet-ip/driver.ts'
import { until } from '../../edge/src/testing.ts'
import { pythonWith } from '../support/python.ts'

const freePort = () =>
  new Promise<number>((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => done(port))
    })
  })

test('a Logix processor of cpppo is read and written, with errors of single tags', async (context) => {
  const python = pythonWith('cpppo==5.2.5')
  if (typeof python === 'string') return context.skip(python)
  const [port, endPort] = [await freePort(), await freePort()]
  const settings = driver.settings({ host: '127.0.0.1', port, timeoutMs: 10_000 }, 'press')
  const tag = (address: string, type: TagType) => ({ address: driver.parseAddress(address, type, settings), type })
  const ended = python.run('cpppo_server.py', [port, endPort])
  const device = driver.open(settings)
  try {
    const read = async (...tags: ReturnType<typeof tag>[]) =>
      (await Promise.all(driver.plan(tags, settings).map((request) => device.read(request))))
        .flat()
        .map(({ value, reason }) => reason ?? value)
    const count = tag('Count', 'int32')
    await until('the server to answer', () =>
      read(count).then(
        () => true,
        () => false,
      ),
    )
    const written = [
      [count, 123_456],
      [tag('Speed', 'float32'), 2.5],
      [tag('Small[3]', 'int8'), -5],
      [tag('Zones[9]', 'int16'), -1234],
      [tag('Big', 'int64'), -5_000_000_000],
      [tag('Ratio', 'float64'), 1e200],
      [tag('Flag', 'bool'), true],
      [tag('Motor.Speed', 'int32'), 77],
    ] as const
    for (const [each, value] of written) await device.write!(each, value)
    const tags = written.map(([each]) => each)
    expect(await read(...tags, tag('Absent', 'int32'), tag('Zones[10]', 'int16'), tag('Count.6', 'bool'))).toEqual([
      ...written.map(([, value]) => value),
      'path destination unknown: there is no such tag',
      'element beyond the end of the array',
      true,
    ])
  } finally {
    await device.close()
    connect(endPort, '127.0.0.1').on('error', () => {})
    await ended.catch(() => {})
    python.remove()
  }
})
