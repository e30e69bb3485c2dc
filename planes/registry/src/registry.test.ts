import {
  assignPrefix,
  changeIdentifier,
  checkIdentifierFile,
  checkRegistryAccount,
  deleteIdentifier,
  getIdentifier,
  getIdentifierImport,
  getIdentifierSheet,
  getImportResult,
  getRegistryAccount,
  getRegistryAccountOf,
  listIdentifierImports,
  listIdentifiers,
  listImportRows,
  type RegistryFacts,
  registerIdentifier,
  startIdentifierImport,
  stopIdentifierImport,
  syncIdentifiers,
} from '@kapok/contracts/registry'
import { getMachineIdentifier, getProcess, setMachineIdentifier } from '@kapok/contracts/registry-process'
import { listAccesses, recallIdentifier, traceIdentifier } from '@kapok/contracts/registry-trace'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { thingsToLabel } from './flow.ts'
import { readRows, writeResult } from './import/excel.ts'
import { prefix, TestNode, TestRegistry } from './testing.ts'

let registry: TestRegistry
const node = new TestNode()
beforeAll(async () => {
  registry = await TestRegistry.make()
  await node.start()
  await registry.run()
})
afterAll(async () => {
  await registry.stop()
  await node.stop()
  node.remove()
})

const file = (rows: RegistryFacts[]) =>
  writeResult(
    rows.map((facts) => ({ facts, result: '', remark: '' })),
    'zh',
  )
const check = async (rows: RegistryFacts[]) =>
  (await registry.as('plant', checkIdentifierFile, { query: { name: 'parts.xlsx' }, body: await file(rows) })).id
const progress = (importId: string) => registry.as('plant', getIdentifierImport, { params: { importId } })
const done = (importId: string) =>
  expect.poll(async () => (await progress(importId)).state, { timeout: 50_000 }).toBe('done')
const synced = () =>
  expect
    .poll(async () => (await registry.as('plant', getRegistryAccount)).account?.syncing, { timeout: 30_000 })
    .toBe(false)

test('before a prefix is assigned nothing can be registered, and it is said what to do', async () => {
  expect(await registry.as('plant', getRegistryAccount)).toEqual({ account: null })
  const asked = registry.as('plant', registerIdentifier, { body: { facts: { suffix: 'a', name: 'b' } } })
  await expect(asked).rejects.toMatchObject({ code: 'registry.no_account', status: 409 })
})

test('the administrator assigns prefix and node, and is told what is missing until the node knows the platform', async () => {
  const params = { orgId: registry.orgs.plant.id }
  for (const url of ['http://10.0.0.1:8000', 'ftp://127.0.0.1', 'https://me@node.example', 'https://n.example/?a', 'x'])
    await expect(
      registry.as('administrator', assignPrefix, { params, body: { prefix, url } }),
      url,
    ).rejects.toMatchObject({ code: 'registry.url' })
  await registry.as('administrator', assignPrefix, { params, body: { prefix, url: `${node.url}/` } })
  const told = async () => (await registry.as('administrator', checkRegistryAccount, { params })).fault?.en
  expect(await told()).toMatch(/does not know the platform’s key/)
  const { values, url } = await registry.as('administrator', getRegistryAccountOf, { params })
  expect([url, values.map(({ index, type }) => [index, type])]).toEqual([
    node.url,
    [
      [310, 'HS_PUBKEY'],
      [110, 'HS_ADMIN'],
    ],
  ])
  const add = (some: unknown) => node.asAdministrator('PUT', `/api/handles/0.NA/${prefix}?index=various`, some)
  expect((await add(values.slice(0, 1))).ok).toBe(true)
  expect(await told()).toMatch(/lacks: createHandle, deleteHandle/)
  expect((await add(values)).ok).toBe(true)
  expect(await told()).toBeUndefined()
  const neighbour = { orgId: registry.orgs.neighbour.id }
  await expect(
    registry.as('administrator', assignPrefix, { params: neighbour, body: { prefix, url: node.url } }),
  ).rejects.toMatchObject({ code: 'registry.prefix_taken' })
})

