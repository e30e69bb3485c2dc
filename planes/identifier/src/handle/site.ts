import { isIP } from 'node:net'
import type { HandleReader, HandleWriter } from './bytes.ts'
import { ourVersion, type ProtocolVersion } from './envelope.ts'
import { handleLimits } from './limits.ts'

/** Which part of a handle chooses the server of a site; the number is what HS_SITE carries. */
export const hashOptions = ['prefix', 'suffix', 'handle'] as const

/** What an interface speaks; the number is what HS_SITE carries. */
export const siteTransports = ['UDP', 'TCP', 'HTTP', 'HTTPS'] as const

export interface ServerInterface {
  admin: boolean
  query: boolean
  transport: (typeof siteTransports)[number]
  port: number
}

export interface SiteServer {
  id: number
  /** IPv4 or IPv6 as text. */
  address: string
  /** An HS_PUBKEY value's data; empty when the site has none. */
  publicKey: Uint8Array
  interfaces: ServerInterface[]
}

/** Data of HS_SITE and HS_SITE.6 (RFC 3651 §3.2.2), and the answer to GET_SITEINFO. */
export interface Site {
  formatVersion: number
  protocolVersion: ProtocolVersion
  /** Rises with each change; a client that sends an older one is told so (response 300). */
  serial: number
  primary: boolean
  multiPrimary: boolean
  hashOption: (typeof hashOptions)[number]
  hashFilter: string
  attributes: { name: string; value: string }[]
  servers: SiteServer[]
}

/** A site of one server that has all handles of its prefixes, as a Kapok node is one; serial 1, primary and without a key when nothing is said. */
export function siteOf(
  { address, publicKey = new Uint8Array(), interfaces }: Omit<SiteServer, 'id' | 'publicKey'> & Partial<SiteServer>,
  { serial = 1, primary = true }: { serial?: number; primary?: boolean } = {},
): Site {
  return {
    formatVersion: 1,
    protocolVersion: ourVersion,
    serial,
    primary,
    multiPrimary: false,
    hashOption: 'handle',
    hashFilter: '',
    attributes: [],
    servers: [{ id: 1, address, publicKey, interfaces }],
  }
}

/** The address as its 16 bytes; IPv4 stands in the last four after zeros. */
function addressBytes(address: string): Uint8Array | undefined {
  const bytes = new Uint8Array(16)
  if (isIP(address) === 4) {
    bytes.set(address.split('.').map(Number), 12)
    return bytes
  }
  if (isIP(address) !== 6 || address.includes('%')) return undefined
  const [front = '', back = ''] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::')
  const groups = (text: string) => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)))
  const [head, tail] = [groups(front), groups(back)]
  for (const [i, group] of [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail].entries())
    bytes.set([group >> 8, group & 0xff], i * 2)
  // `::1` would be read as 0.0.0.1: the format has no place for it.
  return bytes.subarray(0, 12).every((byte) => byte === 0) ? undefined : bytes
}

function addressText(bytes: Buffer): string {
  if (bytes.subarray(0, 12).every((byte) => byte === 0)) return bytes.subarray(12).join('.')
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2).toString(16))
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1)
}

function readInterface(reader: HandleReader): ServerInterface {
  const kind = reader.u8('the kind of an interface')
  const at = reader.offset
  const code = reader.u8('the transport of an interface')
  const transport = siteTransports[code] ?? reader.refuse('transport 0 to 3', `${code}`, at)
  return {
    admin: (kind & 1) !== 0,
    query: (kind & 2) !== 0,
    transport,
    port: reader.u32('the port of an interface'),
  }
}

function readServer(reader: HandleReader): SiteServer {
  return {
    id: reader.u32('the id of a server'),
    address: addressText(reader.raw(16, 'the address of a server')),
    publicKey: reader.bytes('the public key of a server'),
    interfaces: reader.list('interfaces', handleLimits.serverInterfaces, 6, () => readInterface(reader)),
  }
}

export function readSite(reader: HandleReader): Site {
  const formatVersion = reader.u16('the format of the site')
  const protocolVersion = { major: reader.u8('the major version'), minor: reader.u8('the minor version') }
  const serial = reader.u16('the serial of the site')
  const mask = reader.u8('the primary mask')
  const at = reader.offset
  const option = reader.u8('the hash option')
  const hashOption = hashOptions[option] ?? reader.refuse('hash option 0, 1 or 2', `${option}`, at)
  return {
    formatVersion,
    protocolVersion,
    serial,
    primary: (mask & 0x80) !== 0,
    multiPrimary: (mask & 0x40) !== 0,
    hashOption,
    hashFilter: reader.text('the hash filter'),
    attributes: reader.list('attributes', handleLimits.siteAttributes, 8, () => ({
      name: reader.text('the name of an attribute'),
      value: reader.text('the value of an attribute', handleLimits.messageBytes),
    })),
    servers: reader.list('servers', handleLimits.siteServers, 28, () => readServer(reader)),
  }
}

function writeServer(writer: HandleWriter, server: SiteServer): void {
  const address = addressBytes(server.address)
  if (address === undefined)
    writer.refuse('an IPv4 address, or an IPv6 address that does not begin with 96 zero bits', server.address)
  writer
    .u32(server.id, 'the id of a server')
    .raw(address)
    .bytes(server.publicKey, 'the public key of a server')
    .list(server.interfaces, 'interfaces', handleLimits.serverInterfaces, ({ admin, query, transport, port }) => {
      writer
        .u8((admin ? 1 : 0) | (query ? 2 : 0), 'the kind of an interface')
        .u8(siteTransports.indexOf(transport), 'the transport of an interface')
        .u32(port, 'the port of an interface')
    })
}

export function writeSite(writer: HandleWriter, site: Site): void {
  writer
    .u16(site.formatVersion, 'the format of the site')
    .u8(site.protocolVersion.major, 'the major version')
    .u8(site.protocolVersion.minor, 'the minor version')
    .u16(site.serial, 'the serial of the site')
    .u8((site.primary ? 0x80 : 0) | (site.multiPrimary ? 0x40 : 0), 'the primary mask')
    .u8(hashOptions.indexOf(site.hashOption), 'the hash option')
    .text(site.hashFilter, 'the hash filter')
    .list(site.attributes, 'attributes', handleLimits.siteAttributes, ({ name, value }) => {
      writer.text(name, 'the name of an attribute')
      writer.text(value, 'the value of an attribute', handleLimits.messageBytes)
    })
    .list(site.servers, 'servers', handleLimits.siteServers, (server) => writeServer(writer, server))
}
