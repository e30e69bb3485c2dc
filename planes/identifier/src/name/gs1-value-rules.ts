import { countryLetters, countryNumbers } from './country-codes.ts'
import { firstOutside } from './gs1-character-sets.ts'
import { checkDigit, checkPair } from './gs1-check.ts'
import type { Fault } from './name-error.ts'

/** What a part of an AI's value must be beyond its characters and length; the first fault, or undefined. */
type Rule = (value: string) => Fault | undefined

const must = (holds: boolean, offset: number, expected: string): Fault | undefined =>
  holds ? undefined : { offset, expected }

const within =
  (least: number, most: number, expected: string): Rule =>
  (value) =>
    must(Number(value) >= least && Number(value) <= most, 0, expected)

const oneOf =
  (values: readonly string[], expected: string): Rule =>
  (value) =>
    must(values.includes(value), 0, expected)

/** Days of a month; of February 29 in a year divisible by 4 (two digits of a year cannot tell the century). */
function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0 || year < 100) ? 29 : 28
  return [4, 6, 9, 11].includes(month) ? 30 : 31
}

/** A date behind `yearDigits` of year: month and day. Day 00 is the last of the month where `dayZero` allows it. */
const date =
  (yearDigits: number, dayZero: boolean): Rule =>
  (value) => {
    const month = Number(value.slice(yearDigits, yearDigits + 2))
    if (month < 1 || month > 12) return { offset: yearDigits, expected: 'a month from 01 to 12' }
    const day = Number(value.slice(yearDigits + 2))
    const last = daysIn(Number(value.slice(0, yearDigits)), month)
    const least = dayZero ? 0 : 1
    return must(day >= least && day <= last, yearDigits + 2, `a day from 0${least} to ${last}`)
  }

const hour: Rule = within(0, 23, 'an hour from 00 to 23')
const minute: Rule = within(0, 59, 'a number from 00 to 59')

function companyPrefix(value: string): Fault | undefined {
  const digits = /^\d*/.exec(value)?.[0].length ?? 0
  return must(digits >= 4, digits, 'a GS1 Company Prefix, which begins with at least 4 digits')
}

function pair(value: string): Fault | undefined {
  const prefix = companyPrefix(value)
  if (prefix !== undefined) return prefix
  const wanted = checkPair(value.slice(0, -2))
  return must(value.slice(-2) === wanted, value.length - 2, `the check characters ${wanted}`)
}

/** ISO 13616: the number mod 97 is 1 when country and check digits are moved behind and letters are numbers from 10. */
function iban(value: string): Fault | undefined {
  if (!countryLetters.has(value.slice(0, 2)))
    return { offset: 0, expected: 'an IBAN, which begins with the code of a country' }
  const wrong = value.search(/[^0-9A-Z]/)
  if (wrong !== -1) return { offset: wrong, expected: 'a digit or capital letter of an IBAN' }
  const moved = value.slice(4) + value.slice(0, 4)
  let rest = 0
  for (const character of moved) rest = Number(`${rest}${Number.parseInt(character, 36)}`) % 97
  return must(value.length > 4 && rest === 1, 2, 'the check digits of this IBAN')
}

function piece(value: string): Fault | undefined {
  const [number, total] = [Number(value.slice(0, 2)), Number(value.slice(2))]
  if (number === 0) return { offset: 0, expected: 'the number of a piece from 01' }
  return must(number <= total, 2, 'a count of pieces, not less than the number of this piece')
}

/** Currency codes are not listed here: ISO 4217 changes by the year; three digits and not all zero. */
const currency = within(1, 999, 'a currency number of ISO 4217')

export const valueRules = {
  mod10: (value) => {
    const wanted = checkDigit(value.slice(0, -1))
    return must(value.endsWith(wanted), value.length - 1, `the check digit ${wanted}`)
  },
  pair,
  mudi: (value) =>
    pair(value) ?? must(firstOutside('N', value) !== -1, value.length, 'at least one character that is no digit'),
  prefix: companyPrefix,
  date: date(2, false),
  date0: date(2, true),
  longdate: date(4, false),
  time: (value) => hour(value.slice(0, 2)) ?? shifted(minute(value.slice(2)), 2),
  hour,
  minute,
  country: (value) => must(countryNumbers.has(value), 0, 'a country number of ISO 3166-1'),
  country999: (value) =>
    must(countryNumbers.has(value) || value === '999', 0, 'a country number of ISO 3166-1, or 999'),
  country2: (value) => must(countryLetters.has(value), 0, 'a country code of two capital letters of ISO 3166-1'),
  currency,
  percent: (value) => {
    const wrong = value.search(/%(?![0-9A-Fa-f]{2})/)
    return must(wrong === -1, wrong, 'two hexadecimal digits behind %')
  },
  flag: oneOf(['0', '1'], '0 (no) or 1 (yes)'),
  minus: oneOf(['-'], 'nothing or a minus'),
  latitude: within(0, 1_800_000_000, 'a latitude from 0000000000 to 1800000000'),
  longitude: within(0, 3_600_000_000, 'a longitude from 0000000000 to 3600000000'),
  index: (value) => must(/^[-_0-9A-Za-z]$/.test(value), 0, 'an importer index: a letter, a digit, - or _'),
  media: (value) => must(/^(0[1-9]|10|[89]\d)$/.test(value), 0, 'an AIDC media type: 01 to 10 or 80 to 99'),
  sex: oneOf(['0', '1', '2', '9'], '0, 1, 2 or 9 (ISO/IEC 5218)'),
  sequence: (value) =>
    must(
      /^[1-9]\/[1-9]$/.test(value) && Number(value[0]) <= Number(value[2]),
      0,
      'a number of a birth, / and the count of births',
    ),
  nonzero: (value) => must(Number(value) > 0, 0, 'a number above zero'),
  nonzero1: (value) => must(!value.startsWith('0'), 0, 'a number without a leading zero'),
  winding: oneOf(['0', '1', '9'], '0, 1 or 9'),
  zero: oneOf(['0'], '0'),
  iban,
  piece,
} satisfies Record<string, Rule>

export type RuleName = keyof typeof valueRules

function shifted(fault: Fault | undefined, by: number): Fault | undefined {
  return fault === undefined ? undefined : { ...fault, offset: fault.offset + by }
}
