import { refusals } from '@kapok/contracts/refusal'

export const refuseIdentifier = refusals({
  'resolver.none': {
    status: 503,
    zh: '本平台没有连接标识解析节点；请管理员设置 KAPOK_RESOLVER_URL 后重启。',
    en: 'This platform has no identifier node: the administrator sets KAPOK_RESOLVER_URL and starts it again.',
  },
  'resolver.silent': {
    status: 503,
    zh: '标识解析节点没有应答；请稍后重试，仍不行请联系管理员。',
    en: 'The identifier node did not answer: try again, and tell the administrator if it goes on.',
  },
  'identifier.malformed': {
    status: 400,
    zh: '“{text}”不是标识：{why}',
    en: '“{text}” is no identifier: {why}',
  },
})
