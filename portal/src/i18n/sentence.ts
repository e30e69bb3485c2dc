import { useTranslation } from 'react-i18next'

/** Picks the reader's language of a sentence that the server sends in both. */
export function useSentence(): (sentence: { zh: string; en: string }) => string {
  const { i18n } = useTranslation()
  return (sentence) => (i18n.language === 'en' ? sentence.en : sentence.zh)
}

/** What a gateway says: in English, and in Chinese beside it where its software knows both. */
export function useGatewayWords(): (en: string, zh: string | undefined) => string {
  const say = useSentence()
  return (en, zh) => say({ zh: zh ?? en, en })
}
