import type { Fen } from '@kapok/kit/money'
import type { Tx } from '@kapok/kit-store/db'
import { type TestKit, testKit } from '@kapok/kit-store/testing'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { subsidyMigrations } from '../flow.ts'
import {
  approveMoves,
  chart,
  expireMoves,
  issueMoves,
  lockMoves,
  payMoves,
  unlockMoves,
  type VoucherMoney,
} from './chart.ts'
import { balances, type Move, type PostResult, post } from './ledger.ts'

let kit: TestKit
beforeAll(async () => {
  kit = await testKit({ migrations: [subsidyMigrations] })
}, 60_000)
afterAll(() => kit?.stop())

const inDoor = <T>(work: (tx: Tx) => Promise<T>) => kit.db.tx({ job: 'subsidy' }, work)
const send = (key: string, moves: readonly Move[], reference = '') =>
  inDoor((tx) => post(tx, { key, cause: 'test', reference, at: 0, moves }))

/** Every account of a ledger with its balance, and every posting, as one text: what a refusal may not change. */
const picture = (ledger: string) =>
  inDoor(async (tx) =>
    JSON.stringify([
      await tx.rows(
        `SELECT name, debits::text, credits::text FROM subsidy.account WHERE split_part(name, '/', 2) = $1 AND
         (debits, credits) <> (0, 0) ORDER BY name`,
        [ledger],
      ),
      await tx.rows(`SELECT key, amounts::text FROM subsidy.posting ORDER BY key`),
    ]),
  )

/** A fold of the postings that shares nothing with the SQL function but the table it reads. */
async function foldOf(ledger: string): Promise<Map<string, Fen>> {
  const [names, postings] = await inDoor(async (tx) => [
    await tx.rows<{ id: bigint; name: string }>('SELECT id, name FROM subsidy.account'),
    await tx.rows<{ sources: string[]; targets: string[]; amounts: string[] }>(
      'SELECT sources::text[], targets::text[], amounts::text[] FROM subsidy.posting ORDER BY at, key',
    ),
  ])
  const byId = new Map(names.map((row) => [row.id.toString(), row.name]))
  const sums = new Map<string, Fen>()
  const add = (id: string, fen: bigint) => {
    const name = byId.get(id) ?? id
    if (name.split('/')[1] === ledger) sums.set(name, (sums.get(name) ?? 0n) + fen)
  }
  for (const { sources, targets, amounts } of postings)
    amounts.forEach((amount, index) => {
      add(sources[index]!, -BigInt(amount))
      add(targets[index]!, BigInt(amount))
    })
  return sums
}

type Command =
  | { kind: 'appropriate' | 'return'; fen: bigint }
  | { kind: 'allocate' | 'recall'; city: number; fen: bigint }
  | { kind: 'issue'; voucher: number; city: number; supplier: number; fen: bigint }
  | { kind: 'lock' | 'unlock' | 'expire' | 'pay'; voucher: number }
  | { kind: 'approve'; voucher: number; share: number }

const fen = fc.bigInt({ min: 1n, max: 1000n })
const voucher = fc.nat(7)
const commands = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('appropriate' as const, 'return' as const), fen }) },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constantFrom('allocate' as const, 'recall' as const), city: fc.nat(1), fen }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant('issue' as const),
        voucher,
        city: fc.nat(1),
        supplier: fc.nat(1),
        fen: fc.bigInt({ min: 1n, max: 300n }),
      }),
    },
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constantFrom(
          'lock' as const,
          'lock' as const,
          'unlock' as const,
          'expire' as const,
          'pay' as const,
          'pay' as const,
        ),
        voucher,
      }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('approve' as const), voucher, share: fc.nat(100) }) },
  ) as fc.Arbitrary<Command>,
  { minLength: 30, maxLength: 60 },
)

const supplierCap = 500n

/** What the histories found against each invariant; every invariant then has its own test. */
const broken = new Map<string, string[]>()
const hold = (invariant: string, condition: boolean, what: string) => {
  if (!condition) broken.set(invariant, [...(broken.get(invariant) ?? []), what])
}
const seen = { posted: 0, short: 0, repeated: 0 }

