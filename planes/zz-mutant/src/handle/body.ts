import { type Body, type BodyKind, bodyCodecs, writeKind } from './body-kinds.ts'
import type { HandleReader, HandleWriter } from './bytes.ts'
import { familyOperations, operations, responses } from './codes.ts'
import { isAtLeast, type ProtocolVersion } from './envelope.ts'

const requestKinds = new Map<number, BodyKind>([
  [operations.resolve, 'resolve'],
  [operations.getSiteInfo, 'handle'],
  [operations.create, 'values'],
  [operations.delete, 'handle'],
  [operations.addValue, 'values'],
  [operations.removeValue, 'removeValues'],
  [operations.modifyValue, 'values'],
  [operations.listHandles, 'handle'],
  [operations.listPrefixes, 'handle'],
  [operations.challengeResponse, 'challengeAnswer'],
  [operations.verifyResponse, 'verify'],
  [operations.home, 'handle'],
  [operations.unhome, 'handle'],
  [operations.listHomed, 'handle'],
  [operations.sessionSetup, 'sessionSetup'],
  [operations.sessionTerminate, 'handle'],
  [operations.sessionExchangeKey, 'sessionKey'],
  [familyOperations.idis.login, 'login'],
])

const successKinds = new Map<number, BodyKind>([
  [operations.resolve, 'values'],
  [operations.getSiteInfo, 'site'],
  [operations.create, 'handle'],
  [operations.delete, 'empty'],
  [operations.addValue, 'empty'],
  [operations.removeValue, 'empty'],
  [operations.modifyValue, 'empty'],
  [operations.listHandles, 'names'],
  [operations.listPrefixes, 'names'],
  [operations.verifyResponse, 'verified'],
  [operations.home, 'empty'],
  [operations.unhome, 'empty'],
  [operations.listHomed, 'names'],
  [operations.sessionSetup, 'sessionAnswer'],
  [operations.sessionTerminate, 'empty'],
  [operations.sessionExchangeKey, 'empty'],
])

/** Where hdllib or RFC 3652 also send nothing: no minted name, no handle in question. */
const mayBeEmpty = new Set<number>([
  operations.create,
  operations.getSiteInfo,
  operations.sessionTerminate,
  operations.sessionExchangeKey,
])
const knownResponses = new Set<number>(Object.values(responses))

/** Which body stands behind a header. Before 2.5 the code 303 was an error of its own, before 2.1 challenges held a digest. */
function kindOf(operation: number, response: number, version: ProtocolVersion): BodyKind {
  if (response === 0) return requestKinds.get(operation) ?? 'opaque'
  if (response === responses.success) return successKinds.get(operation) ?? 'opaque'
  if (response === responses.serviceReferral) return 'referral'
  if (response === responses.prefixReferral) return isAtLeast(version, { major: 2, minor: 5 }) ? 'referral' : 'error'
  if (response === responses.authenticationNeeded)
    return isAtLeast(version, { major: 2, minor: 1 }) ? 'challenge' : 'oldChallenge'
  return knownResponses.has(response) ? 'error' : 'opaque'
}

const empties = (operation: number, response: number) => response <= responses.success && mayBeEmpty.has(operation)

export function readBody(reader: HandleReader, operation: number, response: number, version: ProtocolVersion): Body {
  const kind = reader.left === 0 && empties(operation, response) ? 'empty' : kindOf(operation, response, version)
  return { kind, ...bodyCodecs[kind].read(reader) } as Body
}

/** Refuses a body that does not belong to the operation and response code. */
export function writeBody(
  writer: HandleWriter,
  body: Body,
  operation: number,
  response: number,
  version: ProtocolVersion,
): void {
  const kind = kindOf(operation, response, version)
  if (body.kind !== kind && !(body.kind === 'empty' && empties(operation, response)))
    writer.refuse(`a body “${kind}” for operation ${operation} and response ${response}`, `“${body.kind}”`)
  writeKind(writer, body)
}
