import { isIP } from 'node:net'
import { encodeData, HandleFormatError, hashOptions, type Site, siteTransports } from '../../handle/handle.ts'
import { isObject, type Json, ValueJsonError } from './json.ts'
import { keyFromJson, keyToJson } from './key-json.ts'

/** A site as the REST API of Handle.Net 9 shows it (Technical Manual, chapter 14). */
export function siteToJson(site: Site): Json {
  const { formatVersion, protocolVersion, serial, primary, multiPrimary, hashOption, attributes, servers } = site
  return {
    version: formatVersion,
    protocolVersion: `${protocolVersion.major}.${protocolVersion.minor}`,
    serialNumber: serial,
    primarySite: primary,
    multiPrimary,
    hashOption: hashOptions.indexOf(hashOption),
    attributes,
    servers: servers.map(({ id, address, publicKey, interfaces }) => ({
      serverId: id,
      address,
      ...(publicKey.length > 0 && { publicKey: keyToJson(publicKey) }),
      interfaces: interfaces.map(({ admin, query, transport, port }) => ({ query, admin, protocol: transport, port })),
    })),
  }
}

/** The data of HS_SITE from what `siteToJson` shows. Throws ValueJsonError. */
export function siteFromJson(json: unknown, at: string): Buffer {
  if (!isObject(json)) throw new ValueJsonError(at, 'a site')
  const [, major = '', minor = ''] = /^(\d{1,3})\.(\d{1,3})$/.exec(String(json.protocolVersion ?? '2.11')) ?? []
  if (major === '') throw new ValueJsonError(`${at}.protocolVersion`, 'e.g. 2.11')
  const hashOption = hashOptions[numberIn(json.hashOption ?? 2, 2, `${at}.hashOption`)]
  const site: Site = {
    formatVersion: numberIn(json.version ?? 1, 0xffff, `${at}.version`),
    protocolVersion: { major: Number(major), minor: Number(minor) },
    serial: numberIn(json.serialNumber ?? 1, 0xffff, `${at}.serialNumber`),
    primary: json.primarySite === true,
    multiPrimary: json.multiPrimary === true,
    hashOption: hashOption ?? 'handle',
    hashFilter: '',
    attributes: listIn(json.attributes ?? [], `${at}.attributes`).map((each, i) =>
      attributeIn(each, `${at}.attributes[${i}]`),
    ),
    servers: listIn(json.servers, `${at}.servers`).map((each, i) => serverIn(each, `${at}.servers[${i}]`)),
  }
  try {
    return encodeData({ format: 'site', site })
  } catch (error) {
    if (error instanceof HandleFormatError) throw new ValueJsonError(at, error.expected)
    throw error
  }
}

function serverIn(json: unknown, at: string): Site['servers'][number] {
  if (!isObject(json)) throw new ValueJsonError(at, 'a server')
  const { address } = json
  if (typeof address !== 'string' || isIP(address) === 0) throw new ValueJsonError(`${at}.address`, 'an IP address')
  return {
    id: numberIn(json.serverId ?? 1, 0xffff_ffff, `${at}.serverId`),
    address,
    publicKey: json.publicKey === undefined ? new Uint8Array() : keyFromJson(json.publicKey, `${at}.publicKey`),
    interfaces: listIn(json.interfaces, `${at}.interfaces`).map((each, i) => {
      const place = `${at}.interfaces[${i}]`
      if (!isObject(each)) throw new ValueJsonError(place, 'an interface')
      const transport = siteTransports.find((one) => one === each.protocol)
      if (transport === undefined) throw new ValueJsonError(`${place}.protocol`, siteTransports.join(', '))
      return {
        admin: each.admin === true,
        query: each.query === true,
        transport,
        port: numberIn(each.port, 65_535, `${place}.port`),
      }
    }),
  }
}

function attributeIn(json: unknown, at: string): { name: string; value: string } {
  if (isObject(json) && typeof json.name === 'string' && typeof json.value === 'string')
    return { name: json.name, value: json.value }
  throw new ValueJsonError(at, 'name and value')
}

function numberIn(json: unknown, most: number, at: string): number {
  if (typeof json === 'number' && Number.isInteger(json) && json >= 0 && json <= most) return json
  throw new ValueJsonError(at, `a whole number from 0 to ${most}`)
}

function listIn(json: unknown, at: string): unknown[] {
  if (Array.isArray(json)) return json
  throw new ValueJsonError(at, 'a list')
}
