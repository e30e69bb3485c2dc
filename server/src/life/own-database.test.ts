import { randomBytes } from 'node:crypto'
import { type TestKit, testKit } from '@kapok/kit-store/testing'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { lookAtOwnDatabase } from './own-database.ts'

// Roles belong to the whole server, which other tests use too: their names are this run's own.
const mark = randomBytes(4).toString('hex')
const roles = [
  ['plain', ''],
  ['bypassing', 'BYPASSRLS'],
  ['mighty', 'SUPERUSER'],
  ['climbing', `IN ROLE "mighty_${mark}"`],
  ['owner', 'CREATEROLE'],
  ['owning', `IN ROLE "owner_${mark}"`],
  ['weak', ''],
  ['ungranting', ''],
] as const
type RoleName = (typeof roles)[number][0]
let kit: TestKit
let superuser: pg.Client
beforeAll(async () => {
  kit = await testKit({ migrations: [] })
  superuser = new pg.Client({ connectionString: kit.ownerUrl })
  await superuser.connect()
  for (const [name, rights] of roles)
    await superuser.query(`CREATE ROLE "${name}_${mark}" LOGIN PASSWORD '${mark}' ${rights}`)
  const { rows } = await superuser.query<{ database: string }>('SELECT current_database() AS database')
  for (const name of ['owner', 'ungranting'])
    await superuser.query(`GRANT CREATE ON DATABASE ${rows[0]?.database} TO "${name}_${mark}"`)
  await superuser.query(`GRANT kapok_app TO "owner_${mark}" WITH ADMIN OPTION`)
})
afterAll(async () => {
  for (const [name] of [...roles].reverse())
    await superuser.query(`DROP OWNED BY "${name}_${mark}"; DROP ROLE "${name}_${mark}"`)
  await superuser.end()
  await kit.stop()
})
const url = (role: RoleName, password = mark, database?: string) => {
  const changed = new URL(kit.ownerUrl)
  changed.username = `${role}_${mark}`
  changed.password = password
  if (database !== undefined) changed.pathname = `/${database}`
  return changed.toString()
}

test('a plain role beside an owner who can make what it must is accepted', async () => {
  await lookAtOwnDatabase({ appUrl: url('plain'), ownerUrl: url('owner') })
})

test.each<[string, RegExp, () => { appUrl: string; ownerUrl: string }]>([
  [
    'passes by row-level security',
    /“bypassing_\w+” of DATABASE_URL passes by row-level security\. Give/,
    () => ({ appUrl: url('bypassing'), ownerUrl: url('owner') }),
  ],
  [
    'is a superuser',
    /“mighty_\w+” of DATABASE_URL passes by row-level security\. Give/,
    () => ({ appUrl: url('mighty'), ownerUrl: url('owner') }),
  ],
  [
    'can become a superuser',
    /“climbing_\w+” .* passes by row-level security as a member of “mighty_/,
    () => ({ appUrl: url('climbing'), ownerUrl: url('owner') }),
  ],
  [
    'is the owner',
    /“owner_\w+” of DATABASE_URL is the owner/,
    () => ({ appUrl: url('owner'), ownerUrl: url('owner') }),
  ],
  [
    'can become the owner',
    /“owning_\w+” of DATABASE_URL is a member of the owner/,
    () => ({ appUrl: url('owning'), ownerUrl: url('owner') }),
  ],
  [
    'has a wrong password',
    /^DATABASE_URL does not answer: password .*Check host, port, user and password/,
    () => ({ appUrl: url('plain', 'wrong'), ownerUrl: url('owner') }),
  ],
  [
    'has an owner with a wrong password',
    /^DATABASE_OWNER_URL does not answer: password/,
    () => ({ appUrl: url('plain'), ownerUrl: url('owner', 'wrong') }),
  ],
  [
    'stands in another database',
    /lead to different databases/,
    () => ({ appUrl: url('plain', mark, 'postgres'), ownerUrl: url('owner') }),
  ],
  [
    'has an owner who may make nothing',
    /“weak_\w+” of DATABASE_OWNER_URL may not make schemas/,
    () => ({ appUrl: url('plain'), ownerUrl: url('weak') }),
  ],
  [
    'has an owner who may grant nothing',
    /“ungranting_\w+” .* may not grant the role kapok_app to “plain_/,
    () => ({ appUrl: url('plain'), ownerUrl: url('ungranting') }),
  ],
])('an application role that %s is refused in one sentence', async (_, sentence, urls) => {
  await expect(lookAtOwnDatabase(urls())).rejects.toMatchObject({
    name: 'SetupError',
    message: expect.stringMatching(sentence),
  })
})
