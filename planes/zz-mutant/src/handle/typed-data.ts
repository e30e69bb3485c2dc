import { isUtf8 } from 'node:buffer'
import { HandleReader, HandleWriter } from './bytes.ts'
import { handleLimits } from './limits.ts'
import { decodePublicKey, encodePublicKey, type PublicKeyData } from './public-key.ts'
import { readSite, type Site, writeSite } from './site.ts'
import { readReference, smallestReference, type ValueReference, writeReference } from './value.ts'

/** What an administrator of a record may do; bits of HS_ADMIN (RFC 3651 §3.2.1; the last by DO-IRP). */
export const adminPermissions = {
  createHandle: 0x1,
  deleteHandle: 0x2,
  addPrefix: 0x4,
  deletePrefix: 0x8,
  modifyValue: 0x10,
  removeValue: 0x20,
  addValue: 0x40,
  modifyAdmin: 0x80,
  removeAdmin: 0x100,
  addAdmin: 0x200,
  readValue: 0x400,
  listHandles: 0x800,
  listDerivedPrefixes: 0x1000,
} as const

/** The data of a value by its type. */
export type TypedData =
  | { format: 'admin'; permissions: number; handle: string; index: number }
  | { format: 'site'; site: Site }
  | { format: 'vlist'; references: ValueReference[] }
  | { format: 'key'; key: PublicKeyData }
  /** HS_SERV and HS_ALIAS: another handle. */
  | { format: 'handle'; handle: string }
  /** HS_SIGNATURE and HS_CERT (compact JWS), HS_NAMESPACE (XML), HS_SECKEY, URL, EMAIL, and all types of users. */
  | { format: 'text'; text: string }
  | { format: 'bytes'; bytes: Uint8Array }

type Format = TypedData['format']

const formats = new Map<string, Format>([
  ['HS_ADMIN', 'admin'],
  ['HS_SITE', 'site'],
  ['HS_SITE.6', 'site'],
  ['HS_SITE.PREFIX', 'site'],
  ['HS_NA_DELEGATE', 'site'],
  ['HS_VLIST', 'vlist'],
  ['HS_PUBKEY', 'key'],
  ['HS_SERV', 'handle'],
  ['HS_SERV.PREFIX', 'handle'],
  ['HS_ALIAS', 'handle'],
])

/** Which format the data of a type has, by the type's name without regard to case. */
export function formatOf(type: string): Format {
  return formats.get(type.toUpperCase()) ?? 'text'
}

/**
 * Data of a value by its type. Surplus bytes are passed over (old writers end HS_ADMIN with two); data of a user's type that
 * is no UTF-8 stays bytes. Throws HandleFormatError.
 */
export function decodeData(type: string, data: Uint8Array): TypedData {
  const reader = new HandleReader(data)
  switch (formatOf(type)) {
    case 'admin': {
      const permissions = reader.u16('the permissions of the administrator')
      const handle = reader.text('the handle of the administrator')
      return { format: 'admin', permissions, handle, index: reader.u32('the index of the administrator') }
    }
    case 'site':
      return { format: 'site', site: readSite(reader) }
    case 'vlist': {
      const read = () => readReference(reader)
      return {
        format: 'vlist',
        references: reader.list('references', handleLimits.references, smallestReference, read),
      }
    }
    case 'key':
      return { format: 'key', key: decodePublicKey(data) }
    case 'handle':
      if (data.length > handleLimits.nameBytes || !isUtf8(data))
        reader.refuse('a handle in UTF-8', `${data.length} bytes`)
      return { format: 'handle', handle: Buffer.from(data).toString('utf8') }
    default:
      return isUtf8(data)
        ? { format: 'text', text: Buffer.from(data).toString('utf8') }
        : { format: 'bytes', bytes: data }
  }
}

/** The bytes of such data. Throws HandleFormatError for what the format cannot carry. */
export function encodeData(data: TypedData): Buffer {
  const writer = new HandleWriter()
  switch (data.format) {
    case 'admin':
      return writer
        .u16(data.permissions, 'the permissions of the administrator')
        .text(data.handle, 'the handle of the administrator')
        .u32(data.index, 'the index of the administrator')
        .done()
    case 'site':
      writeSite(writer, data.site)
      return writer.done()
    case 'vlist':
      return writer
        .list(data.references, 'references', handleLimits.references, (each) => writeReference(writer, each))
        .done()
    case 'key':
      return encodePublicKey(data.key)
    case 'handle':
    case 'text': {
      const text = data.format === 'text' ? data.text : data.handle
      if (!text.isWellFormed()) writer.refuse('text that has a UTF-8 form', 'a lone surrogate')
      return Buffer.from(text, 'utf8')
    }
    case 'bytes':
      return Buffer.from(data.bytes)
  }
}
