/** What a reader chose for this browser: kept in local storage, which may be shut off; then the choice lasts one visit. */
export type Theme = 'light' | 'dark'
export type Language = 'zh-CN' | 'en'

function read(name: string): string | null {
  try {
    return localStorage.getItem(`kapok.${name}`)
  } catch {
    return null
  }
}

function write(name: string, value: string): void {
  try {
    localStorage.setItem(`kapok.${name}`, value)
  } catch {
    // Storage is shut off: nothing to keep.
  }
}

export function chosenTheme(): Theme | undefined {
  const value = read('theme')
  return value === 'light' || value === 'dark' ? value : undefined
}
export const keepTheme = (theme: Theme) => write('theme', theme)

/** Chinese is authoritative and the default; English only for a reader who chose it or whose browser asks for no Chinese. */
export function chosenLanguage(): Language {
  const value = read('language')
  if (value === 'zh-CN' || value === 'en') return value
  return navigator.languages.some((each) => each.startsWith('zh')) || !navigator.language.startsWith('en')
    ? 'zh-CN'
    : 'en'
}
export const keepLanguage = (language: Language) => write('language', language)
