import { nameLimits } from './limits.ts'
import { checkLength, refuse } from './name-error.ts'

const scheme = 'DID'

/** A decentralized identifier, without path, query and fragment of a DID URL. */
export interface Did {
  readonly method: string
  readonly id: string
  readonly canonical: string
}

/**
 * Reads a DID (W3C DID Core 1.0 §3.1), or the DID of a DID URL. Of `did:web` and `did:bid` the method's own rules hold too. Throws
 * IdentifierError.
 */
export function parseDid(text: string): Did {
  checkLength(scheme, text, nameLimits.didLength)
  const [start, method = ''] = /^did:([0-9a-z]+):/.exec(text) ?? []
  if (start === undefined) return refuse(scheme, text, 0, 'did:, a method in small letters and digits, and a colon')
  const id = /^[^/?#]*/.exec(text.slice(start.length))?.[0] ?? ''
  const strange = id.search(/[^0-9A-Za-z.\-_:%]|%(?![0-9A-Fa-f]{2})/)
  if (strange !== -1) refuse(scheme, text, start.length + strange, 'a letter, a digit, one of . - _ : or %XX')
  if (id === '' || id.endsWith(':')) refuse(scheme, text, start.length + id.length, 'an identifier behind the method')
  if (method === 'web') checkWeb(text, start.length, id)
  if (method === 'bid') checkBid(text, start.length, id)
  return { method, id, canonical: `did:${method}:${method === 'web' ? webCanonical(id) : id}` }
}

/** A domain, perhaps a port behind `%3A`, and path segments behind colons (did:web method specification). */
function checkWeb(text: string, at: number, id: string): void {
  const [domain = '', ...path] = id.split(':')
  const label = '[0-9A-Za-z](?:[0-9A-Za-z-]{0,61}[0-9A-Za-z])?'
  if (!new RegExp(`^${label}(?:\\.${label})*(?:%3[Aa]\\d{1,5})?$`).test(domain))
    refuse(scheme, text, at, 'a domain name, perhaps with a port behind %3A')
  if (/^\d+(\.\d+){3}(%|$)/.test(domain)) refuse(scheme, text, at, 'a domain name, not an IP address')
  const empty = path.indexOf('')
  if (empty !== -1) refuse(scheme, text, at + [domain, ...path.slice(0, empty)].join(':').length + 1, 'a path segment')
}

const webCanonical = (id: string) => {
  const [domain = '', ...path] = id.split(':')
  return [domain.toLowerCase().replace('%3a', '%3A'), ...path].join(':')
}

/** Where the document of a `did:web` is: `did:web:example.com:parts:7` at `https://example.com/parts/7/did.json`. */
export function didWebUrl({ method, id, canonical }: Did): string {
  if (method !== 'web') return refuse(scheme, canonical, 'did:'.length, 'the method web')
  const [domain = '', ...path] = id.split(':')
  return `https://${decodeURIComponent(domain.toLowerCase())}/${path.length === 0 ? '.well-known' : path.join('/')}/did.json`
}

/** Kinds of key and encodings that a suffix may begin with (draft-liu-bid-protocol-specification). */
const bidSuffix = /^[ezs][fst][0-9A-Za-z]*$/

/**
 * `did:bid:[acsn:]suffix`: a chain of four letters or digits, a suffix of 22 to 42 letters or digits (BID Protocol Specification
 * 2.0.0, ABNF), of which the first tells the key (e Ed25519, z SM2, s secp256k1) and the second the encoding (f Base58, s Base64, t
 * Bech32). A chain alone, `did:bid:byol`, names the chain.
 */
function checkBid(text: string, at: number, id: string): void {
  const parts = id.split(':')
  const suffix = parts.length === 1 && parts[0]?.length !== 4 ? parts[0] : parts[1]
  const chain = parts.length === 2 || parts[0]?.length === 4 ? parts[0] : undefined
  if (parts.length > 2)
    refuse(scheme, text, at + parts.slice(0, 2).join(':').length, 'no more than a chain and a suffix')
  if (chain !== undefined && !/^[0-9A-Za-z]{4}$/.test(chain))
    refuse(scheme, text, at, 'a chain of four letters or digits')
  if (suffix === undefined) return
  const suffixAt = at + id.length - suffix.length
  if (!bidSuffix.test(suffix))
    refuse(scheme, text, suffixAt, 'a suffix of letters and digits that begins with e, z or s, then f, s or t')
  if (suffix.length < 22 || suffix.length > 42)
    refuse(scheme, text, suffixAt + Math.min(suffix.length, 42), 'a suffix of 22 to 42 characters')
}
