import { tooLong } from './document.ts'
import { epcisLimits } from './limits.ts'
import { EpcisProblem } from './problem.ts'

/** A request as an HTTP server has it; header names in lower case. */
export interface EpcisRequest {
  method: string
  /** Percent-encoded, below the address of the EPCIS face, such as `/events`. */
  path: string
  /** Behind the question mark. */
  query: string
  headers: Readonly<Record<string, string | undefined>>
  body: AsyncIterable<Uint8Array>
}

export interface EpcisResponse {
  status: number
  headers: Record<string, string>
  body?: string
}

/** What every answer says of the versions (OpenAPI file of EPCIS 2.0). */
export const versionHeaders: Readonly<Record<string, string>> = {
  'GS1-EPCIS-Version': '2.0.0',
  'GS1-EPCIS-Min': '2.0.0',
  'GS1-EPCIS-Max': '2.0.0',
  'GS1-CBV-Version': '2.0.0',
  'GS1-CBV-Min': '2.0.0',
  'GS1-CBV-Max': '2.0.0',
}

export const json = (status: number, value: unknown, headers: Record<string, string> = {}): EpcisResponse => ({
  status,
  headers: { ...versionHeaders, 'Content-Type': 'application/json', ...headers },
  body: JSON.stringify(value),
})

export const empty = (status: number, headers: Record<string, string> = {}): EpcisResponse => ({
  status,
  headers: { ...versionHeaders, ...headers },
})

export const problem = (error: EpcisProblem): EpcisResponse => ({
  status: error.status,
  headers: {
    ...versionHeaders,
    'Content-Type': 'application/problem+json',
    ...(error.exception === 'CaptureLimitExceededException' ? captureHeaders : {}),
  },
  body: JSON.stringify(error.body()),
})

export const captureHeaders: Readonly<Record<string, string>> = {
  'GS1-EPCIS-Capture-Limit': String(epcisLimits.captureEvents),
  'GS1-EPCIS-Capture-File-Size-Limit': String(epcisLimits.captureBytes),
}

/** The whole body. Throws CaptureLimitExceededException as soon as it is longer than `most`. */
export async function bodyOf(request: EpcisRequest, most: number): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > most) throw tooLong(most)
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of request.body) {
    length += part.length
    if (length > most) throw tooLong(most)
    parts.push(part)
  }
  return Buffer.concat(parts)
}

/** `application/json` of `application/ld+json; charset=utf-8` and its like. Throws UnsupportedMediaTypeException. */
export function contentKindOf(request: EpcisRequest): 'json' | 'xml' {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase()
  if (type === 'application/json' || type === 'application/ld+json') return 'json'
  if (type === 'application/xml' || type === 'text/xml') return 'xml'
  throw new EpcisProblem(
    'UnsupportedMediaTypeException',
    'Content-Type: application/json, application/ld+json or application/xml expected',
  )
}

/** Refuses what cannot be answered: other media types, other versions, EPCs as URNs. Throws NotAcceptableException. */
export function checkAcceptable(headers: EpcisRequest['headers']): void {
  const accept = headers.accept
  const offered = ['application/json', 'application/ld+json', 'application/problem+json', 'application/*', '*/*']
  if (accept !== undefined && accept.trim() !== '') {
    const wanted = accept.split(',').filter((each) => !/;\s*q=0(?:\.0*)?\s*$/.test(each))
    if (!wanted.some((each) => offered.includes(each.split(';')[0]?.trim().toLowerCase() ?? '')))
      throw notAcceptable('Accept: application/json or application/ld+json expected')
  }
  for (const vocabulary of ['epcis', 'cbv']) {
    const exact = headers[`gs1-${vocabulary}-version`]
    if (exact !== undefined && !/^2(?:\.0){0,2}$/.test(exact.trim()))
      throw notAcceptable(`GS1-${vocabulary.toUpperCase()}-Version: 2.0 expected`)
    const least = versionOf(headers[`gs1-${vocabulary}-min`])
    const most = versionOf(headers[`gs1-${vocabulary}-max`])
    if ((least !== undefined && least > 2) || (most !== undefined && most < 2))
      throw notAcceptable(`GS1-${vocabulary.toUpperCase()}-Min and -Max: a range with 2.0 in it expected`)
  }
  if (headers['gs1-epc-format'] === 'Always_EPC_URN')
    throw notAcceptable('GS1-EPC-Format: EPCs are given as they came or as GS1 Digital Link URIs, not turned into URNs')
}

const versionOf = (text: string | undefined): number | undefined => {
  const [, major, minor = '0'] = /^(\d+)(?:\.(\d+))?/.exec(text?.trim() ?? '') ?? []
  return major === undefined ? undefined : Number(`${major}.${minor}`)
}

const notAcceptable = (detail: string): EpcisProblem => new EpcisProblem('NotAcceptableException', detail)

/** Parameters of an address; one that stands there twice is a list. */
export function parametersOf(query: string): Record<string, string> {
  const found: Record<string, string> = {}
  for (const [name, value] of new URLSearchParams(query))
    found[name] = Object.hasOwn(found, name) ? `${found[name]}|${value}` : value
  return found
}

/** `GS1-Extensions: example=https://ns.example.com/epcis/,other=…`: what prefixes in parameters mean. */
export function extensionsOf(headers: EpcisRequest['headers']): Record<string, string> {
  const found: Record<string, string> = {}
  for (const part of (headers['gs1-extensions'] ?? '').split(',').slice(0, epcisLimits.namespaces)) {
    const [, prefix, namespace] = /^\s*([A-Za-z_][\w.-]*)\s*[=:]\s*(\S+)\s*$/.exec(part) ?? []
    if (prefix !== undefined && namespace !== undefined) found[prefix] = namespace
  }
  return found
}
