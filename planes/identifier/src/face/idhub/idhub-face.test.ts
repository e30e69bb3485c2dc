import { generateKeyPairSync, sign } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Simulation, startSimulation } from '../../node/simulation.ts'
import { TestStores } from '../../store/testing.ts'

const secret = 's3cret-of-the-test'
const time = { now: 1_735_646_400_000 }
const stores = new TestStores()
let tree: Simulation
let node = ''
let token = ''
const faults: unknown[] = []
const prefix = '88.901.1001'
const li = `${prefix}/li`
const keys = generateKeyPairSync('rsa', { modulusLength: 2_048 })

beforeAll(async () => {
  tree = await startSimulation({
    open: () => stores.open(),
    clock: { now: () => time.now },
    httpPort: 0,
    secret,
    onFault: (fault) => faults.push(fault),
  })
  node = `http://127.0.0.1:${tree.httpPort}/${prefix}`
  const authorization = `Basic ${Buffer.from(`301%3A0.NA/${prefix}:${secret}`).toString('base64')}`
  const put = async (handle: string, values: unknown, query = '') =>
    expect(
      (
        await fetch(`${node}/api/handles/${handle}${query}`, {
          method: 'PUT',
          headers: { authorization },
          body: JSON.stringify(values),
        })
      ).ok,
    ).toBe(true)
  await put(li, [
    { index: 300, type: 'HS_PUBKEY', data: { format: 'key', value: keys.publicKey.export({ format: 'jwk' }) } },
  ])
  const admin = { handle: li, index: 300, permissions: '111111111111' }
  await put(
    `0.NA/${prefix}`,
    [{ index: 101, type: 'HS_ADMIN', data: { format: 'admin', value: admin } }],
    '?index=various',
  )
  token = (await prove()).data?.token ?? ''
})
afterAll(async () => {
  await tree.stop()
  await stores.close()
  expect(faults).toEqual([])
})

