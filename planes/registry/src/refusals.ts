import { refusals } from '@kapok/contracts/refusal'

export const refuse = refusals({
  'registry.no_account': {
    status: 409,
    zh: '本企业还没有标识前缀。请把企业节点的前缀和地址告知平台管理员，由其分配。',
    en: 'Your enterprise has no prefix yet: give the platform’s administrator the prefix and address of your node.',
  },
  'registry.prefix_taken': {
    status: 409,
    zh: '前缀 {prefix} 已分配给其他企业。',
    en: 'The prefix {prefix} is assigned to another enterprise.',
  },
  'registry.not_enterprise': {
    status: 422,
    zh: '只有工业企业可以登记标识。',
    en: 'Only enterprises register identifiers.',
  },
  'registry.url': {
    status: 422,
    zh: '节点地址应以 https:// 开头，或是本机的 http 地址，不带用户名、参数和锚点。',
    en: 'Write the address of the node with https://, or http of this machine, without user, query or fragment.',
  },
  'registry.busy': {
    status: 503,
    zh: '正在处理其他人的登记，请稍后再试。',
    en: 'Others are being served; try again in a moment.',
  },
  'registry.node_silent': {
    status: 503,
    zh: '企业标识节点没有应答，这次没有登记。请稍后重试。',
    en: 'The node of your prefix did not answer, and nothing was confirmed. Try again in a moment.',
  },
  'registry.node_denied': {
    status: 409,
    zh: '企业标识节点不允许平台办理：{why}。请联系前缀的管理员。',
    en: 'The node of your prefix does not let the platform do this: {why}. Tell the administrator of the prefix.',
  },
  'registry.node_refused': {
    status: 422,
    zh: '企业标识节点没有接受：{why}',
    en: 'The node of your prefix did not take it: {why}',
  },
  'identifier.fact': { status: 422, zh: '{why}', en: '{why}' },
  'identifier.taken': {
    status: 409,
    zh: '标识 {handle} 已登记，内容不同，没有覆盖。如需修改，请在列表中打开它。',
    en: 'The identifier {handle} is registered with other facts and was not overwritten. Open it in the list to change it.',
  },
  'identifier.suffix_stays': {
    status: 422,
    zh: '后缀登记后不能更改。请另行登记一个标识。',
    en: 'A suffix stays as it was registered. Register another identifier instead.',
  },
  'machine.handle': {
    status: 422,
    zh: '标识应在本企业前缀之下，例如 {prefix}/M1。',
    en: 'Write an identifier under your own prefix, e.g. {prefix}/M1.',
  },
  'machine.taken': {
    status: 409,
    zh: '标识 {handle} 已属于另一台设备；请先在那台设备上取消。',
    en: 'The identifier {handle} is another device’s: take it away there first.',
  },
  'import.unreadable': { status: 422, zh: '此文件无法读取：{why}', en: 'This file cannot be read: {why}' },
  'import.busy': {
    status: 503,
    zh: '正在检查其他文件，请稍后再试。',
    en: 'Other files are being checked; try again in a moment.',
  },
  'import.state': {
    status: 409,
    zh: '此文件当前不能这样办理，请刷新页面。',
    en: 'This cannot be done with the file now: reload the page.',
  },
  'import.another_runs': {
    status: 409,
    zh: '另一个文件正在登记，请等它完成。',
    en: 'Another file is being registered; wait until it is done.',
  },
  'import.none_good': {
    status: 422,
    zh: '文件中没有可登记的行。请改正后重新上传。',
    en: 'No row of the file can be registered. Correct it and give it again.',
  },
  'label.none': { status: 422, zh: '没有可打印的标识。', en: 'There is nothing to print.' },
  'label.many': {
    status: 422,
    zh: '一次最多打印 {max} 张标签，这里有 {n} 张。请分批选择。',
    en: 'At most {max} labels are printed at once; these are {n}. Choose fewer.',
  },
})