beforeAll(async () => {
  let run = 0
  await fc.assert(
    fc.asyncProperty(commands, async (history) => {
      const ledger = `history-${++run}`
      const c = chart(ledger)
      for (const id of ['0', '1'])
        await send(`${ledger} cap ${id}`, [{ from: c.limits, to: c.cap('supplier', id), fen: supplierCap }])
      const faces = new Map<number, VoucherMoney>()
      for (const [index, command] of history.entries()) {
        const moves = movesOf(c, command, faces)
        if (moves === undefined) continue
        const key = `${ledger} ${index}`
        const before = await picture(ledger)
        const result = await send(key, moves, 'v')
        seen[result.outcome]++
        if (result.outcome === 'short') hold('INV-07', (await picture(ledger)) === before, `${key} left a trace`)
        else if (command.kind === 'issue') faces.set(command.voucher, faceOf(command))
        if (index % 7 === 0 && result.outcome === 'posted') await sendAgain(ledger, key, moves)
      }
      await checkInvariants(ledger, faces)
    }),
    { numRuns: 12, seed: 20261123 },
  )
}, 120_000)

async function sendAgain(ledger: string, key: string, moves: readonly Move[]): Promise<void> {
  const before = await picture(ledger)
  const again = await send(key, moves, 'v')
  hold('INV-06', again.outcome === 'repeated', `${key} again was ${again.outcome}`)
  const other = await send(key, [{ ...moves[0]!, fen: moves[0]!.fen + 1n }], 'v').catch((error: unknown) => error)
  hold('INV-06', (other as { code?: string }).code === 'ledger.key_reused', `${key} took another body`)
  hold('INV-06', (await picture(ledger)) === before, `${key} again changed something`)
}

test('the random histories post and are refused, so that they can show something', () => {
  expect(seen.posted).toBeGreaterThan(50)
  expect(seen.short).toBeGreaterThan(20)
})
for (const [invariant, sentence] of [
  ['INV-01', 'every ledger is zero-sum after every history'],
  ['INV-02', 'no account but the treasury and the limits is ever below zero'],
  ['INV-03', 'what left the treasury lies with the province, the cities or in vouchers'],
  ['INV-04', 'the parts of a voucher and what went back add up to its face'],
  ['INV-05', 'reserves never exceed a cap, and with what is left they are the cap'],
  ['INV-06', 'the same key and body posts once, another body is refused, and neither changes anything'],
  ['INV-07', 'a refused posting leaves no trace'],
  ['INV-08', 'balances are the fold of the postings'],
] as const)
  test(`${invariant} ${sentence}`, () => expect(broken.get(invariant) ?? []).toEqual([]))

const faceOf = (command: { voucher: number; city: number; supplier: number; fen: bigint }): VoucherMoney => ({
  no: String(command.voucher),
  city: String(command.city),
  face: command.fen,
  caps: [{ kind: 'supplier', id: String(command.supplier), fen: command.fen }],
})

function movesOf(c: ReturnType<typeof chart>, command: Command, faces: Map<number, VoucherMoney>): Move[] | undefined {
  switch (command.kind) {
    case 'appropriate':
      return [{ from: c.treasury, to: c.province, fen: command.fen }]
    case 'return':
      return [{ from: c.province, to: c.treasury, fen: command.fen }]
    case 'allocate':
      return [{ from: c.province, to: c.city(String(command.city)), fen: command.fen }]
    case 'recall':
      return [{ from: c.city(String(command.city)), to: c.province, fen: command.fen }]
    case 'issue':
      return faces.has(command.voucher) ? undefined : issueMoves(c, faceOf(command))
  }
  const face = faces.get(command.voucher)
  if (face === undefined) return undefined
  if (command.kind === 'lock') return lockMoves(c, face)
  if (command.kind === 'unlock') return unlockMoves(c, face)
  if (command.kind === 'expire') return expireMoves(c, face)
  if (command.kind === 'pay') return payMoves(c, face.no, face.face)
  if (command.kind !== 'approve') return undefined
  const approved = (face.face * BigInt(command.share)) / 100n
  const moves = approveMoves(c, face, approved).filter((move) => move.fen > 0n)
  return moves
}

