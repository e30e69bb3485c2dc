import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createToken, listTokens } from '@kapok/contracts/access'
import { getCase, listCases } from '@kapok/contracts/case'
import { listCredentials, listDevices, listProducts } from '@kapok/contracts/data'
import { listIdentifierImports, listIdentifiers } from '@kapok/contracts/registry'
import type { RouteContract } from '@kapok/contracts/route'
import { listVouchers } from '@kapok/contracts/subsidy'
import { addCivilDays, startOfCivilDay } from '@kapok/kit/clock'
import { type TestKit, testKit } from '@kapok/kit-store/testing'
import { fillProgramme } from '@kapok/subsidy'
import { Value } from 'typebox/value'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Person } from '../../../world/src/people/person.ts'
import { type OrganisationKey, organisations } from '../../../world/src/province.ts'
import { settleProvince } from '../../../world/src/settle-province.ts'
import { storyOf } from '../../../world/src/story/story.ts'
import { repositoryRoot } from '../config.ts'
import { migrationsOfAll } from '../planes.ts'
import { serveApi } from './testing.ts'

// P8 with real things of another tenant: a plant of the sample province has devices, cases, files and a voucher; others,
// with every right of their own roles, ask each route for exactly these.
const firstDay = '2026-08-26'
let kit: TestKit
let api: Awaited<ReturnType<typeof serveApi>>
let contracts: RouteContract[]
let people: Map<OrganisationKey, Person>
/** Ids of the plant, by the name of a route's parameter. */
let theirs: Record<string, string>

beforeAll(async () => {
  kit = await testKit({ migrations: migrationsOfAll.slice(1) })
  kit.clock.set(startOfCivilDay(firstDay) + 6 * 3_600_000, { running: false })
  api = await serveApi(kit)
  contracts = api.planes.all.flatMap(({ routes }) => routes.map(({ contract }) => contract))
  const settled = await settleProvince({
    baseUrl: api.url,
    firstLink: (await api.planes.access.firstAdministratorLink()) ?? '',
    passwords: Object.fromEntries(
      ['administrator', ...organisations.map(({ key }) => key)].map((key) => [key, `word of ${key} !`]),
    ),
    programmeText: fillProgramme(readFileSync(join(repositoryRoot, 'programmes/sample-2026.yaml'), 'utf8'), {
      firstDay,
    }),
  })
  people = settled.people
  const stage = {
    programmeId: settled.programmeId,
    memory: {} as Record<string, string>,
    day: (n: number) => addCivilDays(firstDay, n),
    person: (key: OrganisationKey) => people.get(key) as Person,
  }
  // Until the first vouchers are issued; nothing of this needs points.
  for (const act of storyOf(stage)
    .filter(({ day }) => day <= 14)
    .sort((a, b) => a.day - b.day)) {
    kit.clock.set(startOfCivilDay(stage.day(act.day)) + 10 * 3_600_000, { running: false })
    await act.run(stage)
  }
  theirs = await idsOf(stage.person('mould'), stage.memory['application mould'] ?? '')
}, 120_000)
afterAll(async () => {
  await api.stop()
  await kit.stop()
})

async function idsOf(plant: Person, caseId: string): Promise<Record<string, string>> {
  const [device] = (await plant.call(listDevices, { query: {} })).rows
  const deviceId = device?.id ?? ''
  const [credential] = (await plant.call(listCredentials, { params: { deviceId } })).rows
  const [product] = (await plant.call(listProducts, { query: {} })).rows
  const [voucher] = (await plant.call(listVouchers, { query: {} })).rows
  const { files, parties } = await plant.call(getCase, { params: { caseId } })
  const orgId = parties.find(({ part }) => part === 'filer')?.organisationId ?? ''
  const { token } = await plant.call(createToken, { body: { name: 't', scopes: ['points.read'], days: 1 } })
  return {
    ...(await registeredOf(orgId)),
    deviceId,
    credentialId: credential?.id ?? '',
    productId: product?.id ?? '',
    voucherNo: voucher?.no ?? '',
    caseId,
    fileId: files[0]?.id ?? '',
    tokenId: token.id,
    orgId,
    userId: randomUUID(),
  }
}

/** As if the plant had registered something and given a file; its node is never asked by others. */
async function registeredOf(orgId: string): Promise<Record<string, string>> {
  const [identifierId, importId, at] = [randomUUID(), randomUUID(), new Date(kit.clock.now())]
  await kit.db.tx({ job: 'registry' }, async (tx) => {
    await tx.run(
      `INSERT INTO registry.account (org_id, prefix, url, assigned_at) VALUES ($1, '88.901.1001', 'https://node.invalid', $2)`,
      [orgId, at],
    )
    await tx.run(
      `INSERT INTO registry.identifier (id, org_id, handle, facts, name, model, batch, gs1, registered_at)
       VALUES ($1, $2, '88.901.1001/M1', '{}', '', '', '', '', $3)`,
      [identifierId, orgId, at],
    )
    await tx.run(
      `INSERT INTO registry.import (id, org_id, file_name, state, created_at) VALUES ($1, $2, 'x.xlsx', 'stopped', $3)`,
      [importId, orgId, at],
    )
  })
  return { identifierId, importId }
}

