/**
 * Names of things in every scheme, as pure functions: the door of this station. What is no such name throws IdentifierError, which
 * says where and what had to stand there.
 */
export { type ApplicationIdentifier, applicationIdentifiers, type Element } from './application-identifier.ts'
export { type Did, didWebUrl, parseDid } from './did.ts'
export {
  canonicalDigitalLink,
  canonicalUri,
  digitalLinkOf,
  digitalLinkPath,
  digitalLinkUri,
  levelsOf,
} from './digital-link.ts'
export { compressedDigitalLink, decompressDigitalLink } from './digital-link-compression.ts'
export { type DigitalLink, type DigitalLinkOptions, parseDigitalLink } from './digital-link-parse.ts'
export { type Ecode, ecodeForms, parseEcode } from './ecode.ts'
export { bracketElementString, parseElementString, scannedElementString } from './element-string.ts'
export { codingFor, decodeEpcTag, type EpcTag, encodeEpcTag, epcTagUri, parseEpcTagUri } from './epc-binary.ts'
export { canonicalEpc, type EpcUrn, epcToDigitalLink, epcUrnOf, parseEpcUrn } from './epc-urn.ts'
export { checkDigit, checkPair } from './gs1-check.ts'
export {
  carrierCode,
  checkHandleTemplate,
  type HandleName,
  parseCarrierCode,
  parseHandleName,
  prefixesAbove,
} from './handle-name.ts'
export { handleTemplates } from './handle-templates.ts'
export { type Identifier, parseIdentifier } from './identifier.ts'
export { IdentifierError } from './name-error.ts'
export { type Oid, type OidIri, parseOid, parseOidIri } from './oid.ts'
