import { createDevice, createProduct } from '@kapok/contracts/data'
import { type TestKit, testKit } from '@kapok/kit-store/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dataMigrations, dataPlane } from '../flow.ts'
import { callerOf } from '../testing.ts'
import { OrgDirectory } from './directory.ts'

const orgId = crypto.randomUUID()
const deviceIds: string[] = []
let kit: TestKit

beforeAll(async () => {
  kit = await testKit({ migrations: [dataMigrations] })
  const call = callerOf(dataPlane(kit), kit, orgId)
  const property = { identifier: 't', name: 't', type: 'float' as const, unit: '' }
  const { id: productId } = await call(createProduct, { body: { name: 'P', properties: [property] } })
  for (let i = 0; i < 20; i++)
    deviceIds.push((await call(createDevice, { body: { name: `d${i}`, productId } })).deviceId)
}, 60_000)
afterAll(() => kit?.stop())

test('devices that ask for their series in the same moment share a transaction, and a failed one fails nobody later', async () => {
  let transactions = 0
  let broken = false
  const db: TestKit['db'] = {
    ...kit.db,
    tx(scope, work) {
      transactions++
      return broken ? Promise.reject(new Error('the engine is away')) : kit.db.tx(scope, work)
    },
  }
  const org = await new OrgDirectory({ ...kit, db }, orgId, new Map(), new Set()).load()
  const devices = deviceIds.map((id) => org.find(id) ?? expect.fail(`${id} is not there`))
  const ask = () => Promise.allSettled(devices.map((device) => org.makeReady([device])))
  transactions = 0
  broken = true
  expect((await ask()).map(({ status }) => status)).toEqual(devices.map(() => 'rejected'))
  broken = false
  expect((await ask()).map(({ status }) => status)).toEqual(devices.map(() => 'fulfilled'))
  expect(transactions).toBe(2)
  expect(new Set(devices.map(({ series }) => series?.get('t')?.id)).size).toBe(devices.length)
})
