import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { chosenLanguage, keepLanguage, type Language } from '../app/preferences.ts'
import type { Words } from './zh/words.ts'

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation'
    resources: { translation: Words }
  }
}

/** One language is one chunk: a reader loads only the words of the language that is shown. */
const load = {
  'zh-CN': async () => (await import('./zh/words.ts')).words,
  en: async () => (await import('./en/words.ts')).words,
}

async function show(language: Language): Promise<void> {
  if (!i18next.hasResourceBundle(language, 'translation'))
    i18next.addResourceBundle(language, 'translation', await load[language]())
  document.documentElement.lang = language
}

export async function startLanguage(): Promise<void> {
  const language = chosenLanguage()
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    resources: {},
    interpolation: { escapeValue: false },
    returnNull: false,
  })
  await show(language)
}

export async function changeLanguage(language: Language): Promise<void> {
  keepLanguage(language)
  await show(language)
  await i18next.changeLanguage(language)
}
