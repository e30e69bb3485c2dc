import type { Sentence } from '@kapok/contracts/gateway-talk'

export type Words = Record<'zh' | 'en', string>

/** What is said to people: in both languages, or as it is where it is a name, an address or somebody else's words. */
export type Said = string | Words

export const inLanguage = (said: Said, language: keyof Words): string =>
  typeof said === 'string' ? said : said[language]

/** Puts together what is said: each part in its own language, the text between them in both. */
export function joined(text: TemplateStringsArray, ...parts: readonly (Said | number)[]): Words {
  const whole = (language: keyof Words) =>
    String.raw({ raw: text }, ...parts.map((each) => (typeof each === 'number' ? each : inLanguage(each, language))))
  return { zh: whole('zh'), en: whole('en') }
}

/** The Chinese beside a field with the English, for readers that know it; nothing where both are the same. */
export const besideEnglish = ({ zh, en }: Words, lettersMax = 2_000): { zh?: string } =>
  zh === en ? {} : { zh: zh.slice(0, lettersMax) }

/** Why a value is not good, as a sample or a state of a tag says it. */
export const saidReason = (
  { reason, zh }: { reason?: string | undefined; zh?: string | undefined },
  none: Words,
): Words => (reason === undefined ? none : { zh: zh ?? reason, en: reason })

/** An error whose words are for people: its message is English, and it has the same in Chinese. */
export class SaidError extends Error {
  readonly zh: string

  constructor(said: Said, options?: ErrorOptions) {
    super(inLanguage(said, 'en'), options)
    this.zh = inLanguage(said, 'zh')
  }
}

/** What an error says; one that is not the gateway's own says the same in both languages. */
export function wordsOf(error: unknown): Words {
  const en = error instanceof Error ? error.message : String(error)
  return { zh: error instanceof SaidError ? error.zh : en, en }
}

/** An error with a sentence of a table. */
export class SentenceError extends SaidError {
  override name = 'SentenceError'
  readonly sentence: Sentence

  constructor(sentence: Sentence, options?: ErrorOptions) {
    super(sentence, options)
    this.sentence = sentence
  }
}

/**
 * Makes the sentences of one part of the gateway from a table of words: `const say = sentences({ 'update.same': {…} })`, then
 * `say('update.same', { version })`. `{name}` is filled from the details. A code stays; sentences may be improved freely.
 */
export function sentences<const T extends Record<string, Words>>(table: T) {
  const say = (code: keyof T & string, details: Record<string, string | number> = {}): Sentence => {
    const filled = (language: keyof Words) =>
      (table[code]?.[language] ?? code).replace(/\{(\w+)\}/g, (_, name: string) => String(details[name] ?? '—'))
    return { code, zh: filled('zh'), en: filled('en') }
  }
  return Object.assign(say, { table })
}
