import { type HandleTemplate, handleTemplates } from './handle-templates.ts'
import { nameLimits } from './limits.ts'
import { refuse } from './name-error.ts'

const scheme = 'Handle'

/** A handle, read: `88.608.8889/App_x` (RFC 3651 §3). */
export interface HandleName {
  readonly prefix: string
  readonly suffix: string
  /** ASCII capital letters in the prefix, and in all of a global handle (`0.…`): the form in which handles are compared. */
  readonly canonical: string
}

/**
 * Reads a handle: a prefix of segments divided by dots, a slash, and any Unicode text; at most 2,048 bytes as UTF-8. A scheme before it
 * (`hdl:`, or the address of the public proxy) is left off. Throws IdentifierError.
 */
export function parseHandleName(text: string): HandleName {
  const before = /^(?:hdl:|https?:\/\/hdl\.handle\.net\/)/i.exec(text)?.[0].length ?? 0
  if (text.length > nameLimits.handleBytes)
    refuse(scheme, text, nameLimits.handleBytes, `at most ${nameLimits.handleBytes} bytes`)
  const lone = text.search(/\p{Surrogate}/u)
  if (lone !== -1) refuse(scheme, text, lone, 'a character of Unicode')
  if (Buffer.byteLength(text) > nameLimits.handleBytes)
    refuse(scheme, text, text.length, `at most ${nameLimits.handleBytes} bytes as UTF-8`)
  const slash = text.indexOf('/', before)
  if (slash === -1) refuse(scheme, text, text.length, 'a slash behind the prefix')
  const prefix = text.slice(before, slash)
  const empty = /^\.|\.\.|\.$|^$/.exec(prefix)
  if (empty !== null) refuse(scheme, text, before + empty.index, 'a prefix of segments divided by single dots')
  const control = text.search(/\p{Cc}/u)
  if (control !== -1) refuse(scheme, text, control, 'no control characters')
  const suffix = text.slice(slash + 1)
  const upper = (part: string) => part.replace(/[a-z]+/g, (letters) => letters.toUpperCase())
  const canonical = `${upper(prefix)}/${/^0\./.test(prefix) ? upper(suffix) : suffix}`
  return { prefix, suffix, canonical }
}

/** The handles of the prefixes above a name, from the nearest to the root: `0.NA/88.608.8889`, `0.NA/88.608`, `0.NA/88`. */
export function prefixesAbove({ canonical }: HandleName): readonly string[] {
  const segments = canonical.slice(0, canonical.indexOf('/')).split('.')
  return segments.map((_, index) => `0.NA/${segments.slice(0, segments.length - index).join('.')}`)
}

/** Holds a handle to a template of handle-templates.ts. Throws IdentifierError at the first part that does not fit. */
export function checkHandleTemplate(text: string, template: HandleTemplate): HandleName {
  const name = parseHandleName(text)
  const start = text.indexOf(name.prefix)
  checkSegments(text, start, name.prefix.split('.'), template.prefix)
  if (name.suffix === '') refuse(scheme, text, text.length, 'an object')
  if (template.object !== undefined)
    checkSegments(text, start + name.prefix.length + 1, name.suffix.split('.'), template.object)
  return name
}

function checkSegments(text: string, from: number, found: readonly string[], wanted: HandleTemplate['prefix']): void {
  let at = from
  for (const [index, { pattern, expected }] of wanted.entries()) {
    const segment = found[index]
    if (segment === undefined || !pattern.test(segment))
      refuse(scheme, text, segment === undefined ? at - 1 : at, expected)
    at += segment.length + 1
  }
  if (found.length > wanted.length) refuse(scheme, text, at - 1, `no more than ${wanted.length} parts divided by dots`)
}

/** What a carrier has before a handle of a template: `VAA88.608.8889/App_x`. Throws IdentifierError. */
export function carrierCode(handle: string, templateName: string): string {
  const template = templateOf(templateName)
  return (template.issuingAgency ?? '') + checkHandleTemplate(handle, template).canonical
}

/** The handle in a carrier's code, and by which template. Throws IdentifierError when no template's issuing agency stands before it. */
export function parseCarrierCode(code: string): { readonly template: string; readonly handle: HandleName } {
  const template = handleTemplates.find(
    ({ issuingAgency }) => issuingAgency !== undefined && code.startsWith(issuingAgency),
  )
  if (template?.issuingAgency === undefined) return refuse('carrier code', code, 0, 'VAA or MA before the code')
  return { template: template.name, handle: checkHandleTemplate(code.slice(template.issuingAgency.length), template) }
}

function templateOf(name: string): HandleTemplate {
  return handleTemplates.find((each) => each.name === name) ?? refuse(scheme, name, 0, 'the name of a template')
}
