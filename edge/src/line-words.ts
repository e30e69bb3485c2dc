import { type Words, wordsOf } from './sentence.ts'

// What is said of a connection, by every driver alike.

export const noAnswerWithin = (ms: number): Words => ({ zh: `${ms} ms 内没有应答`, en: `no answer within ${ms} ms` })

export const noConnectionWithin = (ms: number): Words => ({
  zh: `${ms} ms 内没有连上`,
  en: `no connection within ${ms} ms`,
})

export const tooManyWait: Words = {
  zh: '等待这条线路的请求太多',
  en: 'too many requests wait for this line',
}

export const lineIsBusy: Words = {
  zh: '线路长时间被其他设备的请求占用',
  en: 'the line was busy with others for too long',
}

/** By the code of the operating system (errno(3)). */
const networkZh: Record<string, string> = {
  ECONNREFUSED: '连接被拒绝',
  ECONNRESET: '连接被对方重置',
  EPIPE: '连接已被对方关闭',
  ETIMEDOUT: '连接超时',
  EHOSTUNREACH: '主机不可达',
  EHOSTDOWN: '主机不可达',
  ENETUNREACH: '网络不可达',
  ENOTFOUND: '找不到主机名',
  EAI_AGAIN: '主机名暂时无法解析',
}

/** What the operating system says of a connection, with its own words, which are what one searches for. */
export function networkWordsOf(cause: unknown): Words {
  const said = wordsOf(cause)
  const zh = cause instanceof Error && 'code' in cause ? networkZh[String(cause.code)] : undefined
  return zh === undefined ? said : { zh: `${zh}（${said.en}）`, en: said.en }
}
