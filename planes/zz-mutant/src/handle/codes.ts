/** Operations (RFC 3652 §2.2.2.1 and what hdllib added). */
export const operations = {
  resolve: 1,
  getSiteInfo: 2,
  create: 100,
  delete: 101,
  addValue: 102,
  removeValue: 103,
  modifyValue: 104,
  listHandles: 105,
  listPrefixes: 106,
  challengeResponse: 200,
  verifyResponse: 201,
  home: 300,
  unhome: 301,
  listHomed: 302,
  sessionSetup: 400,
  sessionTerminate: 401,
  sessionExchangeKey: 402,
} as const

/**
 * Operations that one family of peers alone knows. 1001 and 1002 mean different things to hdllib and to the Go SDK, so a
 * number is only named together with the family that the peer is known to be of.
 */
export const familyOperations = {
  hdllib: { nextTransactionId: 1000, retrieveTransactionLog: 1001, dumpHandles: 1002, backup: 1003 },
  idis: { login: 2001 },
  idisGo: {
    metaCreate: 606,
    metaRemove: 607,
    metaModify: 608,
    metaQuery: 609,
    incrementalUpdate: 1001,
    fullUpdate: 1002,
    activeUpdateNotify: 1004,
    login: 2000,
  },
} as const

/** Response codes (RFC 3652 §2.2.2.2, hdllib, and 601–605 of IDIS). A request carries 0. */
export const responses = {
  success: 1,
  error: 2,
  serverBusy: 3,
  protocolError: 4,
  operationNotSupported: 5,
  recursionLimit: 6,
  readOnlyReplica: 7,
  handleNotFound: 100,
  handleExists: 101,
  invalidHandle: 102,
  valuesNotFound: 200,
  valueExists: 201,
  invalidValue: 202,
  staleSiteInfo: 300,
  notResponsible: 301,
  serviceReferral: 302,
  prefixReferral: 303,
  invalidAdmin: 400,
  noPermission: 401,
  authenticationNeeded: 402,
  authenticationFailed: 403,
  invalidCredential: 404,
  authenticationTimeout: 405,
  unableToAuthenticate: 406,
  sessionTimeout: 500,
  sessionFailed: 501,
  noSessionKey: 502,
  sessionNotSupported: 503,
  invalidSessionSetup: 504,
  sessionReplay: 505,
  clientChannelError: 601,
  clientTimeout: 602,
  dailyLimit: 603,
  registrationLimit: 604,
  prefixLimit: 605,
  trying: 900,
  forwarded: 901,
  queued: 902,
} as const

/** Flags of the header (RFC 3652 §2.2.2.3; the last three came with hdllib). */
export const operationFlags = {
  authoritative: 0x8000_0000,
  certify: 0x4000_0000,
  encrypt: 0x2000_0000,
  recursive: 0x1000_0000,
  cacheAuthentication: 0x0800_0000,
  /** More messages follow. */
  continuous: 0x0400_0000,
  keepConnection: 0x0200_0000,
  publicOnly: 0x0100_0000,
  returnDigest: 0x0080_0000,
  overwrite: 0x0040_0000,
  mintSuffix: 0x0020_0000,
  noReferral: 0x0010_0000,
} as const

/** What hdllib's clients send when nothing else is asked: recursive, cache authentication, public values. */
export const defaultFlags = 0x1900_0000

const words = (table: Record<string, number>) => new Map(Object.entries(table).map(([word, code]) => [code, word]))
const operationWords = words(operations)
const responseWords = words(responses)
const familyWords = {
  hdllib: words(familyOperations.hdllib),
  idis: words(familyOperations.idis),
  idisGo: words(familyOperations.idisGo),
}

/** The word of an operation, for logs and people; its number where nobody gave it a meaning. */
export function operationName(code: number, family?: keyof typeof familyOperations): string {
  return operationWords.get(code) ?? (family && familyWords[family].get(code)) ?? `operation ${code}`
}

export function responseName(code: number): string {
  return responseWords.get(code) ?? `response ${code}`
}
