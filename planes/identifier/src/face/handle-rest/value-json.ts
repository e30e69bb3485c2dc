import {
  decodeData,
  defaultPermissions,
  encodeData,
  formatOf,
  HandleFormatError,
  type HandleValue,
  type TypedData,
} from '../../handle/handle.ts'
import { isObject, type Json, ValueJsonError } from './json.ts'
import { base64Json, keyFromJson, keyToJson } from './key-json.ts'
import { siteFromJson, siteToJson } from './site-json.ts'

/** A value as the REST API of Handle.Net 9 shows it (Technical Manual, chapter 14): data by its format, times in ISO 8601. */
export function valueToJson(value: HandleValue): Json {
  const { index, type, data, permissions, ttl, timestamp, references } = value
  return {
    index,
    type,
    data: dataToJson(type, data),
    ...(permissions !== defaultPermissions && { permissions: permissions.toString(2).padStart(4, '0') }),
    ttl: ttl.kind === 'relative' ? ttl.seconds : isoSeconds(ttl.seconds),
    timestamp: isoSeconds(timestamp),
    ...(references.length > 0 && { references }),
  }
}

// Values of a record were mostly written together.
let lastTime = { seconds: 0, text: '1970-01-01T00:00:00Z' }

function isoSeconds(seconds: number): string {
  if (seconds !== lastTime.seconds)
    lastTime = { seconds, text: new Date(seconds * 1_000).toISOString().replace('.000Z', 'Z') }
  return lastTime.text
}

function dataToJson(type: string, bytes: Uint8Array): Json {
  let data: TypedData
  try {
    data = decodeData(type, bytes)
  } catch (error) {
    // A record may hold what its type does not allow: its bytes are shown then.
    if (!(error instanceof HandleFormatError)) throw error
    return base64Json(bytes)
  }
  switch (data.format) {
    case 'admin': {
      const { handle, index, permissions } = data
      return { format: 'admin', value: { handle, index, permissions: permissions.toString(2).padStart(12, '0') } }
    }
    case 'site':
      return { format: 'site', value: siteToJson(data.site) }
    case 'vlist':
      return { format: 'vlist', value: data.references }
    case 'key':
      return keyToJson(bytes)
    case 'bytes':
      return base64Json(bytes)
    default:
      return { format: 'string', value: data.format === 'text' ? data.text : data.handle }
  }
}

/** The values of a request's body: an array, `{values: […]}`, or one value. Throws ValueJsonError. */
export function valuesFromJson(body: unknown, nowSeconds: number): HandleValue[] {
  const list = Array.isArray(body) ? body : isObject(body) && Array.isArray(body.values) ? body.values : [body]
  if (list.length > 2_048) throw new ValueJsonError('values', 'at most 2048 of them')
  return list.map((each: unknown, i) => valueFromJson(each, `values[${i}]`, nowSeconds))
}

function valueFromJson(json: unknown, at: string, nowSeconds: number): HandleValue {
  if (!isObject(json)) throw new ValueJsonError(at, 'an object with index, type and data')
  const { type, ttl = 86_400, references = [] } = json
  const index = indexFromJson(json.index, 1, `${at}.index`)
  if (typeof type !== 'string' || type === '') throw new ValueJsonError(`${at}.type`, 'a text, e.g. URL')
  if (!Array.isArray(references)) throw new ValueJsonError(`${at}.references`, 'a list')
  return {
    index,
    type,
    data: dataFromJson(json.data, type, `${at}.data`),
    ttl: ttlFromJson(ttl, `${at}.ttl`),
    permissions: permissionsFromJson(json.permissions, `${at}.permissions`),
    timestamp: nowSeconds,
    references: references.map((each: unknown, i) => referenceFromJson(each, `${at}.references[${i}]`)),
  }
}

