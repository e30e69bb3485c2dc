import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assess, price, runProgrammeTests } from './assess.ts'
import { fillProgramme, openWindow, parseProgramme, windowOf } from './programme.ts'

const template = readFileSync(join(import.meta.dirname, '../../../../programmes/sample-2026.yaml'), 'utf8')
const text = fillProgramme(template, { firstDay: '2027-02-15' })
const programme = parseProgramme(text)

describe('the tests that stand in programmes/sample-2026.yaml', () => {
  for (const { name, expected, found, passed } of runProgrammeTests(programme))
    test(name, () => expect(passed, `expected ${expected}, found ${found}`).toBe(true))
  test('a wrong expectation in the file is found', () => {
    const wrong = parseProgramme(text.replace('totalFen: "9000000"', 'totalFen: "9000001"'))
    expect(runProgrammeTests(wrong).some((each) => !each.passed)).toBe(true)
  })
})

test('a sample programme lies around the first day of its world', () => {
  expect(programme.fiscalYear).toBe(2027)
  expect(programme.windows[0]?.opens).toBe('2027-02-15T09:00')
})

test('a key that is not known is refused with its path, wherever it stands', () => {
  const put = (from: string, to: string) => () => parseProgramme(text.replace(from, to))
  expect(put('minPaidBp: 9000', 'minPaidBp: 9000, minPaid: 1')).toThrow(/programme|not valid/)
  expect(put('  minPaidBp: 9000', '  minPaidBp: 9000\n  minPaidBP: 1')).toThrow('/redeem/minPaidBP')
  expect(put('mode: reimburse', 'mode: reimburse\nratio: 1')).toThrow('/ratio')
  expect(put('toleranceBp: 1500', 'toleranceBp: 1500\n  tolerance: 1')).toThrow('/evidence/tolerance')
})

test('a scene without a standard, or with two, is refused (INV-15)', () => {
  const row =
    '  - { scene: energy-management, feeKind: device-access, ratioBp: 5000, perEnterpriseFen: 8000000, sample: true }\n'
  expect(() => parseProgramme(text.replace(row, ''))).toThrow('none for energy-management, device-access')
  expect(() => parseProgramme(text.replace(row, row + row))).toThrow('a second standard')
})

test('a condition that does not parse is refused with its place', () => {
  expect(() =>
    parseProgramme(text.replace('test: enterprise.industry.matches', 'test: (enterprise.industry.matches')),
  ).toThrow('/eligibility/1/test')
})

test('INV-16 a window takes its last submission in its last millisecond and none after it', () => {
  const { opensAt, closesAt } = windowOf(programme.windows[0]!)
  expect(openWindow(programme, 'apply', opensAt - 1)).toBeUndefined()
  expect(openWindow(programme, 'apply', opensAt)).toBeDefined()
  expect(openWindow(programme, 'apply', closesAt)).toBeDefined()
  expect(openWindow(programme, 'apply', closesAt + 1)).toBeUndefined()
})

test('INV-14 rules are pinned: a changed text is another rule set, and the old one still gives the old answer', () => {
  const before = assess(programme, programme.base)
  const changed = parseProgramme(text.replace('ratioBp: 4000', 'ratioBp: 1000'))
  expect(changed.sha256).not.toBe(programme.sha256)
  expect(assess(changed, programme.base).totalFen).not.toBe(before.totalFen)
  expect(assess(parseProgramme(programme.text), programme.base)).toEqual(before)
})

test('more eligible cost never lowers the amount, and no cap is exceeded (INV-12)', () => {
  const amount = fc.bigInt({ min: 1n, max: 10n ** 11n })
  const line = fc.record({
    scene: fc.constantFrom('production-monitoring', 'energy-management'),
    feeKind: fc.constantFrom('application-service' as const, 'device-access' as const),
    amount,
  })
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 8 }), amount, fc.nat(), (lines, extra, which) => {
      const priced = (more: bigint) =>
        price(
          programme,
          lines.map((each, index) => ({
            scene: each.scene,
            feeKind: each.feeKind,
            amountFen: (each.amount + (index === which % lines.length ? more : 0n)).toString(),
          })),
        )
      const [less, more] = [priced(0n), priced(extra)]
      expect(more.totalFen >= less.totalFen).toBe(true)
      expect(more.totalFen <= BigInt(programme.caps.enterprise.fen)).toBe(true)
      expect(less.totalFen * 10_000n <= less.scaledSum).toBe(true)
    }),
  )
})