const strangers: readonly OrganisationKey[] = [
  'electronics',
  'precision',
  'integrator',
  'nanhai',
  'dongguan',
  'operator',
]

/** A body that the schema takes, with the plant's own ids wherever an id is asked for. */
function bodyFor(contract: RouteContract): unknown {
  if (contract.body === undefined) return undefined
  const fill = (schema: Record<string, unknown>, name: string): unknown => {
    if (theirs[name] !== undefined) return theirs[name]
    if (schema.format === 'uuid') return theirs.deviceId
    if (schema.anyOf !== undefined) return fill((schema.anyOf as Record<string, unknown>[])[0] ?? {}, name)
    if (schema.const !== undefined) return schema.const
    if (Array.isArray(schema.enum)) return schema.enum[0]
    switch (schema.type) {
      case 'object': {
        const required = (schema.required ?? []) as string[]
        const properties = (schema.properties ?? {}) as Record<string, Record<string, unknown>>
        return Object.fromEntries(required.map((key) => [key, fill(properties[key] ?? {}, key)]))
      }
      case 'array':
        return (schema.minItems as number) > 0 ? [fill(schema.items as Record<string, unknown>, name)] : []
      case 'integer':
      case 'number':
        return schema.minimum ?? 1
      case 'boolean':
        return true
      case 'string':
        if (String(schema.pattern).includes('\\d{4}-\\d{2}')) return '2026-09-01'
        if (String(schema.pattern).includes('\\d{1,18}')) return '100'
        return 'a sentence that is long enough'
      default:
        return Value.Create(schema)
    }
  }
  return fill(contract.body as never, '')
}

test('P8 nobody reads or changes another tenant’s things by their real ids, on any route with an id', async () => {
  for (const [name, id] of Object.entries(theirs)) expect(id, name).not.toBe('')
  const plant = people.get('mould') as Person
  const everything = async () =>
    JSON.stringify([
      await plant.call(listDevices, { query: {} }),
      await plant.call(listProducts, { query: {} }),
      await plant.call(listTokens, { query: {} }),
      await plant.call(getCase, { params: { caseId: theirs.caseId ?? '' } }),
      await plant.call(listVouchers, { query: {} }),
      await plant.call(listIdentifiers, { query: {} }),
      await plant.call(listIdentifierImports, { query: {} }),
    ])
  const before = await everything()
  let reached = 0
  for (const contract of contracts.filter(({ path }) => path.includes('/:')))
    for (const stranger of strangers) {
      const person = people.get(stranger) as Person
      const names = [...contract.path.matchAll(/:(\w+)/g)].map(([, name = '']) => name)
      if (names.some((name) => theirs[name] === undefined)) continue
      const body = contract.bodyKind === 'raw' ? new TextEncoder().encode('%PDF-1.7\n') : bodyFor(contract)
      const query = contract.id === 'subsidy.file.upload' ? { role: 'other', name: 'x.pdf' } : {}
      const outcome = await person.callAny(contract, { params: theirs, query, body }).then(
        (reply: unknown) => ({ reply }),
        (refused: { status?: number; message: string }) => ({ refused: refused.message }),
      )
      if ('refused' in outcome) {
        expect(outcome.refused, `${contract.id} as ${stranger}`).toMatch(/: (400|401|403|404|409|422) /)
        if (/: (403|404) /.test(outcome.refused)) reached++
      } else {
        // An empty list says nothing of anybody.
        expect((outcome.reply as { rows?: unknown[] }).rows, `${contract.id} as ${stranger}`).toEqual([])
        reached++
      }
    }
  expect(reached).toBeGreaterThan(100)
  expect(await everything()).toBe(before)
})

test('P8 lists hold only what is one’s own or of one’s region', async () => {
  const seen = async (key: OrganisationKey) =>
    (await (people.get(key) as Person).call(listCases, { query: { size: 100 } })).rows.map(({ filerName }) => filerName)
  expect(new Set(await seen('precision'))).toEqual(new Set(['莞城精密机械（样例）']))
  expect(new Set(await seen('shunde'))).toEqual(new Set(['凤城注塑（样例）']))
  expect(await seen('dongguan')).not.toContain('凤城注塑（样例）')
  expect(await seen('province')).toEqual(
    expect.arrayContaining(['凤城注塑（样例）', '莞城精密机械（样例）', '南海五金加工（样例）']),
  )
})

test('an API token for reading reads the points of its own organisation, and nothing else', async () => {
  const plant = people.get('mould') as Person
  const { secret } = await plant.call(createToken, { body: { name: 'r', scopes: ['points.read'], days: 1 } })
  const stranger = people.get('precision') as Person
  const [foreign] = (await stranger.call(listDevices, { query: {} })).rows
  const status = async (path: string) =>
    (await fetch(`${api.url}/api${path}`, { headers: { authorization: `Bearer ${secret}` } })).status
  expect(await status('/devices')).toBe(200)
  expect(await status(`/devices/${theirs.deviceId}`)).toBe(200)
  const range = (id = '') => `/points/range?deviceId=${id}&property=state&from=0&to=1`
  expect(await status(range(theirs.deviceId))).toBe(200)
  expect(await status(range(foreign?.id))).toBe(404)
  expect(await status('/tokens')).toBe(403)
  expect(await status('/cases')).toBe(403)
})
