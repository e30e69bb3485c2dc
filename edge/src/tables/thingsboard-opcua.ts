import { TagTableError } from '../check.ts'
import type { BrowsedTag } from '../driver.ts'
import { browseDevice } from './browse-device.ts'
import type { ImportedTable, WrittenDevice, WrittenTag } from './written-table.ts'

type Json = Record<string, unknown>

/**
 * The machines of a ThingsBoard gateway's `opcua.json`. It names nodes by patterns of paths and says no types, so the server
 * itself is asked; without it nothing can be made of the file. Throws DeviceError when it does not answer.
 */
export async function readThingsBoardOpcua(config: Json): Promise<ImportedTable> {
  const server = (config.server ?? {}) as Json
  const { mapping } = config.server === undefined || config.mapping === undefined ? { mapping: server.mapping } : config
  if (typeof server.url !== 'string' || !Array.isArray(mapping))
    throw new TagTableError('server.url and mapping are expected, as in ThingsBoard’s opcua.json')
  const notTaken: string[] = []
  const connection: Json = { endpoint: server.url }
  if (server.security !== undefined && server.security !== 'None')
    notTaken.push(`server.security: “${String(server.security)}”; set securityPolicy, certificateFolder and trusted`)
  const { type: identity, username } = (server.identity ?? {}) as Json
  if (identity === 'basic') {
    connection.user = username
    notTaken.push('server.identity: the password; set it beside “user”')
  } else if (identity === 'cert.PEM') notTaken.push('server.identity: certificates of users')
  const nodes = await browseDevice('opcua', { endpoint: server.url })
  const periodMs = Number(server.pollPeriodInMillis ?? server.scanPeriodInMillis ?? 5_000)
  const devices: WrittenDevice[] = []
  for (const [i, each] of (mapping as Json[]).entries())
    devices.push(
      ...devicesOf(each, `mapping[${i}]`, nodes, notTaken).map(({ name, tags }) => ({
        name,
        protocol: 'opcua',
        connection,
        periodMs,
        tags,
      })),
    )
  return { devices, notTaken }
}

function devicesOf(
  mapping: Json,
  path: string,
  nodes: readonly BrowsedTag[],
  notTaken: string[],
): { name: string; tags: WrittenTag[] }[] {
  const isDevice = patternOf(String(mapping.deviceNodePattern ?? ''), `${path}.deviceNodePattern`, notTaken)
  const tagsByHead = new Map<string, Map<string, WrittenTag>>()
  for (const part of ['timeseries', 'attributes'])
    for (const [i, item] of ((mapping[part] as Json[] | undefined) ?? []).entries()) {
      const at = `${path}.${part}[${i}]`
      const key = String(item.key)
      const matches = matchesOf(String(item.value ?? item.path ?? ''), nodes, isDevice)
      if (matches.length === 0)
        notTaken.push(`${at}: “${key}”, the server has no variable ${String(item.value ?? item.path)}`)
      for (const { head, node } of matches) {
        const tags = tagsByHead.get(head) ?? new Map<string, WrittenTag>()
        tagsByHead.set(head, tags)
        if (tags.has(key)) notTaken.push(`${at}.key: “${key}” is there already`)
        else tags.set(key, { property: key, address: node.address, type: node.type })
      }
    }
  for (const key of ['rpc_methods', 'attributes_updates'])
    if (Array.isArray(mapping[key]) && mapping[key].length > 0)
      notTaken.push(`${path}.${key}: ${mapping[key].length}; what the platform may write is set there`)
  const info = (mapping.deviceInfo ?? {}) as Json
  const constant = info.deviceNameExpressionSource === 'constant' ? String(info.deviceNameExpression) : undefined
  return [...tagsByHead].map(([head, tags], n, all) => ({
    name:
      constant === undefined ? (head.split('.').at(-1) ?? head) : all.length === 1 ? constant : `${constant} ${n + 1}`,
    tags: [...tags.values()],
  }))
}

/** Whether a path of an object, `Root.Objects.MyObject`, is a device of the mapping. */
function patternOf(pattern: string, path: string, notTaken: string[]): (head: string) => boolean {
  try {
    const expression = new RegExp(`^(?:${pattern})$`)
    return (head) => expression.test(head)
  } catch {
    notTaken.push(`${path}: “${pattern}” is no regular expression`)
    return () => false
  }
}

function matchesOf(
  value: string,
  nodes: readonly BrowsedTag[],
  isDevice: (head: string) => boolean,
): { head: string; node: BrowsedTag }[] {
  const inner = /^\$\{(.*)\}$/s.exec(value.trim())?.[1] ?? value
  const identifier = /(?:^|;)([isgb]=.+)$/s.exec(inner)?.[1]
  return nodes.flatMap((node) => {
    const whole = `Root.Objects.${node.name.replaceAll('/', '.')}`
    if (identifier !== undefined)
      return node.address === identifier || node.address.endsWith(`;${identifier}`)
        ? [{ head: whole.slice(0, whole.lastIndexOf('.')), node }]
        : []
    const tail = inner.replaceAll('\\.', '.')
    const head = whole.endsWith(`.${tail}`) ? whole.slice(0, -tail.length - 1) : undefined
    return head !== undefined && isDevice(head) ? [{ head, node }] : []
  })
}
