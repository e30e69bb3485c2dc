import { refusals } from '@kapok/contracts/refusal'

/** What the case kernel refuses. */
export const refuseCase = refusals({
  'case.verb_not_now': {
    status: 409,
    zh: '该办件目前处于“{state}”，不能执行此操作。请刷新页面查看当前进度。',
    en: 'The case is in state "{state}": this cannot be done now. Reload to see where it stands.',
  },
  'case.not_your_desk': {
    status: 403,
    zh: '该办件目前不在您的办理环节，无需您处理。',
    en: 'The case is not on your desk now; there is nothing for you to do.',
  },
  'case.decider_again': {
    status: 403,
    zh: '您已在本办件的其他环节经办，须由另一位经办人办理（一人不得经办同一办件的两个环节）。',
    en: 'You have already acted in another step of this case. Somebody else has to decide here (four eyes).',
  },
  'case.decider_is_filer': {
    status: 403,
    zh: '申报人不得审核自己提交的办件，请由他人办理。',
    en: 'Whoever filed a case cannot decide it. Let somebody else decide.',
  },
  'case.step_not_earlier': {
    status: 422,
    zh: '只能退回到当前环节之前的环节。请重新选择退回到哪一环节。',
    en: 'A case can be returned to an earlier step only. Choose one of the earlier steps.',
  },
  'case.reason_missing': {
    status: 422,
    zh: '请填写理由，对方需要据此补正或申诉。',
    en: 'Give a reason: the other side needs it to correct the case or to appeal.',
  },
  'case.appeal_late': {
    status: 409,
    zh: '申诉期限已过，不能再提出申诉。',
    en: 'The time for an appeal has passed.',
  },
  'case.urged': {
    status: 429,
    zh: '24 小时内已催办过一次，请稍后再催办。',
    en: 'This case was urged within the last 24 hours; try again later.',
  },
})
