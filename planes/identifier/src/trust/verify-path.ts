import {
  type HandleValue,
  type Jws,
  type JwsPublicKey,
  jwsHolds,
  readOrUndefined,
  type SignedDigests,
  signedDigests,
  valueDigest,
} from '../handle/handle.ts'
import { certificateIn, isForPrefix, issuerOf } from './certificate.ts'
import { trustLimits } from './limits.ts'
import { type PathEvidence, type PathFault, type PathStep, prefixesAbove, type VerifiedPath } from './path.ts'
import { isCertificate, isSignature, jwsIn } from './record-signature.ts'

/** Whether a key made a signature; `jwsHolds`, or one that remembers. */
export type Holds = (jws: Jws, key: JwsPublicKey) => boolean

/** Who signs the next step. */
interface Issuer {
  name: string
  key: JwsPublicKey
}

type Found<T> = { holds: true; what: T } | { holds: false; why: PathFault; sentence: string }
const not = (why: PathFault, sentence: string) => ({ holds: false as const, why, sentence })

/**
 * Follows the signatures from the trusted key of the root (`302:0.0/0.0`) down to the values of a record: each prefix's
 * HS_CERT by the key above it, the record's HS_SIGNATURE by the last, each value's digest. Ends at the first step that does
 * not hold. A pure function of what it is given; checks at most `trustLimits.chain` certificates.
 */
export function verifyPath(trusted: JwsPublicKey, evidence: PathEvidence, holds: Holds = jwsHolds): VerifiedPath {
  const steps: PathStep[] = []
  const prefixes = prefixesAbove(evidence.handle)
  if (prefixes.length > trustLimits.chain) {
    const sentence = `More than ${trustLimits.chain} prefixes lie between the root and this record.`
    steps.push({ kind: 'certificate', of: evidence.handle, holds: false, why: 'chainTooLong', sentence })
    return { verdict: 'refused', steps }
  }
  let issuer: Issuer = { name: issuerOf('0.NA'), key: trusted }
  for (const [i, prefix] of prefixes.entries()) {
    const isLast = i === prefixes.length - 1
    const found = certificateOf(prefix, issuer, isLast ? 'handlesUnderThisPrefix' : 'derivedPrefixes', evidence, holds)
    if (!found.holds) return ended(steps, { kind: 'certificate', of: prefix, ...found })
    steps.push({ kind: 'certificate', of: prefix, holds: true, sentence: `Certified by ${issuer.name}.` })
    issuer = found.what
  }
  const signature = signatureBy(issuer, evidence, holds)
  if (!signature.holds) return ended(steps, { kind: 'signature', of: evidence.handle, ...signature })
  steps.push({ kind: 'signature', of: evidence.handle, holds: true, sentence: `Signed by ${issuer.name}.` })
  const values = valuesAs(signature.what, evidence)
  steps.push({ kind: 'values', of: evidence.handle, ...values })
  return { verdict: values.holds ? 'verified' : 'refused', steps }
}

/** What is missing proves nothing; what is there and does not hold is refused. */
function ended(steps: PathStep[], last: PathStep): VerifiedPath {
  const isMissing = last.why === 'noCertificate' || last.why === 'noSignature' || last.why === 'notReached'
  return { verdict: isMissing ? 'unproven' : 'refused', steps: [...steps, last] }
}

function certificateOf(
  prefix: string,
  issuer: Issuer,
  may: Parameters<typeof isForPrefix>[2],
  { certificates, nowSeconds }: PathEvidence,
  holds: Holds,
): Found<Issuer> {
  const values = certificates.get(prefix)
  if (values === undefined) return not('notReached', `Nobody told the certificate of ${prefix}.`)
  return firstThatHolds(
    values.filter(isCertificate).slice(0, trustLimits.certificatesOfPrefix),
    (value) => {
      const jws = jwsIn(value)
      const certificate = jws && certificateIn(jws)
      if (jws === undefined || certificate === undefined)
        return not('malformed', `The certificate of ${prefix} cannot be read.`)
      if (certificate.issuer !== issuer.name)
        return not('brokenChain', `The certificate of ${prefix} is by ${certificate.issuer}, not by ${issuer.name}.`)
      if (!isForPrefix(certificate, prefix, may))
        return not(
          'wrongPrefix',
          `The certificate is for ${namesOf(certificate)}, which does not let ${prefix} sign here.`,
        )
      if (!holds(jws, issuer.key))
        return not('wrongKey', `The certificate of ${prefix} was not signed with the key of ${issuer.name}.`)
      const untimely = outOfTime(`The certificate of ${prefix}`, certificate, nowSeconds)
      return untimely ?? { holds: true, what: { name: certificate.subject, key: certificate.key } }
    },
    not('noCertificate', `The prefix above did not certify a key of ${prefix}.`),
  )
}

