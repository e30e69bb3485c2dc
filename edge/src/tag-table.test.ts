import { expect, test } from 'vitest'
import { TagTableError } from './check.ts'
import { readTagTable } from './tag-table.ts'

const head = 'platform: mqtt://platform.example:1883\ntoken: secret\n'
const device = `${head}devices:
  - name: cnc-01
    host: 192.168.1.20
    tags:
      - { property: speed, area: holding, address: 100, type: float32, order: CDAB, scale: 0.1, deadBand: 0.5 }
      - { property: running, area: coil, address: 3, type: bool }
`

test('what an engineer leaves out has the usual value of the field', () => {
  expect(readTagTable(device)).toEqual({
    platform: 'mqtt://platform.example:1883',
    token: 'secret',
    statusPort: 0,
    devices: [
      {
        name: 'cnc-01',
        host: '192.168.1.20',
        port: 502,
        unit: 1,
        periodMs: 1000,
        heartbeatMs: 60_000,
        tags: [
          {
            property: 'speed',
            area: 'holding',
            address: 100,
            type: 'float32',
            order: 'CDAB',
            scale: 0.1,
            offset: 0,
            deadBand: 0.5,
          },
          {
            property: 'running',
            area: 'coil',
            address: 3,
            type: 'bool',
            order: 'ABCD',
            scale: 1,
            offset: 0,
            deadBand: 0,
          },
        ],
      },
    ],
  })
})

test.each([
  [
    'a misspelt key',
    device.replace('deadBand', 'deadband'),
    'table.devices[0].tags[0].deadband: unknown key; known are property, area',
  ],
  [
    'an area that Modbus lacks',
    device.replace('coil', 'coils'),
    'table.devices[0].tags[1].area: one of coil, discrete, holding, input',
  ],
  ['an address beyond the protocol', device.replace('100', '65536'), 'tags[0].address: a whole number from 0 to 65535'],
  [
    'a bit type in a register area',
    device.replace('area: coil', 'area: input'),
    'tags[1].type: the area input does not take bool',
  ],
  ['a number type in a bit area', device.replace('bool', 'int16'), 'tags[1].type: the area coil takes bool'],
  ['a property that is there twice', device.replace('running', 'speed'), 'tags[1].property: “speed” is there twice'],
  ['a word order that nobody uses', device.replace('CDAB', 'ACBD'), 'tags[0].order: one of ABCD, CDAB, BADC, DCBA'],
  ['a number that is a text', device.replace('0.1', '"0.1"'), 'tags[0].scale: a number is expected'],
  ['a scale that is not finite', device.replace('0.1', '.inf'), 'tags[0].scale: a number is expected'],
  ['no devices', `${head}devices: []\n`, 'table.devices: a list of 1 to 500'],
  ['no token', device.replace('token: secret\n', ''), 'table.token: a text'],
  [
    'a platform that is no MQTT address',
    device.replace('mqtt:', 'http:'),
    'table.platform: an address that begins with mqtt://',
  ],
  ['a list in place of the table', '- a\n', 'table: a mapping is expected'],
  ['a key that is there twice', `${head}token: again\n`, 'unique'],
  [
    'a period shorter than a PLC can bear',
    device.replace('    host', '    periodMs: 10\n    host'),
    'periodMs: a whole number from 50',
  ],
])('%s is refused with the path to it', (_, yaml, says) => {
  expect(() => readTagTable(yaml)).toThrow(TagTableError)
  expect(() => readTagTable(yaml)).toThrow(says)
})

test('a table that would swell by aliases is refused before it does', () => {
  const bomb = ['a: &a [x, x, x]', ...Array.from({ length: 9 }, (_, i) => `b${i}: [*a, *a, *a]`)].join('\n')
  expect(() => readTagTable(bomb)).toThrow()
})
