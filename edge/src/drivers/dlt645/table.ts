import { type DataFormat, type Edition, formatOf } from './codec.ts'

/**
 * The public data identifiers (DL/T 645-2007 annex A, tables A.1 to A.5; DL/T 645-1997 annex A, tables A.1 to A.4) that
 * measuring needs, with their format and unit. `tt` in a pattern stands for a tariff, `ss` for the current value (00)
 * or a settlement day before it (01 to 0C).
 */

/** A part of an identifier's data: a demand has its value and its time. */
export interface Part {
  name: 'value' | 'time'
  format: DataFormat
  unit: string | undefined
}

export interface Identifier {
  /** Hexadecimal digits, highest first. */
  id: string
  parts: readonly Part[]
  /** A data block: the same parts again and again (2007: FF in it; 1997: F as the last digit of a group). */
  isBlock: boolean
}

/** Pattern, notation (of a demand: value and time) and unit. */
const rows: Record<Edition, readonly (readonly [pattern: string, notation: string, unit?: string])[]> = {
  2007: [
    ['0000ttss', '-XXXXXX.XX', 'kWh'],
    ['000[12]ttss', 'XXXXXX.XX', 'kWh'],
    ['000[34]ttss', '-XXXXXX.XX', 'kvarh'],
    ['000[5-8]ttss', 'XXXXXX.XX', 'kvarh'],
    ['00(09|0A)ttss', 'XXXXXX.XX', 'kVAh'],
    ['010[12]ttss', 'XX.XXXX YYMMDDhhmm', 'kW'],
    ['010[3-8]ttss', 'XX.XXXX YYMMDDhhmm', 'kvar'],
    ['01(09|0A)ttss', 'XX.XXXX YYMMDDhhmm', 'kVA'],
    ['0201(01|02|03|FF)00', 'XXX.X', 'V'],
    ['0202(01|02|03|FF)00', '-XXX.XXX', 'A'],
    ['0203(00|01|02|03|FF)00', '-XX.XXXX', 'kW'],
    ['0204(00|01|02|03|FF)00', '-XX.XXXX', 'kvar'],
    ['0205(00|01|02|03|FF)00', '-XX.XXXX', 'kVA'],
    ['0206(00|01|02|03|FF)00', '-X.XXX'],
    ['0207(01|02|03|FF)00', 'XXX.X', '°'],
    ['020[89](01|02|03|FF)00', 'XX.XX', '%'],
    ['02800001', 'XXX.XXX', 'A'],
    ['02800002', 'XX.XX', 'Hz'],
    ['0280000[34]', '-XX.XXXX', 'kW'],
    ['02800005', '-XX.XXXX', 'kvar'],
    ['02800006', '-XX.XXXX', 'kVA'],
    ['02800007', '-XXX.X', '°C'],
    ['0280000[89]', 'XX.XX', 'V'],
    ['0280000A', 'XXXXXXXX', 'min'],
    ['04000101', 'YYMMDDWW'],
    ['04000102', 'hhmmss'],
    ['0400040[12]', 'NNNNNNNNNNNN'],
    ['04000409', 'XXXXXX', 'imp/kWh'],
    ['0400040A', 'XXXXXX', 'imp/kvarh'],
    ['0400050[1-7]', 'B16'],
  ],
  1997: [
    ['9[048][12].', 'XXXXXX.XX', 'kWh'],
    ['9[159][1-6].', 'XXXXXX.XX', 'kvarh'],
    ['A[048][12].', 'XX.XXXX', 'kW'],
    ['A[159][1-6].', 'XX.XXXX', 'kvar'],
    ['B[014589][1-6].', 'MMDDhhmm'],
    ['B61[123F]', 'XXX', 'V'],
    ['B62[123F]', 'XX.XX', 'A'],
    ['B63[0123F]', 'XX.XXXX', 'kW'],
    ['B64[0123F]', 'XX.XX', 'kvar'],
    ['B65[0123F]', 'X.XXX'],
    ['C010', 'YYMMDDWW'],
    ['C011', 'hhmmss'],
    ['C020', 'B8'],
    ['C030', 'XXXXXX', 'imp/kWh'],
    ['C031', 'XXXXXX', 'imp/kvarh'],
    ['C03[234]', 'NNNNNNNNNNNN'],
  ],
}

