import { nameLimits } from './limits.ts'
import { checkLength, refuse } from './name-error.ts'

const scheme = 'Ecode'

/** A form of Ecode: how long the parts behind the version are and what they have. */
export interface EcodeForm {
  readonly version: string
  /** Characters of the number of the coding system (NSI). */
  readonly systemLength: number
  readonly data: { readonly pattern: RegExp; readonly most: number; readonly expected: string }
}

/**
 * Forms of Ecode by version. Published: that an Ecode is version, number of the coding system and main data (V, NSI, MD), and that
 * version 0 is kept for data of another kind (GB/T 31866-2023). The lengths here are from memory of GB/T 31866-2015 and were compared with
 * no text of the standard: replace a row when you have it.
 */
export const ecodeForms: readonly EcodeForm[] = [
  { version: '1', systemLength: 4, data: { pattern: /^\d*$/, most: 20, expected: 'digits' } },
  { version: '2', systemLength: 4, data: { pattern: /^\d*$/, most: 28, expected: 'digits' } },
  { version: '3', systemLength: 5, data: { pattern: /^[0-9A-Za-z]*$/, most: 39, expected: 'letters and digits' } },
  {
    version: '4',
    systemLength: 5,
    data: { pattern: /^[^\p{C}]*$/u, most: 250, expected: 'characters of Unicode that are seen' },
  },
]

export interface Ecode {
  readonly version: string
  readonly system: string
  readonly data: string
  readonly canonical: string
}

/** Reads an Ecode, with or without `ecode:` before it, by the rows given. Throws IdentifierError. */
export function parseEcode(text: string, forms: readonly EcodeForm[] = ecodeForms): Ecode {
  checkLength(scheme, text, nameLimits.ecodeLength)
  const before = /^ecode:/i.exec(text)?.[0].length ?? 0
  const form = forms.find(({ version }) => text.startsWith(version, before))
  if (form === undefined)
    return refuse(scheme, text, before, `a version (${forms.map(({ version }) => version).join(', ')})`)
  const systemAt = before + form.version.length
  const dataAt = systemAt + form.systemLength
  const system = text.slice(systemAt, dataAt)
  const wrong = system.search(/\D/)
  if (wrong !== -1 || system.length < form.systemLength)
    refuse(
      scheme,
      text,
      wrong === -1 ? text.length : systemAt + wrong,
      `${form.systemLength} digits of a coding system`,
    )
  const data = text.slice(dataAt)
  if (data === '') refuse(scheme, text, dataAt, 'main data')
  const strange = [...data].findIndex((character) => !form.data.pattern.test(character))
  if (strange !== -1) refuse(scheme, text, dataAt + [...data].slice(0, strange).join('').length, form.data.expected)
  if (data.length > form.data.most)
    refuse(scheme, text, dataAt + form.data.most, `main data of at most ${form.data.most} characters`)
  return { version: form.version, system, data, canonical: text.slice(before) }
}
