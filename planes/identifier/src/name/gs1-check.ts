import { cset32, cset82, firstOutside } from './gs1-character-sets.ts'

/** The check digit behind digits (GS1 General Specifications, "Standard check digit calculations": weights 3 and 1 from the right). */
export function checkDigit(digits: string): string {
  let sum = 0
  for (let at = digits.length - 1, weight = 3; at >= 0; at--, weight = 4 - weight) sum += weight * Number(digits[at])
  return String((10 - (sum % 10)) % 10)
}

const primes = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83] as const

/** The longest text that has a check character pair: an AI with one holds 25 characters. */
export const longestBeforePair = primes.length

/**
 * The two check characters behind a text of set 82 (GS1 General Specifications, "Check character calculation (for
 * alphanumeric keys)"): the sum of the characters' values, weighted with rising primes from the right, modulo 1021, written in two
 * characters of set 32. Undefined for a text that is longer than 23 characters or has others.
 */
export function checkPair(text: string): string | undefined {
  if (text.length > longestBeforePair || firstOutside('X', text) !== -1) return undefined
  const sum = [...text]
    .reverse()
    .reduce((total, character, fromRight) => total + cset82.indexOf(character) * (primes[fromRight] ?? 0), 0)
  const rest = sum % 1021
  return `${cset32[rest >> 5]}${cset32[rest & 31]}`
}
