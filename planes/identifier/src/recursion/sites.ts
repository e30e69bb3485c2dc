import { decodeData, type HandleValue, readOrUndefined, type Site, serverIndex } from '../handle/handle.ts'

/** A server that may answer for a handle. */
export interface Server {
  /** `address:port`, by which its health is known. */
  name: string
  host: string
  udpPort: number | undefined
  tcpPort: number | undefined
  /** Data of its HS_PUBKEY as its site says it; empty for none. */
  publicKey: Uint8Array
}

const siteTypes = new Set(['HS_SITE', 'HS_SITE.6', 'HS_SITE.PREFIX'])
const serviceTypes = new Set(['HS_SERV', 'HS_SERV.PREFIX'])

/** The sites that a record describes; what cannot be read is passed over. */
export function sitesIn(values: readonly HandleValue[]): Site[] {
  return values.flatMap(({ type, data }) => {
    if (!siteTypes.has(type.toUpperCase())) return []
    const site = readOrUndefined(() => decodeData('HS_SITE', data))
    return site?.format === 'site' ? [site.site] : []
  })
}

/** The handles of services that a record names. */
export function servicesIn(values: readonly HandleValue[]): string[] {
  return values.flatMap(({ type, data }) => {
    if (!serviceTypes.has(type.toUpperCase())) return []
    const service = readOrUndefined(() => decodeData('HS_SERV', data))
    return service?.format === 'handle' ? [service.handle] : []
  })
}

/** The one server of each site that has the handle, by the site's hash (RFC 3652 §2.4). */
export function serversFor(handle: string, sites: readonly Site[], primaryOnly: boolean): Server[] {
  return sites.flatMap((site) => {
    if (site.servers.length === 0 || (primaryOnly && !site.primary)) return []
    const server = site.servers[serverIndex(handle, site.hashOption, site.servers.length)]
    if (server === undefined) return []
    const portOf = (transport: string) =>
      server.interfaces.find(
        (each) => each.query && each.transport === transport && each.port > 0 && each.port < 65_536,
      )?.port
    const [udpPort, tcpPort] = [portOf('UDP'), portOf('TCP')]
    if (udpPort === undefined && tcpPort === undefined) return []
    const { address, publicKey } = server
    return [{ name: `${address}:${tcpPort ?? udpPort}`, host: address, udpPort, tcpPort, publicKey }]
  })
}
