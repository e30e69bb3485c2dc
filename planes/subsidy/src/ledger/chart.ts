import { type Fen, minFen } from '@kapok/kit/money'
import type { Move } from './ledger.ts'

/**
 * The chart of accounts: which account a fen lies in, and which moves an event makes. One money ledger and one LIMIT
 * ledger per programme and fiscal year. Only `ext:*` may be negative.
 */
export const voucherParts = ['issued', 'locked', 'payable', 'paid'] as const
export type VoucherPart = (typeof voucherParts)[number]

export function chart(ledger: string) {
  const money = (name: string) => `m/${ledger}/${name}`
  const limit = (name: string) => `l/${ledger}/${name}`
  return {
    treasury: money('ext:treasury'),
    province: money('prov:avail'),
    city: (code: string) => money(`city:${code}:avail`),
    voucher: (no: string, part: VoucherPart) => money(`v:${no}:${part}`),
    limits: limit('ext:limits'),
    cap: (kind: CapKind, id: string) => limit(`cap:${kind}:${id}`),
    used: (kind: CapKind, id: string) => limit(`used:${kind}:${id}`),
  }
}
export type Chart = ReturnType<typeof chart>

export type CapKind = 'supplier' | 'enterprise' | 'scene'
/** How much of a cap a voucher holds. */
export interface CapHold {
  kind: CapKind
  id: string
  fen: Fen
}

/** 省级 → 地市: the first four digits of a region are its city. */
export const cityOf = (region: string): string => region.slice(0, 4)

export interface VoucherMoney {
  no: string
  city: string
  face: Fen
  caps: readonly CapHold[]
}

export const issueMoves = (c: Chart, v: VoucherMoney): Move[] => [
  { from: c.city(v.city), to: c.voucher(v.no, 'issued'), fen: v.face },
  ...v.caps.map(({ kind, id, fen }) => ({ from: c.cap(kind, id), to: c.used(kind, id), fen })),
]
export const lockMoves = (c: Chart, v: VoucherMoney): Move[] => [
  { from: c.voucher(v.no, 'issued'), to: c.voucher(v.no, 'locked'), fen: v.face },
]
export const unlockMoves = (c: Chart, v: VoucherMoney): Move[] => [
  { from: c.voucher(v.no, 'locked'), to: c.voucher(v.no, 'issued'), fen: v.face },
]
/** What was approved becomes payable; the remainder of the face and of every cap it held goes back. */
export const approveMoves = (c: Chart, v: VoucherMoney, approved: Fen): Move[] => [
  { from: c.voucher(v.no, 'locked'), to: c.voucher(v.no, 'payable'), fen: approved },
  { from: c.voucher(v.no, 'locked'), to: c.city(v.city), fen: v.face - approved },
  ...freeCaps(c, v.caps, v.face - approved),
]
export const payMoves = (c: Chart, no: string, fen: Fen): Move[] => [
  { from: c.voucher(no, 'payable'), to: c.voucher(no, 'paid'), fen },
]
export const expireMoves = (c: Chart, v: VoucherMoney): Move[] => [
  { from: c.voucher(v.no, 'issued'), to: c.city(v.city), fen: v.face },
  ...freeCaps(c, v.caps, v.face),
]

/** Gives `fen` back to every kind of cap; where a kind is split over several scenes, from the first to the last. */
function freeCaps(c: Chart, caps: readonly CapHold[], fen: Fen): Move[] {
  const left = new Map<CapKind, Fen>()
  return caps.map(({ kind, id, fen: held }) => {
    const open = left.get(kind) ?? fen
    const freed = minFen(held, open)
    left.set(kind, open - freed)
    return { from: c.used(kind, id), to: c.cap(kind, id), fen: freed }
  })
}

/** Splits a face over scenes in proportion to what each scene's lines support; the parts add up to the face exactly. */
export function splitByScene(face: Fen, lines: readonly { scene: string; supportFen: Fen }[]): CapHold[] {
  const weights = new Map<string, Fen>()
  for (const { scene, supportFen } of lines) weights.set(scene, (weights.get(scene) ?? 0n) + supportFen)
  const total = [...weights.values()].reduce((sum, each) => sum + each, 0n)
  if (total === 0n) return []
  let left = face
  const holds: CapHold[] = []
  for (const [id, weight] of weights) {
    const fen = (face * weight) / total
    holds.push({ kind: 'scene', id, fen })
    left -= fen
  }
  const first = holds[0]
  if (first !== undefined) first.fen += left
  return holds.filter((hold) => hold.fen > 0n)
}
