import { type Fen, formatYuan } from '@kapok/kit/money'
import type { CaseHead } from '@kapok/kit-store/case/case.store'
import type { TracedNumber } from '../cases/decision.store.ts'
import { price } from '../programme/assess.ts'
import type { Programme } from '../programme/programme.ts'
import type { Subsidy } from '../station.ts'
import type { Voucher } from '../voucher/voucher.store.ts'
import { boundText } from '../words.ts'
import { type Bounds, type CountedUse, ceilingOf, countUse, supportedFen } from './coverage.ts'
import type { RedemptionFacts } from './redemption.routes.ts'

export interface Ceiling {
  bounds: Bounds
  ceiling: Fen
  boundBy: keyof Bounds
  /** Null in a programme that pays on paper. */
  use: CountedUse | null
  eligibleFen: Fen
  numbers: TracedNumber[]
  /** The coverage as the case page shows it and the decision keeps it. */
  coverage: CoverageSnapshot | null
}

export interface CoverageSnapshot {
  asOf: number
  minMinutes: number
  toleranceBp: number
  /** Left out where the rule asks for no signature. */
  minSignedBp?: number
  requiredPerMachine: number
  machines: number
  covered: number
  required: number
  identicalDays: number
  disagreeingDays: number
  unsignedDays: number
  coveredCivilDays: number
  eligibleFen: string
  supportedFen: string
  days: CountedUse['days']
}

/** What may be approved at most: the papers' side from the rules, the use from the seals as they stand now. */
export async function ceilingFor(
  s: Subsidy,
  head: CaseHead,
  voucher: Voucher,
  programme: Programme,
  redemption: RedemptionFacts,
  now: number,
): Promise<Ceiling> {
  const rule = programme.evidence
  const lines = redemption.lines.flatMap(({ index, amountFen }) => {
    const line = voucher.contract.lines[index]
    return line === undefined ? [] : [{ scene: line.scene, feeKind: line.feeKind, amountFen }]
  })
  const priced = price(programme, lines)
  const use =
    rule.mode === 'paper'
      ? null
      : countUse(
          await s.ports.evidence.coverage({
            orgId: head.filerOrg,
            deviceIds: redemption.deviceIds,
            fromDay: redemption.fromDay,
            toDay: redemption.toDay,
          }),
          rule,
          redemption.deviceIds.length,
          voucher.contract.machines,
        )
  const supported = supportedFen(priced.scaledSum, use)
  const bounds: Bounds = {
    face: voucher.faceFen,
    supported,
    caps: priced.totalFen,
    paid: redemption.payments.reduce((sum, each) => sum + BigInt(each.amountFen), 0n),
  }
  const { ceiling, boundBy } = ceilingOf(bounds)
  const eligibleFen = lines.reduce((sum, line) => sum + BigInt(line.amountFen), 0n)
  const coverage: CoverageSnapshot | null =
    use === null
      ? null
      : {
          asOf: now,
          minMinutes: rule.minMinutes,
          toleranceBp: rule.toleranceBp,
          ...(rule.minSignedBp === undefined ? {} : { minSignedBp: rule.minSignedBp }),
          requiredPerMachine: rule.required,
          machines: use.machines,
          covered: use.covered,
          required: use.required,
          identicalDays: use.identicalDays,
          disagreeingDays: use.disagreeingDays,
          unsignedDays: use.unsignedDays,
          coveredCivilDays: use.coveredCivilDays,
          eligibleFen: eligibleFen.toString(),
          supportedFen: supported.toString(),
          days: use.days,
        }
  const numbers = numbersOf(bounds, ceiling, boundBy, eligibleFen, priced.scaledSum, use, rule)
  return { bounds, ceiling, boundBy, use, eligibleFen, numbers, coverage }
}

/** Every number of the decision in the order of the computation (DESIGN §5 asks that all of them are printed). */
function numbersOf(
  bounds: Bounds,
  ceiling: Fen,
  boundBy: keyof Bounds,
  eligible: Fen,
  scaled: bigint,
  use: CountedUse | null,
  rule: Programme['evidence'],
): TracedNumber[] {
  const number = (name: string, zh: string, en: string, value: string | number, unit: string): TracedNumber => ({
    name,
    label: { zh, en },
    value: String(value),
    unit,
  })
  const metered =
    use === null
      ? []
      : [
          number('minMinutes', '每日最少分钟', 'Minutes that make a day', rule.minMinutes, 'min'),
          number(
            'toleranceBp',
            '与运营商读数的容许相差',
            "Tolerance against the operator's reading",
            rule.toleranceBp / 100,
            '%',
          ),
          ...(rule.minSignedBp === undefined
            ? []
            : [
                number('minSignedBp', '网关签名的最低占比', 'Points signed by a gateway', rule.minSignedBp / 100, '%'),
                number(
                  'unsigned',
                  '签名不足的设备日',
                  'Machine-days with too few signed points',
                  use.unsignedDays,
                  '台·日',
                ),
              ]),
          number('machines', '设备台数', 'Machines', use.machines, '台'),
          number('required', '应有设备日', 'Machine-days required', use.required, '台·日'),
          number('covered', '有效设备日', 'Machine-days covered', use.covered, '台·日'),
          number('identical', '雷同的设备日', 'Identical machine-days', use.identicalDays, '台·日'),
          number(
            'disagreeing',
            '与运营商读数不符的设备日',
            'Machine-days that the operator disagrees with',
            use.disagreeingDays,
            '台·日',
          ),
        ]
  return [
    number('eligible', '可补助费用', 'Eligible cost', formatYuan(eligible), '元'),
    number('full', '按比例应补', 'By the ratios', formatYuan(scaled / 10_000n), '元'),
    ...metered,
    number('supported', boundText.supported.zh, 'What the metered use supports', formatYuan(bounds.supported), '元'),
    number('face', boundText.face.zh, 'Face of the voucher', formatYuan(bounds.face), '元'),
    number('caps', boundText.caps.zh, 'Caps of the standards', formatYuan(bounds.caps), '元'),
    number('paid', boundText.paid.zh, 'Paid by the enterprise', formatYuan(bounds.paid), '元'),
    number(
      'ceiling',
      `上限（取决于${boundText[boundBy].zh}）`,
      `Ceiling, set by ${boundText[boundBy].en}`,
      formatYuan(ceiling),
      '元',
    ),
  ]
}
