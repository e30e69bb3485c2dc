import { refusals } from '@kapok/contracts/refusal'

/** Why a payload, or a point of one, could not be used. The sentence stands on the quarantine page. */
const table = refusals({
  'payload.malformed': {
    status: 400,
    zh: '报文无法解析：{why}。请检查设备端的报文格式后重发。',
    en: 'The payload could not be read: {why}. Correct the format that the device sends.',
  },
  'payload.too_large': {
    status: 413,
    zh: '报文超过 {limit} 个测点的上限，请拆分后发送。',
    en: 'The payload has more than {limit} points; send it in parts.',
  },
  'signature.missing': {
    status: 403,
    zh: '网关“{gateway}”已登记密钥，其数据必须带有该密钥的签名，本报文没有签名，未予接收。若网关已更换，请用新的登记码重新登记。',
    en: 'The gateway {gateway} has enrolled a key, and this message is not signed by it. If the gateway was replaced, enrol it again with a new code.',
  },
  'signature.wrong': {
    status: 403,
    zh: '签名批次有误：{why}。可能有人冒用了网关凭证；若网关已更换，请用新的登记码重新登记。',
    en: 'The signed batch is wrong: {why}. Somebody may be using the gateway’s token; if the gateway was replaced, enrol it again with a new code.',
  },
  'signature.no_key': {
    status: 403,
    zh: '收到签名批次，但该设备未登记密钥。请在平台生成登记码并在网关上执行登记。',
    en: 'A signed batch arrived from a device that has enrolled no key. Make an enrolment code and enrol the gateway.',
  },
  'topic.unknown': {
    status: 404,
    zh: '主题 {topic} 不属于任何已支持的接入协议。请对照接入文档修改主题。',
    en: 'The topic {topic} belongs to none of the supported dialects; see the documentation for the topics.',
  },
  'topic.foreign': {
    status: 403,
    zh: '主题 {topic} 属于其他设备，本凭证无权发布。请使用本设备自己的主题。',
    en: 'The topic {topic} belongs to another device. A device publishes to its own topics only.',
  },
  'topic.application': {
    status: 403,
    zh: '应用令牌无权发布主题 {topic}。请使用具有“写入测点值”权限的令牌，发布本机构设备的 devices/<设备编号>/kapok/v1/telemetry 等主题。',
    en: 'This application token may not publish to {topic}. Use a token that may write points, and topics such as devices/<device id>/kapok/v1/telemetry of a device of your organisation.',
  },
  'device.unknown': {
    status: 404,
    zh: '本机构没有名称或编号为“{device}”的设备。请先创建该设备，或修改网关中的设备名称。',
    en: 'This organisation has no device with the name or id “{device}”. Create it, or correct the name in the gateway.',
  },
  'device.foreign': {
    status: 403,
    zh: '只有网关凭证可以代其他设备（{device}）发送。请将发送方设为网关。',
    en: 'Only a gateway may send for another device ({device}). Make the sender a gateway.',
  },
  'device.disabled': {
    status: 403,
    zh: '设备“{device}”已停用，其数据不予接收。启用后重发即可。',
    en: 'The device “{device}” is disabled and its data is not taken. Enable it and send again.',
  },
  'property.unknown': {
    status: 422,
    zh: '设备“{device}”的物模型中没有属性“{property}”。请在产品中添加该属性后重发。',
    en: 'The product of “{device}” has no property “{property}”. Add it to the product and send again.',
  },
  'value.type': {
    status: 422,
    zh: '属性“{property}”应为 {type} 类型，收到的是 {got}。请修改设备端，或在物模型中改用正确的属性。',
    en: 'The property “{property}” is of type {type}, but {got} arrived. Correct the device or the product.',
  },
  'time.past': {
    status: 422,
    zh: '测点时间 {at} 早于五年前，请校准设备时钟。',
    en: 'The time {at} of a point is more than five years past. Set the clock of the device.',
  },
  'time.future': {
    status: 422,
    zh: '测点时间 {at} 晚于当前时间十分钟以上，请校准设备时钟。',
    en: 'The time {at} of a point is more than ten minutes ahead. Set the clock of the device.',
  },
  'time.invalid': {
    status: 422,
    zh: '测点时间“{at}”不是 Unix 毫秒整数。请按毫秒时间戳发送。',
    en: 'The time “{at}” of a point is not an integer of Unix milliseconds. Send it as such.',
  },
  'alias.unknown': {
    status: 422,
    zh: '收到未在 BIRTH 中声明的别名 {alias}，已请求设备重新发送 BIRTH。',
    en: 'The alias {alias} was not declared by a BIRTH; a rebirth was requested.',
  },
})

export type ReasonCode = keyof typeof table.table
export interface Reason {
  code: ReasonCode
  zh: string
  en: string
}

export function reason(code: ReasonCode, details: Record<string, unknown>): Reason {
  const short = Object.fromEntries(
    Object.entries(details).map(([key, value]) => [key, isWords(value) ? value : String(value).slice(0, 120)]),
  )
  return { code, ...table(code, short).sentences }
}

/** A detail that is words, one text for each language. */
const isWords = (value: unknown): value is { zh: string; en: string } =>
  typeof value === 'object' && value !== null && 'zh' in value && 'en' in value
