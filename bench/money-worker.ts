import { setTimeout as sleep } from 'node:timers/promises'
import { txOn } from '@kapok/kit-store/db'
import pg from 'pg'
import {
  approveMoves,
  chart,
  expireMoves,
  issueMoves,
  lockMoves,
  payMoves,
  unlockMoves,
  type VoucherMoney,
} from '../planes/subsidy/src/ledger/chart.ts'
import { type Move, post } from '../planes/subsidy/src/ledger/ledger.ts'

export const provedLedger = 'prove:2026'
export const provedCities = 3
export const provedSuppliers = 4

/** A small generator whose sequence is its seed's: a worker that was killed plays exactly the same commands again. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

export interface ProvedCommand {
  key: string
  moves: Move[]
}

/** The commands of one stream, a pure function of its number: vouchers issued, locked, approved, paid, expired; quota moved. */
export function commandsOf(stream: number, count: number): ProvedCommand[] {
  const random = seeded(stream + 1)
  const pick = (n: number) => Math.floor(random() * n)
  const c = chart(provedLedger)
  const vouchers: VoucherMoney[] = []
  return Array.from({ length: count }, (_, index): ProvedCommand => {
    const key = `${stream}/${index}`
    const kind = vouchers.length < 3 ? 0 : pick(8)
    if (kind <= 1) {
      const face = BigInt(1 + pick(500))
      const caps = [{ kind: 'supplier' as const, id: String(pick(provedSuppliers)), fen: face }]
      const voucher = { no: key.replace('/', '-'), city: String(pick(provedCities)), face, caps }
      vouchers.push(voucher)
      return { key, moves: issueMoves(c, voucher) }
    }
    if (kind === 2) {
      const [from, to] = [c.city(String(pick(provedCities))), c.province]
      const fen = BigInt(1 + pick(300))
      return { key, moves: [random() < 0.5 ? { from, to, fen } : { from: to, to: from, fen }] }
    }
    const voucher = vouchers[pick(vouchers.length)]!
    if (kind === 3) return { key, moves: lockMoves(c, voucher) }
    if (kind === 4) return { key, moves: approveMoves(c, voucher, (voucher.face * BigInt(1 + pick(100))) / 100n) }
    if (kind === 5) return { key, moves: payMoves(c, voucher.no, BigInt(1 + pick(Number(voucher.face)))) }
    if (kind === 6) return { key, moves: unlockMoves(c, voucher) }
    return { key, moves: expireMoves(c, voucher) }
  })
}

/**
 * Plays a stream from an index on, one transaction a command, with a pause inside some of them so that a kill lands
 * there. Each line on standard output is one command that was committed: `index outcome`.
 */
async function play(url: string, stream: number, from: number, count: number, fault: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => process.exit(1))
  await client.connect()
  await client.query(`SELECT set_config('app.job', 'subsidy', false)`)
  const tx = txOn(client)
  const pause = async () => {
    if (Math.random() < 0.3) await sleep(Math.random() * 8)
  }
  for (const [index, command] of commandsOf(stream, count).entries()) {
    if (index < from) continue
    const posting = { ...command, cause: 'prove', reference: command.key, at: index }
    const key = fault === 'twice' ? `${command.key} ${process.pid}` : command.key
    await client.query('BEGIN')
    const result =
      fault === 'torn' && command.moves.length === 1
        ? await torn(client, command.moves[0]!)
        : await post(tx, { ...posting, key })
    await pause()
    await client.query('COMMIT')
    process.stdout.write(`${index} ${result.outcome}\n`)
  }
  await client.end()
}

/** The planted fault `torn`: the two sides of a move in two transactions. */
async function torn(client: pg.Client, move: Move): Promise<{ outcome: string }> {
  const side = (column: string, name: string) =>
    client.query(`UPDATE subsidy.account SET ${column} = ${column} + $1 WHERE name = $2`, [move.fen.toString(), name])
  await side('credits', move.to)
  await client.query('COMMIT')
  await sleep(5)
  await client.query('BEGIN')
  await side('debits', move.from).catch(() => client.query('ROLLBACK').then(() => client.query('BEGIN')))
  return { outcome: 'torn' }
}

if (process.argv[2] === 'play') {
  const [, , , url, stream, from, count, fault] = process.argv
  await play(url!, Number(stream), Number(from), Number(count), fault ?? '')
}