function signatureBy(issuer: Issuer, { handle, values, nowSeconds }: PathEvidence, holds: Holds): Found<Signed> {
  const signatures = values.filter(isSignature)
  // Whoever registered the record may have signed it too: theirs is no step of the way.
  const ours = signatures.filter((value) => jwsIn(value)?.claims.iss === issuer.name)
  return firstThatHolds<Signed>(
    (ours.length > 0 ? ours : signatures).slice(0, trustLimits.signaturesOfRecord),
    (value) => {
      const jws = jwsIn(value)
      const signed = jws && readOrUndefined(() => signedDigests(jws))
      if (jws === undefined || signed === undefined)
        return not('malformed', 'The signature of the record cannot be read.')
      if (signed.issuer !== issuer.name)
        return not('brokenChain', `The record is signed by ${signed.issuer}, not by ${issuer.name}.`)
      if (signed.subject !== handle) return not('wrongHandle', `The signature is that of ${signed.subject}.`)
      if (!holds(jws, issuer.key)) return not('wrongKey', `The record was not signed with the key of ${issuer.name}.`)
      const untimely = outOfTime('The signature of the record', signed, nowSeconds)
      return untimely ?? { holds: true, what: { digests: signed.digests, index: value.index } }
    },
    not('noSignature', 'The record is not signed.'),
  )
}

interface Signed {
  digests: SignedDigests['digests']
  /** Of the signature itself, which it does not list. */
  index: number
}

function valuesAs({ digests, index: own }: Signed, { values, isWhole }: PathEvidence): Omit<PathStep, 'kind' | 'of'> {
  for (const value of values) {
    if (value.index === own) continue
    const digest = digests.get(value.index)
    if (digest === undefined)
      return not('valueNotCovered', `Value ${value.index} (${value.type}) is not among those that were signed.`)
    if (digest !== valueDigest(value))
      return not('valueChanged', `Value ${value.index} (${value.type}) is not the one that was signed.`)
  }
  const missing = isWhole
    ? [...digests.keys()].find((index) => !values.some((value) => value.index === index))
    : undefined
  if (missing !== undefined) return not('valueMissing', `Value ${missing} was signed and is not there.`)
  return { holds: true, sentence: `${digests.size} value(s) as they were signed.` }
}

/** The first candidate that holds; else why the first did not. */
function firstThatHolds<T>(
  candidates: readonly HandleValue[],
  judge: (value: HandleValue) => Found<T>,
  none: Found<T>,
): Found<T> {
  let fault: Found<T> | undefined
  for (const candidate of candidates) {
    const found = judge(candidate)
    if (found.holds) return found
    fault ??= found
  }
  return fault ?? none
}

function outOfTime(what: string, { notBefore, expires }: { notBefore: number; expires: number }, nowSeconds: number) {
  // A claim may hold any number, a date may not.
  const said = (seconds: number) =>
    Math.abs(seconds) < 1e11 ? new Date(seconds * 1_000).toISOString().slice(0, 19) : `second ${seconds}`
  if (nowSeconds > expires + trustLimits.clockSkewSeconds)
    return not('expired', `${what} ended at ${said(expires)} UTC.`)
  if (nowSeconds < notBefore - trustLimits.clockSkewSeconds)
    return not('notYetValid', `${what} begins at ${said(notBefore)} UTC only; look whether the clocks agree.`)
  return undefined
}

const namesOf = ({ subject, permissions }: { subject: string; permissions: { handle: string; may: string }[] }) =>
  `${subject} (${permissions.map(({ handle, may }) => `${may} ${handle}`).join(', ') || 'no permission'})`
