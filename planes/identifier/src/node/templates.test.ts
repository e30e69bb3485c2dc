import { generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { AccessLog } from '../access-log/access-log.ts'
import { provenHeader } from '../face/handle-rest/session.ts'
import { TestStores } from '../store/testing.ts'
import { type Simulation, startSimulation } from './simulation.ts'

const secret = 's3cret-of-the-test'
const time = { now: 1_735_646_400_000 }
const clock = { now: () => time.now }
const stores = new TestStores()
const logs: AccessLog[] = []
let tree: Simulation
let door = ''
const faults: unknown[] = []
beforeAll(async () => {
  tree = await startSimulation({
    open: () => stores.open(),
    openAccesses: () => {
      const log = new AccessLog({ folder: join(stores.folder(), 'accesses'), clock })
      logs.push(log)
      return log
    },
    clock,
    httpPort: 0,
    secret,
    onFault: (fault) => faults.push(fault),
  })
  door = `http://127.0.0.1:${tree.httpPort}`
})
afterAll(async () => {
  await tree.stop()
  for (const log of logs) await log.close()
  await stores.close()
  expect(faults).toEqual([])
})

const [maker, customer] = ['88.901.1001', '88.902.1001'] as const
const basic = (user: string, key: string) => ({
  authorization: `Basic ${Buffer.from(`${encodeURIComponent(user)}:${key}`).toString('base64')}`,
})
const administrator = (prefix: string) => basic(`301:0.NA/${prefix}`, secret)
const put = async (prefix: string, name: string, values: unknown, query = '') => {
  const reply = await fetch(`${door}/api/handles/${prefix}/${name}${query}`, {
    method: 'PUT',
    headers: administrator(prefix),
    body: JSON.stringify(values),
  })
  return { status: reply.status, ...((await reply.json()) as { message?: string; responseCode: number }) }
}
const get = async (path: string, headers: Record<string, string> = {}) => {
  const reply = await fetch(`${door}${path}`, { headers })
  const { values = [] } = (await reply.json()) as { values?: { index: number }[] }
  return { status: reply.status, indexes: values.map(({ index }) => index) }
}

const template = (more: object = {}) =>
  JSON.stringify({
    version: '1.0',
    title: '泵轴',
    state: 'published',
    industry: '34',
    fields: [
      { index: 2_000, name: 'BATCH', title: '批次', kind: 'text', required: true, pattern: 'B\\d{4}' },
      { index: 2_001, name: 'DIAMETER', title: '直径', kind: 'number', unit: 'MMT', minimum: 1, maximum: 50 },
      {
        index: 2_002,
        name: 'HARDNESS',
        title: '硬度',
        kind: 'number',
        access: 'group',
        readers: [{ handle: `${maker}/customers`, index: 200 }],
      },
      { index: 2_003, name: 'COST', title: '成本', kind: 'number', access: 'private' },
    ],
    ...more,
  })
const define = (name: string, json: string) => put(maker, name, [{ index: 1_000, type: 'TEMPLATE', data: json }])
const used = (handle: string) => ({
  index: 1_000,
  type: 'TEMPLATE_USED',
  data: handle,
  references: [{ handle, index: 0 }],
})
const shaft = (handle: string, more: object[] = []) => [
  used(handle),
  { index: 2_000, type: 'BATCH', data: 'B0001' },
  ...more,
]
const hardness = { index: 2_002, type: 'HARDNESS', data: '58', permissions: '1100' }
const cost = { index: 2_003, type: 'COST', data: '12.5', permissions: '1100' }

test('a record that follows a template is taken, and told what is wrong with each of its fields', async () => {
  expect(await define('T/taken', template())).toMatchObject({ status: 201 })
  expect(await put(maker, 'taken', shaft(`${maker}/T/taken`, [hardness]))).toMatchObject({ status: 201 })
  expect(
    await put(maker, 'wrong', [
      used(`${maker}/T/taken`),
      { index: 2_000, type: 'BATCH', data: 'C1' },
      { index: 2_001, type: 'DIAMETER', data: '70' },
    ]),
  ).toMatchObject({
    status: 400,
    responseCode: 202,
    message: `by ${maker}/T/taken: BATCH (2000): expected the form B\\d{4}; DIAMETER (2001): expected a number from 1 to 50`,
  })
  expect(await put(maker, 'wrong', shaft(`${maker}/T/none`))).toMatchObject({
    status: 400,
    message: `there is no template ${maker}/T/none`,
  })
  expect(await define('T/bad', '{"version":"1"}')).toMatchObject({ status: 400, message: /fields: expected a list/ })
})

test('another enterprise’s template is found where it is kept', async () => {
  expect(await define('T/shared', template())).toMatchObject({ status: 201 })
  expect(await put(customer, 'shaft', shaft(`${maker}/T/shared`))).toMatchObject({ status: 201 })
  expect(await put(customer, 'wrong', [used(`${maker}/T/shared`)])).toMatchObject({ status: 400, responseCode: 202 })
})

test('a template is not changed so that a record could become wrong, nor deleted, but while none follows it', async () => {
  const narrow = template({ fields: [{ index: 2_000, name: 'BATCH', title: '批次', kind: 'number' }] })
  expect(await define('T/kept', template())).toMatchObject({ status: 201 })
  expect(await put(maker, 'kept', shaft(`${maker}/T/kept`))).toMatchObject({ status: 201 })
  expect(await define('T/kept', narrow)).toMatchObject({
    status: 400,
    message: /records follow this template .*BATCH would be a number.*register a new version/,
  })
  const remove = () => fetch(`${door}/api/handles/${maker}/T/kept`, { method: 'DELETE', headers: administrator(maker) })
  expect((await remove()).status).toBe(400)
  expect(await define('T/kept', template({ state: 'withdrawn' }))).toMatchObject({ status: 200 })
  // Who follows a withdrawn template goes on, nobody begins to.
  expect(await put(maker, 'kept', shaft(`${maker}/T/kept`, [cost]))).toMatchObject({ status: 200 })
  expect(await put(maker, 'new', shaft(`${maker}/T/kept`))).toMatchObject({ status: 400, message: /is withdrawn/ })
  await fetch(`${door}/api/handles/${maker}/kept`, { method: 'DELETE', headers: administrator(maker) })
  expect(await define('T/kept', narrow)).toMatchObject({ status: 200 })
  expect((await remove()).status).toBe(200)
})

test('a group reads its fields by keys of its own nodes, others none; the owner sees who looked', async () => {
  await define('T/read', template())
  await put(maker, 'customers', [
    { index: 200, type: 'HS_VLIST', data: { format: 'vlist', value: [{ handle: `${maker}/li`, index: 301 }] } },
  ])
  await put(maker, 'li', [{ index: 301, type: 'HS_SECKEY', data: 'l1', permissions: '1100' }])
  expect(await put(maker, 'read', shaft(`${maker}/T/read`, [hardness, cost]))).toMatchObject({ status: 201 })
  const path = `/api/handles/${maker}/read`
  expect(await get(path)).toEqual({ status: 200, indexes: [1_000, 2_000] })
  expect(await get(path, administrator(maker))).toEqual({ status: 200, indexes: [1_000, 2_000, 2_002, 2_003] })
  const li = basic(`301:${maker}/li`, 'l1')
  expect(await get(path, li)).toEqual({ status: 200, indexes: [1_000, 2_000, 2_002] })
  expect(await get(`${path}?index=2003`, li)).toEqual({ status: 403, indexes: [] })
  // A record may name readers of its own.
  const readers = { index: 1_001, type: 'READERS', data: '[2003]', references: [{ handle: `${maker}/li`, index: 301 }] }
  expect(await put(maker, 'read', [readers], '?index=various')).toMatchObject({ status: 200 })
  expect(await get(`${path}?index=2003`, li)).toEqual({ status: 200, indexes: [2_003] })

  const looked = (query: string, headers = administrator(maker)) =>
    fetch(`${door}/api/accesses?prefix=${maker}&${query}`, { headers })
  const { accesses } = (await (await looked('pageSize=3')).json()) as { accesses: object[] }
  expect(accesses).toMatchObject([
    { user: `301:${maker}/li`, handle: `${maker}/read`, indexes: [2_003], wasRefused: false },
    { user: `301:${maker}/li`, indexes: [2_003], wasRefused: true },
    { user: `301:${maker}/li`, indexes: [2_002], wasRefused: false, at: new Date(time.now).toISOString() },
  ])
  expect((await looked('pageSize=3', li)).status).toBe(403)
  expect((await looked('pageSize=0')).status).toBe(400)
  expect((await fetch(`${door}/${maker}/api/accesses?prefix=${maker}`)).status).toBe(401)
})

test('somebody of another enterprise proves who they are by the key of their own identifier', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const key = { format: 'key', value: publicKey.export({ format: 'jwk' }) }
  const wang = { handle: `${customer}/wang`, index: 300 }
  expect(await put(customer, 'wang', [{ index: 300, type: 'HS_PUBKEY', data: key }])).toMatchObject({ status: 201 })
  const readers = { index: 1_001, type: 'READERS', data: '[2002]', references: [wang] }
  expect(await put(maker, 'lent', [readers, hardness, cost])).toMatchObject({ status: 201 })
  const signed = (user: typeof wang) =>
    provenHeader(`${door}/${maker}`, { user, key: privateKey }, AbortSignal.timeout(5_000))
  const read = async (user: typeof wang) =>
    get(`/${maker}/api/handles/${maker}/lent`, { authorization: await signed(user) })
  expect(await read(wang)).toEqual({ status: 200, indexes: [1_001, 2_002] })
  // The same key says nothing for anybody else.
  expect((await read({ handle: `0.NA/${maker}`, index: 300 })).status).toBe(401)
})
