/** Return codes of an item (Wireshark, packet-s7comm.c, “Return values”). */
const items: Record<number, string> = {
  1: 'hardware error',
  3: 'accessing the object is not allowed',
  5: 'invalid address',
  6: 'data type not supported',
  7: 'data type inconsistent',
  10: 'object does not exist',
}

/** Error class and code of a whole answer (Wireshark, packet-s7comm.c, “Error class” and “Parameter error code”). */
const classes: Record<number, string> = {
  129: 'application relationship error',
  130: 'object definition error',
  131: 'no resources available',
  132: 'error on service processing',
  133: 'error on supplies',
  135: 'access error',
}
const codes: Record<number, string> = {
  33028: 'the function is not available; in an S7-1200 or -1500 PUT/GET access may be off',
  34048: 'the PDU is too large',
  34562: 'invalid address',
  54273: 'invalid function',
  54786: 'the password is wrong',
}

const hexOf = (code: number, digits: number) => code.toString(16).toUpperCase().padStart(digits, '0')

export const itemWords = (code: number) => `${items[code] ?? 'refused'} (return code ${hexOf(code, 2)})`

export const errorWords = (code: number) =>
  `${codes[code] ?? classes[code >> 8] ?? 'refused'} (error ${hexOf(code, 4)})`
