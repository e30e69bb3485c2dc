/** Why a derived value is not good, or an alarm cannot be told. */
export const derivedWords = {
  bad: { zh: '不可用', en: 'bad' },
  uncertain: { zh: '存疑', en: 'uncertain' },
  neitherTrueNorFalse: { zh: '条件的结果既不是真也不是假', en: 'the condition gives neither true nor false' },
  noValueYet: (property: string) => ({ zh: `${property} 还没有值`, en: `${property} has no value yet` }),
  noNumber: (property: string, seconds: number) => ({
    zh: `${property} 在最近 ${seconds} s 内没有数值`,
    en: `${property} had no number in the last ${seconds} s`,
  }),
  noValueAtTimes: (property: string, seconds: number) => ({
    zh: `${property} 在最近 ${seconds} s 中有一段没有值`,
    en: `${property} had no value for a part of the last ${seconds} s`,
  }),
}
