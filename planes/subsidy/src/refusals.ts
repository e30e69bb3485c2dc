import { refusals } from '@kapok/contracts/refusal'

/** What the subsidy plane refuses, with the sentence that says what to do. */
export const refuseSubsidy = refusals({
  'programme.invalid': {
    status: 422,
    zh: '规则文件有误：{path}：{reason}。请更正后重新发布。',
    en: 'The rule file is not valid: {path}: {reason}. Correct it and publish it again.',
  },
  'programme.test_failed': {
    status: 422,
    zh: '规则文件自带的测试未通过：“{name}”，应为 {expected}，实为 {found}。',
    en: 'A test in the rule file fails: "{name}" expects {expected} and found {found}.',
  },
  'window.closed': {
    status: 409,
    zh: '现在不在{window}窗口内（{opens} 至 {closes}），不能提交。',
    en: 'The {window} window is not open now ({opens} to {closes}); nothing can be submitted.',
  },
  'uscc.invalid': {
    status: 422,
    zh: '统一社会信用代码 {uscc} 的校验位不正确。请对照营业执照核对每一位。',
    en: 'The check digit of the unified social credit code {uscc} does not fit. Compare every character with the licence.',
  },
  'region.unknown': {
    status: 422,
    zh: '没有代码为 {region} 的地区，或该市设有县区、须选到县区一级。请重新选择所在地区。',
    en: 'There is no region {region}, or its city has counties and the county must be chosen. Choose the region again.',
  },
  'certification.first': {
    status: 409,
    zh: '请先提交企业认证。认证审核期间可以申领，但认证通过后才能发券。',
    en: 'File the certification of the enterprise first. You may apply while it is reviewed; the voucher is issued once it has passed.',
  },
  'certification.exists': {
    status: 409,
    zh: '贵企业已有一份认证（{caseNo}），请在该办件上继续。',
    en: 'Your enterprise already has a certification ({caseNo}); continue with that case.',
  },
  'certification.not_passed': {
    status: 409,
    zh: '该企业的认证尚未通过，不能发券。请先办结企业认证，再办理本件。',
    en: 'The certification of this enterprise has not passed, so no voucher can be issued. Decide the certification first.',
  },
  'certification.promise_missing': {
    status: 422,
    zh: '请阅读并勾选企业承诺书。',
    en: 'Read the declaration of the enterprise and tick it.',
  },
  'application.ineligible': {
    status: 422,
    zh: '不符合申领条件 {clause}：{text}',
    en: 'Condition {clause} is not met: {text}',
  },
  'application.line_unknown': {
    status: 422,
    zh: '第 {line} 行：本政策没有场景“{scene}”“{feeKind}”的补助标准。',
    en: 'Line {line}: the programme has no standard for scene "{scene}" and fee "{feeKind}".',
  },
  'application.twice': {
    status: 409,
    zh: '合同 {contractNo} 已在办件 {caseNo} 中申领，同一合同内容不能重复申领。',
    en: 'Contract {contractNo} was already filed in case {caseNo}; the same content cannot be claimed twice.',
  },
  'amount.invalid': {
    status: 422,
    zh: '金额须大于 0：{field}。',
    en: 'The amount must be greater than zero: {field}.',
  },
  'supplier.unknown': {
    status: 422,
    zh: '平台上没有统一社会信用代码为 {uscc} 的供应商。请核对合同上的供应商。',
    en: 'There is no supplier with code {uscc} on the platform. Check the supplier of the contract.',
  },
  'supplier.suspended': {
    status: 409,
    zh: '供应商 {name} 已被暂停，暂停期间不能为其合同发券。',
    en: 'The supplier {name} is suspended; no voucher is issued on its contracts until that is lifted.',
  },
  'supplier.is_filer': {
    status: 422,
    zh: '供应商不能是申领企业自己。',
    en: 'The supplier cannot be the applying enterprise itself.',
  },
  'document.missing': {
    status: 422,
    zh: '还缺材料：{roles}。请上传后再提交。',
    en: 'Documents are missing: {roles}. Upload them and submit again.',
  },
  'voucher.not_redeemable': {
    status: 409,
    zh: '服务券 {no} 现在不能兑现：{state}。',
    en: 'Voucher {no} cannot be redeemed now: {state}.',
  },
  'redemption.open': {
    status: 409,
    zh: '该服务券已有一件兑现申请，请在该办件上继续。',
    en: 'This voucher already has a redemption; continue with that case.',
  },
  'redemption.line': {
    status: 422,
    zh: '第 {line} 行的兑现金额超过合同该行金额，或该行不存在。',
    en: 'Line {line} claims more than the contract has on it, or does not exist.',
  },
  'redemption.paid_too_little': {
    status: 422,
    zh: '实际付款 {paid} 元，低于合同金额的 {share}（{needed} 元），暂不能兑现。',
    en: '{paid} yuan were paid, less than {share} of the contract ({needed} yuan); it cannot be redeemed yet.',
  },
  'redemption.invoices_too_small': {
    status: 422,
    zh: '发票分摊金额合计 {allocated} 元，少于兑现金额 {claimed} 元。',
    en: 'The invoices allocate {allocated} yuan, less than the {claimed} yuan that are claimed.',
  },
  'redemption.period': {
    status: 422,
    zh: '用量期间不正确：须在今天之前结束，最长 400 天。',
    en: 'The period of use is not valid: it ends before today and has at most 400 days.',
  },
  'redemption.device': {
    status: 422,
    zh: '所选设备不属于贵企业，或没有选择设备。',
    en: 'A chosen machine is not yours, or none was chosen.',
  },
  'invoice.used': {
    status: 409,
    zh: '发票 {invoice} 已用于另一件兑现，不能重复使用。',
    en: 'Invoice {invoice} was used in another redemption and cannot be used again.',
  },
  'invoice.number': {
    status: 422,
    zh: '发票 {invoice} 的号码不完整：数电票为 20 位；其他发票须有 10 或 12 位代码和 8 位号码。',
    en: 'The number of invoice {invoice} is incomplete: 20 digits, or a code of 10 or 12 digits and a number of 8.',
  },
  'invoice.party': {
    status: 422,
    zh: '发票 {invoice} 的销售方或购买方与合同双方不一致。',
    en: 'Seller or buyer of invoice {invoice} is not the party of the contract.',
  },
  'invoice.allocation': {
    status: 422,
    zh: '发票 {invoice} 的分摊金额须大于 0 且不超过价税合计。',
    en: 'The allocated amount of invoice {invoice} must be positive and at most its gross amount.',
  },
  'approval.above_ceiling': {
    status: 422,
    zh: '核定金额 {approved} 元超过上限 {ceiling} 元（由{bound}决定）。',
    en: 'The approved amount of {approved} yuan is above the ceiling of {ceiling} yuan, set by {bound}.',
  },
  'approval.nothing_supported': {
    status: 409,
    zh: '证据支持的金额为 0，不能同意。请退回补正或驳回。',
    en: 'The evidence supports no amount, so there is nothing to approve. Return the case or reject it.',
  },
  'budget.short': {
    status: 409,
    zh: '账户余额不足：{account}。',
    en: 'The account does not hold enough: {account}.',
  },
  'budget.city': {
    status: 422,
    zh: '没有代码为 {city} 的地级市。',
    en: 'There is no city with code {city}.',
  },
  'cap.below_reserved': {
    status: 409,
    zh: '新上限低于已占用的 {reserved} 元，不能设置。',
    en: 'The new cap is below the {reserved} yuan that are already reserved.',
  },
  'ledger.key_reused': {
    status: 409,
    zh: '编号 {key} 已用于另一笔内容不同的记账。',
    en: 'The key {key} was used for another posting with other content.',
  },
  'notice.closed': {
    status: 409,
    zh: '公示已结束，不能再提出异议。可通过信访渠道反映。',
    en: 'The notice has ended; objections are no longer taken here.',
  },
  'objection.answered': {
    status: 409,
    zh: '该异议已答复。',
    en: 'This objection was already answered.',
  },
  'batch.empty': {
    status: 409,
    zh: '没有可支付的兑现，未生成批次。',
    en: 'There is nothing payable, so no batch was made.',
  },
  'batch.not_payable': {
    status: 409,
    zh: '办件 {caseNo} 现在不可支付。',
    en: 'Case {caseNo} is not payable now.',
  },
  'receipt.conflict': {
    status: 409,
    zh: '该行或该回单号已登记了不同的结果，请与银行核对。',
    en: 'Another answer was already entered for this line or this receipt; check with the bank.',
  },
  'file.kind': {
    status: 415,
    zh: '文件内容不是 PDF、OFD、JPG 或 PNG。请转换后上传。',
    en: 'The content is not PDF, OFD, JPG or PNG. Convert the file and upload it again.',
  },
  'file.too_many': {
    status: 422,
    zh: '一件办件最多 {limit} 个文件。',
    en: 'A case holds at most {limit} files.',
  },
})
