import type { CoverageDay } from '@kapok/contracts/ports'
import type { Fen } from '@kapok/kit/money'
import type { EvidenceRule } from '../programme/programme.ts'

type Sentence = { zh: string; en: string }

/** One machine-day as the rule counts it. */
export interface CountedDay {
  deviceId: string
  deviceName: string
  day: string
  state: 'covered' | 'partial' | 'gap' | 'disputed' | 'open'
  sealed: boolean
  minutes: number
  points: number
  identicalTo: string[]
  secondSourceMinutes: number | null
  orgMinutes: number
  signedBp: number | null
  gateways: CoverageDay['gateways']
  why: Sentence | null
}

export interface CountedUse {
  days: CountedDay[]
  /** Machine-days that count, at most `required` a machine. */
  covered: number
  /** `required` × machines. */
  required: number
  machines: number
  identicalDays: number
  disagreeingDays: number
  /** Days with too few points under a gateway's signature, where the rule asks for that. */
  unsignedDays: number
  /** Distinct civil days with at least one covered machine-day. */
  coveredCivilDays: number
}

/**
 * Counts use by the rule. A day counts when its seal, corrections included, has at least `minMinutes`, when it is not
 * identical to another machine's day, and when the second source's minutes differ from the line's by at most
 * `toleranceBp` of the larger; and where the rule asks for it, when `minSignedBp` of the points came under the signature of
 * an enrolled gateway that nobody else plays. A machine counts at most `required` days, so that one machine cannot stand in for another;
 * a contract that connects more machines than were claimed divides by its own number.
 */
export function countUse(
  days: readonly CoverageDay[],
  rule: EvidenceRule,
  claimed: number,
  contracted: number,
): CountedUse {
  const names = new Map(days.map((day) => [day.deviceId, day.deviceName]))
  const perMachine = new Map<string, number>()
  const civilDays = new Set<string>()
  let identicalDays = 0
  let disagreeingDays = 0
  let unsignedDays = 0
  const counted = days.map((day): CountedDay => {
    const why = whyNot(day, rule)
    const state = why?.state ?? 'covered'
    if (state === 'covered') {
      perMachine.set(day.deviceId, (perMachine.get(day.deviceId) ?? 0) + 1)
      civilDays.add(day.day)
    }
    // Both are counted whatever stood in the way first: a copied day that the operator did not see is both.
    if (day.points > 0 && day.identicalTo.length > 0) identicalDays++
    if (day.points > 0 && disagrees(day, rule)) disagreeingDays++
    if (day.points > 0 && isUnsigned(day, rule)) unsignedDays++
    return {
      deviceId: day.deviceId,
      deviceName: day.deviceName,
      day: day.day,
      state,
      sealed: day.sealed,
      minutes: day.minutes,
      points: day.points,
      identicalTo: day.identicalTo.map((id) => names.get(id) ?? id),
      secondSourceMinutes: day.secondSourceMinutes,
      orgMinutes: day.orgMinutes,
      signedBp: day.signedBp,
      gateways: day.gateways,
      why: why?.text ?? null,
    }
  })
  const machines = Math.max(claimed, contracted, 1)
  let covered = 0
  for (const count of perMachine.values()) covered += Math.min(count, rule.required)
  return {
    days: counted,
    covered,
    required: rule.required * machines,
    machines,
    identicalDays,
    disagreeingDays,
    unsignedDays,
    coveredCivilDays: civilDays.size,
  }
}

/** Whether the second source's minutes lie outside the tolerance, measured on the larger of the two. */
function disagrees({ orgMinutes, secondSourceMinutes }: CoverageDay, rule: EvidenceRule): boolean {
  if (secondSourceMinutes === null) return false
  const difference = Math.abs(orgMinutes - secondSourceMinutes)
  return difference * 10_000 > rule.toleranceBp * Math.max(orgMinutes, secondSourceMinutes)
}

/** A day sealed before signatures were counted has none to show. */
const isUnsigned = ({ signedBp }: CoverageDay, { minSignedBp }: EvidenceRule) =>
  minSignedBp !== undefined && (signedBp ?? 0) < minSignedBp

interface Reason {
  state: CountedDay['state']
  text: Sentence
}

