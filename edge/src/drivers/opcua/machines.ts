import type { FoundMachine } from '../../driver.ts'
import { formatMembers, formatOpcUaAddress, parseOpcUaAddress } from './address.ts'
import { addressOf, unitsOf } from './browse.ts'
import type { OpcUaClient } from './client.ts'
import { labelOf } from './instances.ts'
import { formatPath } from './path.ts'

/**
 * The machines of a server whose type these addresses begin with (`t=…`), each with those of the addresses whose node it
 * has, the instance written into them. Nothing where no address has a type. Rejects with DeviceError.
 */
export async function machinesOf(client: OpcUaClient, addresses: readonly string[]): Promise<FoundMachine[]> {
  const wanted = addresses.map((asked) => ({ asked, address: parseOpcUaAddress(asked) }))
  const [first] = wanted
  if (first?.address.path === undefined) return []
  const { namespace, path } = first.address
  const index = typeof namespace === 'number' ? namespace : client.namespaces.indexOf(namespace)
  if (index < 0) return []
  const machines: FoundMachine[] = []
  const instances = await client.instances.of(index, path.type)
  for (const instance of instances) {
    const root = path.fromParent ? instance.parent : instance
    const tags: (FoundMachine['tags'][number] & { node: { nodeId: typeof root.nodeId; name: string } })[] = []
    for (const { asked, address } of wanted) {
      if (address.path?.type !== path.type) continue
      const node = await client.instances.from(instance, address.path)
      if (typeof node === 'string') continue
      const identifier = formatPath({ ...address.path, instance: labelOf(instance, instances) })
      const written = formatOpcUaAddress({ ...address, identifier })
      const part = `${address.element === undefined ? '' : `[${address.element}]`}${formatMembers(address.members)}`
      tags.push({ asked, address: written, plain: addressOf(client, node.nodeId) + part, unit: undefined, node })
    }
    const units = await unitsOf(
      client,
      tags.map(({ node }) => node),
    )
    machines.push({
      name: root.name,
      root: addressOf(client, root.nodeId),
      tags: tags.map(({ node: _, ...tag }, i) => ({ ...tag, unit: units[i] })),
    })
  }
  return machines
}
