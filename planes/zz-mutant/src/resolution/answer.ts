import {
  canonicalHandle,
  commonVersion,
  coveredPart,
  decodeMessage,
  digestOf,
  type Envelope,
  encodeMessage,
  HandleFormatError,
  type HandleMessage,
  type HandleValue,
  isAtLeast,
  operationFlags,
  operations,
  ourVersion,
  responses,
  valuePermissions,
} from '../handle/handle.ts'

/** Where records are. Handles come in their canonical form. */
export interface RecordSource {
  find(handle: string): readonly HandleValue[] | undefined
}

/** A record source in memory, for tests and for a handful of records. */
export function recordsOf(records: Iterable<readonly [handle: string, values: readonly HandleValue[]]>): RecordSource {
  const byHandle = new Map(Array.from(records, ([handle, values]) => [canonicalHandle(handle), values]))
  return { find: (handle) => byHandle.get(handle) }
}

export interface Answer {
  envelope: Omit<Envelope, 'messageLength'>
  message: Buffer
  /** Whether the client wants to ask more over its connection. */
  keepConnection: boolean
}

const expirationSeconds = 43_200
/** What an answer repeats of a request's flags. Nothing is signed here, so CT is not among them. */
const repeated =
  operationFlags.authoritative |
  operationFlags.recursive |
  operationFlags.cacheAuthentication |
  operationFlags.keepConnection |
  operationFlags.publicOnly |
  operationFlags.returnDigest

/**
 * Answers one request: resolution of public values; all else is refused with the protocol's code. Undefined for what is no
 * request, so that two servers never answer each other's answers. `nowMs` is the time of the answer.
 */
export function answerTo(
  request: Envelope,
  bytes: Uint8Array,
  records: RecordSource,
  nowMs: number,
): Answer | undefined {
  const version = commonVersion(ourVersion, request.version)
  const envelope = { ...request, version, suggested: ourVersion, compressed: false, encrypted: false, truncated: false }
  const reply = (asked: Asked, response: number, body: HandleMessage['body']): Answer => {
    const wantsDigest = (asked.flags & operationFlags.returnDigest) !== 0
    const algorithm = isAtLeast(version, { major: 2, minor: 7 }) ? 'SHA-256' : 'SHA-1'
    const message = encodeMessage(
      {
        operation: asked.operation,
        response,
        flags: (asked.flags & repeated) >>> 0,
        siteInfoSerial: 0xffff,
        recursionCount: asked.recursionCount,
        expiration: Math.floor(nowMs / 1_000) + expirationSeconds,
        ...(wantsDigest && { requestDigest: { algorithm, digest: digestOf(algorithm, coveredPart(bytes)) } }),
        body,
        credential: null,
      },
      version,
    )
    return { envelope, message, keepConnection: (asked.flags & operationFlags.keepConnection) !== 0 }
  }
  const refuse = (asked: Asked, response: number, message: string) => reply(asked, response, { kind: 'error', message })

  if (request.encrypted || request.compressed)
    return refuse(unread, responses.sessionNotSupported, 'this server has no sessions and no compression')
  const asked = decoded(bytes, request.version)
  if (asked instanceof HandleFormatError) return refuse(unread, responses.protocolError, asked.message)
  if (asked.response !== 0) return undefined
  if (asked.body.kind !== 'resolve')
    return refuse(asked, responses.operationNotSupported, `operation ${asked.operation} is not offered here`)

  const { handle } = asked.body
  const record = records.find(canonicalHandle(handle))
  if (record === undefined) return refuse(asked, responses.handleNotFound, 'HANDLE NOT FOUND')
  const values = selectValues(record, asked.body)
  if (values.length === 0 && (asked.body.indexes.length > 0 || asked.body.types.length > 0))
    return refuse(asked, responses.valuesNotFound, 'NO SUCH VALUES')
  try {
    return reply(asked, responses.success, { kind: 'values', handle, values })
  } catch (error) {
    if (!(error instanceof HandleFormatError)) throw error
    return refuse(asked, responses.error, `the answer does not fit a message: ${error.expected}`)
  }
}

type Asked = Pick<HandleMessage, 'operation' | 'flags' | 'recursionCount'>
const unread: Asked = { operation: operations.resolve, flags: 0, recursionCount: 0 }

function decoded(bytes: Uint8Array, version: Envelope['version']): HandleMessage | HandleFormatError {
  try {
    return decodeMessage(bytes, version)
  } catch (error) {
    if (error instanceof HandleFormatError) return error
    throw error
  }
}

/** In place of an answer that a forged question must not bring upon somebody by UDP. */
export function tooLongForUdp({ envelope, message, keepConnection }: Answer): Answer {
  const { operation, flags, recursionCount, siteInfoSerial, expiration, requestDigest } = decodeMessage(
    message,
    envelope.version,
  )
  const refusal: HandleMessage = {
    operation,
    response: responses.error,
    flags,
    recursionCount,
    siteInfoSerial,
    expiration,
    ...(requestDigest && { requestDigest }),
    body: { kind: 'error', message: 'this answer is too long for UDP: ask by TCP' },
    credential: null,
  }
  return { envelope, message: encodeMessage(refusal, envelope.version), keepConnection }
}

/**
 * The public values that a request asks for: by index or by type, all when it names neither. A type that ends with a dot
 * means itself and all below it (RFC 3652 §3.2).
 */
export function selectValues(
  record: readonly HandleValue[],
  { indexes, types }: { indexes: readonly number[]; types: readonly string[] },
): HandleValue[] {
  const open = record.filter(({ permissions }) => (permissions & valuePermissions.publicRead) !== 0)
  if (indexes.length === 0 && types.length === 0) return open
  const byIndex = new Set(indexes)
  const exact = new Set(types.map((type) => type.toUpperCase().replace(/\.$/, '')))
  const below = types.filter((type) => type.endsWith('.')).map((type) => type.toUpperCase())
  return open.filter(({ index, type }) => {
    const name = type.toUpperCase()
    return byIndex.has(index) || exact.has(name) || below.some((prefix) => name.startsWith(prefix))
  })
}
