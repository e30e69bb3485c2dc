import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { AccessLog } from '../access-log/access-log.ts'
import type { RecordStore } from './record-store.ts'
import { partValues, put, TestStores } from './testing.ts'

const disk = mkdtempSync(join(tmpdir(), 'kapok-full-'))
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', disk]).status === 0
const stores = new TestStores()
afterEach(async () => {
  await stores.close()
  vi.restoreAllMocks()
})
afterAll(() => {
  if (mounted) spawnSync('umount', [disk])
  rmSync(disk, { recursive: true, force: true })
})

async function fill(store: RecordStore) {
  const refusals: Error[] = []
  let done = 0
  for (let i = 0; i < 60 && refusals.length < 10; i++) {
    const items = Array.from({ length: 500 }, (_, n) => ({ handle: `88.1.2/${i}.${n}`, values: partValues(n) }))
    await store.batch(`b${i}`, '', items).then(
      () => done++,
      (error) => refusals.push(error),
    )
  }
  return { done, refusals }
}

test.skipIf(!mounted)('below its least free space the disk is left alone, and the store says so', async () => {
  const store = stores.open(join(disk, 'spared'), { diskFreeBytes: 8 << 20 })
  const { done, refusals } = await fill(store)
  expect(done).toBeGreaterThan(0)
  expect(refusals[0]).toMatchObject({
    code: 'diskFull',
    message: expect.stringContaining('nothing is written with less'),
  })
  rmSync(join(disk, 'spared'), { recursive: true })
})

test.skipIf(!mounted)('a disk that is full to the last page refuses changes, and what was taken stays', async () => {
  // lmdb-js prints each failed commit.
  vi.spyOn(console, 'error').mockImplementation(() => {})
  const folder = join(disk, 'full')
  const store = stores.open(folder, { diskFreeBytes: 0 })
  const { done, refusals } = await fill(store)
  expect(done).toBeGreaterThan(0)
  expect(refusals).toHaveLength(10)
  expect(refusals[0]).toMatchObject({ code: 'diskFull', message: expect.stringContaining('the disk did not take') })
  expect(store.stats().records).toBe(done * 500)
  expect(store.find('88.1.2/0.0')).toEqual(partValues(0))
  for (let n = 0; n < 20; n++) await store.change(`88.1.2/0.${n}`, '', () => ({ next: null }))
  expect(await store.verify()).toMatchObject({ ok: true })
  await store.close()
  const again = stores.open(folder, { diskFreeBytes: 0 })
  expect(await again.verify()).toMatchObject({ ok: true })
  await put(again, '88.1.2/after', partValues(1)).catch((error) => expect(String(error)).toMatch(/not written/))
})

test.skipIf(!mounted)(
  'a full disk refuses to note who looked, ends nothing, and takes it again when there is room',
  async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const folder = join(disk, 'accesses')
    rmSync(join(disk, 'full'), { recursive: true, force: true })
    const log = new AccessLog({ folder, clock: { now: () => 0 } })
    const note = (n: number) =>
      log.note({ user: '300:88.1/li', handle: `88.1.2/${n}`, indexes: [1], wasRefused: false })
    await note(0)
    const filler = join(disk, 'filler')
    // The file may have room of its own before it has to grow.
    expect(spawnSync('sh', ['-c', `dd if=/dev/zero of=${filler} bs=4096 2>/dev/null; test -s ${filler}`]).status).toBe(
      0,
    )
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        Promise.allSettled(Array.from({ length: 500 }, (_, n) => note(1 + i * 500 + n))),
      ),
    )
    const refused = outcomes.flat().filter(({ status }) => status === 'rejected')
    expect(refused.length).toBeGreaterThan(0)
    rmSync(filler)
    await note(99_999)
    const found = log.list({ prefix: '88.1.2' }, { limit: 500 }).map(({ handle }) => handle)
    expect(found[0]).toBe('88.1.2/99999')
    expect(log.list({ handle: '88.1.2/0' }, { limit: 1 })).toHaveLength(1)
    await log.close()
  },
)