function ttlFromJson(ttl: unknown, at: string): HandleValue['ttl'] {
  if (typeof ttl === 'number' && Number.isInteger(ttl) && ttl >= 0 && ttl <= 0xffff_ffff)
    return { kind: 'relative', seconds: ttl }
  const atMs = typeof ttl === 'string' ? Date.parse(ttl) : Number.NaN
  if (!(atMs >= 0) || atMs > 0xffff_ffff * 1_000) throw new ValueJsonError(at, 'seconds, or a time in ISO 8601')
  return { kind: 'absolute', seconds: Math.floor(atMs / 1_000) }
}

function permissionsFromJson(permissions: unknown, at: string): number {
  if (permissions === undefined) return defaultPermissions
  if (typeof permissions !== 'string' || !/^[01]{4}$/.test(permissions))
    throw new ValueJsonError(at, 'four bits as text: administrator reads, administrator writes, all read, all write')
  return Number.parseInt(permissions, 2)
}

function referenceFromJson(json: unknown, at: string): { handle: string; index: number } {
  if (!isObject(json) || typeof json.handle !== 'string') throw new ValueJsonError(`${at}.handle`, 'a handle')
  const { handle, index = 0 } = json
  return { handle, index: indexFromJson(index, 0, `${at}.index`) }
}

/** Also as text, as pyhandle writes it. */
function indexFromJson(json: unknown, least: number, at: string): number {
  const index = typeof json === 'string' && /^\d{1,10}$/.test(json) ? Number(json) : json
  if (typeof index !== 'number' || !Number.isInteger(index) || index < least || index > 0xffff_ffff)
    throw new ValueJsonError(at, `a whole number from ${least}`)
  return index
}

function dataFromJson(json: unknown, type: string, at: string): Buffer {
  if (typeof json === 'string') return textData(json, type, at)
  if (!isObject(json)) throw new ValueJsonError(at, 'a text, or {format, value}')
  const { format, value } = json
  const text = (pattern: RegExp, what: string) => {
    if (typeof value !== 'string' || !pattern.test(value)) throw new ValueJsonError(`${at}.value`, what)
    return value
  }
  switch (format) {
    case 'string':
      return textData(text(/^/, 'a text'), type, at)
    case 'base64':
      return Buffer.from(text(/^[A-Za-z0-9+/\s]*=*\s*$/, 'base64'), 'base64')
    case 'hex':
      return Buffer.from(text(/^([0-9a-fA-F]{2})*$/, 'pairs of hexadecimal digits'), 'hex')
    case 'admin': {
      if (!isObject(value)) throw new ValueJsonError(`${at}.value`, 'handle, index and permissions')
      const { handle, index } = referenceFromJson(value, `${at}.value`)
      if (typeof value.permissions !== 'string' || !/^[01]{12,13}$/.test(value.permissions))
        throw new ValueJsonError(`${at}.value.permissions`, 'twelve bits as text')
      return encodeData({ format: 'admin', permissions: Number.parseInt(value.permissions, 2), handle, index })
    }
    case 'vlist': {
      if (!Array.isArray(value)) throw new ValueJsonError(`${at}.value`, 'a list of handle and index')
      const references = value.map((each: unknown, i) => referenceFromJson(each, `${at}.value[${i}]`))
      return encodeData({ format: 'vlist', references })
    }
    case 'key':
      return keyFromJson(value, `${at}.value`)
    case 'site':
      return siteFromJson(value, `${at}.value`)
    default:
      throw new ValueJsonError(`${at}.format`, 'string, base64, hex, admin, vlist, key or site')
  }
}

function textData(text: string, type: string, at: string): Buffer {
  const format = formatOf(type)
  if (format !== 'text' && format !== 'handle')
    throw new ValueJsonError(at, `{format, value} for ${type}, or base64 of its bytes`)
  if (!text.isWellFormed()) throw new ValueJsonError(at, 'text that has a UTF-8 form')
  return Buffer.from(text, 'utf8')
}
