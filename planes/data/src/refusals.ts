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
  'gateway.not_enrolled': {
    status: 409,
    zh: '网关“{name}”尚未登记，不能从平台管理。请先生成登记码，并在网关上登记。',
    en: 'The gateway “{name}” is not enrolled and cannot be managed from here. Make a code and enrol it first.',
  },
  'gateway.local': {
    status: 409,
    zh: '网关“{name}”使用本地测点表运行，平台的配置不会生效。如需从平台管理，请在网关上不带测点表重新启动。',
    en: 'The gateway “{name}” runs a tag table of its own, which wins. To manage it from here, start it without one.',
  },
  'gateway.offline': {
    status: 409,
    zh: '网关“{name}”未连接，请求没有送达。请检查网关的电源与网络，待其在线后重试。',
    en: 'The gateway “{name}” is not connected and was not asked. Check its power and network, and try again when it is back.',
  },
  'gateway.late': {
    status: 503,
    zh: '网关“{name}”在 30 秒内没有答复。它可能正忙或刚刚断开，请稍后重试。',
    en: 'The gateway “{name}” did not answer within 30 s. It may be busy or just gone; try again shortly.',
  },
  'gateway.refused': {
    status: 422,
    zh: '网关“{name}”未能完成请求：{reason}',
    en: 'The gateway “{name}” could not do it: {reason}',
  },
  'configuration.too_large': {
    status: 413,
    zh: '配置有 {bytes} 字节，上限为 {limit} 字节（约 15000 个测点）。请把设备分给多台网关。',
    en: 'The configuration has {bytes} bytes; at most {limit} are taken (some 15,000 tags). Share the machines among several gateways.',
  },
  'configuration.unreadable': {
    status: 422,
    zh: '配置不是有效的 YAML：{why}。请改正后重新保存。',
    en: 'The configuration is not valid YAML: {why}. Correct it and save it again.',
  },
  'configuration.no_devices': {
    status: 422,
    zh: '配置中没有 devices 列表。请列出至少一台设备。',
    en: 'The configuration has no list of devices. Name at least one.',
  },
  'configuration.too_many': {
    status: 409,
    zh: '该网关已有 {limit} 个配置版本，已达上限。',
    en: 'The gateway has {limit} versions of its configuration, which is the limit.',
  },
  'release.version_taken': {
    status: 409,
    zh: '平台已有 {platform} 的 {version} 版升级包，且内容不同。请为新的升级包使用新的版本号，或先撤下原有的升级包。',
    en: 'There is another release {version} for {platform} already. Give the new one a new version, or withdraw the one that is here.',
  },
  'release.too_many': {
    status: 409,
    zh: '平台已有 {limit} 个升级包，已达上限。请先撤下不用的升级包。',
    en: 'The platform holds {limit} releases, which is the limit. Withdraw what is not used.',
  },
  'release.piece_missing': {
    status: 409,
    zh: '升级包文件已收到 {received} 字节，请从该处继续上传。',
    en: '{received} bytes of the file are here; go on from there.',
  },
  'release.too_long': {
    status: 422,
    zh: '文件大于清单所写的 {bytes} 字节，它不是该清单的升级包。请选择同一次打包生成的两个文件。',
    en: 'The file has more than the {bytes} bytes of its manifest and is not its file. Choose the two files that were made together.',
  },
  'release.other_file': {
    status: 422,
    zh: '文件的 SHA-256 与清单不符（应为 {sha256}），已删除。请选择同一次打包生成的两个文件，重新上传。',
    en: 'The file has not the SHA-256 of its manifest ({sha256}) and was deleted. Choose the two files that were made together and upload them again.',
  },
  'update.no_starter': {
    status: 409,
    zh: '网关“{name}”不能从平台升级：它不是由 kapok-edge 软件包启动的，或尚未报告其软件状态。请在现场用软件包安装并启动。',
    en: 'The gateway “{name}” cannot be updated from here: the kapok-edge package did not start it, or it has not reported its software yet. Install the package at the plant and start it from there.',
  },
  'update.platform': {
    status: 409,
    zh: '升级包适用于 {platform}，网关“{name}”的平台是 {own}。请选择适用的升级包。',
    en: 'The release is for {platform}, and the gateway “{name}” is {own}. Choose one that fits.',
  },
  'update.same': {
    status: 409,
    zh: '网关“{name}”已在运行 {version} 版。',
    en: 'The gateway “{name}” runs {version} already.',
  },
  'update.older': {
    status: 409,
    zh: '{version} 版比网关“{name}”正在运行的 {running} 版旧。如确需降级，请使用“降级”。',
    en: '{version} is older than {running}, which the gateway “{name}” runs. Use “Downgrade” if you mean it.',
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