function whyNot(day: CoverageDay, rule: EvidenceRule): Reason | undefined {
  if (!day.sealed) return { state: 'open', text: { zh: '当日计量尚未封存。', en: 'The day is not sealed yet.' } }
  if (day.points === 0 || day.minutes === 0)
    return { state: 'gap', text: withGateways(day, { zh: '当日没有数据。', en: 'There is no data of this day.' }) }
  if (day.minutes < rule.minMinutes)
    return {
      state: 'partial',
      text: withGateways(day, {
        zh: `当日只有 ${day.minutes} 分钟有数据，少于 ${rule.minMinutes} 分钟。`,
        en: `Only ${day.minutes} minutes have data, fewer than ${rule.minMinutes}.`,
      }),
    }
  if (day.identicalTo.length > 0)
    return {
      state: 'disputed',
      text: { zh: '与另一台设备当日的数据完全相同。', en: "Identical to another machine's data of this day." },
    }
  if (rule.minSignedBp !== undefined && day.gateways.doubled > 0)
    return {
      state: 'disputed',
      text: {
        zh: '当日有两台网关使用同一密钥，签名不能说明数据来自哪一台。',
        en: 'Two gateways used one key that day: the signature does not tell whose data these are.',
      },
    }
  if (isUnsigned(day, rule)) return { state: 'disputed', text: unsignedText(day, rule) }
  if (day.secondSourceMinutes === null) {
    if (rule.secondSource === 'optional') return undefined
    return {
      state: 'disputed',
      text: { zh: '没有运营商的线路读数。', en: 'The operator has filed no reading of the line.' },
    }
  }
  if (!disagrees(day, rule)) return undefined
  return {
    state: 'disputed',
    text: {
      zh: `平台计量 ${day.orgMinutes} 分钟，运营商线路读数 ${day.secondSourceMinutes} 分钟，相差超过容许范围。`,
      en: `The platform metered ${day.orgMinutes} minutes, the operator ${day.secondSourceMinutes}; that is outside the tolerance.`,
    },
  }
}

const share = (basisPoints: number) => `${basisPoints / 100}%`

function unsignedText({ signedBp }: CoverageDay, { minSignedBp = 0 }: EvidenceRule): Sentence {
  if (signedBp === null)
    return {
      zh: '当日封存时尚未计量网关签名。',
      en: 'When the day was sealed, signatures of gateways were not counted yet.',
    }
  return {
    zh: `只有 ${share(signedBp)} 的测点值由登记网关签名，少于 ${share(minSignedBp)}。`,
    en: `Only ${share(signedBp)} of the points are signed by an enrolled gateway, fewer than ${share(minSignedBp)}.`,
  }
}

/** Why data may be absent: lost on the way and not taken are two things, and neither is a machine that stood still. */
function withGateways({ gateways: { missing, gapMinutes } }: CoverageDay, text: Sentence): Sentence {
  const zh = [
    ...(gapMinutes > 0 ? [`网关自报有 ${gapMinutes} 分钟未采集。`] : []),
    ...(missing > 0 ? [`网关签名的批次有 ${missing} 个未送达。`] : []),
  ]
  const en = [
    ...(gapMinutes > 0 ? [`The gateway itself reports ${gapMinutes} minutes that it has not.`] : []),
    ...(missing > 0 ? [`${missing} signed batches of the gateway did not arrive.`] : []),
  ]
  return { zh: [text.zh, ...zh].join(''), en: [text.en, ...en].join(' ') }
}

/**
 * ⌊ eligible × ratio × min(covered, required) / required / 10000 ⌋, with eligible × ratio summed over the lines (fen ×
 * 10,000) and one rounding at the end, in favour of the treasury. Paper programmes are supported in full.
 */
export function supportedFen(scaledSum: bigint, use: Pick<CountedUse, 'covered' | 'required'> | null): Fen {
  if (use === null) return scaledSum / 10_000n
  const covered = BigInt(Math.min(use.covered, use.required))
  return (scaledSum * covered) / BigInt(use.required) / 10_000n
}

export interface Bounds {
  face: Fen
  supported: Fen
  caps: Fen
  paid: Fen
}

/** INV-11, INV-32: the ceiling is the least of the bounds; the first least one names it. */
export function ceilingOf(bounds: Bounds): { ceiling: Fen; boundBy: keyof Bounds } {
  let boundBy: keyof Bounds = 'face'
  for (const name of ['supported', 'caps', 'paid'] as const) if (bounds[name] < bounds[boundBy]) boundBy = name
  return { ceiling: bounds[boundBy], boundBy }
}
