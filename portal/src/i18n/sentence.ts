import { useTranslation } from 'react-i18next'

/** Picks the reader's language of a sentence that the server sends in both. */
export function useSentence(): (sentence: { zh: string; en: string }) => string {
  const { i18n } = useTranslation()
  return (sentence) => (i18n.language === 'en' ? sentence.en : sentence.zh)
}
