/** End codes of the 3E frame as the manuals explain them (SH-080956 “End codes”, SH-080008 “Error codes”). */
const known: Record<number, string> = {
  85: 'writing during RUN is not enabled',
  16432: 'the device cannot be handled by the CPU module',
  16433: 'the device number is out of range',
  49205: 'the other device did not answer in time',
  49232: 'ASCII data that cannot be converted to binary',
  49233: 'the number of points is out of range',
  49234: 'the number of points is out of range',
  49235: 'the number of points is out of range',
  49236: 'the number of points is out of range',
  49238: 'the request goes beyond the highest address',
  49240: 'the request data length does not match after conversion from ASCII',
  49241: 'wrong command or subcommand',
  49243: 'the CPU module cannot read from or write to this device',
  49244: 'wrong request contents',
  49245: 'no monitor registration',
  49247: 'the request cannot be executed by this CPU module',
  49248: 'wrong request contents for a bit device',
  49249: 'the request data length does not match the number of data',
  49263: 'the request came in the other code (binary, ASCII) than the port is set to',
  49264: 'the device memory extension cannot be specified for this station',
  49333: 'data that the CPU module cannot handle',
  49664: 'wrong remote password',
  49665: 'the port is locked by a remote password',
  49668: 'another device has unlocked the remote password',
  52960: 'another request is being executed',
  52961: 'the request message is too long',
  52962: 'the response message is too long',
}

export function endCodeWords(code: number): string {
  const hex = `end code ${code.toString(16).toUpperCase().padStart(4, '0')}`
  const words = known[code] ?? (code >= 0x4000 && code <= 0x4fff ? 'an error that the CPU module detected' : undefined)
  return words === undefined ? hex : `${words} (${hex})`
}
