import { afterAll, expect, test } from 'vitest'
import {
  decodeMessage,
  encodeMessage,
  type HandleValue,
  operationName,
  responseName,
} from '../../planes/identifier/src/handle/handle.ts'
import { recordsOf } from '../../planes/identifier/src/resolution/answer.ts'
import { HandleServer } from '../../planes/identifier/src/resolution/server.ts'
import { javaWith } from '../support/java.ts'

// CNRI's hdllib as DSpace publishes it: protocol 2.2, of 2007, the oldest client that still asks.
const hdllib = javaWith('org.dspace:handle:6.2', 'HandleClient')
const version = { major: 2, minor: 2 }
afterAll(() => {
  if (typeof hdllib !== 'string') hdllib.remove()
})

const value = (index: number, type: string, data: string, permissions = 0x0e): HandleValue => ({
  index,
  type,
  data: Buffer.from(data),
  ttl: { kind: 'relative', seconds: 86_400 },
  permissions,
  timestamp: 1_700_000_000,
  references: [],
})

test('CNRI’s own client resolves against our server over UDP, in many packets too, and TCP', async (context) => {
  if (typeof hdllib === 'string') return context.skip(hdllib)
  const records = recordsOf([
    [
      '88.608.8889/App_x',
      [
        value(1, 'URL', 'https://example.com/p/1'),
        value(2_000, '产品名称', '数控机床'),
        value(301, 'HS_SECKEY', 's', 0x0c),
      ],
    ],
    ['88.608.8889/long', [value(1, 'TEXT', 'x'.repeat(15_000))]],
    ['88.608.8889/longer', [value(1, 'TEXT', 'x'.repeat(200_000))]],
  ])
  const server = new HandleServer({ host: '127.0.0.1', port: 0, records, clock: { now: () => Date.now() } })
  const port = await server.run()
  try {
    const handles = ['88.608.8889/App_x', '88.608.8889/long', '88.608.8889/longer', '1/none']
    // Each with SHA-1 (2) of the request, which the client compares.
    expect(await hdllib.run(['ask', port, ...handles])).toEqual([
      'UDP 1 2|1 URL 23|2000 产品名称 12',
      'UDP 1 2|1 TEXT 15000',
      'UDP 2 2',
      'UDP 100 2',
      'TCP 1 2|1 URL 23|2000 产品名称 12',
      'TCP 1 2|1 TEXT 15000',
      'TCP 1 2|1 TEXT 200000',
      'TCP 100 2',
    ])
  } finally {
    await server.stop()
  }
})

test('messages that CNRI’s library writes are read whole and written in the same bytes', async (context) => {
  if (typeof hdllib === 'string') return context.skip(hdllib)
  const lines = (await hdllib.run(['write'])).map((line) => line.split(' '))
  expect(lines.length).toBe(15)
  for (const [name = '', hex = ''] of lines) {
    const bytes = Buffer.from(hex, 'hex')
    const message = decodeMessage(bytes, version)
    expect(message.response === 0 ? operationName(message.operation) : responseName(message.response)).toBe(name)
    expect(message.surplusBytes, name).toBeUndefined()
    // The library ends an unsigned message with its body, ours with the length 0 of a credential.
    const written = encodeMessage(message, version)
    expect([written.toString('hex'), written.subarray(0, -4).toString('hex')], name).toContain(hex)
  }
})
