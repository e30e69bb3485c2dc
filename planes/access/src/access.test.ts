import type { Tx } from '@kapok/kit-store/db'
import { type TestKit, testKit } from '@kapok/kit-store/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AccessPlane, accessMigrations, accessPlane } from './flow.ts'
import { join } from './member/join.ts'
import { signIn } from './session/sign-in.ts'

let kit: TestKit
let access: AccessPlane
const tokenOf = (link: string | undefined) => link?.split('#')[1] ?? ''
const word = 'a long enough password'

beforeAll(async () => {
  kit = await testKit({ migrations: [accessMigrations] })
  access = accessPlane(kit, { sessionHours: 12, secure: false })
})
afterAll(() => kit.stop())
const cookie = (secret: string) => ({ cookie: `kapok_session=${secret}` })

test('an empty platform makes one link for its first administrator, which works once', async () => {
  const first = await access.firstAdministratorLink()
  const again = await access.firstAdministratorLink()
  // A link that nobody used is replaced at the next start, so only the newest works.
  await expect(join(kit, 12, { token: tokenOf(first), login: 'root', name: 'R', password: word })).rejects.toThrow(
    /used or has expired/,
  )
  const { secret, member } = await join(kit, 12, { token: tokenOf(again), login: 'root', name: 'R', password: word })
  expect(member.roles).toContain('platform.administrator')
  expect((await access.whoAsks(cookie(secret)))?.userName).toBe('R')
  await expect(join(kit, 12, { token: tokenOf(again), login: 'root2', name: 'R', password: word })).rejects.toThrow(
    /used or has expired/,
  )
  expect(await access.firstAdministratorLink()).toBeUndefined()
})

test('a session ends at its time and only its secret opens it; the stored hash does not', async () => {
  kit.clock.set(1_800_000_000_000, { running: false })
  const { secret } = await signIn(kit, 12, { login: 'root', password: word, ip: '10.0.0.1' })
  expect(await access.whoAsks(cookie(secret))).toBeDefined()
  const stored = await kit.db.tx({ job: 'access' }, (tx: Tx) =>
    tx.row<{ hash: string }>(
      `SELECT encode(secret_sha256, 'hex') AS hash FROM access.session ORDER BY created_at DESC LIMIT 1`,
    ),
  )
  expect(await access.whoAsks(cookie(stored?.hash ?? ''))).toBeUndefined()
  kit.clock.set(1_800_000_000_000 + 12 * 3_600_000 + 1, { running: false })
  expect(await access.whoAsks(cookie(secret))).toBeUndefined()
})

test('ten wrong passwords close the login for a quarter of an hour, also for the right one', async () => {
  kit.clock.set(1_810_000_000_000, { running: false })
  const attempt = (password: string) => signIn(kit, 12, { login: 'root', password, ip: '10.0.0.2' })
  for (let i = 0; i < 10; i++) await expect(attempt('wrong')).rejects.toThrow(/Login or password is wrong/)
  await expect(attempt(word)).rejects.toThrow(/Too many attempts/)
  kit.clock.set(1_810_000_000_000 + 15 * 60_000 + 1, { running: false })
  expect((await attempt(word)).member.userName).toBe('R')
})

test('an unknown login is refused with the same words as a wrong password', async () => {
  await expect(signIn(kit, 12, { login: 'nobody', password: word, ip: '10.0.0.3' })).rejects.toThrow(
    /Login or password is wrong/,
  )
})

test('the application role can neither change nor delete an audit event', async () => {
  const { appendAudit } = access
  await kit.db.tx({ job: 'audit' }, (tx) =>
    appendAudit(tx, {
      at: 1,
      actorUserId: null,
      actorName: 'x',
      orgId: null,
      route: 'r',
      subject: '',
      outcome: 'done',
      detail: {},
    }),
  )
  for (const sql of [`UPDATE access.audit_event SET event = '{}'`, 'DELETE FROM access.audit_event'])
    await expect(kit.db.tx({ job: 'audit' }, (tx) => tx.run(sql))).rejects.toThrow(/permission denied/)
})
