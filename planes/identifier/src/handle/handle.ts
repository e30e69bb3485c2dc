/**
 * The Handle protocol, bytes to messages and back (RFC 3650–3652, hdllib 2.11): the door of this station. Pure functions;
 * sockets, records and keys are the callers'.
 */
export { type Body, keyExchangeModes } from './body-kinds.ts'
export { HandleFormatError, readOrUndefined } from './bytes.ts'
export {
  publicKeyAnswer,
  publicKeyHolds,
  secretKeyAnswer,
  secretKeyHolds,
} from './challenge.ts'
export * from './codes.ts'
export { credentialTypes } from './credential.ts'
export { agreeOnKey } from './diffie-hellman.ts'
export { digestOf, sameBytes } from './digest.ts'
export { commonVersion, decodeEnvelope, type Envelope, envelopeBytes, isAtLeast, ourVersion } from './envelope.ts'
export { decodeJws, isObject, type Jws, jwsHolds, signJws } from './jws.ts'
export {
  type JwsPrivateKey,
  type JwsPublicKey,
  jwkOf,
  jwsKeyData,
  jwsKeyOfData,
  jwsKeyOfJwk,
  jwsKinds,
  makeJwsKey,
  prepared,
  privateJwkOf,
  privateJwsKeyOfJwk,
} from './jws-key.ts'
export { verifiesRsa } from './keys.ts'
export { handleLimits } from './limits.ts'
export { coveredPart, decodeFrame, decodeMessage, encodeFrame, encodeMessage, type HandleMessage } from './message.ts'
export { canonicalHandle, partsOf, prefixHandle, serverHash, serverIndex } from './name.ts'
export { PacketJoiner, splitIntoPackets } from './packets.ts'
export { rsaPublicKey, rsaPublicKeyData, sm2PublicKey } from './public-key.ts'
export {
  decodeSessionKey,
  decryptedMessage,
  encodeSessionKey,
  encryptedMessage,
  isOfferedCipher,
  messageWithMac,
  type SessionKey,
  sessionCiphers,
} from './session-key.ts'
export { macCredential, macHolds, signatureHolds, signedCredential, signedMessage } from './signed-credential.ts'
export { hashOptions, type Site, siteOf, siteTransports } from './site.ts'
export { adminPermissions, decodeData, encodeData, formatOf, type TypedData } from './typed-data.ts'
export { defaultPermissions, encodeValue, type HandleValue, newValue, valuePermissions } from './value.ts'
export { isCovered, type SignedDigests, signedDigests, valueDigest } from './value-signature.ts'
