import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Simulation, startSimulation } from '../../node/simulation.ts'
import { TestStores } from '../../store/testing.ts'

const secret = 's3cret-of-the-test'
const time = { now: 1_735_646_400_000 }
const stores = new TestStores()
let tree: Simulation
let node = ''
const faults: unknown[] = []
const prefix = '88.901.1001'
beforeAll(async () => {
  tree = await startSimulation({
    open: () => stores.open(),
    clock: { now: () => time.now },
    httpPort: 0,
    secret,
    onFault: (fault) => faults.push(fault),
  })
  node = `http://127.0.0.1:${tree.httpPort}/${prefix}`
})
afterAll(async () => {
  await tree.stop()
  await stores.close()
  expect(faults).toEqual([])
})

async function call(method: string, path: string, body?: unknown, token?: string) {
  const reply = await fetch(`${node}${path}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body) }),
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  })
  expect(reply.status).toBe(200)
  return (await reply.json()) as { status: number; message: string; data?: never }
}
const signIn = (password = secret, username = `301:0.NA/${prefix}`) =>
  call('POST', '/identity/token', { username, password })
const tokenOf = async () => ((await signIn()).data as unknown as { token: string }).token
const name = { index: 2_000, type: 'NAME', data: { format: 'string', value: '泵轴' } }

test('whoever knows the secret key is given a token for a day; without one nothing is changed', async () => {
  expect(await signIn('wrong')).toMatchObject({ status: -1, message: 'the secret key is not that of the user' })
  expect(await call('POST', '/identity/token', {})).toMatchObject({ status: -2 })
  const data = { handle: `${prefix}/S1`, value: [name] }
  expect(await call('POST', '/identityv2/data', data)).toMatchObject({ status: -1 })
  const token = await tokenOf()
  expect(await call('POST', '/identityv2/data', data, `${token}x`)).toMatchObject({ status: -1 })
  expect(await call('POST', '/identityv2/data', data, token)).toMatchObject({
    status: 1,
    data: { handle: `${prefix}/S1` },
  })
  time.now += 25 * 3_600_000
  expect(await call('DELETE', `/identityv2/data?handle=${prefix}/S1`, undefined, token)).toMatchObject({ status: -1 })
})

test('records are made, shown, changed and deleted; the same again is no error, other values are', async () => {
  const token = await tokenOf()
  const data = { handle: `${prefix}/S2`, value: [name] }
  const show = () => call('GET', `/identityv2/data/detail?handle=${prefix}/S2`)
  expect(await call('POST', '/identityv2/data', data, token)).toMatchObject({ status: 1 })
  expect(await call('POST', '/identityv2/data', data, token)).toMatchObject({ status: 1 })
  expect(await call('POST', '/identityv2/data', { ...data, value: [{ ...name, data: 'x' }] }, token)).toMatchObject({
    status: -2,
  })
  expect(await show()).toMatchObject({ status: 1, data: { handle: `${prefix}/S2`, value: [name] } })
  const change = { handle: `${prefix}/S2`, value: [{ index: 2_001, type: 'MODEL', data: 'PS-25' }] }
  expect(await call('PUT', '/identityv2/data', change, token)).toMatchObject({ status: 1 })
  expect(await show()).toMatchObject({ data: { value: [name, { index: 2_001 }] } })
  expect(await call('PUT', '/identityv2/data', { ...change, handle: `${prefix}/none` }, token)).toMatchObject({
    status: -2,
  })
  expect(await call('DELETE', `/identityv2/data?handle=${prefix}/S2`, undefined, token)).toMatchObject({ status: 1 })
  expect(await show()).toMatchObject({ status: -2, message: 'HANDLE NOT FOUND' })
  const other = { handle: '88.902.1001/S2', value: [name] }
  expect(await call('POST', '/identityv2/data', other, token)).toMatchObject({ status: -2, message: /does not home/ })
  expect(
    await call('POST', '/identityv2/data', { handle: `${prefix}/${'长'.repeat(255)}`, value: [name] }, token),
  ).toMatchObject({ status: -2, message: /at most 255/ })
})

test('a batch gives each record its own result, and may come again', async () => {
  const token = await tokenOf()
  const data = Array.from({ length: 100 }, (_, i) => ({ handle: `${prefix}/B${i}`, value: [name] }))
  data[7] = { handle: '88.902.1001/B7', value: [name] }
  data[8] = { handle: `${prefix}/B8`, value: [{ ...name, index: 0 }] }
  for (let round = 0; round < 2; round++) {
    const results = (await call('POST', '/identityv2/data/batchCreate', { data }, token)).data as unknown as {
      status: number
    }[]
    expect(results.map(({ status }) => status)).toEqual(data.map((_, i) => (i === 7 || i === 8 ? -2 : 1)))
  }
  expect(
    await call('POST', '/identityv2/data/batchDelete', { data: [{ handle: `${prefix}/B1` }] }, token),
  ).toMatchObject({ data: [{ status: 1 }] })
  const long = Array.from({ length: 2_001 }, () => ({ handle: `${prefix}/x`, value: [] }))
  expect(await call('POST', '/identityv2/data/batchCreate', { data: long }, token)).toMatchObject({ status: -2 })
  expect(await call('POST', '/identityv2/data/batchCreate', { data: [{ handle: 7 }] }, token)).toMatchObject({
    data: [{ status: -2 }],
  })
})

test('templates are kept by prefix and version, and hold for the records that name them', async () => {
  const token = await tokenOf()
  const template = {
    prefix,
    version: '1.0',
    description: '泵轴',
    industryCategory: 'C',
    industrySpecific: '34',
    type: 2,
    items: [
      {
        name: '批次',
        idType: 'batch',
        idIndex: 2_000,
        required: true,
        metadata: { type: 'string', minLength: 1, maxLength: 8 },
      },
      { name: '直径', idType: 'diameter', idIndex: 2_001, required: false, metadata: { type: 'number' } },
    ],
  }
  const path = '/snms/api/v5/template'
  expect(await call('POST', path, template, token)).toMatchObject({ status: 1 })
  expect(await call('GET', `${path}?prefix=${prefix}&version=1.0`)).toMatchObject({
    status: 1,
    data: {
      prefix,
      version: '1.0',
      description: '泵轴',
      industrySpecific: '34',
      type: 2,
      items: [
        { ...template.items[0], idType: 'BATCH' },
        { ...template.items[1], idType: 'DIAMETER' },
      ],
    },
  })
  const data = { handle: `${prefix}/T1`, templateVersion: '1.0', value: [{ index: 2_000, type: 'BATCH', data: 'B1' }] }
  expect(await call('POST', '/identityv2/data', data, token)).toMatchObject({ status: 1 })
  expect(await call('GET', `/identityv2/data/detail?handle=${prefix}/T1`)).toMatchObject({
    data: { templateVersion: '1.0' },
  })
  const wrong = { ...data, handle: `${prefix}/T2`, value: [{ index: 2_000, type: 'BATCH', data: 'B12345678' }] }
  expect(await call('POST', '/identityv2/data', wrong, token)).toMatchObject({
    status: -2,
    message: /BATCH.*1 to 8 characters/,
  })
  expect(await call('PUT', path, { ...template, items: [] }, token)).toMatchObject({
    status: -2,
    message: /fields: expected a list/,
  })
  expect(await call('DELETE', `${path}?prefix=${prefix}&version=1.0`, undefined, token)).toMatchObject({
    status: -2,
    message: /records follow/,
  })
  expect(await call('GET', `${path}?prefix=${prefix}&version=9`)).toMatchObject({ status: -2 })
})