/** What the table knows of an identifier; undefined when it is not in it. */
export function identifierOf(id: string, edition: Edition): Identifier | undefined {
  const row = rows[edition].find(([pattern]) => expressionOf(pattern).test(id))
  if (row === undefined) return undefined
  const [, notations, unit] = row
  const parts = notations.split(' ').map((notation): Part => {
    const format = formatOf(notation)
    if (format === undefined) throw new Error(`the table has the notation ${notation}, which is none`)
    return { name: format.kind === 'time' && notations !== notation ? 'time' : 'value', format, unit }
  })
  return { id, parts, isBlock: edition === '2007' ? id.slice(4, 6) === 'FF' : /^[9AB]..F$/.test(id) }
}

const expressionOf = (pattern: string) =>
  new RegExp(`^${pattern.replace('tt', '(FF|[0-3][0-9A-F])').replace('ss', '(0[0-9A-C])')}$`)

const tariffs = ['Total', 'Sharp', 'Peak', 'Flat', 'Valley'] as const
const phases = ['A', 'B', 'C'] as const
const totalAndPhases = ['Total', ...phases] as const

/** A row of names: what they begin with, how they end, and the identifiers of the endings in both editions. */
const named: readonly (readonly [
  name: string,
  endings: readonly string[],
  in2007: (i: number) => string,
  in1997?: (i: number) => string,
])[] = [
  ['combinedActiveEnergy', tariffs, (i) => `00000${i}00`],
  ['forwardActiveEnergy', tariffs, (i) => `00010${i}00`, (i) => `901${i}`],
  ['reverseActiveEnergy', tariffs, (i) => `00020${i}00`, (i) => `902${i}`],
  ['forwardReactiveEnergy', tariffs, (i) => `00030${i}00`, (i) => `911${i}`],
  ['reverseReactiveEnergy', tariffs, (i) => `00040${i}00`, (i) => `912${i}`],
  ['forwardActiveDemand', tariffs, (i) => `01010${i}00`, (i) => `A01${i}`],
  ['reverseActiveDemand', tariffs, (i) => `01020${i}00`, (i) => `A02${i}`],
  ['voltage', phases, (i) => `02010${i + 1}00`, (i) => `B61${i + 1}`],
  ['current', phases, (i) => `02020${i + 1}00`, (i) => `B62${i + 1}`],
  ['activePower', totalAndPhases, (i) => `02030${i}00`, (i) => `B63${i}`],
  ['reactivePower', totalAndPhases, (i) => `02040${i}00`, (i) => `B64${i}`],
  ['apparentPower', totalAndPhases, (i) => `02050${i}00`],
  ['powerFactor', totalAndPhases, (i) => `02060${i}00`, (i) => `B65${i}`],
  ['phaseAngle', phases, (i) => `02070${i + 1}00`],
  ['neutralCurrent', [''], () => '02800001'],
  ['frequency', [''], () => '02800002'],
  ['currentActiveDemand', [''], () => '02800004'],
  ['currentReactiveDemand', [''], () => '02800005'],
  ['meterTemperature', [''], () => '02800007'],
  ['clockBatteryVoltage', [''], () => '02800008'],
  ['date', [''], () => '04000101', () => 'C010'],
  ['time', [''], () => '04000102', () => 'C011'],
  ['meterNumber', [''], () => '04000402', () => 'C032'],
  ['runningStatus', ['1', '2', '3', '4', '5', '6', '7'], (i) => `0400050${i + 1}`],
]

/** The names of an edition with their identifiers. */
export const namesOf: Record<Edition, ReadonlyMap<string, string>> = {
  2007: new Map(named.flatMap(([name, endings, in2007]) => endings.map((ending, i) => [name + ending, in2007(i)]))),
  1997: new Map(
    named.flatMap(([name, endings, , in1997]) =>
      in1997 === undefined ? [] : endings.map((ending, i): [string, string] => [name + ending, in1997(i)]),
    ),
  ),
}
