import { nameLimits } from './limits.ts'
import { checkLength, refuse } from './name-error.ts'

const scheme = 'OID'

/** Arcs of an object identifier, as text since they have no greatest number. */
export interface Oid {
  readonly arcs: readonly string[]
  /** `1.2.156.3088` */
  readonly canonical: string
}

/**
 * Reads an object identifier in dotted form, with or without `urn:oid:` (Rec. ITU-T X.660; RFC 3061): the first arc 0, 1 or 2, the
 * second under 0 and 1 at most 39, no leading zeros. Throws IdentifierError.
 */
export function parseOid(text: string): Oid {
  checkLength(scheme, text, nameLimits.textLength)
  const before = /^(?:urn:)?oid:/i.exec(text)?.[0].length ?? 0
  const arcs = text.slice(before).split('.')
  if (arcs.length > nameLimits.oidArcs) refuse(scheme, text, before, `at most ${nameLimits.oidArcs} arcs`)
  let at = before
  for (const [index, arc] of arcs.entries()) {
    if (!/^(0|[1-9]\d*)$/.test(arc)) refuse(scheme, text, at, 'an arc: digits without leading zeros')
    if (arc.length > nameLimits.oidArcDigits)
      refuse(scheme, text, at, `an arc of at most ${nameLimits.oidArcDigits} digits`)
    if (index === 0 && Number(arc) > 2) refuse(scheme, text, at, 'a first arc of 0, 1 or 2')
    if (index === 1 && arcs[0] !== '2' && Number(arc) > 39)
      refuse(scheme, text, at, `a second arc under ${arcs[0]} from 0 to 39`)
    at += arc.length + 1
  }
  if (arcs.length < 2) refuse(scheme, text, text.length, 'at least two arcs')
  return { arcs, canonical: arcs.join('.') }
}

/** The object identifiers above one, from the nearest: of `1.2.156.3088` `1.2.156` and `1.2`. */
export function oidsAbove({ arcs }: Oid): readonly string[] {
  return Array.from({ length: arcs.length - 2 }, (_, index) => arcs.slice(0, arcs.length - 1 - index).join('.'))
}

/** Labels of an OID internationalized resource identifier. */
export interface OidIri {
  readonly labels: readonly string[]
  /** `/ISO/Member-Body/156`, in Unicode NFC. */
  readonly canonical: string
}

/**
 * Reads an OID-IRI, with or without `oid:` (Rec. ITU-T X.660 §7.5): labels behind slashes, each a number or Unicode letters, digits,
 * `-`, `.`, `_` and `~`; a hyphen neither first nor last nor third and fourth. Throws IdentifierError.
 */
export function parseOidIri(text: string): OidIri {
  checkLength(scheme, text, nameLimits.textLength)
  const before = /^oid:/i.exec(text)?.[0].length ?? 0
  if (text[before] !== '/') refuse(scheme, text, before, 'a slash before each label')
  const labels = text.slice(before + 1).split('/')
  if (labels.length > nameLimits.oidArcs) refuse(scheme, text, before, `at most ${nameLimits.oidArcs} labels`)
  let at = before + 1
  for (const label of labels) {
    const strange = label.search(/[^\p{L}\p{M}\p{Nd}\-._~]/u)
    if (strange !== -1) refuse(scheme, text, at + strange, 'a letter, a digit, or one of - . _ ~')
    if (label === '' || label.length > nameLimits.oidIriLabel)
      refuse(scheme, text, at, `a label of 1 to ${nameLimits.oidIriLabel} characters`)
    if (/^\d+$/.test(label) && !/^(0|[1-9]\d*)$/.test(label)) refuse(scheme, text, at, 'a number without leading zeros')
    const hyphen = /^-|-$|^..--/u.exec(label)
    if (hyphen !== null)
      refuse(scheme, text, at + hyphen.index, 'a label without a hyphen first, last, or third and fourth')
    at += label.length + 1
  }
  return { labels, canonical: `/${labels.join('/')}`.normalize('NFC') }
}
