import { expect, test } from 'vitest'
import { TagTableError } from './check.ts'
import { readTagTable } from './tag-table.ts'

const head = 'platform: mqtt://platform.example:1883\ntoken: secret\n'
const device = `${head}devices:
  - name: cnc-01
    protocol: modbus
    connection: { host: 192.168.1.20 }
    tags:
      - { property: speed, address: holding/100#CDAB, type: float32, scale: 0.1, deadBand: 0.5 }
      - { property: running, address: coil/3, type: bool, periodMs: 100, report: receive }
`

test('what an engineer leaves out has the usual value of the field', async () => {
  const table = await readTagTable(device)
  expect(table).toMatchObject({ platform: 'mqtt://platform.example:1883', token: 'secret', statusPort: 0 })
  const [cnc] = table.devices
  expect(cnc).toMatchObject({ name: 'cnc-01', protocol: 'modbus' })
  expect(cnc?.settings).toMatchObject({ host: '192.168.1.20', port: 502, unit: 1, order: 'ABCD', timeoutMs: 3000 })
  expect(cnc?.tags).toEqual([
    {
      property: 'speed',
      where: 'holding/100#CDAB',
      type: 'float32',
      address: { area: 'holding', address: 100, count: 2, bit: undefined, order: 'CDAB' },
      periodMs: 1000,
      meaning: { scale: 0.1, offset: 0, values: undefined, rollOver: undefined },
      report: { way: 'change', deadBand: 0.5, deadBandPercent: 0, heartbeatMs: 60_000 },
    },
    {
      property: 'running',
      where: 'coil/3',
      type: 'bool',
      address: { area: 'coil', address: 3, count: 1, bit: undefined, order: 'ABCD' },
      periodMs: 100,
      meaning: { scale: 1, offset: 0, values: undefined, rollOver: undefined },
      report: { way: 'receive', deadBand: 0, deadBandPercent: 0, heartbeatMs: 60_000 },
    },
  ])
})

test.each([
  [
    'a misspelt key',
    device.replace('deadBand', 'deadband'),
    'table.devices[0].tags[0].deadband: unknown key; known are property, address',
  ],
  [
    'an address out of the grammar',
    device.replace('coil', 'coils'),
    'table.devices[0].tags[1].address: “coils/3”, position 5: / is expected',
  ],
  ['an unknown protocol', device.replace('modbus', 'modbus-plus'), 'devices[0].protocol: one of modbus'],
  ['a wrong connection', device.replace('host:', 'hots:'), 'devices[0].connection.hots: unknown key'],
  ['no connection', device.replace(/ +connection.*\n/, ''), 'devices[0].connection: a mapping is expected'],
  ['a property that is there twice', device.replace('running', 'speed'), 'tags[1].property: “speed” is there twice'],
  ['a number that is a text', device.replace('0.1', '"0.1"'), 'tags[0].scale: a number is expected'],
  ['a scale that is not finite', device.replace('0.1', '.inf'), 'tags[0].scale: a number is expected'],
  ['a dead band below zero', device.replace('0.5', '-1'), 'tags[0].deadBand: a number of 0 or more'],
  ['a scale for a bit', device.replace('periodMs', 'scale: 2, periodMs'), 'tags[1].scale: nothing is expected'],
  ['no devices', `${head}devices: []\n`, 'table.devices: a list of 1 to 2000'],
  ['an empty token', device.replace('token: secret\n', 'token: ""\n'), 'table.token: a text'],
  [
    'a platform that is no MQTT address',
    device.replace('mqtt:', 'http:'),
    'table.platform: an address that begins with mqtt://',
  ],
  ['a list in place of the table', '- a\n', 'table: a mapping is expected'],
  ['a key that is there twice', `${head}token: again\n`, 'unique'],
  [
    'a period shorter than a machine can bear',
    device.replace('periodMs: 100', 'periodMs: 5'),
    'periodMs: a whole number from 10',
  ],
])('%s is refused with the path to it', async (_, yaml, says) => {
  const refusal = await readTagTable(yaml).catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(TagTableError)
  expect(String(refusal)).toContain(says)
})

test('all that is wrong with a table of many tags is told at once, each where it stands', async () => {
  const tags = Array.from({ length: 100_000 }, (_, i) => ({ property: `p${i}`, address: 'holding/7', type: 'int16' }))
  const wrong = { 17: { address: 'holding/x' }, 5000: { type: 'int17' }, 99999: { property: 'p0' } }
  for (const [i, change] of Object.entries(wrong)) Object.assign(tags[Number(i)] ?? {}, change)
  const connection = { host: 'plc' }
  const table = { platform: 'mqtt://a', token: 't', devices: [{ name: 'd', protocol: 'modbus', connection, tags }] }
  const refusal = await readTagTable(JSON.stringify(table)).catch((error: unknown) => error)
  expect((refusal as TagTableError).problems).toEqual([
    'table.devices[0].tags[17].address: “holding/x”, position 9: an address from 0 to 65535 is expected',
    expect.stringMatching(/^table\.devices\[0\]\.tags\[5000\]\.type: one of bool, int8/),
    'table.devices[0].tags[99999].property: “p0” is there twice',
  ])
})

test('a table that would swell by aliases is refused before it does', async () => {
  const bomb = ['a: &a [x, x, x]', ...Array.from({ length: 9 }, (_, i) => `b${i}: [*a, *a, *a]`)].join('\n')
  await expect(readTagTable(bomb)).rejects.toThrow()
})