test('one thing is registered by its facts, changed, and deleted; values that are none of the facts stay', async () => {
  const facts = {
    suffix: 'P 1/轴',
    name: '泵轴',
    gs1: '(01)09521234543220',
    serial: 'A-1',
    producedAt: '2027/2/1 9:30',
    machine: 'M1',
  }
  const { id, handle } = await registry.as('plant', registerIdentifier, { body: { facts } })
  expect(handle).toBe(`${prefix}/P 1/轴`)
  expect(await node.record(handle)).toEqual({
    NAME: '泵轴',
    GS1_DL: 'https://id.gs1.org/01/09521234543220/21/A-1',
    MANUFACTURER: '凤城注塑',
    PRODUCED_AT: '2027-02-01T01:30:00.000Z',
    MACHINE: `${prefix}/M1`,
  })
  // The answer was lost and it is sent again: the same thing, once.
  expect((await registry.as('plant', registerIdentifier, { body: { facts } })).id).toBe(id)
  await expect(
    registry.as('plant', registerIdentifier, { body: { facts: { ...facts, name: '别的' } } }),
  ).rejects.toMatchObject({ code: 'identifier.taken' })
  await node.asAdministrator('PUT', `/api/handles/${encodeURIComponent(handle)}?index=7`, {
    index: 7,
    type: 'COST',
    data: '12.50',
  })
  const kept = (await registry.as('plant', getIdentifier, { params: { identifierId: id } })).facts
  const { machine: _, ...without } = kept
  await registry.as('plant', changeIdentifier, {
    params: { identifierId: id },
    body: { facts: { ...without, model: 'PS-25' } },
  })
  expect(await node.record(handle)).toMatchObject({ NAME: '泵轴', MODEL: 'PS-25', COST: '12.50' })
  expect(await node.record(handle)).not.toHaveProperty('MACHINE')
  await expect(
    registry.as('plant', changeIdentifier, {
      params: { identifierId: id },
      body: { facts: { ...kept, suffix: 'other' } },
    }),
  ).rejects.toMatchObject({ code: 'identifier.suffix_stays' })
  await registry.as('plant', deleteIdentifier, { params: { identifierId: id } })
  expect(await node.record(handle)).toBeUndefined()
})

test('of a file with bad rows each is named with its field before anything is written, and the good ones are registered', async () => {
  const importId = await check([
    { suffix: 'B-1', name: '轴', gs1: '09521234543220', serial: '1', batch: '20270201' },
    { suffix: 'B-2', name: '轴', gs1: '09521234543221', serial: '2', batch: '20270201' },
    { suffix: 'B-3', batch: '20270201' },
    { suffix: 'B-4', name: '轴', gs1: '09521234543220', serial: '1' },
    { suffix: 'B-1', name: '轴' },
    { suffix: 'B-5', name: '轴', producedAt: '2027-02-31' },
    { suffix: 'B-6', name: '轴', batch: '20270201' },
  ])
  const wrong = await registry.as('plant', listImportRows, { params: { importId }, query: { wrong: true } })
  expect(wrong.rows.map(({ row, fault }) => [row, fault?.zh])).toEqual([
    [3, 'GS1 编码：“09521234543221”第 14 个字符处应为校验位 0，现为“1”'],
    [4, '名称：请填写'],
    [5, 'GS1 编码：与第 2 行相同；单件请再填序列号'],
    [6, '标识后缀：与第 2 行相同'],
    [7, '生产时间：请写成 2027-02-01 09:30（北京时间）'],
  ])
  expect(await progress(importId)).toMatchObject({ state: 'checked', counts: { total: 7, bad: 5, waiting: 2 } })
  expect(await node.record(`${prefix}/B-1`)).toBeUndefined()
  await registry.as('plant', startIdentifierImport, { params: { importId } })
  await done(importId)
  expect((await progress(importId)).counts).toMatchObject({ bad: 5, waiting: 0, done: 2, failed: 0 })
  expect(await node.record(`${prefix}/B-6`)).toMatchObject({ NAME: '轴', BATCH: '20270201' })
  const { rows, total } = await registry.as('plant', listIdentifiers, { query: { search: '20270201', sort: 'handle' } })
  expect([total, rows.map(({ handle }) => handle)]).toEqual([2, [`${prefix}/B-1`, `${prefix}/B-6`]])
  // Its result may be corrected and given again.
  const result = await registry.as('plant', getImportResult, { params: { importId } })
  expect(result.fileName).toBe('parts-结果.xlsx')
  expect((await readRows(result.bytes)).map(({ facts }) => facts.suffix)).toEqual([
    'B-1',
    'B-2',
    'B-3',
    'B-4',
    'B-1',
    'B-5',
    'B-6',
  ])
})

