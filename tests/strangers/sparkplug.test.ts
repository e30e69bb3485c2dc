import { join } from 'node:path'
import { expect, test } from 'vitest'
import { EdgeBuffer } from '../../edge/src/buffer/buffer.ts'
import { Northbounds } from '../../edge/src/northbound/northbounds.ts'
import { startBroker, TestHost, testPlant } from '../../edge/src/northbound/test-broker.ts'
import { until } from '../../edge/src/testing.ts'
import { newFolder, removeFolder } from '../support/platform.ts'
import { pythonWith } from '../support/python.ts'

interface Heard {
  type: string
  device: string | null
  metrics: [name: string, datatype: string, value: unknown, isNull: boolean, isHistorical: boolean][]
}

test('a primary host of pysparkplug is waited for, receives births, history and data, writes, and is answered with a rebirth', async (context) => {
  const python = pythonWith('pysparkplug==0.6.1')
  if (typeof python === 'string') return context.skip(python)
  const folder = newFolder()
  const broker = await startBroker()
  const buffer = new EdgeBuffer(join(folder, 'batches'))
  const { plant, config, read, state, writes } = await testPlant(buffer, {
    northbound: [{ kind: 'sparkplug', url: broker.url, groupId: 'plant', edgeNodeId: 'gateway', primaryHost: 'scada' }],
    devices: [
      {
        ...{ name: 'press', protocol: 'modbus', connection: { host: '127.0.0.1' } },
        tags: [
          { property: 'count', address: 'holding/1', type: 'int32', write: { min: -100, max: 100 } },
          { property: 'temperature', address: 'holding/0', type: 'int16', scale: 0.1, unit: '°C' },
          { property: '状态', address: 'holding/2', type: 'uint16', values: { 0: '停', 1: '行' } },
        ],
      },
    ],
  })
  const northbounds = new Northbounds(plant)
  try {
    northbounds.run(config)
    await until('it to wait for its host', () => northbounds.states[0]?.phase === 'waiting')
    await read('press', 'count', -5)
    await read('press', '状态', '行')
    const watching = await TestHost.at(broker.url)
    const hosting = python.run('sparkplug_host.py', [broker.port])
    await until('the write of the host', () => writes.length === 1)
    await until('the rebirth', () => watching.of('DBIRTH').length === 2)
    watching.client.end(true)
    await read('press', 'temperature', 21.5)
    await read('press', 'count', -12)
    await read('press', 'count', -12, Date.now(), 0)
    await until('all to be sent', () => northbounds.states[0]?.waiting === 0)
    state('press').connected = false
    await new Promise((go) => setTimeout(go, 1_000))
    await northbounds.stop()
    const { heard, faults } = JSON.parse(await hosting) as { heard: Heard[]; faults: string[] }
    expect(faults).toEqual([])
    expect(writes).toMatchObject([{ device: 'press', property: 'count', value: -12 }])
    const of = (type: string) => heard.filter((each) => each.type === type)
    expect(of('NBIRTH').map(({ metrics }) => metrics.map(([name]) => name))).toEqual([
      ['bdSeq', 'Node Control/Rebirth'],
      ['bdSeq', 'Node Control/Rebirth'],
    ])
    expect(of('DBIRTH').length).toBe(2)
    expect(of('DBIRTH')[0]?.metrics).toEqual(
      expect.arrayContaining([
        ['count', 'INT32', -5, false, false],
        ['状态', 'STRING', '行', false, false],
        ['temperature', 'DOUBLE', null, true, false],
      ]),
    )
    const data = of('DDATA').flatMap(({ metrics }) => metrics)
    expect(data.filter(([, , , , isHistorical]) => isHistorical)).toEqual([
      ['count', 'INT32', -5, false, true],
      ['状态', 'STRING', '行', false, true],
    ])
    expect(data.filter(([, , , , isHistorical]) => !isHistorical)).toEqual([
      ['temperature', 'DOUBLE', 21.5, false, false],
      ['count', 'INT32', -12, false, false],
      ['count', 'INT32', null, true, false],
    ])
    expect(of('DDEATH').map(({ device }) => device)).toEqual(['press'])
    expect(of('NDEATH').length).toBe(1)
  } finally {
    await northbounds.stop()
    await broker.stop()
    buffer.close()
    python.remove()
    removeFolder(folder)
  }
})
