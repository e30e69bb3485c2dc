import { afterAll, expect, test } from 'vitest'
import { jwkOf, jwsKeyOfJwk, makeJwsKey, newValue } from '../handle/handle.ts'
import { signingKeyValue } from '../node/administrator.ts'
import { Homes } from '../node/homes.ts'
import { TestStores } from '../store/testing.ts'
import { trustLimits } from './limits.ts'
import { renewCertificates } from './renew-certificates.ts'
import { SignedRecords } from './signed-records.ts'
import { verifyPath } from './verify-path.ts'

const stores = new TestStores()
afterAll(() => stores.close())
const time = { now: Date.UTC(2026, 0, 1) }
const clock = { now: () => time.now }
const half = trustLimits.certificateSeconds * 500

test.each([
  ['0.NA', ['0.NA/88', '0.NA/89'], ['0.NA/88.901', '0.NA/0.NA']],
  ['88', ['0.NA/88.901', '0.NA/88.902'], ['0.NA/88.901.1001', '0.NA/880.1', '0.NA/89']],
])('a node of %s renews certificates in their second half, and touches nothing else', async (prefix, below, others) => {
  const store = stores.open()
  const homes = new Homes(store, [prefix])
  const key = makeJwsKey('ed25519')
  const records = new SignedRecords({ records: store, key, answersFor: (name) => homes.answersFor(name), clock })
  const began = time.now
  const child = signingKeyValue(makeJwsKey('ed25519'), began / 1_000)
  for (const handle of [...below, ...others]) await records.change(handle, '', () => ({ next: [child] }))
  await records.change(`${prefix}/P1`, '', () => ({ next: [newValue(1, 'URL', Buffer.from('https://example.com'))] }))
  const size = store.stats().transactions
  time.now = began + half
  expect([await renewCertificates(records, prefix, clock), store.stats().transactions]).toEqual([0, size])
  time.now += 1_000
  expect(await renewCertificates(records, prefix, clock)).toBe(below.length)
  expect(await renewCertificates(records, prefix, clock)).toBe(0)
  expect(store.stats().transactions).toBe(size + below.length)
  if (prefix !== '0.NA') return
  // Beyond the first one's end.
  const trusted = jwsKeyOfJwk(jwkOf(key))
  const values = store.find('0.NA/88') ?? []
  const nowSeconds = Math.floor((began + half * 2) / 1_000) + trustLimits.clockSkewSeconds + 1
  const evidence = { handle: '0.NA/88', values, isWhole: true, certificates: new Map(), nowSeconds }
  expect(trusted && verifyPath(trusted, evidence).verdict).toBe('verified')
})
