import { expect, test } from 'vitest'
import { AddressError } from './address.ts'
import { TagTableError } from './check.ts'
import { DeviceError, tagTypes } from './driver.ts'
import { driverOf } from './drivers.ts'
import { networkWordsOf } from './line-words.ts'
import { sampleMachines } from './sample-machines.ts'
import { besideEnglish, inLanguage, joined, SaidError, wordsOf } from './sentence.ts'
import { readTagTable } from './tag-table.ts'

test('what is put together is in each language, and names and numbers stay as they are', () => {
  const why = { zh: '没有应答', en: 'no answer' }
  expect(joined`${'plc:502'}: ${why}, ${3}`).toEqual({ zh: 'plc:502: 没有应答, 3', en: 'plc:502: no answer, 3' })
  expect(joined`a\n${'b'}`.en).toBe('a\nb')
  expect(inLanguage('holding/1', 'zh')).toBe('holding/1')
})

test('an error says both; what is not the gateway’s own words is the same in both and goes once', () => {
  const error = new DeviceError({ zh: '没有应答', en: 'no answer' })
  expect(error.message).toBe('no answer')
  expect(wordsOf(error)).toEqual({ zh: '没有应答', en: 'no answer' })
  expect(besideEnglish(wordsOf(error))).toEqual({ zh: '没有应答' })
  expect(besideEnglish(wordsOf(error), 2)).toEqual({ zh: '没有' })
  expect(besideEnglish(wordsOf(new Error('BadNodeIdUnknown')))).toEqual({})
  expect(wordsOf(new SaidError('as it is'))).toEqual({ zh: 'as it is', en: 'as it is' })
})

test('words of the operating system are explained in Chinese and kept; unknown ones are told as they are', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' })
  expect(networkWordsOf(refused).zh).toBe('连接被拒绝（connect ECONNREFUSED 127.0.0.1:1）')
  expect(networkWordsOf(new Error('broken')).zh).toBe('broken')
})

/** Two words of English side by side, which no address and no name of a type is. */
const english = /\b[a-z]{2,} [a-z]{2,}\b/i

test.each(sampleMachines.map(({ protocol, tags }) => [protocol, tags.map(({ address }) => address)] as const))(
  '%s: what is expected in a wrong address is told in Chinese, with the same position',
  async (protocol, addresses) => {
    const driver = await driverOf(protocol)
    if (driver === undefined) throw new Error('a driver is there')
    const settings = settingsOf[protocol] ?? { host: 'plc' }
    const read = driver.settings(settings, 'connection')
    const wrong = [...addresses, ...(morePlaces[protocol] ?? [])].flatMap((address) => [
      '',
      '?',
      '[',
      `${address}/`,
      `${address}[x`,
      `${address}!`,
      `${address}.99`,
      address.slice(0, -1),
      address,
    ])
    const told: AddressError[] = []
    for (const address of wrong)
      for (const type of tagTypes)
        try {
          driver.parseAddress(address, type, read)
        } catch (error) {
          if (!(error instanceof AddressError)) throw error
          told.push(error)
        }
    expect(told.length).toBeGreaterThan(5)
    for (const { message, zh } of told) {
      const [, en] = /position (\d+): /.exec(message) ?? []
      const [, position, expected] = /第 (\d+) 个字符处应为(.+)$/s.exec(zh) ?? []
      expect(position, zh).toBe(en)
      expect(expected).not.toMatch(english)
    }
  },
)
/** Forms of an address that the sample machine has none of. */
const morePlaces: Record<string, string[]> = { opcua: ['t=4:CncAxisType[0]/3:Actual', 's=A#B.C', 'nsu=urn:x;i=1[2]'] }
const settingsOf: Record<string, object> = {
  opcua: { endpoint: 'opc.tcp://plc:4840' },
  mtconnect: { url: 'http://agent:5000' },
  dlt645: { host: 'meter', meter: '000000000001' },
  cjt188: { host: 'meter', meter: '0000000001', meterType: 'water' },
}

const tag = (more: object) => ({ property: 'n', address: 'holding/3', type: 'uint16', ...more })
const device = (more: object) => ({
  name: 'm',
  protocol: 'modbus',
  connection: { host: 'plc' },
  tags: [tag({})],
  ...more,
})
test.each([
  ['no number', { devices: [device({ periodMs: 'often' })] }, 'table.devices[0].periodMs: 应为 10 至 86400000 的整数'],
  [
    'a key that is unknown',
    { devices: [device({ speed: 1 })] },
    'table.devices[0].speed: 没有这个键；可用的键：name、',
  ],
  ['a protocol that is unknown', { devices: [device({ protocol: 'x' })] }, 'table.devices[0].protocol: 应为 modbus、'],
  ['no machine', { devices: [] }, 'table.devices: 应为 1 至 2000 项的列表'],
  ['two ways to a machine', { devices: [device({ connection: {} })] }, '应给出 host（和 port）或 serialPort 之一'],
  ['a name twice', { devices: [device({}), device({})] }, 'table.devices[1].name: “m”出现了两次'],
  [
    'a wrong address',
    { devices: [device({ tags: [tag({ address: 'holding/70000' })] })] },
    'table.devices[0].tags[0].address: “holding/70000”第 9 个字符处应为 0 至 65535 的地址',
  ],
  ['a page without certificate', { page: { host: '0.0.0.0', port: 1 }, devices: [] }, 'table.page.cert: 应给出证书'],
  ['a newer version', { version: 2 }, 'table.version: 应为 1，而不是 2'],
  [
    'no range of a write',
    { devices: [device({ tags: [tag({ write: {} })] })] },
    '.write.min: 应为数字：可写的测点要有范围',
  ],
  [
    'a broker without certificate',
    { northbound: [{ kind: 'uns', url: 'mqtt://b', topic: '{device}', ca: 'x' }], devices: [device({})] },
    'table.northbound[0].ca: 请删去：只有 mqtts:// 使用证书',
  ],
])('in a table %s is told in Chinese where it stands', async (_, table, says) => {
  const refusal = await readTagTable(JSON.stringify(table)).catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(TagTableError)
  expect((refusal as TagTableError).problemsZh[0]).toContain(says)
  expect((refusal as TagTableError).zh).toContain(says)
})