test('the same file again registers nothing twice, and a record that says something else is not overwritten', async () => {
  const importId = await check([
    { suffix: 'B-6', name: '轴', batch: '20270201' },
    { suffix: 'B-1', name: '另一种轴' },
  ])
  await registry.as('plant', startIdentifierImport, { params: { importId } })
  await done(importId)
  expect((await progress(importId)).counts).toMatchObject({ same: 1, failed: 1, done: 0 })
  expect(await node.record(`${prefix}/B-1`)).toMatchObject({ NAME: '轴' })
})

test('a file goes on where it was when the node was away and the platform restarted, and nothing is registered twice', async () => {
  const rows = Array.from({ length: 600 }, (_, i) => ({ suffix: `R-${i}`, name: '盖' }))
  const importId = await check(rows)
  await node.stop()
  await registry.as('plant', startIdentifierImport, { params: { importId } })
  await expect.poll(async () => (await progress(importId)).hold?.zh, { timeout: 10_000 }).toMatch(/没有应答/)
  expect((await progress(importId)).counts.waiting).toBe(600)
  await registry.restart()
  await node.start()
  await done(importId)
  const { counts, hold } = await progress(importId)
  expect([counts, hold]).toEqual([{ total: 600, bad: 0, waiting: 0, done: 600, same: 0, failed: 0 }, null])
  expect((await registry.as('plant', listIdentifiers, { query: { search: 'R-' } })).total).toBe(600)
})

test('a file that was stopped stays where it is, and goes on when it is started again', async () => {
  const importId = await check(Array.from({ length: 1_000 }, (_, i) => ({ suffix: `S-${i}`, name: '盖' })))
  await registry.as('plant', startIdentifierImport, { params: { importId } })
  await registry.as('plant', stopIdentifierImport, { params: { importId } })
  expect((await progress(importId)).state).toBe('stopped')
  await registry.as('plant', startIdentifierImport, { params: { importId } })
  await done(importId)
  expect((await progress(importId)).counts).toMatchObject({ waiting: 0, failed: 0 })
  await expect(registry.as('plant', startIdentifierImport, { params: { importId } })).rejects.toMatchObject({
    code: 'import.state',
  })
})

test('what was registered or deleted at the node by other ways is in the list after it was read anew', async () => {
  await node.asAdministrator('PUT', `/api/handles/${prefix}/BY-HAND`, [{ index: 1, type: 'NAME', data: '手工登记' }])
  await node.asAdministrator('DELETE', `/api/handles/${prefix}/B-6`)
  // It is listed by when it was written: only what is older than the reading is taken from the list.
  registry.kit.clock.set(Date.now() + 60_000, { running: true })
  await registry.as('plant', syncIdentifiers)
  await synced()
  const named = async (search: string) => (await registry.as('plant', listIdentifiers, { query: { search } })).total
  expect([await named('手工'), await named('/B-6'), await named('/B-1')]).toEqual([1, 0, 1])
  expect((await registry.as('plant', getRegistryAccount)).account).toMatchObject({ prefix, fault: null })
})