interface Reply {
  code: number
  message: string
  data?: { token?: string; challenge?: string; list?: unknown[] }
}
async function call(method: string, path: string, body?: unknown, by = token): Promise<Reply> {
  const reply = await fetch(`${node}/api/v1${path}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body) }),
    headers: by === '' ? {} : { authorization: `Bearer ${by}` },
  })
  expect(reply.status).toBe(200)
  return (await reply.json()) as Reply
}
const challenge = async () =>
  (await call('GET', `/doip/public/challenge?handle=300:${li}`, undefined, '')).data?.challenge ?? ''
const signed = (nonce: string) => sign('sha256', Buffer.from(nonce), keys.privateKey).toString('base64')
const verify = (signature: string) =>
  call('POST', '/doip/public/verify-response', { handle: `300:${li}`, signature }, '')
const prove = async () => verify(signed(await challenge()))
const doip = (operation: string, target: string, body: unknown = {}, by = token) =>
  call('POST', `/doip?targetId=${encodeURIComponent(target)}&operationId=${operation}`, body, by)
const element = (index: number, type: string, data: unknown, dataType = 1) => ({
  index,
  type,
  name: type,
  data,
  dataType,
})

test('a token is given for the signature of a challenge, once and in time', async () => {
  const nonce = await challenge()
  expect(await verify(signed(nonce))).toMatchObject({ code: 1 })
  expect(await verify(signed(nonce))).toMatchObject({ code: 405 })
  await challenge()
  expect(await verify(signed('another'))).toMatchObject({ code: 403 })
  const late = await challenge()
  time.now += 61_000
  expect(await verify(signed(late))).toMatchObject({ code: 405 })
  expect(await call('GET', '/doip/public/challenge?handle=li', undefined, '')).toMatchObject({ code: 102 })
})

test('objects are created, retrieved, updated whole or in part, and deleted', async () => {
  const part = `${prefix}/D1`
  const elements = [element(2_000, 'NAME', '泵轴'), element(2_001, 'MACHINE', `${prefix}/M1`, 5)]
  const object = { id: part, type: '', attributes: { elements } }
  expect(await doip('0.DOIP/Op.Create', part, object, '')).toMatchObject({ code: 402 })
  expect(await doip('0.DOIP/Op.Create', part, object)).toMatchObject({ code: 1, data: { id: part } })
  expect(await doip('0.DOIP/Op.Retrieve', part, undefined, '')).toMatchObject({
    code: 1,
    data: { id: part, type: '', attributes: { elements } },
  })
  const more = { attributes: { elements: [element(2_002, 'BATCH', 'B1')] } }
  expect(await doip('0.DOIP.EXTEND/Op.Update.Non.Overlay', part, more)).toMatchObject({ code: 1 })
  expect(await doip('0.DOIP/Op.Retrieve', part)).toMatchObject({
    data: { attributes: { elements: [...elements, {}] } },
  })
  expect(await doip('0.DOIP/Op.Update', part, more)).toMatchObject({ code: 1 })
  expect(await doip('0.DOIP/Op.Retrieve', part)).toMatchObject({ data: { attributes: more.attributes } })
  expect(await doip('0.DOIP/Op.Delete', part)).toMatchObject({ code: 1 })
  expect(await doip('0.DOIP/Op.Retrieve', part)).toMatchObject({ code: 100 })
  expect(await doip('0.DOIP/Op.Burn', part)).toMatchObject({ code: 5 })
  expect(await doip('0.DOIP/Op.Create', part, { attributes: { elements: [element(1, 'X', 'x', 9)] } })).toMatchObject({
    code: 202,
    message: /dataType/,
  })
})

test('templates are drafted, published, followed, based upon and listed by class', async () => {
  const handle = `${prefix}/meta/shaft/1`
  const fields = [{ index: 2_000, name: 'BATCH', title: '批次', kind: 'text', required: true }]
  const template = { handle, version: '1', title: '轴', state: 'draft', industry: '3444', fields }
  expect(await call('POST', '/open/meta/create', template)).toMatchObject({ code: 1 })
  const object = { type: handle, attributes: { elements: [element(2_000, 'BATCH', 'B1')] } }
  expect(await doip('0.DOIP/Op.Create', `${prefix}/D2`, object)).toMatchObject({ code: 202, message: /is draft/ })
  expect(await call('POST', '/open/meta/update-basic-info', { handle, title: '泵轴' })).toMatchObject({ code: 1 })
  expect(await call('POST', '/open/meta/publish-or-withdraw', { handle })).toMatchObject({ code: 1 })
  expect(await call('GET', `/open/meta/info?handle=${handle}`)).toMatchObject({
    data: { title: '泵轴', state: 'published' },
  })
  expect(await doip('0.DOIP/Op.Create', `${prefix}/D2`, object)).toMatchObject({ code: 1 })
  expect(await doip('0.DOIP/Op.Retrieve', `${prefix}/D2`)).toMatchObject({ data: { type: handle } })
  const number = [{ ...fields[0], kind: 'number' }]
  expect(await call('POST', '/open/meta/update-item', { handle, fields: number })).toMatchObject({
    code: 202,
    message: /records follow/,
  })
  const next = `${prefix}/meta/shaft/2`
  expect(await call('POST', '/open/meta/baseon-create', { handle: next, baseOn: handle, version: '2' })).toMatchObject({
    code: 1,
  })
  expect(await call('POST', '/open/meta/update-item', { handle: next, fields: number })).toMatchObject({ code: 1 })
  expect(await call('GET', `/open/meta/page?prefix=${prefix}`)).toMatchObject({
    data: {
      list: [
        { handle, version: '1' },
        { handle: next, state: 'draft' },
      ],
    },
  })
  expect(await call('GET', `/open/meta/classify-query?prefix=${prefix}&industry=35`)).toMatchObject({
    data: { list: [] },
  })
  expect(await call('POST', '/open/meta/delete', { handle: next })).toMatchObject({ code: 1 })
  expect(await call('GET', `/open/handle/page?prefix=${prefix}&page=2&size=2`)).toMatchObject({
    data: { page: 2, list: [{ handle: expect.stringContaining('meta/shaft/1') }] },
  })
  expect(await call('GET', `/open/handle/page?prefix=${prefix}`, undefined, '')).toMatchObject({ code: 402 })
  expect(await call('GET', `/open/handle/page?prefix=${prefix}&size=0`)).toMatchObject({ code: 202 })
})
