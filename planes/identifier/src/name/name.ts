/**
 * Names of things in every scheme, as pure functions: the door of this station. What is no such name throws IdentifierError, which
 * says where and what had to stand there.
 */
export { type ApplicationIdentifier, applicationIdentifiers, type Element } from './application-identifier.ts'
export {
  canonicalDigitalLink,
  canonicalUri,
  digitalLinkOf,
  digitalLinkPath,
  digitalLinkUri,
  levelsOf,
} from './digital-link.ts'
export { type DigitalLink, type DigitalLinkOptions, parseDigitalLink } from './digital-link-parse.ts'
export { bracketElementString, parseElementString, scannedElementString } from './element-string.ts'
export { canonicalEpc, type EpcUrn, epcToDigitalLink, epcUrnOf, parseEpcUrn } from './epc-urn.ts'
export { checkDigit, checkPair } from './gs1-check.ts'
export { IdentifierError } from './name-error.ts'
