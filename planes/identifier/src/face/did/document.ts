import type { HandleValue } from '../../handle/handle.ts'
import { linkIn, linkType } from '../../record/check-record.ts'
import type { Json } from '../handle-rest/json.ts'
import { keyToJson } from '../handle-rest/key-json.ts'
import { valueToJson } from '../handle-rest/value-json.ts'

interface DescribedRecord {
  handle: string
  /** The public ones. */
  values: readonly HandleValue[]
}

/**
 * The DID document of a record (W3C DID Core 1.0 §5): its other names, keys as verification methods, links as services, and
 * the record itself. Of `did:bid` the extension holds it as attributes (draft-liu-bid-protocol-specification).
 */
export function didDocument(did: string, { handle, values }: DescribedRecord, root: string): Json {
  const keys = verificationMethods(did, values)
  const references = keys.map(({ id }) => id)
  return {
    '@context': [
      'https://www.w3.org/ns/did/v1',
      'https://w3id.org/security/suites/jws-2020/v1',
      { record: { '@id': 'https://www.rfc-editor.org/rfc/rfc3651#section-3.1', '@type': '@json' } },
    ],
    id: did,
    alsoKnownAs: [`hdl:${handle}`, ...otherNames(did, values)],
    ...(keys.length > 0 && { verificationMethod: keys, authentication: references, assertionMethod: references }),
    service: services(did, { handle, values }, root),
    record: values.map(valueToJson),
    ...(did.startsWith('did:bid:') && { extension: { attributes: bidAttributes(values) } }),
  }
}

/** Other names that are URIs. */
function otherNames(did: string, values: readonly HandleValue[]): string[] {
  return values.flatMap((value) => {
    const name = textOf(value)
    switch (value.type.toUpperCase()) {
      case 'GS1_DL':
      case 'EPC':
        return [name]
      case 'OID':
        return [`urn:oid:${name}`]
      case 'DID':
        return name === did ? [] : [name]
      default:
        return []
    }
  })
}

function verificationMethods(did: string, values: readonly HandleValue[]) {
  return values.flatMap(({ type, index, data }) => {
    if (type.toUpperCase() !== 'HS_PUBKEY') return []
    const { format, value } = keyToJson(data)
    return format === 'key'
      ? [{ id: `${did}#${index}`, type: 'JsonWebKey2020', controller: did, publicKeyJwk: value }]
      : []
  })
}

function services(did: string, { handle, values }: DescribedRecord, root: string): Json[] {
  const named = values.flatMap((value): Json[] => {
    const id = `${did}#${value.index}`
    const type = value.type.toUpperCase()
    if (type === 'URL') return [{ id, type: 'URL', serviceEndpoint: textOf(value) }]
    const link = type === linkType ? linkIn(value) : undefined
    return link ? [{ id, type: link.linkType, serviceEndpoint: link.href }] : []
  })
  const path = handle.split('/').map(encodeURIComponent).join('/')
  return [...named, { id: `${did}#handle`, type: 'HandleRecord', serviceEndpoint: `${root}/api/handles/${path}` }]
}

const bidAttributes = (values: readonly HandleValue[]): Json[] =>
  values
    .filter(({ type }) => !type.toUpperCase().startsWith('HS_'))
    .map((value) => ({ key: value.type, desc: `${value.index}`, encrypt: 0, format: 'text', value: textOf(value) }))

const textOf = ({ data }: HandleValue): string => Buffer.from(data).toString('utf8')