test('the template is a file that is read, and files that are none are refused with a sentence', async () => {
  const { bytes } = await registry.as('plant', getIdentifierSheet)
  expect((await readRows(bytes))[0]?.facts).toMatchObject({ suffix: 'P20270201-1-01', producedAt: '2027-02-01 09:30' })
  const importFile = (body: Uint8Array) => registry.as('plant', checkIdentifierFile, { query: { name: 'x' }, body })
  await expect(importFile(Buffer.from('no'))).rejects.toMatchObject({
    code: 'import.unreadable',
    sentences: { zh: '此文件无法读取：它不是 Excel 文件（.xlsx）' },
  })
  await expect(importFile(await file([]))).rejects.toMatchObject({ code: 'import.unreadable' })
})

test('a neighbour sees none of it', async () => {
  expect(await registry.as('neighbour', getRegistryAccount)).toEqual({ account: null })
  expect((await registry.as('neighbour', listIdentifiers)).total).toBe(0)
  const [mine] = (await registry.as('plant', listIdentifiers)).rows
  const params = { identifierId: mine?.id ?? '' }
  await expect(registry.as('neighbour', getIdentifier, { params })).rejects.toMatchObject({ status: 404 })
  const [given] = (await registry.as('plant', listIdentifierImports)).rows
  const { id: orgId } = registry.orgs.neighbour
  for (const ask of [{ identifierIds: [params.identifierId] }, { importId: given?.id ?? '' }])
    await expect(registry.kit.db.tx({ orgId }, (tx) => thingsToLabel(tx, orgId, ask))).rejects.toMatchObject({
      status: 404,
    })
})

const event = (more: object) => ({
  eventTimeZoneOffset: '+08:00',
  eventTime: '2027-02-01T08:00:00Z',
  ...more,
})
const serial = (n: number) => `https://id.gs1.org/01/09521234543220/21/T${n}`
const lot = 'https://id.gs1.org/01/09521234543237/10/S1'
const pallet = 'https://id.gs1.org/00/095212345000000018'
const party = 'https://id.gs1.org/417/9521234500018'

test('a thing is traced to its lot, and a recall of the lot names who has what, by the names of the own list', async () => {
  for (const n of [1, 2])
    await registry.as('plant', registerIdentifier, {
      body: { facts: { suffix: `T${n}`, name: '泵轴', gs1: '09521234543220', serial: `T${n}` } },
    })
  await registry.as('plant', registerIdentifier, { body: { facts: { suffix: 'C1', name: '珠江泵业', gs1: party } } })
  const things = [serial(1), serial(2)]
  const document = {
    '@context': ['https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld'],
    type: 'EPCISDocument',
    schemaVersion: '2.0',
    creationDate: '2027-02-01T08:00:00Z',
    epcisBody: {
      eventList: [
        event({
          type: 'TransformationEvent',
          inputQuantityList: [{ epcClass: lot, quantity: 1 }],
          outputEPCList: things,
        }),
        event({
          eventTime: '2027-02-01T09:00:00Z',
          type: 'AggregationEvent',
          action: 'ADD',
          parentID: pallet,
          childEPCs: things,
        }),
        event({
          eventTime: '2027-02-01T10:00:00Z',
          type: 'ObjectEvent',
          action: 'OBSERVE',
          epcList: [pallet],
          bizStep: 'shipping',
          destinationList: [{ type: 'owning_party', destination: party }],
        }),
      ],
    },
  }
  expect((await node.asAdministrator('POST', '/epcis/capture', document)).status).toBe(202)
  const traced = await registry.as('plant', traceIdentifier, { query: { id: `${prefix}/T1`, direction: 'backward' } })
  expect(traced.start).toBe(serial(1))
  expect(traced.nodes.map(({ id, name }) => [id, name])).toEqual(
    expect.arrayContaining([
      [serial(1), '泵轴'],
      [lot, null],
    ]),
  )
  const { parties } = await registry.as('plant', recallIdentifier, { query: { id: '(01)09521234543237(10)S1' } })
  const held = (n: number) => ({
    id: serial(n),
    name: '泵轴',
    handle: `${prefix}/T${n}`,
    seenAt: Date.UTC(2027, 1, 1, 10),
    place: null,
  })
  // The lot itself stays with whoever made the parts, and stands last.
  expect(parties).toEqual([
    { party, name: '珠江泵业', things: [held(1), held(2)] },
    { party: '', name: null, things: [{ id: lot, name: null, handle: null, seenAt: null, place: null }] },
  ])
  expect(
    await registry.as('plant', traceIdentifier, { query: { id: 'urn:x:unknown', direction: 'forward' } }),
  ).toMatchObject({ edges: [] })
  await expect(registry.as('plant', recallIdentifier, { query: { id: '(01)09521234543238' } })).rejects.toMatchObject({
    code: 'identifier.fact',
    status: 422,
  })
  await expect(registry.as('neighbour', recallIdentifier, { query: { id: lot } })).rejects.toMatchObject({
    code: 'registry.no_account',
  })
})

