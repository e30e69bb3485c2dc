import { generateKeyPairSync } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { encodeData, type HandleValue, responses, rsaPublicKeyData } from '../handle/handle.ts'
import { administratorValues } from '../node/administrator.ts'
import { IdentifierNode } from '../node/node.ts'
import { siteValue } from '../node/service.ts'
import { Resolver } from '../recursion/resolver.ts'
import { resolveByTcp } from '../resolution/client.ts'
import type { RecordStore } from '../store/store.ts'
import { put, TestStores, value } from '../store/testing.ts'
import { storeWith } from '../testing.ts'
import { Mirror, type MirrorOptions } from './mirror.ts'

const clock = { now: () => 1_735_646_400_000 }
const key = generateKeyPairSync('rsa', { modulusLength: 2_048 })
const stranger = generateKeyPairSync('rsa', { modulusLength: 2_048 })
const follower = { user: { handle: '88.608/mirror', index: 300 }, key: key.privateKey }
const stores = new TestStores()
const nodes: IdentifierNode[] = []
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.stop()
  await stores.close()
})

async function nodeOf(records: RecordStore, homes: string[], isMirror = false) {
  const node = new IdentifierNode({
    records,
    host: '127.0.0.1',
    address: '127.0.0.1',
    port: 0,
    httpPort: 0,
    homes,
    ...(isMirror && { follower: { stop: async () => {} } }),
    clock,
  })
  nodes.push(node)
  const { port, httpPort } = await node.run()
  return { node, port, url: `http://127.0.0.1:${httpPort}` }
}
const admin = (permissions: number): HandleValue =>
  value(101, 'HS_ADMIN', encodeData({ format: 'admin', permissions, ...follower.user }))
const keyValue = value(300, 'HS_PUBKEY', encodeData({ format: 'key', key: rsaPublicKeyData(key.publicKey) }))

/** A primary that lets the mirror in, and a mirror that has not pulled yet. */
async function pair(permissions = 0xc00) {
  const prefix = administratorValues('88.608', { secret: 's3cret' }, 0)
  const primary = await storeWith(stores, [
    ['0.NA/88.608', [...prefix, admin(permissions)]],
    ['88.608/mirror', [keyValue]],
    ['88.608/part', [value(1, 'URL', 'https://example.com/1'), value(7, 'COST', '12.50', { permissions: 0x0c })]],
  ])
  const served = await nodeOf(primary, ['88.608'])
  const copy = stores.open(undefined, { mirrorOf: primary.log.verifierKey })
  const troubles: Parameters<MirrorOptions['onTrouble']>[0][] = []
  const mirror = new Mirror({
    records: copy,
    url: served.url,
    follower,
    onTrouble: (trouble) => troubles.push(trouble),
  })
  return { primary, served, copy, mirror, troubles }
}
const ask = async (port: number, handle: string) =>
  (await resolveByTcp({ host: '127.0.0.1', port }, { handle }, 1, clock.now())).response

test('a mirror has what the primary has, follows what changes, and answers changes with 7', async () => {
  const { primary, copy, mirror } = await pair()
  expect(await mirror.pull()).toBe(3)
  const replica = await nodeOf(copy, ['88.608'], true)
  expect(await ask(replica.port, '88.608/part')).toBe(responses.success)
  await put(primary, '88.608/new', [value(1, 'URL', 'https://example.com/2')])
  await primary.change<never>('88.608/part', '', () => ({ next: null }))
  expect(await ask(replica.port, '88.608/new')).toBe(responses.handleNotFound)
  expect(await mirror.pull()).toBe(2)
  expect([await ask(replica.port, '88.608/new'), await ask(replica.port, '88.608/part')]).toEqual([1, 100])
  const reply = await fetch(`${replica.url}/api/handles/88.608/x`, {
    method: 'PUT',
    body: JSON.stringify([{ index: 1, type: 'URL', data: 'x' }]),
  })
  expect([reply.status, await reply.json()]).toEqual([
    400,
    expect.objectContaining({ responseCode: responses.readOnlyReplica }),
  ])
  expect(replica.node.site()).toMatchObject({ primary: false, servers: [{ interfaces: [{ admin: false }, {}, {}] }] })
  expect(await copy.verify()).toMatchObject({ ok: true, transactions: 5 })
})

