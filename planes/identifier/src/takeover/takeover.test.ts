import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { provenHeader } from '../face/handle-rest/session.ts'
import { type HandleValue, responses } from '../handle/handle.ts'
import { Mirror } from '../mirror/mirror.ts'
import { administratorValues } from '../node/administrator.ts'
import { IdentifierNode, type NodeOptions } from '../node/node.ts'
import { siteValue } from '../node/service.ts'
import type { RecordStore } from '../store/store.ts'
import { put, TestStores, value } from '../store/testing.ts'
import { storeWith } from '../testing.ts'
import { Standing } from './standing.ts'

const clock = { now: () => 1_735_646_400_000 }
const keyOf = () => generateKeyPairSync('rsa', { modulusLength: 2_048 })
const [above, own, stranger] = [keyOf(), keyOf(), keyOf()]
const child = '88.608.1'
const parentUser = { user: { handle: '0.NA/88.608', index: 300 }, key: above.privateKey }
const childUser = { user: { handle: `0.NA/${child}`, index: 300 }, key: own.privateKey }

const stores = new TestStores()
const nodes: IdentifierNode[] = []
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.stop()
  await stores.close()
})

type Served = { node: IdentifierNode; url: string }
async function serve(records: RecordStore, homes: string[], more: Partial<NodeOptions> = {}): Promise<Served> {
  const at = { host: '127.0.0.1', address: '127.0.0.1', port: 0, httpPort: 0 }
  const node = new IdentifierNode({ records, ...at, homes, clock, ...more })
  nodes.push(node)
  const { httpPort } = await node.run()
  return { node, url: `http://127.0.0.1:${httpPort}` }
}

const url = (text: string) => [value(1, 'URL', `https://example.com/${text}`)]
const sitesOf = (node: IdentifierNode): HandleValue[] =>
  ['HS_SITE', 'HS_SITE.PREFIX'].map((type, i) => siteValue(i + 1, type, node.site(), 0))

/** Asks as somebody; `said` is the body. */
async function ask({ url: at }: Served, path: string, body?: unknown, who = parentUser) {
  const headers = { authorization: await provenHeader(at, who, AbortSignal.timeout(10_000)) }
  const reply = await fetch(`${at}${path}`, {
    headers,
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
  })
  return { status: reply.status, said: (await reply.json()) as Record<string, unknown> }
}
async function register(at: Served, handle: string, text: string, key: KeyObject = own.privateKey) {
  const authorization = await provenHeader(at.url, { ...childUser, key }, AbortSignal.timeout(10_000))
  const reply = await fetch(`${at.url}/api/handles/${handle}`, {
    method: 'PUT',
    headers: { authorization },
    body: JSON.stringify([{ index: 1, type: 'URL', data: `https://example.com/${text}` }]),
  })
  return ((await reply.json()) as { responseCode: number }).responseCode
}

/** A root above all, the child that is primary, and a mirror of the child; nobody has failed yet. */
async function three() {
  const parent = administratorValues('88.608', { publicKey: above.publicKey }, 0)
  const parentRecords = await storeWith(stores, [['0.NA/88.608', parent]])
  // The prefixes 0.NA and 88.608 on one node, so that it is root and parent at once.
  const root = await serve(parentRecords, ['0.NA', '88.608'])
  const roots = [root.node.site()]
  const folder = stores.folder()
  const primaryStore = stores.open(join(folder, 'records'))
  const administrator = () => childUser
  const file = join(folder, 'standing.json')
  const primary = async () => serve(primaryStore, [child], { roots, administrator, standing: new Standing(file) })
  await put(primaryStore, `0.NA/${child}`, administratorValues(child, { publicKey: own.publicKey }, 0))
  const first = await primary()
  const copyStore = stores.open(undefined, { mirrorOf: primaryStore.log.verifierKey })
  const mirror = new Mirror({ records: copyStore, url: first.url, follower: childUser, onTrouble: () => {} })
  const copy = await serve(copyStore, [child], { roots, follower: mirror })
  await put(parentRecords, `0.NA/${child}`, sitesOf(first.node))
  return { parentRecords, primaryStore, copyStore, first, primary, mirror, copy }
}

