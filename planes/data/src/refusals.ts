import { refusals } from '@kapok/contracts/refusal'

export const refuseData = refusals({
  'product.name_taken': {
    status: 409,
    zh: '已有名为“{name}”的产品，请换一个名称。',
    en: 'There is a product named “{name}” already; choose another name.',
  },
  'product.property_twice': {
    status: 422,
    zh: '属性标识符“{identifier}”重复，每个属性须有不同的标识符。',
    en: 'The property “{identifier}” stands there twice; each needs its own identifier.',
  },
  'product.range_empty': {
    status: 422,
    zh: '属性“{identifier}”的下限大于上限，请改正取值范围。',
    en: 'The range of “{identifier}” has its minimum above its maximum.',
  },
  'product.type_changed': {
    status: 409,
    zh: '属性“{identifier}”已有历史数据类型 {type}，不能更改类型。请新增一个属性。',
    en: 'The property “{identifier}” has been of type {type}; a type never changes. Add a new property.',
  },
  'device.name_taken': {
    status: 409,
    zh: '已有名为“{name}”的设备，请换一个名称。',
    en: 'There is a device named “{name}” already; choose another name.',
  },
  'gateway.code_spent': {
    status: 404,
    zh: '登记码已使用、已过期或有误。请在平台的网关页面重新生成登记码。',
    en: 'The enrolment code was used, has expired or is wrong. Make a new one on the gateway’s page.',
  },
  'gateway.not_one': {
    status: 409,
    zh: '“{name}”不是网关，不能登记密钥。请新建一个网关。',
    en: '“{name}” is not a gateway and enrols no key. Make a gateway.',
  },
  'gateway.key_used': {
    status: 409,
    zh: '该密钥已用于另一个网关。请删除网关上的身份文件后重新登记。',
    en: 'This key is another gateway’s already. Delete the identity file of the gateway and enrol again.',
  },
  'device.product_missing': {
    status: 422,
    zh: '请为设备选择产品（物模型）；只有网关可以没有产品。',
    en: 'Choose a product for the device; only a gateway may do without.',
  },
  'device.too_many': {
    status: 422,
    zh: '本机构的设备数已达上限 {limit}。请删除不用的设备。',
    en: 'The organisation has {limit} devices, which is the limit. Delete what is not used.',
  },
  'device.not_deleted': { status: 409, zh: '该设备未被删除。', en: 'The device is not deleted.' },
  'credential.too_many': {
    status: 422,
    zh: '一台设备最多有 {limit} 个有效凭证，请先吊销不用的凭证。',
    en: 'A device has at most {limit} valid credentials; revoke one first.',
  },
  'credential.ended': {
    status: 409,
    zh: '该凭证已失效，不能再轮换。请新建一个凭证。',
    en: 'The credential has ended and cannot be rotated. Make a new one.',
  },
  'range.empty': {
    status: 422,
    zh: '时间范围为空：开始须早于结束。',
    en: 'The range is empty: its beginning must be before its end.',
  },
  'range.too_long': {
    status: 422,
    zh: '时间范围最长 {years} 年，请缩短。',
    en: 'A range has at most {years} years; shorten it.',
  },
  'range.too_many_points': {
    status: 422,
    zh: '该范围有 {points} 个测点，导出上限为 {limit}。请缩短时间范围。',
    en: 'The range holds {points} points; an export has at most {limit}. Shorten the range.',
  },
})
