import { operationFlags, operations, responses } from '../../handle/handle.ts'
import { type Did, IdentifierError, parseDid } from '../../name/name.ts'
import type { NodeService } from '../../node/service.ts'
import { exchangeOf } from '../../resolution/exchange.ts'
import { isPublic } from '../../resolution/records.ts'
import type { FindByName } from '../gs1/gs1-face.ts'
import { handleIn } from '../handle-in-path.ts'
import { type Face, type HttpReply, type HttpRequest, headerOf, jsonReply } from '../http.ts'
import { didDocument } from './document.ts'

const resolvePath = '/1.0/identifiers/'
const resultType = 'application/ld+json;profile="https://w3id.org/did-resolution"'
const documentTypes = [
  'application/did+ld+json',
  'application/did+json',
  'application/did',
  'application/ld+json',
  'application/json',
]

interface DidFaceOptions {
  service: NodeService
  findByName: FindByName
  /** Without it the address by which the node was asked. */
  root?: string | undefined
}

interface Found {
  handle: string
  values: Parameters<typeof didDocument>[1]['values']
}

/**
 * DIDs of records: `GET /1.0/identifiers/<did>` as DID resolvers offer it (DID Resolution v0.3, HTTP(S) binding), and the documents
 * of `did:web` where that method looks for them. A record has the DIDs of its values of the type DID, and always
 * `did:web:<host>:handles:<prefix>:<suffix>`.
 */
export function didFace(options: DidFaceOptions): Face {
  return (request) => {
    const { pathname } = request.url
    if (pathname.startsWith(resolvePath)) return resolved(options, request, pathname.slice(resolvePath.length))
    if (pathname.endsWith('/did.json')) return documentAt(options, request)
    return undefined
  }
}

async function resolved(options: DidFaceOptions, request: HttpRequest, rest: string): Promise<HttpReply> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return failed(405, 'methodNotAllowed', 'GET')
  const wanted = wantedType(headerOf(request, 'accept'))
  if (wanted === undefined)
    return failed(
      406,
      'representationNotSupported',
      `there are ${['application/did-resolution', ...documentTypes].join(', ')}`,
    )
  const did = readDid(rest)
  if (did === undefined || did instanceof IdentifierError) return failed(400, 'invalidDid', did?.message ?? 'a DID')
  const root = options.root ?? request.url.origin
  const record = await recordOf(options, did, root)
  if (record === undefined) return failed(404, 'notFound', `no record has the name ${did.canonical}`)
  const document = didDocument(did.canonical, record, root)
  if (wanted !== resultType) return { ...jsonReply(200, document), headers: { 'content-type': wanted } }
  const updated = Math.max(...record.values.map(({ timestamp }) => timestamp))
  return jsonReply(
    200,
    {
      '@context': 'https://w3id.org/did-resolution/v1',
      didDocument: document,
      didResolutionMetadata: { contentType: 'application/did+ld+json' },
      didDocumentMetadata: { updated: new Date(updated * 1_000).toISOString().replace('.000Z', 'Z') },
    },
    { 'content-type': resultType },
  )
}

/** The document of the `did:web` that names this address; undefined when it is another face's. */
async function documentAt(options: DidFaceOptions, request: HttpRequest): Promise<HttpReply> {
  const root = options.root ?? request.url.origin
  const path = request.url.pathname.slice(1, -'/did.json'.length)
  const did = readDid([hostIn(root), ...(path === '.well-known' ? [] : path.split('/'))].join(':'), 'did:web:')
  const record = did instanceof IdentifierError || !did ? undefined : await recordOf(options, did, root)
  if (record === undefined || did instanceof IdentifierError || !did)
    return jsonReply(404, { message: 'no record has a DID at this address' })
  return {
    ...jsonReply(200, didDocument(did.canonical, record, root)),
    headers: { 'content-type': 'application/did+ld+json' },
  }
}

function readDid(text: string, before = ''): Did | IdentifierError | undefined {
  try {
    // Clients differ in whether they encode the colons; the percent signs of a DID are its own.
    return parseDid(`${before}${/^did%3A/i.test(text) ? decodeURIComponent(text) : text}`)
  } catch (error) {
    if (error instanceof IdentifierError) return error
    if (error instanceof URIError) return undefined
    throw error
  }
}

async function recordOf({ service, findByName }: DidFaceOptions, did: Did, root: string): Promise<Found | undefined> {
  const named = findByName(did.canonical)
  if (named) return { handle: named.handle, values: named.values.filter(isPublic) }
  const [host, at, prefix, suffix] = did.method === 'web' ? did.id.split(':') : []
  if (host?.toLowerCase() !== hostIn(root).toLowerCase() || at !== 'handles' || suffix === undefined) return undefined
  const handle = handleIn(`${prefix}/${suffix}`)
  if (handle === undefined) return undefined
  const flags = operationFlags.publicOnly | operationFlags.recursive
  const { response, body } = await service.reply(
    exchangeOf(operations.resolve, { kind: 'resolve', handle, indexes: [], types: [] }, flags),
  )
  return response === responses.success && body.kind === 'values'
    ? { handle: body.handle, values: body.values }
    : undefined
}

/** The host of an address as a `did:web` writes it. */
const hostIn = (root: string): string => new URL(root).host.replace(':', '%3A')

/** The first type that is there, in the order in which they are wished for; the whole result for whoever takes anything. */
function wantedType(accept: string): string | undefined {
  const wishes = accept.split(',').map((each) => {
    const [type = '', ...parameters] = each.split(';').map((part) => part.trim())
    const q = parameters.find((part) => part.startsWith('q='))
    return {
      type: type.toLowerCase(),
      isResult: each.includes('did-resolution'),
      q: q === undefined ? 1 : Number(q.slice(2)),
    }
  })
  wishes.sort((one, other) => other.q - one.q)
  for (const { type, isResult, q } of wishes) {
    if (q === 0 || Number.isNaN(q)) continue
    if (type === '' || type === '*/*' || type === 'application/*' || isResult) return resultType
    if (documentTypes.includes(type)) return type
  }
  return undefined
}

function failed(status: number, error: string, message: string): HttpReply {
  return jsonReply(
    status,
    {
      '@context': 'https://w3id.org/did-resolution/v1',
      didDocument: null,
      didResolutionMetadata: { error, message },
      didDocumentMetadata: {},
    },
    { 'content-type': resultType },
  )
}
