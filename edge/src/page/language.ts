export type Language = 'zh' | 'en'

/** One sentence in the reader's language. Chinese is the one that counts. */
export type Say = (zh: string, en: string) => string

export const sayIn =
  (language: Language): Say =>
  (zh, en) =>
    language === 'zh' ? zh : en

/** English for a browser that asks for it first, Chinese for every other. */
export const languageOf = (accepted: string | undefined): Language => (/^\s*en\b/i.test(accepted ?? '') ? 'en' : 'zh')

const two = (n: number) => String(n).padStart(2, '0')

/** Time of the box's own zone. */
export function timeOf(at: number): string {
  const d = new Date(at)
  const day = `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`
  return `${day} ${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`
}
