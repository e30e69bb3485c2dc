import type { RegistryFacts } from '@kapok/contracts/registry'
import { type RegistryField, type RegistryFieldKey, registryFields } from '@kapok/contracts/registry-fields'
import { IdentifierError, parseIdentifier } from '@kapok/identifier/name'
import { beijingTime } from './beijing-time.ts'
import { type FactFault, nameFault, type Sentence } from './fact-fault.ts'

export interface CheckedFacts {
  handle: string
  /** As they are kept: names in canonical form, times as `2027-02-01 09:30` in Beijing, machines by their handle. */
  facts: RegistryFacts
}

export interface Registrant {
  prefix: string
  /** Stands for the manufacturer where none is given. */
  manufacturer: string
}

/** Facts as a person typed them, checked and in the form in which they are kept; or the first that is wrong. */
export function checkFacts(given: RegistryFacts, registrant: Registrant): CheckedFacts | FactFault {
  const facts: RegistryFacts = {}
  for (const field of registryFields as readonly (RegistryField & { key: RegistryFieldKey })[]) {
    const text = (given[field.key] ?? '').trim()
    if (text === '') {
      if (field.required) return { key: field.key, expected: { zh: '请填写', en: 'fill it in' } }
      continue
    }
    const fault = textFault(text, field.charactersMax)
    if (fault) return { key: field.key, expected: fault }
    const read = readers[field.kind](text, registrant)
    if (typeof read !== 'string') return { key: field.key, expected: read }
    facts[field.key] = read
  }
  const serialFault = joinSerial(facts)
  if (serialFault) return serialFault
  facts.manufacturer ??= registrant.manufacturer
  return { handle: `${registrant.prefix}/${facts.suffix ?? ''}`, facts }
}

export const isFault = (checked: CheckedFacts | FactFault): checked is FactFault => 'expected' in checked

function textFault(text: string, charactersMax: number): Sentence | undefined {
  if (text.length > charactersMax)
    return { zh: `至多 ${charactersMax} 个字符`, en: `at most ${charactersMax} characters` }
  if (/\p{Cc}/u.test(text)) return { zh: '不能有换行等控制字符', en: 'no line breaks or other control characters' }
  if (!text.isWellFormed()) return { zh: '含有无法表示的字符', en: 'it has half a character' }
  return undefined
}

type Reader = (text: string, registrant: Registrant) => string | Sentence
const readers: Record<RegistryField['kind'], Reader> = {
  text: (text) => text,
  serial: (text) => text,
  suffix: (text, { prefix }) => handleIn(prefix, text, (handle) => handle.slice(prefix.length + 1)),
  // By its suffix, or whole, also of another enterprise.
  machine: (text, { prefix }) =>
    text.includes('/') ? named(text, 'handle', 0, text) : handleIn(prefix, text, (handle) => handle),
  gs1: (text) => named(text, 'gs1', 0, text),
  instant: (text) =>
    beijingTime(text) ?? {
      zh: '请写成 2027-02-01 09:30（北京时间）',
      en: 'write it as 2027-02-01 09:30 (Beijing time)',
    },
  url: (text) =>
    /^https?:$/.test(URL.parse(text)?.protocol ?? '')
      ? text
      : { zh: '网址应以 https:// 或 http:// 开头', en: 'it begins with https:// or http://' },
}

function handleIn(prefix: string, suffix: string, take: (handle: string) => string): string | Sentence {
  const read = named(`${prefix}/${suffix}`, 'handle', prefix.length + 1, suffix)
  return typeof read === 'string' ? take(read) : read
}

/** The canonical form of a name of a scheme. `text` is what the person wrote of it. */
function named(name: string, scheme: 'handle' | 'gs1', shift: number, text: string): string | Sentence {
  try {
    const found = parseIdentifier(name)
    if (found.scheme === scheme) return found.canonical
    if (scheme === 'gs1' && found.digitalLink !== undefined) return found.digitalLink
    return scheme === 'gs1'
      ? { zh: `“${text}”不是 GS1 编码`, en: `“${text}” is no GS1 key` }
      : { zh: `“${text}”不是标识`, en: `“${text}” is no handle` }
  } catch (error) {
    if (error instanceof IdentifierError) return nameFault(error, text, shift)
    throw error
  }
}

/** A GTIN, with or without its lot, and a serial number together name one piece. */
function joinSerial(facts: RegistryFacts): FactFault | undefined {
  const { serial, gs1 } = facts
  if (serial === undefined) return undefined
  if (gs1 === undefined || !/\/01\/\d{14}(?:\/(?:22|10)\/[^/]+)*$/.test(gs1))
    return {
      key: 'serial',
      expected: {
        zh: '序列号要与不带序列号的 GTIN 一起填写',
        en: 'it goes with a GTIN that has no serial number of its own',
      },
    }
  const joined = named(`${gs1}/21/${encodeURIComponent(serial)}`, 'gs1', gs1.length + 4, serial)
  if (typeof joined !== 'string') return { key: 'serial', expected: joined }
  facts.gs1 = joined
  delete facts.serial
  return undefined
}