test('more than a page is pulled page by page', async () => {
  const { primary, copy, mirror } = await pair()
  for (let batch = 0; batch < 3; batch++)
    await primary.batch(
      `${batch}`,
      '',
      Array.from({ length: 1_500 }, (_, i) => ({ handle: `88.608/P${batch}-${i}`, values: [value(1, 'URL', 'x')] })),
    )
  expect(await mirror.pull()).toBe(4_503)
  expect(copy.log.root()).toEqual(primary.log.root())
})

test('when the primary is dead its names are answered by the mirror that the parent lists beside it', async () => {
  const { served, copy, mirror } = await pair()
  await mirror.pull()
  const replica = await nodeOf(copy, ['88.608'], true)
  const sites = [served, replica].flatMap(({ node }, i) => [
    siteValue(1 + i, 'HS_SITE', node.site(), 0),
    siteValue(11 + i, 'HS_SITE.PREFIX', node.site(), 0),
  ])
  const top = await nodeOf(await storeWith(stores, [['0.NA/88.608', sites]]), ['88'])
  const root = await nodeOf(
    await storeWith(stores, [['0.NA/88', [siteValue(1, 'HS_SITE.PREFIX', top.node.site(), 0)]]]),
    ['0.NA'],
  )
  const resolver = new Resolver({ roots: () => [root.node.site()], clock })
  const resolved = async (handle: string, authoritative = false) =>
    (await resolver.resolution({ handle, indexes: [], types: [], authoritative })).reply.response
  await served.node.stop()
  expect(await resolved('88.608/part')).toBe(responses.success)
  expect(await resolved('88.608/none')).toBe(responses.handleNotFound)
  // Who asks for the primary's own word is not told the copy's.
  expect(await resolved('88.608/part', true)).toBe(responses.error)
})

test('the log is for who may read and list all, and for nobody else', async () => {
  const some = await pair(0x400)
  await expect(some.mirror.pull()).rejects.toThrow('403')
  const { served, copy } = await pair()
  const onTrouble = () => {}
  const other = new Mirror({
    records: copy,
    url: served.url,
    follower: { ...follower, key: stranger.privateKey },
    onTrouble,
  })
  await expect(other.pull()).rejects.toThrow('401')
  expect((await fetch(`${served.url}/mirror/transactions?after=0`)).status).toBe(401)
  expect(copy.stats().records).toBe(0)
})

test('a past that was rewritten is not followed: the mirror keeps what it had and says so', async () => {
  const { served, copy, mirror, troubles, primary } = await pair()
  await mirror.pull()
  const { port } = new URL(served.url)
  await served.node.stop()
  nodes.splice(0)
  // The same key signs another past.
  const folder = stores.folder()
  await primary.backup(join(folder, 'other'))
  rmSync(join(folder, 'other', 'records.mdb'))
  const forged = stores.open(join(folder, 'other'), { takesOver: true })
  await put(forged, '88.608/mirror', [keyValue])
  await put(forged, '0.NA/88.608', [...administratorValues('88.608', { secret: 's3cret' }, 0), admin(0xc00)])
  for (let i = 0; i < 3; i++) await put(forged, `88.608/forged${i}`, [value(1, 'URL', 'https://example.com/forged')])
  const liar = new IdentifierNode({
    records: forged,
    host: '127.0.0.1',
    address: '127.0.0.1',
    port: 0,
    httpPort: Number(port),
    homes: ['88.608'],
    clock,
  })
  nodes.push(liar)
  await liar.run()
  mirror.run()
  await expect.poll(() => troubles.map(({ kind }) => kind), { timeout: 10_000 }).toEqual(['rewritten'])
  await mirror.stop()
  expect(copy.find('88.608/part')).toHaveLength(2)
  expect(copy.find('88.608/forged0')).toBeUndefined()
})
