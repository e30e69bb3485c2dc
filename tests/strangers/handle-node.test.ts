import { systemClock } from '@kapok/kit/clock'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeData, makeJwsKey, newValue } from '../../planes/identifier/src/handle/handle.ts'
import { IdentifierNode } from '../../planes/identifier/src/node/node.ts'
import { type Simulation, startSimulation } from '../../planes/identifier/src/node/simulation.ts'
import { TestStores } from '../../planes/identifier/src/store/testing.ts'
import { Standing } from '../../planes/identifier/src/takeover/standing.ts'
import { storeWith } from '../../planes/identifier/src/testing.ts'
import { makeServerKey } from '../../planes/identifier/src/trust/node-keys.ts'
import { javaWith } from '../support/java.ts'
import { pythonWith } from '../support/python.ts'

const prefix = '0.NA/88.608.8889'
const value = (index: number, type: string, data: string | Uint8Array, permissions = 0x0e) =>
  newValue(index, type, Buffer.from(data), { permissions, timestamp: 1_700_000_000 })
const owner = encodeData({ format: 'admin', permissions: 0xfff, handle: prefix, index: 301 })
const stores = new TestStores()
const standing = new Standing()
standing.update({ serial: 7 })
const node = new IdentifierNode({
  records: await storeWith(stores, [
    [prefix, [value(100, 'HS_ADMIN', owner), value(301, 'HS_SECKEY', 's3cret-test', 0x0c)]],
  ]),
  host: '127.0.0.1',
  address: '127.0.0.1',
  port: 0,
  httpPort: 0,
  homes: ['88.608.8889'],
  standing,
  keys: { server: makeServerKey() },
  clock: systemClock,
})
let ports: Awaited<ReturnType<IdentifierNode['run']>>
let tree: Simulation
beforeAll(async () => {
  ports = await node.run()
  tree = await startSimulation({ open: () => stores.open(), clock: systemClock })
})
afterAll(async () => {
  await Promise.all([node.stop(), tree.stop()])
  await stores.close()
})

const administered = [
  'wrong secret 403',
  'create 1',
  'create again 101',
  'add 1',
  'add again 201',
  'modify 1',
  'modify none 200',
  'remove 1',
  'read all 1|1|7|100|300',
  'read public 1|1|100|300',
  'list 1|88.608.8889/Made_by_Java',
  'list by another 401',
  'site 1|serial 7',
  'delete 1',
  'read deleted 100',
]

test('CNRI’s own client registers, changes, lists and deletes by secret key and RSA, and resolves from the root down', async (context) => {
  const java = javaWith({ group: 'net.handle', name: 'handle-client', version: '9.3.1' }, 'HandleNode')
  if (typeof java === 'string') return context.skip(java)
  try {
    expect(await java.run(['administer', ports.port])).toEqual(administered)
    const enterprise = tree.nodes.get('88.902.1003')
    await enterprise?.records.change('88.902.1003/shaft', '', () => ({
      next: [value(1, 'URL', 'https://example.com/1')],
    }))
    // 9: no such handle.
    for (const name of ['root', 'recursive'])
      expect(await java.run(['resolve', tree.ports.get(name) ?? 0, '88.902.1003/shaft', '88.902.1003/none'])).toEqual([
        '88.902.1003/shaft|1 URL https://example.com/1',
        '88.902.1003/none|problem 9',
      ])
  } finally {
    java.remove()
  }
})

test('CNRI’s own client does the same in sessions: as it begins them by itself, and encrypted', async (context) => {
  const java = javaWith({ group: 'net.handle', name: 'handle-client', version: '9.3.1' }, 'HandleNode')
  if (typeof java === 'string') return context.skip(java)
  try {
    expect(await java.run(['sessions', ports.port])).toEqual([
      ...administered,
      'sessions 2, encrypted answers 2',
      ...administered,
      'sessions 2, encrypted answers 20',
    ])
  } finally {
    java.remove()
  }
})

test('CNRI’s own client takes certified answers, and its verifier follows the signatures up to the root', async (context) => {
  const java = javaWith({ group: 'net.handle', name: 'handle-client', version: '9.3.1' }, 'HandleNode')
  if (typeof java === 'string') return context.skip(java)
  const server = makeServerKey()
  const signed = await startSimulation({
    open: () => stores.open(),
    clock: systemClock,
    keys: () => ({ server, records: makeJwsKey('rsa') }),
  })
  try {
    for (const [handle, ...values] of [
      ['88.901.1001/shaft', value(1, 'URL', 'https://example.com/1'), value(2_000, 'NAME', 'shaft')],
      ['88.901.1001/other', value(1, 'URL', 'https://example.com/2')],
    ] as const)
      await signed.nodes.get('88.901.1001')?.records.change(handle, '', () => ({ next: values }))
    // 13: without a signature of the site's key.
    expect(
      await java.run(['certified', signed.ports.get('root') ?? 0, '88.901.1001/shaft', '88.901.1001/other']),
    ).toEqual([
      '88.901.1001/shaft|1|1|problem 13',
      'true|signed [2000, 1]|unsigned []|null',
      '88.901.1001/other|1|1|problem 13',
      'true|signed [1]|unsigned []|null',
    ])
  } finally {
    java.remove()
    await signed.stop()
  }
})

test('pyhandle registers, changes and deletes over the Handle REST API', async (context) => {
  const python = pythonWith('pyhandle==1.5.0')
  if (typeof python === 'string') return context.skip(python)
  try {
    const url = `http://127.0.0.1:${ports.httpPort}`
    expect(JSON.parse(await python.run('pyhandle_client.py', [url, `301:${prefix}`, 's3cret-test']))).toEqual({
      registered: '88.608.8889/made-by-python',
      again: 'exists',
      record: {
        URL: 'https://example.com/p/1',
        TYPE: 'shaft',
        COLOUR: 'red',
        HS_ADMIN: `{'handle': '${prefix}', 'index': 200, 'permissions': '011111110011'}`,
      },
      value: 'https://example.com/p/1',
      keys: ['HS_ADMIN', 'TYPE', 'URL'],
      stranger: 'refused',
      after: null,
    })
  } finally {
    python.remove()
  }
})
