/** Names of things of this plane in both languages; the Chinese is authoritative. */
export const feeKindText = {
  'application-service': { zh: '应用服务费', en: 'Application service fee' },
  'device-access': { zh: '设备接入费', en: 'Device access fee' },
  'network-upgrade': { zh: '网络改造费', en: 'Network upgrade fee' },
} as const

export const documentText = {
  licence: { zh: '营业执照', en: 'Business licence' },
  contract: { zh: '合同', en: 'Contract' },
  invoice: { zh: '发票', en: 'Invoice' },
  payment: { zh: '付款凭证', en: 'Proof of payment' },
  acceptance: { zh: '验收报告', en: 'Acceptance report' },
  other: { zh: '其他材料', en: 'Other' },
} as const

export const verbText: Readonly<Record<string, { zh: string; en: string }>> = {
  create: { zh: '新建草稿', en: 'Draft made' },
  submit: { zh: '提交', en: 'Submitted' },
  confirm: { zh: '供应商确认', en: 'Confirmed by the supplier' },
  approve: { zh: '同意', en: 'Approved' },
  return: { zh: '退回', en: 'Returned' },
  reject: { zh: '驳回', en: 'Rejected' },
  withdraw: { zh: '撤回', en: 'Withdrawn' },
  appeal: { zh: '申诉', en: 'Appealed' },
  urge: { zh: '催办', en: 'Urged' },
}

export const boundText = {
  face: { zh: '券面金额', en: 'the face of the voucher' },
  supported: { zh: '用量证据支持的金额', en: 'what the metered use supports' },
  caps: { zh: '补助标准上限', en: 'the caps of the standards' },
  paid: { zh: '企业实际付款', en: 'what the enterprise paid' },
} as const

export const voucherStateText: Readonly<Record<string, { zh: string; en: string }>> = {
  issued: { zh: '未到兑现窗口', en: 'the redeem window is not open' },
  locked: { zh: '已在兑现中', en: 'already in redemption' },
  payable: { zh: '已核定', en: 'already approved' },
  settled: { zh: '已兑现', en: 'already settled' },
  expired: { zh: '已过期', en: 'expired' },
}

/** Units of a decision's numbers. The decision keeps the code; readers get the words. */
const unitText: Readonly<Record<string, { zh: string; en: string }>> = {
  元: { zh: '元', en: 'yuan' },
  min: { zh: '分钟', en: 'minutes' },
  台: { zh: '台', en: 'machines' },
  台·日: { zh: '台·日', en: 'machine-days' },
}
export const unitWords = (unit: string) => unitText[unit] ?? { zh: unit, en: unit }
