import type { Sentence } from '@kapok/contracts/gateway-talk'

type Words = Record<'zh' | 'en', string>

/** An error whose words are for people, in both languages. */
export class SentenceError extends Error {
  override name = 'SentenceError'
  readonly sentence: Sentence

  constructor(sentence: Sentence, options?: ErrorOptions) {
    super(sentence.en, options)
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
