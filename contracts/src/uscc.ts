/**
 * Unified social credit code (统一社会信用代码), GB 32100-2015. Characters 9–17 carry the organisation code with its own
 * check digit (GB 11714-1997), character 18 checks the first 17.
 */
const alphabet = '0123456789ABCDEFGHJKLMNPQRTUWXY'

/** What is wrong with a code: its form, the check digit of the organisation code (17th) or its own (18th). */
export type UsccFault = 'form' | 'organisation-check' | 'check'

/** The first fault of a code, or undefined when both check digits fit. */
export function usccFault(code: string): UsccFault | undefined {
  if (!/^[0-9A-HJ-NPQRTUWXY]{18}$/.test(code)) return 'form'
  if (organisationCheck(code.slice(8, 16)) !== code[16]) return 'organisation-check'
  if (usccCheck(code.slice(0, 17)) !== code[17]) return 'check'
  return undefined
}

/** The 18th character for the first 17: weights 3^(i−1) mod 31. */
export function usccCheck(first17: string): string {
  let sum = 0
  let weight = 1
  for (const char of first17) {
    sum += alphabet.indexOf(char) * weight
    weight = (weight * 3) % 31
  }
  return alphabet[(31 - (sum % 31)) % 31]!
}

/** Check digit of an organisation code (8 characters, letters count from 10): `X` stands for 10. */
export function organisationCheck(first8: string): string {
  const weights = [3, 7, 9, 10, 5, 8, 4, 2]
  let sum = 0
  for (let index = 0; index < 8; index++) sum += Number.parseInt(first8[index]!, 36) * weights[index]!
  const check = 11 - (sum % 11)
  return check === 10 ? 'X' : check === 11 ? '0' : String(check)
}

/** A code with both check digits, from 2 characters of kind, 6 digits of region and 8 of the organisation code. */
export function makeUscc(kind: string, region: string, organisation: string): string {
  const first17 = `${kind}${region}${organisation}${organisationCheck(organisation)}`
  return first17 + usccCheck(first17)
}
