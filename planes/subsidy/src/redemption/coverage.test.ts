import type { CoverageDay } from '@kapok/contracts/ports'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { EvidenceRule } from '../programme/programme.ts'
import { ceilingOf, countUse, supportedFen } from './coverage.ts'

const rule: EvidenceRule = {
  mode: 'metered',
  required: 30,
  minMinutes: 240,
  toleranceBp: 1500,
  secondSource: 'optional',
  text: { zh: '', en: '' },
}
const day = (over: Partial<CoverageDay> = {}): CoverageDay => ({
  deviceId: 'a',
  deviceName: '1号注塑机',
  day: '2027-03-01',
  sealed: true,
  minutes: 480,
  points: 480,
  gaps: 1,
  goodBp: 10_000,
  digest: 'd',
  identicalTo: [],
  secondSourceMinutes: 480,
  orgMinutes: 480,
  signedBp: 9_999,
  gateways: { missing: 0, gapMinutes: 0, doubled: 0 },
  ...over,
})
const stateOf = (over: Partial<CoverageDay>) => countUse([day(over)], rule, 1, 1).days[0]?.state

test('a sealed day with enough minutes and agreeing sources counts', () => {
  expect(stateOf({})).toBe('covered')
  expect(stateOf({ minutes: 240 })).toBe('covered')
  expect(stateOf({ secondSourceMinutes: null })).toBe('covered')
})

test('a day that is open, empty, short, identical or disputed by the operator does not count, and says why', () => {
  expect(stateOf({ sealed: false })).toBe('open')
  expect(stateOf({ minutes: 0, points: 0 })).toBe('gap')
  expect(stateOf({ minutes: 239 })).toBe('partial')
  expect(stateOf({ identicalTo: ['b'] })).toBe('disputed')
  expect(stateOf({ secondSourceMinutes: 408 })).toBe('covered')
  expect(stateOf({ secondSourceMinutes: 407 })).toBe('disputed')
  const { days } = countUse([day({ minutes: 239 })], rule, 1, 1)
  expect(days[0]?.why?.en).toContain('239')
})

test('where the rule asks for it, a day counts only under the signature of a gateway that nobody else plays', () => {
  const asking = { ...rule, minSignedBp: 9_000 }
  const said = (over: Partial<CoverageDay>) => countUse([day(over)], asking, 1, 1)
  expect(said({ signedBp: 9_000 })).toMatchObject({ covered: 1, unsignedDays: 0 })
  expect(said({ signedBp: 8_999 })).toMatchObject({ covered: 0, unsignedDays: 1, days: [{ state: 'disputed' }] })
  expect(said({ signedBp: 8_999 }).days[0]?.why?.zh).toContain('89.99%')
  expect(said({ signedBp: null }).days[0]?.why?.en).toContain('not counted yet')
  const doubled = { missing: 0, gapMinutes: 0, doubled: 1 }
  expect(said({ gateways: doubled }).days[0]?.why?.en).toContain('Two gateways used one key')
  expect(countUse([day({ signedBp: 0, gateways: doubled })], rule, 1, 1)).toMatchObject({ covered: 1, unsignedDays: 0 })
})

test('a day without data says what the gateway lost, what did not arrive, and what was silence', () => {
  const why = (gateways: CoverageDay['gateways']) =>
    countUse([day({ minutes: 0, points: 0, gateways })], rule, 1, 1).days[0]?.why
  expect(why({ missing: 0, gapMinutes: 0, doubled: 0 })?.zh).toBe('当日没有数据。')
  expect(why({ missing: 3, gapMinutes: 1440, doubled: 0 })).toEqual({
    zh: '当日没有数据。网关自报有 1440 分钟未采集。网关签名的批次有 3 个未送达。',
    en: 'There is no data of this day. The gateway itself reports 1440 minutes that it has not. 3 signed batches of the gateway did not arrive.',
  })
})

test('one busy machine cannot stand in for another, and unclaimed contract machines count as unused', () => {
  const busy = Array.from({ length: 60 }, (_, index) => day({ day: `d${index}` }))
  expect(countUse(busy, rule, 1, 1)).toMatchObject({ covered: 30, required: 30 })
  expect(countUse(busy, rule, 1, 3)).toMatchObject({ covered: 30, required: 90 })
})

test('INV-32 the supported amount is proportional to the use, rounded down once, and never above full support', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 10n ** 17n }),
      fc.nat(400),
      fc.integer({ min: 1, max: 400 }),
      (scaled, covered, required) => {
        const supported = supportedFen(scaled, { covered, required })
        expect(supported <= supportedFen(scaled, null)).toBe(true)
        const exact = scaled * BigInt(Math.min(covered, required))
        const unit = BigInt(required) * 10_000n
        expect(supported * unit <= exact && exact < (supported + 1n) * unit).toBe(true)
        if (covered >= required) expect(supported).toBe(scaled / 10_000n)
      },
    ),
  )
})

test('INV-11 the ceiling is the least of face, support, caps and what was really paid, and names which', () => {
  expect(ceilingOf({ face: 5n, supported: 4n, caps: 9n, paid: 9n })).toEqual({ ceiling: 4n, boundBy: 'supported' })
  expect(ceilingOf({ face: 5n, supported: 5n, caps: 5n, paid: 5n })).toEqual({ ceiling: 5n, boundBy: 'face' })
  expect(ceilingOf({ face: 5n, supported: 4n, caps: 3n, paid: 2n })).toEqual({ ceiling: 2n, boundBy: 'paid' })
})
