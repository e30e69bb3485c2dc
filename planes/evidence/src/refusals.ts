import { refusals } from '@kapok/contracts/refusal'

export const refuse = refusals({
  'bundle.nothing-sealed': {
    status: 409,
    zh: '所选日期尚无封存。每天的数据在次日 06:00 之后封存，请选择更早的日期。',
    en: 'None of these days is sealed yet. A day is sealed after 06:00 of the next; choose earlier days.',
  },
  'range.too-long': {
    status: 422,
    zh: '日期范围须从早到晚，且不超过 {days} 天。',
    en: 'The days must run from earlier to later and span at most {days} days.',
  },
  'reading.unknown-organisation': {
    status: 422,
    zh: '本平台没有统一社会信用代码为 {uscc} 的企业，整批读数未导入。',
    en: 'No enterprise has the credit code {uscc}; nothing of this batch was imported.',
  },
  'reading.future': {
    status: 422,
    zh: '{day} 尚未结束，不能报送该日读数。整批读数未导入。',
    en: '{day} is not over; its reading cannot be filed yet. Nothing of this batch was imported.',
  },
  'proof.none': {
    status: 404,
    zh: '日志当前没有该位置的证明，请核对序号和大小。',
    en: 'The log has no such leaf or tree size; compare both with the newest checkpoint.',
  },
})
