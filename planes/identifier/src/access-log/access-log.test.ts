import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { TestStores } from '../store/testing.ts'
import { AccessLog } from './access-log.ts'

const stores = new TestStores()
afterAll(() => stores.close())
const clock = { now: () => 1_735_646_400_000 }
const access = (handle: string, user = '300:88.2/li') => ({ user, handle, indexes: [2_000], wasRefused: false })

test('accesses are found by record and by prefix, newest first, page by page, after a start too', async () => {
  const folder = join(stores.folder(), 'accesses')
  const log = new AccessLog({ folder, clock })
  await Promise.all(
    ['88.1.a/x', '88.1.a/y', '88.1.B/x', '88.1.a/x', '0.NA/88.1.a'].map((handle) => log.note(access(handle))),
  )
  await log.close()
  const again = new AccessLog({ folder, clock })
  await again.note(access('88.1.A/x', '301:88.3/wang'))
  const seqs = (found: { seq: number }[]) => found.map(({ seq }) => seq)
  expect(seqs(again.list({ handle: '88.1.a/x' }, { limit: 10 }))).toEqual([6, 4, 1])
  expect(seqs(again.list({ prefix: '88.1.a' }, { limit: 3 }))).toEqual([6, 5, 4])
  expect(seqs(again.list({ prefix: '88.1.a' }, { before: 4, limit: 10 }))).toEqual([2, 1])
  expect(again.list({ handle: '88.1.A/x' }, { limit: 1 })).toEqual([
    { seq: 6, at: clock.now(), user: '301:88.3/wang', handle: '88.1.A/x', indexes: [2_000], wasRefused: false },
  ])
  await again.close()
})

test('beyond the limit the oldest are forgotten, in the index too', async () => {
  const log = new AccessLog({ folder: join(stores.folder(), 'accesses'), clock, kept: 3 })
  for (let i = 0; i < 5; i++) await log.note(access('88.1.a/x'))
  expect(log.list({ handle: '88.1.a/x' }, { limit: 10 }).map(({ seq }) => seq)).toEqual([5, 4, 3])
  await log.close()
})
