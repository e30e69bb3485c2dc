import { SentenceError, sentences } from '../sentence.ts'

/** Why a release does not run, and what to do. */
export const say = sentences({
  'update.manifest': {
    zh: '升级包的清单无法识别：{why}。请使用与本网关版本相配的打包工具重新制作。',
    en: 'The manifest of the release is not one that this gateway knows: {why}. Make the release anew with a tool that fits this gateway.',
  },
  'update.no_keys': {
    zh: '网关没有可信的发布公钥，因此不接受任何升级包。请把发布公钥（PEM）放入网关主目录的 {file}。',
    en: 'This gateway trusts no release key and therefore takes no release. Put the releaser’s public key (PEM) into {file} of its home folder.',
  },
  'update.signature': {
    zh: '升级包没有可信的签名：签名者为 {signers}，网关信任 {trusted}。升级包未下载。请核对升级包的来源。',
    en: 'No trusted key signed the release: it is signed by {signers}, and this gateway trusts {trusted}. Nothing was downloaded. Check where the release comes from.',
  },
  'update.signature_wrong': {
    zh: '升级包的签名有误：签名自称出自可信公钥 {signers}，但与清单内容不符。升级包未下载。清单可能被改动过，请核对其来源。',
    en: 'The signature of the release is wrong: it claims the trusted key {signers}, but does not fit the manifest. Nothing was downloaded. Somebody may have changed it; check where it comes from.',
  },
  'update.platform': {
    zh: '升级包适用于 {platform}，本网关为 {own}。请选择适用的升级包。',
    en: 'The release is for {platform}, and this gateway is {own}. Choose one that fits.',
  },
  'update.same': { zh: '网关已在运行 {version} 版。', en: 'The gateway runs {version} already.' },
  'update.older': {
    zh: '{version} 版比正在运行的 {running} 版旧。如确需降级，请使用“降级”。',
    en: '{version} is older than {running}, which runs. Use “Downgrade” if you mean it.',
  },
  'update.too_far': {
    zh: '升级到 {version} 版至少需要先运行 {minimum} 版，本网关为 {running} 版。请先升级到 {minimum} 版。',
    en: '{version} can be taken from {minimum} on, and this gateway runs {running}. Update to {minimum} first.',
  },
  'update.node': {
    zh: '升级包不带 Node，需要 Node {node}，本网关运行 Node {own}。请使用自带 Node 的升级包。',
    en: 'The release brings no Node and needs Node {node}, and this gateway runs Node {own}. Use a release that brings its own.',
  },
  'update.disk': {
    zh: '磁盘空间不足：升级需要 {needed} MB，剩余 {free} MB。请清理网关磁盘后重试。',
    en: 'The disk has too little room: the update needs {needed} MB, and {free} MB are free. Make room and try again.',
  },
  'update.download': {
    zh: '升级包下载失败：{why}。已下载的部分保留，可重新下发，从中断处继续。',
    en: 'The release could not be downloaded: {why}. What has arrived is kept; order it again to go on from there.',
  },
  'update.file': {
    zh: '下载的文件与清单不符（{what}），已删除，没有解包。请重新下发；如再次出现，请核对平台上的升级包。',
    en: 'The file that was downloaded does not fit its manifest ({what}) and was deleted; nothing was unpacked. Order it again, and if that fails too, check the release on the platform.',
  },
  'update.archive': {
    zh: '升级包内容有误，未启用：{why}。请联系升级包的发布者。',
    en: 'The content of the release is wrong and was not put to use: {why}. Tell whoever released it.',
  },
  'update.interrupted': {
    zh: '网关在试运行新版本时断电或被终止，已回退。可重新下发。',
    en: 'The gateway lost power or was ended while the release was on trial, and went back. Order it again.',
  },
  'update.tries': {
    zh: '网关在准备升级时已中断 {tries} 次，不再重试。请检查网关的电源、内存与磁盘后重新下发。',
    en: 'The gateway was interrupted {tries} times while it prepared the update and tries no more. Check its power, memory and disk, then order it again.',
  },
  'update.missing': {
    zh: '新版本的文件不完整，无法启动，已回退。请重新下发。',
    en: 'The files of the release are not whole and it could not be started; the gateway went back. Order it again.',
  },
  'update.ended': {
    zh: '新版本启动后 {seconds} 秒即退出（{how}），没有连上平台，已回退。{words}',
    en: 'The release ended after {seconds} s ({how}) without reaching the platform, and the gateway went back. {words}',
  },
  'update.unreached': {
    zh: '新版本运行了 {seconds} 秒，没有一份报告到达平台，已回退。',
    en: 'The release ran for {seconds} s and no report of it reached the platform; the gateway went back.',
  },
  'update.hung': {
    zh: '新版本运行了 {seconds} 秒，没有反应，被终止，已回退。',
    en: 'The release did not answer for {seconds} s, was ended, and the gateway went back.',
  },
  'update.fault': { zh: '升级未能完成：{why}。可重新下发。', en: 'The update failed: {why}. Order it again.' },
})

export function refuseUpdate(
  code: keyof (typeof say)['table'],
  details: Record<string, string | number> = {},
  options?: ErrorOptions,
): SentenceError {
  return new SentenceError(say(code, details), options)
}
