import type { CaseKind } from '@kapok/contracts/case'
import type { CaseTable } from '@kapok/kit-store/case/case'

/** 企业认证: decided by the county, or by the city where it has no counties. */
const certification: CaseTable = {
  kind: 'certification',
  title: { zh: '企业认证', en: 'Certification' },
  desks: [{ desk: 'county', without: 'city' }],
  afterLast: 'passed',
  moves: [],
  withdrawFrom: ['review', 'returned'],
}

/** 服务券申领: supplier, county, city, province; then the ledger issues, or the case waits for quota. */
const application: CaseTable = {
  kind: 'application',
  title: { zh: '服务券申领', en: 'Voucher application' },
  desks: [{ desk: 'supplier' }, { desk: 'county', without: 'skip' }, { desk: 'city' }, { desk: 'province' }],
  afterLast: 'approved',
  moves: [
    { verb: 'issue', from: ['approved', 'waiting'], to: 'issued', said: { zh: '发放服务券', en: 'Voucher issued' } },
    { verb: 'wait', from: ['approved'], to: 'waiting', said: { zh: '额度不足，排队待发', en: 'Waiting for quota' } },
  ],
  withdrawFrom: ['review', 'returned', 'waiting'],
}

/** 服务券兑现: the same desks, then public notice, payment by finance and the bank's answer. */
const redemption: CaseTable = {
  kind: 'redemption',
  title: { zh: '服务券兑现', en: 'Voucher redemption' },
  desks: [{ desk: 'supplier' }, { desk: 'county', without: 'skip' }, { desk: 'city' }, { desk: 'province' }],
  afterLast: 'noticed',
  moves: [
    {
      verb: 'uphold',
      from: ['noticed'],
      to: 'review',
      said: { zh: '异议成立，退回复审', en: 'Objection upheld; back to review' },
    },
    {
      verb: 'clear',
      from: ['noticed'],
      to: 'payable',
      said: { zh: '公示期满，可以支付', en: 'Notice has run; payable' },
    },
    { verb: 'batch', from: ['payable'], to: 'paying', said: { zh: '列入支付批次', en: 'Put into a payment batch' } },
    { verb: 'pay', from: ['paying'], to: 'paid', said: { zh: '银行已付款', en: 'Paid by the bank' } },
    {
      verb: 'bounce',
      from: ['paying'],
      to: 'payable',
      said: { zh: '银行退回，待重新支付', en: 'Returned by the bank' },
    },
  ],
  withdrawFrom: ['review', 'returned'],
}

export const caseTables: Readonly<Record<CaseKind, CaseTable>> = { certification, application, redemption }
