import { expect, test } from 'vitest'
import { TagTableError } from '../check.ts'
import { readTagTable } from '../tag-table.ts'

const device = {
  name: 'press',
  protocol: 'modbus',
  connection: { host: '127.0.0.1' },
  tags: [{ property: 'count', address: 'holding/1', type: 'int32' }],
}
const sparkplug = { kind: 'sparkplug', url: 'mqtt://broker', groupId: 'plant' }
const uns = { kind: 'uns', url: 'mqtt://broker', topic: '{device}/{property}' }
const problemsOf = (northbound: unknown[], more: object = {}) =>
  readTagTable(JSON.stringify({ northbound, devices: [device], ...more })).then(
    () => [],
    (error: unknown) => (error instanceof TagTableError ? error.problems : [String(error)]),
  )

test('a table with both kinds is read, with what is usual where nothing is said', async () => {
  const { northbound, devices } = await readTagTable(
    JSON.stringify({
      levels: { site: 'a' },
      northbound: [sparkplug, uns],
      devices: [{ ...device, levels: { area: 'b' } }],
    }),
  )
  expect(northbound).toMatchObject([sparkplug, { ...uns, qos: 1, retain: true }])
  expect(devices[0]?.levels).toMatchObject({ site: 'a', area: 'b' })
})

test.each([
  ['an unknown kind', { ...uns, kind: 'kafka' }, 'table.northbound[0].kind: one of sparkplug, uns is expected'],
  ['a misspelt key', { ...uns, retian: true }, 'table.northbound[0].retian: unknown key; known are kind, url'],
  ['an address that is none', { ...uns, url: 'http://broker' }, 'table.northbound[0].url: an address like mqtt://'],
  ['a password in the address', { ...uns, url: 'mqtt://a:b@broker' }, 'url: an address like mqtt://broker:1883'],
  ['a wildcard in a group', { ...sparkplug, groupId: 'a/b' }, 'table.northbound[0].groupId: a text without / + #'],
  [
    'an unknown level',
    { ...uns, topic: '{plant}/{device}' },
    '.topic: “{plant}” is unknown; known are enterprise, site',
  ],
  ['a wildcard in a topic', { ...uns, topic: '#/{device}' }, '.topic: a topic without + # { }'],
  ['a topic that all machines share', { ...uns, topic: 'all/{property}' }, '.topic: {device} is expected'],
  ['a quality of service that is none', { ...uns, qos: 3 }, '.qos: a whole number from 0 to 2'],
  ['a certificate without TLS', { ...uns, ca: 'ca.pem' }, '.ca: nothing is expected: only mqtts://'],
  ['a certificate without its key', { ...uns, url: 'mqtts://b', cert: 'a.pem' }, '.key: certificate and key'],
  ['two passwords', { ...uns, password: 'a', passwordFile: 'b' }, '.passwordFile: nothing is expected'],
])('%s is refused with the path to it', async (_, broker, says) => {
  expect((await problemsOf([broker])).join('\n')).toContain(says)
})

test('everything that is wrong is told at once, the machines’ own part too', async () => {
  const strange = {
    ...device,
    name: 'a/b',
    tags: [...device.tags, { property: 'x+', address: 'holding/x', type: 'int16' }],
  }
  const problems = await problemsOf(
    [{ ...sparkplug, groupId: '#' }, { ...uns, topic: '{site}/{device}/{property}' }, uns, uns],
    {
      devices: [strange, device],
    },
  )
  expect(problems).toEqual([
    'table.devices[0].tags[1].address: “holding/x”, position 9: an address from 0 to 65535 is expected',
    'table.northbound[0].groupId: a text without / + # is expected',
    'table.devices[0].name: a name without / + # is expected, for table.northbound[1]',
    'table.devices[0].levels.site: a text is expected here or in table.levels, for table.northbound[1].topic',
    'table.devices[1].levels.site: a text is expected here or in table.levels, for table.northbound[1].topic',
    'table.devices[0].name: a name without / + # is expected, for table.northbound[2]',
    'table.northbound[3]: this broker is there twice',
  ])
})
