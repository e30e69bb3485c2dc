/** One row of the refusal table: HTTP status and the sentence in both languages; `{name}` is filled from details. */
export interface RefusalRow {
  status: 400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 429 | 503
  zh: string
  en: string
}

/**
 * A refusal is an answer, not a fault: the caller asked for something that may not be, and the sentence says what to do.
 * Thrown by use cases and mapped to a response in one place (server/src/http). Never used for bugs.
 */
export class Refusal extends Error {
  readonly code: string
  readonly status: RefusalRow['status']
  readonly sentences: { zh: string; en: string }
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: string, row: RefusalRow, details: Record<string, unknown> = {}, options?: ErrorOptions) {
    const sentences = { zh: fill(row, 'zh', details), en: fill(row, 'en', details) }
    super(sentences.en, options)
    this.name = 'Refusal'
    this.code = code
    this.status = row.status
    this.sentences = sentences
    this.details = details
  }
}

/** A detail that is words comes as `{ zh, en }`; each sentence takes its own. */
function fill(row: RefusalRow, language: 'zh' | 'en', details: Record<string, unknown>): string {
  return row[language].replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = details[name] ?? '—'
    return String(typeof value === 'object' && language in value ? (value as Words)[language] : value)
  })
}
type Words = Record<'zh' | 'en', string>

/** What may be unknown, as the sentences call it. */
const things = {
  batch: { zh: '批次', en: 'batch' },
  'batch line': { zh: '批次明细', en: 'batch line' },
  case: { zh: '办件', en: 'case' },
  configuration: { zh: '配置版本', en: 'version of the configuration' },
  credential: { zh: '凭据', en: 'credential' },
  device: { zh: '设备', en: 'device' },
  file: { zh: '文件', en: 'file' },
  identifier: { zh: '标识', en: 'identifier' },
  import: { zh: '导入文件', en: 'imported file' },
  member: { zh: '成员', en: 'member' },
  notice: { zh: '公示', en: 'notice' },
  objection: { zh: '异议', en: 'objection' },
  organisation: { zh: '机构', en: 'organisation' },
  page: { zh: '页面', en: 'page' },
  payload: { zh: '隔离报文', en: 'quarantined payload' },
  prefix: { zh: '标识前缀', en: 'prefix' },
  product: { zh: '产品', en: 'product' },
  programme: { zh: '扶持政策', en: 'programme' },
  property: { zh: '属性', en: 'property' },
  release: { zh: '升级包', en: 'release' },
  token: { zh: '令牌', en: 'token' },
  voucher: { zh: '服务券', en: 'voucher' },
} satisfies Record<string, Words>

/** 404: a thing that is not there, or not the caller's to see; which of the two is not told. */
export const unknownThing = (thing: keyof typeof things): Refusal => refuse('thing.unknown', { thing: things[thing] })

/** 400: a request that breaks its contract, with the reason in both languages. */
export const invalidRequest = (reason: Words, more: Record<string, unknown> = {}, options?: ErrorOptions): Refusal =>
  refuse('request.invalid', { reason, ...more }, options)

/**
 * Makes the refusals of one plane from a table of words: `const refuse = refusals({ 'device.unknown': {...} })`,
 * then `throw refuse('device.unknown', { id })`. The code is part of the contract; sentences may be improved freely.
 */
export function refusals<const T extends Record<string, RefusalRow>>(table: T) {
  const refuse = (code: keyof T & string, details: Record<string, unknown> = {}, options?: ErrorOptions): Refusal => {
    const row = table[code]
    if (row === undefined) throw new Error(`no such refusal: ${code}`)
    return new Refusal(code, row, details, options)
  }
  return Object.assign(refuse, { table })
}

/** Refusals that any route can give. */
export const refuse = refusals({
  'request.invalid': {
    status: 400,
    zh: '请求内容不符合要求：{reason}。请按提示改正后重新提交。',
    en: 'The request is not valid: {reason}. Correct it and send it again.',
  },
  'session.missing': { status: 401, zh: '请先登录。', en: 'Sign in first.' },
  'origin.foreign': {
    status: 403,
    zh: '此请求来自另一个网站的页面，没有执行。请从本平台的页面操作。',
    en: 'This came from a page of another site and was not done. Use the pages of this platform.',
  },
  'right.missing': {
    status: 403,
    zh: '您的角色没有此项权限。如确有需要，请联系本机构管理员。',
    en: 'Your role does not have this right. Ask the administrator of your organisation if you need it.',
  },
  'thing.unknown': {
    status: 404,
    zh: '没有找到该{thing}，它可能已被删除，或不属于您可查看的范围。',
    en: 'No such {thing}: it may have been deleted, or it is not yours to see.',
  },
  'command.conflict': {
    status: 409,
    zh: '同一操作编号已用于另一内容。请刷新页面后重新提交。',
    en: 'This idempotency key was used for another request. Reload the page and submit again.',
  },
  'command.done': {
    status: 409,
    zh: '该操作已完成，其中的密钥或链接只显示一次。如未保存，请重新生成。',
    en: 'This was done already; its secret or link is shown once. If you did not keep it, make a new one.',
  },
  'version.stale': {
    status: 409,
    zh: '内容已被他人更新。请刷新后再操作。',
    en: 'Somebody else has changed this. Reload and try again.',
  },
  'body.too_large': {
    status: 413,
    zh: '内容过大，上限为 {limit} 字节。',
    en: 'The body is too large; the limit is {limit} bytes.',
  },
  'rate.exceeded': {
    status: 429,
    zh: '操作过于频繁，请在 {seconds} 秒后重试。',
    en: 'Too many attempts; try again in {seconds} seconds.',
  },
  'service.busy': {
    status: 503,
    zh: '服务正忙，请稍后重试。您的数据没有丢失。',
    en: 'The service is busy; try again shortly. Nothing was lost.',
  },
})
