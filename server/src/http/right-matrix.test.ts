import { type OrgKind, orgKinds, roles, rolesOfKind } from '@kapok/contracts/roles'
import type { RouteContract } from '@kapok/contracts/route'
import { makeLog } from '@kapok/kit/log'
import type { Actor } from '@kapok/kit-store/plane'
import { type TestKit, testKit } from '@kapok/kit-store/testing'
import type { FastifyInstance } from 'fastify'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { migrationsOfAll, routesOfAll } from '../planes.ts'
import { makeApp } from './app.ts'
import { mountRoutes } from './routes.ts'

// P8: the matrix is made from the contracts; a new route or table is in it without anybody remembering to add it.
let kit: TestKit
let app: FastifyInstance
let contracts: RouteContract[]
let asking: Actor | undefined

beforeAll(async () => {
  kit = await testKit({ migrations: migrationsOfAll.slice(1) })
  const routes = routesOfAll(kit)
  contracts = routes.map(({ contract }) => contract)
  app = makeApp({ log: makeLog('test', 'silent'), portalFolder: '/nowhere' })
  mountRoutes(app, { kit, routes, whoAsks: async () => asking, appendAudit: async () => {} })
  await app.ready()
})
afterAll(async () => {
  await app.close()
  await kit.stop()
})

const actorOf = (kind: OrgKind): Actor => ({
  userId: '00000000-0000-4000-8000-0000000000aa',
  userName: 'a stranger',
  orgId: '00000000-0000-4000-8000-0000000000bb',
  orgName: 'nobody’s organisation',
  orgKind: kind,
  region: '99',
  roles: ['public', ...rolesOfKind[kind]],
})

/** A call with ids of somebody else's things: well formed, so that only the right decides. */
const callOf = (contract: RouteContract) => ({
  method: contract.method,
  url: `/api${contract.path.replace(/:\w+/g, '00000000-0000-4000-8000-00000000000a')}`,
  headers: { 'x-kapok': '1', cookie: 'kapok_session=x' },
})

test('every route names who may call it, and only roles that exist', () => {
  expect(contracts.length).toBeGreaterThan(80)
  for (const { id, who } of contracts) {
    expect(who.length, id).toBeGreaterThan(0)
    for (const role of who) expect(roles, id).toContain(role)
  }
})

test('P8 whoever is not named by a route is refused before anything is read, on every route × kind of organisation', async () => {
  let refused = 0
  for (const contract of contracts) {
    for (const kind of [undefined, ...orgKinds]) {
      asking = kind === undefined ? undefined : actorOf(kind)
      const own = asking?.roles ?? ['public']
      if (contract.who.some((role) => own.includes(role))) continue
      const reply = await app.inject(callOf(contract))
      // The shape of the request is checked first and tells nothing about anybody's data.
      expect([400, kind === undefined ? 401 : 403], `${contract.id} as ${kind ?? 'public'}: ${reply.body}`).toContain(
        reply.statusCode,
      )
      if (reply.statusCode !== 400) refused++
    }
  }
  expect(refused).toBeGreaterThan(200)
})

test('P8 a right role with another tenant’s id gets “not found” or an empty list, never the thing', async () => {
  let asked = 0
  for (const contract of contracts.filter((each) => each.params !== undefined && each.method === 'GET')) {
    const kind = orgKinds.find((each) => contract.who.some((role) => rolesOfKind[each].includes(role)))
    if (kind === undefined) continue
    asking = actorOf(kind)
    const reply = await app.inject(callOf(contract))
    asked++
    const isEmptyList =
      reply.statusCode === 200 && (reply.json() as { total?: number; rows?: unknown[] }).rows?.length === 0
    expect(
      isEmptyList || [400, 404].includes(reply.statusCode),
      `${contract.id}: ${reply.statusCode} ${reply.body}`,
    ).toBe(true)
  }
  expect(asked).toBeGreaterThan(8)
})

test('P8 every table of every plane forces row-level security and has a policy', async () => {
  const client = new pg.Client({ connectionString: kit.ownerUrl })
  await client.connect()
  const { rows } = await client.query<{ name: string; forced: boolean; policies: string }>(
    `SELECT n.nspname || '.' || c.relname AS name, c.relrowsecurity AND c.relforcerowsecurity AS forced,
       (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid) AS policies
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'public')`,
  )
  const { rows: app } = await client.query<{ bypass: boolean }>(
    `SELECT rolbypassrls OR rolsuper AS bypass FROM pg_roles WHERE rolname = 'kapok_app'`,
  )
  await client.end()
  expect(rows.length).toBeGreaterThan(30)
  for (const { name, forced, policies } of rows) {
    expect(forced, name).toBe(true)
    expect(Number(policies), name).toBeGreaterThan(0)
  }
  expect(app).toEqual([{ bypass: false }])
})

test('P8 a connection that names no organisation sees no row of any table', async () => {
  const client = new pg.Client({ connectionString: kit.appUrl })
  await client.connect()
  const { rows: tables } = await client.query<{ name: string }>(
    `SELECT table_schema || '.' || table_name AS name FROM information_schema.table_privileges
     WHERE grantee = 'kapok_app' AND privilege_type = 'SELECT' AND table_schema NOT IN ('public', 'pg_catalog')`,
  )
  expect(tables.length).toBeGreaterThan(30)
  for (const { name } of tables) {
    const { rows } = await client.query(`SELECT 1 FROM ${name} LIMIT 1`)
    // Words that everybody may read: regions of the country and published rules hold nobody's data.
    if (!['subsidy.region', 'subsidy.programme', 'subsidy.holiday_year'].includes(name)) expect(rows, name).toEqual([])
  }
  await client.end()
})