/** Waits for the end of a hand-back that was asked for. */
async function handedBack(at: Served, from: string) {
  expect((await ask(at, '/handback', { from })).status).toBe(202)
  await expect.poll(async () => (await ask(at, '/handback')).said.state, { timeout: 20_000 }).not.toBe('running')
  return (await ask(at, '/handback')).said
}

test('a mirror takes over, the old primary is fenced, and takes everything back', async () => {
  const { parentRecords, primaryStore, copyStore, first, primary, mirror, copy } = await three()
  await put(primaryStore, `${child}/A`, [...url('a'), value(2, 'EPC', 'urn:epc:id:sgtin:1.1.1')])
  await put(primaryStore, `${child}/B`, url('b'))
  await mirror.pull()
  // Acknowledged, and not mirrored: one new, one changed, one deleted, one that the taker will register too, one whose name it will use.
  await put(primaryStore, `${child}/late`, url('late'))
  await put(primaryStore, `${child}/B`, url('b2'))
  await put(primaryStore, `${child}/both`, url('here'))
  await put(primaryStore, `${child}/name`, [value(2, 'EPC', 'urn:epc:id:sgtin:2.2.2')])
  await primaryStore.change<never>(`${child}/A`, '', () => ({ next: null }))
  await first.node.stop()

  expect(await register(copy, `${child}/no`, 'no')).toBe(responses.readOnlyReplica)
  expect((await ask(copy, '/takeover', { prefix: child }, { ...parentUser, key: stranger.privateKey })).status).toBe(
    401,
  )
  expect((await ask(copy, '/takeover', { prefix: child }, childUser)).status).toBe(403)
  const taken = await ask(copy, '/takeover', { prefix: child })
  expect(taken).toMatchObject({ status: 200, said: { prefixes: [child], serial: 2, size: 3 } })
  expect(copy.node.site()).toMatchObject({ primary: true, serial: 2 })
  expect(copy.node.health.open()).toMatchObject({ role: 'taker', takesChanges: true })
  await put(parentRecords, `0.NA/${child}`, [...(copy.node.registered().get(`0.NA/${child}`) ?? [])])

  expect(await register(copy, `${child}/both`, 'there')).toBe(responses.success)
  expect(await register(copy, `${child}/new`, 'new')).toBe(responses.success)
  await put(copyStore, `${child}/other`, [value(2, 'EPC', 'urn:epc:id:sgtin:2.2.2')])

  // It comes back, asks, and is told; before the answer and after it, it takes nothing.
  const back = await primary()
  expect(await register(back, `${child}/x`, 'x')).toBe(responses.readOnlyReplica)
  expect(back.node.site().primary).toBe(false)
  expect(back.node.health.open()).toMatchObject({ role: 'replaced', takesChanges: false })
  // Its records are old, so it tells nobody.
  const old = await fetch(`${back.url}/api/handles/${child}/B`)
  expect([old.status, (await old.json()).responseCode]).toEqual([503, responses.staleSiteInfo])

  const done = await handedBack(back, copy.url)
  expect(done).toMatchObject({ state: 'done', serial: 3, merged: 3, conflictsInAll: 2 })
  expect((done.conflicts as { handle: string }[]).map(({ handle }) => handle).sort()).toEqual([
    `${child}/both`,
    `${child}/name`,
  ])
  expect(await primaryStore.digest()).toEqual(await copyStore.digest())
  expect(primaryStore.find(`${child}/LATE`) ?? primaryStore.find(`${child}/late`)).toEqual(url('late'))
  expect(primaryStore.find(`${child}/B`)).toEqual(url('b2'))
  expect(primaryStore.find(`${child}/A`)).toBeUndefined()
  expect(primaryStore.recordByAlias('urn:epc:id:sgtin:2.2.2')?.handle).toBe(`${child}/other`)
  expect(Buffer.from(primaryStore.find(`${child}/both`)?.[0]?.data ?? []).toString()).toContain('there')
  expect(await primaryStore.verify()).toMatchObject({ ok: true })
  expect(await copyStore.verify()).toMatchObject({ ok: true })

  expect(await register(copy, `${child}/y`, 'y')).toBe(responses.readOnlyReplica)
  expect(await register(back, `${child}/y`, 'y')).toBe(responses.success)
  expect(back.node.site()).toMatchObject({ primary: true, serial: 3 })
})

