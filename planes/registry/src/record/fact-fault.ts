import type { RegistryFieldKey } from '@kapok/contracts/registry-fields'
import { registryFields } from '@kapok/contracts/registry-fields'
import type { IdentifierError } from '@kapok/identifier/name'

export interface Sentence {
  zh: string
  en: string
}

/** A fact that is wrong: which, and what had to stand there. */
export interface FactFault {
  key: RegistryFieldKey
  expected: Sentence
}

/** The fault with the name of its field before it. */
export function faultSentence({ key, expected }: FactFault): Sentence {
  const title = registryFields.find((each) => each.key === key)?.title ?? { zh: key, en: key }
  return { zh: `${title.zh}：${expected.zh}`, en: `${title.en}: ${expected.en}` }
}

/** What names mostly lack, in Chinese; for the rest the English stands there. */
const chinese: readonly (readonly [RegExp, string])[] = [
  [/^the check digit (.+)$/, '校验位 $1'],
  [/^at most (\d+) characters$/, '至多 $1 个字符'],
  [/^at most (\d+) bytes(?: as UTF-8)?$/, '至多 $1 个字节（UTF-8）'],
  [/^(\d+) digits$/, '$1 位数字'],
  [/^no control characters$/, '不含控制字符'],
  [/^a character of Unicode$/, 'Unicode 字符'],
  [/^a primary key such as \(01\) among the AIs$/, '其中有主键，例如 (01)'],
]

/**
 * Where a name is wrong and what had to stand there. `shift`: characters of ours before the person's own text; `text`: that text.
 */
export function nameFault({ position, expected }: IdentifierError, text: string, shift = 0): Sentence {
  const at = Math.max(0, position - shift)
  const [pattern, words] = chinese.find(([each]) => each.test(expected)) ?? [/$^/, '']
  const wanted = words === '' ? expected : expected.replace(pattern, words)
  const found = text.slice(at, at + 12)
  return {
    zh: `“${shown(text)}”第 ${at + 1} 个字符处应为${words === '' ? ` ${wanted}` : wanted}，现为${found === '' ? '结尾' : `“${found}”`}`,
    en: `“${shown(text)}”, character ${at + 1}: expected ${expected}, found ${found === '' ? 'the end' : `“${found}”`}`,
  }
}

const shown = (text: string) => (text.length > 60 ? `${text.slice(0, 60)}…` : text)
