import type { DeviceState } from '../reading/reader.ts'

/** What an error of a device means to a person at the machine, and what to do. */
const rows: readonly { pattern: RegExp; zh: string; en: string }[] = [
  {
    pattern: /ECONNREFUSED|refused the connection/i,
    zh: '网络能到这个地址，但端口没有程序在听。核对端口号，并在设备上打开通信服务。',
    en: 'The address is reached, but nothing listens on the port. Check the port, and switch the service on at the machine.',
  },
  {
    pattern: /EHOSTUNREACH|ENETUNREACH|EHOSTDOWN/i,
    zh: '网络到不了这台设备。检查网线、交换机、IP 地址和网段。',
    en: 'The network does not lead to the machine. Check cable, switch, IP address and subnet.',
  },
  {
    pattern: /ENOTFOUND|EAI_AGAIN/i,
    zh: '主机名解析不了。改用 IP 地址，或检查 DNS。',
    en: 'The host name is not found. Use the IP address, or check DNS.',
  },
  {
    pattern: /ENOENT|EACCES|cannot open|no such (file|device)/i,
    zh: '串口打不开。检查串口名，以及网关是否有权使用它（用户加入 dialout 组）。',
    en: 'The serial port cannot be opened. Check its name, and that the gateway may use it (group dialout).',
  },
  {
    pattern: /certificate|trust/i,
    zh: '证书未被信任。核对指纹后，在点表或设备上信任它。',
    en: 'A certificate is not trusted. Compare its fingerprint, then trust it in the tag table or at the machine.',
  },
  {
    pattern: /illegal data address|no such|not exist|unknown (node|tag|symbol)|BadNodeId/i,
    zh: '设备里没有这个地址。对照设备的点表核对地址和类型。',
    en: 'The machine does not have the address. Compare address and type with the machine’s own list.',
  },
  {
    pattern: /ETIMEDOUT|time-?out|timed out|no answer|silent|in time/i,
    zh: '设备没有应答。检查设备是否开机、站号是否正确、是否已有别的主站占用连接。',
    en: 'The machine does not answer. Is it on, is the unit number right, does another master hold its connection?',
  },
  {
    pattern: /ECONNRESET|EPIPE|closed|broke/i,
    zh: '连接被对方断开。设备可能限制了连接数，或正在重启；网关会自己再连。',
    en: 'The other side ended the connection. It may allow only a few, or be restarting; the gateway connects again by itself.',
  },
  {
    pattern: /answered instead|unit \d+|transaction|checksum|CRC|frame/i,
    zh: '应答不合协议。核对站号、协议和成帧方式、串口参数，检查线路干扰。',
    en: 'The answers do not fit. Check unit, protocol and framing, serial settings; look for noise on the line.',
  },
  {
    pattern: /disk|SQLITE|full/i,
    zh: '磁盘写不进去。清理磁盘空间，检查存储卡。',
    en: 'The disk takes nothing. Free space, check the card.',
  },
]
const other = {
  zh: '看下面的原话；对照设备手册和点表中的连接设置。',
  en: 'See the words below; compare the connection in the tag table with the machine’s manual.',
}

/** Undefined for a device that is read without an error. */
export function diagnose({ lastError }: DeviceState): { zh: string; en: string } | undefined {
  if (lastError === undefined) return undefined
  return rows.find(({ pattern }) => pattern.test(lastError)) ?? other
}