test('a hand-back that was cut off is begun again, and is as exact', async () => {
  const { parentRecords, primaryStore, copyStore, first, primary, mirror, copy } = await three()
  for (let i = 0; i < 20; i++) await put(primaryStore, `${child}/${i}`, url('before'))
  await mirror.pull()
  for (let i = 15; i < 25; i++) await put(primaryStore, `${child}/${i}`, url('late'))
  await first.node.stop()
  await copy.node.takeOver(child)
  await put(parentRecords, `0.NA/${child}`, [...(copy.node.registered().get(`0.NA/${child}`) ?? [])])
  for (let i = 0; i < 300; i++) await put(copyStore, `${child}/${i % 10}`, url(`taken${i}`))
  const back = await primary()
  expect(back.node.site().primary).toBe(false)
  // A disk that refuses in the middle of it.
  const { changeFenced } = primaryStore
  let left = 150
  primaryStore.changeFenced = function (...given) {
    if (left-- <= 0) throw new Error('the disk is gone')
    return changeFenced.apply(this, given) as never
  }
  expect(await handedBack(back, copy.url)).toMatchObject({ state: 'failed', message: 'the disk is gone' })
  expect(await register(back, `${child}/x`, 'x')).toBe(responses.readOnlyReplica)
  primaryStore.changeFenced = changeFenced
  expect(await handedBack(back, copy.url)).toMatchObject({ state: 'done', merged: 10, conflictsInAll: 0 })
  expect(await primaryStore.digest()).toEqual(await copyStore.digest())
  expect(await primaryStore.verify()).toMatchObject({ ok: true })
})

test('a node whose disk was lost is told so, and nothing is handed back', async () => {
  const { primaryStore, first, mirror, copy } = await three()
  await put(primaryStore, `${child}/A`, url('a'))
  await mirror.pull()
  await first.node.stop()
  await copy.node.takeOver(child)
  const other = await storeWith(stores, [
    [`0.NA/${child}`, administratorValues(child, { publicKey: own.publicKey }, 0)],
  ])
  const root = nodes[0]
  const back = await serve(other, [child], { roots: root ? [root.site()] : [], administrator: () => childUser })
  expect(await handedBack(back, copy.url)).toMatchObject({
    state: 'failed',
    message: expect.stringContaining('does not begin with'),
  })
})

test('a mirror that has nothing yet does not take over', async () => {
  const { copy } = await three()
  await expect(copy.node.takeOver(child)).rejects.toThrow('has nothing of')
  expect(copy.node.health.open().role).toBe('mirror')
})

test('whoever took over goes on so after a restart, with a log that verifies', async () => {
  const { primaryStore, copyStore, first, mirror, copy } = await three()
  await put(primaryStore, `${child}/A`, url('a'))
  await mirror.pull()
  await first.node.stop()
  await copy.node.takeOver(child)
  await copy.node.takeOver(child)
  await put(copyStore, `${child}/B`, url('b'))
  expect((await copyStore.checkpoint())?.size).toBe(3)
  expect(await copyStore.verify()).toMatchObject({ ok: true, transactions: 3 })
  expect(copyStore.log.verifierKey).not.toBe(primaryStore.log.verifierKey)
})