async function checkInvariants(ledger: string, faces: Map<number, VoucherMoney>): Promise<void> {
  const c = chart(ledger)
  const rows = await inDoor((tx) =>
    tx.rows<{ name: string; balance: bigint }>(
      `SELECT name, credits - debits AS balance FROM subsidy.account WHERE split_part(name, '/', 2) = $1`,
      [ledger],
    ),
  )
  const folded = await foldOf(ledger)
  for (const { name, balance } of rows) {
    hold('INV-08', (folded.get(name) ?? 0n) === balance, `${name} holds ${balance}, the fold says ${folded.get(name)}`)
    hold('INV-02', name.includes('/ext:') || balance >= 0n, `${name} holds ${balance}`)
  }
  const sum = (prefix: string) =>
    rows.filter((row) => row.name.startsWith(prefix)).reduce((total, row) => total + row.balance, 0n)
  hold('INV-01', sum(`m/${ledger}/`) === 0n && sum(`l/${ledger}/`) === 0n, ledger)
  const lies = sum(`m/${ledger}/prov:`) + sum(`m/${ledger}/city:`) + sum(`m/${ledger}/v:`)
  hold('INV-03', -sum(c.treasury) === lies, `${ledger}: ${-sum(c.treasury)} left, ${lies} lies`)
  for (const id of ['0', '1']) {
    const [cap, used] = [sum(c.cap('supplier', id)), sum(c.used('supplier', id))]
    hold('INV-05', cap + used === supplierCap && used <= supplierCap, `${ledger}: ${cap} left, ${used} reserved`)
  }
  for (const face of faces.values()) {
    const whole = sum(`m/${ledger}/v:${face.no}:`) + (await returnedOf(ledger, face))
    hold('INV-04', whole === face.face, `${ledger} ${face.no}: ${whole} of ${face.face}`)
  }
}

/** What went back from a voucher to its city, by the postings. */
async function returnedOf(ledger: string, face: VoucherMoney): Promise<bigint> {
  const c = chart(ledger)
  const row = await inDoor((tx) =>
    tx.row<{ fen: bigint | null }>(
      `SELECT sum(m.fen)::bigint AS fen FROM subsidy.posting p CROSS JOIN LATERAL unnest(p.sources, p.targets, p.amounts)
         AS m (source, target, fen)
       JOIN subsidy.account f ON f.id = m.source JOIN subsidy.account t ON t.id = m.target
       WHERE f.name LIKE $1 || '%' AND t.name = $2`,
      [`m/${ledger}/v:${face.no}:`, c.city(face.city)],
    ),
  )
  return row?.fen ?? 0n
}

test('INV-02 sixteen at once never overdraw one hot account, and exactly what fits is posted', async () => {
  const c = chart('hot')
  await send('hot open', [{ from: c.treasury, to: c.province, fen: 100n }])
  const results = await Promise.all(
    Array.from({ length: 48 }, (_, index) =>
      send(`hot ${index}`, [{ from: c.province, to: c.city(String(index % 4)), fen: 7n }]),
    ),
  )
  expect(results.filter((each) => each.outcome === 'posted')).toHaveLength(14)
  expect((await inDoor((tx) => balances(tx, [c.province]))).get(c.province)).toBe(2n)
})

test('INV-06 the same key sixteen times at once posts once', async () => {
  const c = chart('once')
  await send('once open', [{ from: c.treasury, to: c.province, fen: 100n }])
  const results: PostResult[] = await Promise.all(
    Array.from({ length: 16 }, () => send('once', [{ from: c.province, to: c.city('a'), fen: 10n }])),
  )
  expect(results.filter((each) => each.outcome === 'posted')).toHaveLength(1)
  expect((await inDoor((tx) => balances(tx, [c.city('a')]))).get(c.city('a'))).toBe(10n)
})

test('postings that share accounts in opposite order do not deadlock', async () => {
  const c = chart('cross')
  await send('cross open', [
    { from: c.treasury, to: c.city('a'), fen: 1000n },
    { from: c.treasury, to: c.city('b'), fen: 1000n },
  ])
  await Promise.all(
    Array.from({ length: 40 }, (_, index) => {
      const [from, to] = index % 2 === 0 ? ['a', 'b'] : ['b', 'a']
      return send(`cross ${index}`, [
        { from: c.city(from!), to: c.city(to!), fen: 3n },
        { from: c.city(to!), to: c.province, fen: 1n },
      ])
    }),
  )
  expect((await inDoor((tx) => balances(tx, [c.province]))).get(c.province)).toBe(40n)
})

test('a move between ledgers, a move onto itself and a posting from outside the plane are refused as bugs', async () => {
  const [one, two] = [chart('one'), chart('two')]
  await expect(send('x1', [{ from: one.treasury, to: two.province, fen: 1n }])).rejects.toThrow(/stays in its ledger/)
  await expect(send('x2', [{ from: one.treasury, to: one.treasury, fen: 1n }])).rejects.toThrow(/stays in its ledger/)
  const outside = kit.db.tx({ orgId: kit.ids.uuid() }, (tx) =>
    post(tx, {
      key: 'x3',
      cause: 'test',
      reference: '',
      at: 0,
      moves: [{ from: one.treasury, to: one.province, fen: 1n }],
    }),
  )
  await expect(outside).rejects.toThrow(/subsidy plane only/)
})
