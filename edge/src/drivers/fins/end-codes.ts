/** Main and sub response codes (W342 §5-1-3 “End codes”, pages 155 to 161), in the manual's words, shortened. */
const main: Record<number, string> = {
  0: 'normal completion',
  1: 'local node error',
  2: 'destination node error',
  3: 'controller error',
  4: 'service unsupported',
  5: 'routing table error',
  16: 'command format error',
  17: 'parameter error',
  32: 'read not possible',
  33: 'write not possible',
  34: 'not executable in current mode',
  35: 'no such device',
  36: 'cannot start/stop',
  37: 'unit error',
  38: 'command error',
  48: 'access right error',
  64: 'abort',
}

const sub: Record<number, string> = {
  1: 'service was interrupted',
  257: 'local node not in network',
  258: 'token timeout',
  259: 'retries failed',
  260: 'too many send frames',
  261: 'node address range error',
  262: 'node address duplication',
  513: 'destination node not in network',
  514: 'unit missing',
  515: 'third node missing',
  516: 'destination node busy',
  517: 'response timeout',
  769: 'communications controller error',
  770: 'CPU Unit error',
  771: 'controller board error',
  772: 'unit number error',
  1025: 'undefined command',
  1026: 'not supported by model/version',
  1281: 'destination address setting error',
  1282: 'no routing tables',
  1283: 'routing table error',
  1284: 'too many relays',
  4097: 'command too long',
  4098: 'command too short',
  4099: 'elements and data do not match',
  4100: 'command format error',
  4101: 'header error',
  4353: 'area classification missing',
  4354: 'access size error',
  4355: 'address range error',
  4356: 'address range exceeded',
  4363: 'response too long',
  4364: 'parameter error',
  8194: 'protected',
  8195: 'table missing',
  8449: 'read-only area',
  8450: 'protected',
  8456: 'cannot change',
  8705: 'not possible during execution',
  8706: 'not possible while running',
  8707: 'wrong PLC mode: PROGRAM',
  8708: 'wrong PLC mode: DEBUG',
  8709: 'wrong PLC mode: MONITOR',
  8710: 'wrong PLC mode: RUN',
  8962: 'memory missing',
  9474: 'memory error',
  12289: 'no access right',
  16385: 'service was aborted',
}

/** Bit 7 of the main code: an error of the network on the way. Bits 7 and 6 of the sub code: the CPU Unit has an error. */
const relayFlag = 0x8000
const cpuFlags = 0x00c0

/** The code without the flags; 0 is normal completion, whatever errors the CPU Unit has besides. */
export const plainEndCode = (code: number) => code & ~(relayFlag | cpuFlags)

export function endCodeWords(code: number): string {
  const plain = plainEndCode(code)
  const words = [main[plain >> 8], sub[plain], code & relayFlag ? 'on the way through another network' : undefined]
  if (code & 0x80) words.push('the CPU Unit has a fatal error')
  else if (code & 0x40) words.push('the CPU Unit has a non-fatal error')
  const hex = `end code ${code.toString(16).toUpperCase().padStart(4, '0')}`
  const said = words.filter((each, i) => each !== undefined && words.indexOf(each) === i).join(', ')
  return said === '' ? hex : `${said} (${hex})`
}

/** Error codes of the FINS/TCP header (W421 §7-4, pages 178 to 180). */
const tcp: Record<number, string> = {
  1: 'the header is not FINS',
  2: 'the data length is too long',
  3: 'the command is not supported',
  32: 'all connections are in use',
  33: 'the specified node is already connected',
  34: 'attempt to access a protected node from an unspecified IP address',
  35: 'the client FINS node address is out of range',
  36: 'the same FINS node address is being used by the client and server',
  37: 'all the node addresses available for allocation have been used',
}

export const tcpErrorWords = (code: number) => `${tcp[code] ?? 'an error'} (FINS/TCP error ${code.toString(16)})`