test('the owner sees who looked at what is not public, page by page', async () => {
  const value = { index: 3_000, type: 'COST', data: '12.50', permissions: '1100' }
  const put = await node.asAdministrator('PUT', `/api/handles/${prefix}/looked?overwrite=false`, [value])
  expect(put.status).toBe(201)
  expect((await node.asAdministrator('GET', `/api/handles/${prefix}/looked`)).status).toBe(200)
  const { accesses } = await registry.as('plant', listAccesses, { query: { size: 1 } })
  expect(accesses).toMatchObject([
    {
      user: `300:0.NA/${prefix}`,
      handle: `${prefix}/looked`,
      indexes: [3_000],
      wasRefused: false,
      isPlatform: false,
      asked: null,
    },
  ])
  const older = await registry.as('plant', listAccesses, { query: { before: accesses[0]?.seq ?? 0, size: 500 } })
  expect(older.accesses.some(({ isPlatform, asked }) => isPlatform && asked?.startsWith('/recall'))).toBe(true)
  await expect(registry.as('neighbour', listAccesses, {})).rejects.toMatchObject({ code: 'registry.no_account' })
})

test('a part shows the device that made it and when, once somebody said which device the machine is', async () => {
  const facts = { suffix: 'made', name: '上盖', machine: 'M9', producedAt: '2027-02-01 09:30' }
  const { id } = await registry.as('plant', registerIdentifier, { body: { facts } })
  const process = () => registry.as('plant', getProcess, { params: { identifierId: id } })
  const machine = `${prefix}/M9`
  const producedAt = Date.UTC(2027, 1, 1, 1, 30)
  expect(await process()).toEqual({ machine: { handle: machine, device: null }, producedAt })
  const params = { deviceId: registry.device.id }
  const set = (handle: string | null, who: 'plant' | 'neighbour' = 'plant') =>
    registry.as(who, setMachineIdentifier, { params, body: { handle } })
  await set('M9')
  expect(await process()).toMatchObject({ machine: { device: { id: registry.device.id, name: '注塑机 1' } } })
  expect(await registry.as('plant', getMachineIdentifier, { params })).toEqual({ prefix, handle: machine })
  await expect(set('88.902.1001/M9')).rejects.toMatchObject({ code: 'machine.handle', status: 422 })
  await expect(set('M9', 'neighbour')).rejects.toMatchObject({ status: 404 })
  await set(null)
  expect(await process()).toMatchObject({ machine: { device: null } })
})
