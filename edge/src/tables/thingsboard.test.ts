import { afterEach, expect, test } from 'vitest'
import { startOpcUaSimulator } from '../drivers/opcua/simulator.ts'
import { readTagTable } from '../tag-table.ts'
import { browseDevice, devicesOfBrowsed } from './browse-device.ts'
import { readThingsBoardModbus } from './thingsboard-modbus.ts'
import { readThingsBoardOpcua } from './thingsboard-opcua.ts'
import { tableYaml } from './written-table.ts'

const running: { stop(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of running.splice(0)) await each.stop()
})

const slave = {
  host: '127.0.0.1',
  port: 5021,
  type: 'tcp',
  method: 'socket',
  unitId: 7,
  deviceName: 'Demo Device',
  timeout: 35,
  byteOrder: 'BIG',
  wordOrder: 'LITTLE',
  pollPeriod: 2000,
}
/** ThingsBoard's way to write a path. */
const braced = (path: string) => `\${${path}}`
const item = (tag: string, type: string, address: number, more: object = {}) => ({
  tag,
  type,
  address,
  functionCode: 3,
  objectsCount: 1,
  ...more,
})

test('machines of ThingsBoard’s modbus.json become devices: order, unit, scale, report', async () => {
  const { devices, notTaken } = readThingsBoardModbus({
    master: {
      slaves: [
        {
          ...slave,
          attributes: [item('serial', 'string', 20, { objectsCount: 4 })],
          timeseries: [
            item('temperature', '16int', 0, { divider: 10 }),
            item('power', '32float', 2, {
              objectsCount: 2,
              reportStrategy: { type: 'ON_CHANGE_OR_REPORT_PERIOD', reportPeriod: 30_000 },
            }),
            item('energy', 'uint', 4, { objectsCount: 4, byteOrder: 'LITTLE', functionCode: 4 }),
            item('relay', 'bits', 1, { functionCode: 1 }),
            item('alarm', 'bits', 9, { bit: 3 }),
          ],
        },
      ],
    },
  })
  expect(notTaken).toEqual([])
  expect(devices).toEqual([
    {
      name: 'Demo Device',
      protocol: 'modbus',
      connection: { host: '127.0.0.1', port: 5021, unit: 7, order: 'CDAB', timeoutMs: 35_000 },
      periodMs: 2_000,
      tags: [
        { property: 'temperature', address: 'holding/0', type: 'int16', scale: 0.1 },
        { property: 'power', address: 'holding/2', type: 'float32', report: 'change', heartbeatMs: 30_000 },
        { property: 'energy', address: 'input/4#DCBA', type: 'uint64' },
        { property: 'relay', address: 'coil/1', type: 'bool' },
        { property: 'alarm', address: 'holding/9.3', type: 'bool' },
        { property: 'serial', address: 'holding/20[8]#ABCD', type: 'text' },
      ],
    },
  ])
  expect((await readTagTable(tableYaml(devices))).devices[0]?.tags.length).toBe(6)
})

test('what of modbus.json cannot be taken is named', () => {
  const { devices, notTaken } = readThingsBoardModbus({
    master: {
      slaves: [
        {
          ...slave,
          rpc: [item('setRelay', 'bits', 1, { functionCode: 5 })],
          attributes: [item('a', '16int', 9)],
          timeseries: [item('a', '16int', 1), item('b', '8int', 2), item('c', '16int', 3, { functionCode: 6 })],
        },
        { ...slave, type: 'udp', timeseries: [item('a', '16int', 1)] },
      ],
    },
    slave: {},
  })
  expect(devices.map(({ tags }) => tags.map(({ property }) => property))).toEqual([['a']])
  expect(notTaken).toEqual([
    'master.slaves[0].timeseries[1]: “b”, type 8int',
    'master.slaves[0].timeseries[2]: “c”, function code 6; 1 to 4 can be taken',
    'master.slaves[0].attributes[0].tag: “a” is there already',
    'master.slaves[0].rpc: 1 writes; what the platform may write is set there',
    'master.slaves[1].type: “udp”; tcp and serial can be taken',
    'slave: this gateway is no Modbus server',
  ])
  expect(() => readThingsBoardModbus({ master: {} })).toThrow('master.slaves: a list is expected')
})

test('opcua.json is made a table by asking the server for types and identifiers; a path that it does not have is named', async () => {
  const machine = await startOpcUaSimulator()
  running.push(machine)
  machine.set('ns=2;s=Temperature', 'float64', 21.5)
  machine.set('ns=2;s=Count', 'uint32', 7)
  const { endpoint } = machine.settings as { endpoint: string }
  const { devices, notTaken } = await readThingsBoardOpcua({
    server: { url: endpoint, pollPeriodInMillis: 2000, security: 'None', identity: { type: 'anonymous' } },
    mapping: [
      {
        deviceNodePattern: 'Root\\.Objects\\.Machine',
        deviceInfo: { deviceNameExpression: 'Demo', deviceNameExpressionSource: 'constant' },
        timeseries: [
          { key: 'temperature', type: 'path', value: braced('Temperature') },
          { key: 'humidity', type: 'path', value: braced('Humidity') },
        ],
        attributes: [{ key: 'count', type: 'identifier', value: braced('ns=2;s=Count') }],
        rpc_methods: [{ method: 'multiply' }],
      },
      {
        deviceNodePattern: 'Root\\.Objects\\.Other',
        timeseries: [{ key: 'temperature', type: 'path', value: braced('Temperature') }],
      },
    ],
  })
  expect(notTaken).toEqual([
    `mapping[0].timeseries[1]: “humidity”, the server has no variable ${braced('Humidity')}`,
    'mapping[0].rpc_methods: 1; what the platform may write is set there',
    `mapping[1].timeseries[0]: “temperature”, the server has no variable ${braced('Temperature')}`,
  ])
  expect(devices).toMatchObject([{ name: 'Demo', protocol: 'opcua', connection: { endpoint }, periodMs: 2000 }])
  expect(devices[0]?.tags).toMatchObject([
    { property: 'temperature', type: 'float64' },
    { property: 'count', type: 'uint32' },
  ])
  const { devices: read } = await readTagTable(tableYaml(devices))
  expect(read[0]?.tags.length).toBe(2)
}, 60_000)

test('what a server offers becomes a tag table, each name once', async () => {
  const machine = await startOpcUaSimulator()
  running.push(machine)
  machine.set('ns=2;s=Barrel zone 1', 'float64', 215)
  machine.set('ns=2;s=Barrel_zone_1', 'bool', true)
  const found = await browseDevice('opcua', machine.settings)
  const [device] = devicesOfBrowsed(found, [], { name: 'm', protocol: 'opcua', connection: machine.settings })
  expect(device?.tags.map(({ property, type }) => [property, type]).sort()).toEqual([
    ['Machine/Barrel_zone_1', 'float64'],
    ['Machine/Barrel_zone_1_2', 'bool'],
  ])
  expect((await readTagTable(tableYaml([device!]))).devices[0]?.tags.length).toBe(2)
}, 60_000)
