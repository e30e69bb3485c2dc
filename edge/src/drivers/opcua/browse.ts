import type * as Opcua from 'node-opcua-client'
import type { BrowsedTag, TagType } from '../../driver.ts'
import { formatMembers, formatOpcUaAddress, type IdentifierKind } from './address.ts'
import { builtIn } from './built-in.ts'
import type { OpcUaClient } from './client.ts'
import { tagTypeOf } from './codec.ts'
import { EnumerationWords } from './enumeration.ts'
import { referencesOf, referenceTypes } from './references.ts'
import { isList, leavesOf } from './structure.ts'

type NodeId = Opcua.NodeId

const depthMax = 20
const nodesMax = 200_000
const elementsMax = 100

interface Found {
  nodeId: NodeId
  name: string
}

/**
 * Every variable below Objects whose values this driver reads, breadth first, each once, with the path of display names.
 * An array is listed by its elements (the first 100), a structure by its members. The server's own object is left out.
 */
export async function* browseServer(client: OpcUaClient, types: BuiltInTypes): AsyncGenerator<BrowsedTag> {
  const seen = new Set<string>(['ns=0;i=2253'])
  let level: Found[] = [{ nodeId: client.library.coerceNodeId('ns=0;i=85'), name: '' }]
  for (let depth = 0; depth < depthMax && level.length > 0 && seen.size < nodesMax; depth++) {
    const next: Found[] = []
    for (let i = 0; i < level.length; i += client.limits.nodesPerBrowse) {
      const parents = level.slice(i, i + client.limits.nodesPerBrowse)
      const variables: Found[] = []
      for (const { parent, reference } of await childrenOf(client, parents)) {
        const key = reference.nodeId.toString()
        if (seen.has(key) || seen.size >= nodesMax) continue
        seen.add(key)
        const own = reference.displayName?.text ?? reference.browseName?.name ?? key
        const found = { nodeId: reference.nodeId, name: parent.name === '' ? own : `${parent.name}/${own}` }
        next.push(found)
        if (reference.nodeClass === client.library.NodeClass.Variable) variables.push(found)
      }
      yield* describe(client, types, variables)
    }
    level = next
  }
}

async function childrenOf(client: OpcUaClient, parents: readonly Found[]) {
  const found = await referencesOf(
    client,
    parents.map(({ nodeId }) => nodeId),
    { type: referenceTypes.hierarchical, direction: 'Forward', classes: ['Object', 'Variable'] },
  )
  // HasProperty: units, ranges and the like describe a variable and are no measured values.
  return found.flatMap((references, i) =>
    references
      .filter(({ referenceTypeId }) => referenceTypeId.toString() !== referenceTypes.property)
      .map((reference) => ({ parent: parents[i]!, reference })),
  )
}

async function* describe(
  client: OpcUaClient,
  types: BuiltInTypes,
  variables: readonly Found[],
): AsyncGenerator<BrowsedTag> {
  const { AttributeIds } = client.library
  const batch = Math.max(1, Math.floor(client.limits.nodesPerRead / 4))
  const enumerations = new EnumerationWords(client)
  for (let i = 0; i < variables.length; i += batch) {
    const some = variables.slice(i, i + batch)
    const attributes = [AttributeIds.DataType, AttributeIds.ValueRank, AttributeIds.UserAccessLevel, AttributeIds.Value]
    const values = await client.call(
      client.session.read(some.flatMap(({ nodeId }) => attributes.map((attributeId) => ({ nodeId, attributeId })))),
    )
    const units = await unitsOf(client, some)
    const dataTypes = some.map((_, n) => values[n * 4]?.value?.value as NodeId | null | undefined)
    const words = await enumerations.ofVariables(
      some.map(({ nodeId }) => nodeId),
      dataTypes,
    )
    for (const [n, { nodeId, name }] of some.entries()) {
      const [, valueRank, access, value] = values.slice(n * 4, n * 4 + 4).map((each) => each.value)
      const isReadable = typeof access?.value !== 'number' || (access.value & 1) === 1
      const isMatrix = value?.arrayType === 2 || (typeof valueRank?.value === 'number' && valueRank.value > 1)
      const type = tagTypeOf((await types.of(client, dataTypes[n], value?.dataType)) ?? 0)
      if (!isReadable || isMatrix || (type === undefined && value?.dataType !== structure)) continue
      const writable = typeof access?.value === 'number' && (access.value & 2) === 2
      const address = addressOf(client, nodeId)
      // Int64 is a pair of numbers to the library, so that its own word on arrays counts.
      const elements =
        value?.arrayType === 1 && isList(value.value)
          ? Array.from(value.value).slice(0, elementsMax)
          : [value?.value as unknown]
      for (const [e, each] of elements.entries()) {
        const place = value?.arrayType === 1 ? `[${e}]` : ''
        if (type !== undefined)
          yield { ...tagOf(`${address}${place}`, `${name}${place}`, type, words[n]), unit: units[n], writable }
        else
          for (const { members, dataType, words: own } of leavesOf(each)) {
            const memberType = tagTypeOf(dataType)
            if (memberType === undefined) continue
            const way = formatMembers(members)
            yield { ...tagOf(`${address}${place}${way}`, `${name}${place}${way}`, memberType, own), writable: false }
          }
      }
    }
  }
}

const structure = 22

const tagOf = (address: string, name: string, type: TagType, words: ReadonlyMap<number, string> | undefined) => ({
  address,
  name,
  type,
  // A text has its words by itself, and a number needs them.
  values: words === undefined || type === 'text' ? undefined : Object.fromEntries(words),
})

/** EngineeringUnits (OPC 10000-8 §5.6.3) as the server displays them. */
export async function unitsOf(client: OpcUaClient, variables: readonly Found[]): Promise<(string | undefined)[]> {
  const { session, library } = client
  if (variables.length === 0) return []
  const paths = await client.call(
    session.translateBrowsePath(variables.map(({ nodeId }) => library.makeBrowsePath(nodeId, '.EngineeringUnits'))),
  )
  const units = paths.map((path) => (path.statusCode.isGood() ? path.targets?.[0]?.targetId : undefined))
  const asked = units.flatMap((nodeId) => (nodeId === undefined ? [] : [nodeId as NodeId]))
  if (asked.length === 0) return units.map(() => undefined)
  const values = await client.call(
    session.read(asked.map((nodeId) => ({ nodeId, attributeId: library.AttributeIds.Value }))),
  )
  let next = 0
  return units.map((nodeId) => {
    if (nodeId === undefined) return undefined
    const information = values[next++]?.value?.value as { displayName?: { text?: string | null } } | null | undefined
    return information?.displayName?.text ?? undefined
  })
}

/** The address of a node by the URI of its namespace. */
export function addressOf(client: OpcUaClient, nodeId: NodeId): string {
  const { NodeIdType } = client.library.NodeId
  const kinds: Record<number, IdentifierKind> = {
    [NodeIdType.NUMERIC]: 'i',
    [NodeIdType.STRING]: 's',
    [NodeIdType.GUID]: 'g',
    [NodeIdType.BYTESTRING]: 'b',
  }
  return formatOpcUaAddress({
    // By URI, so that the tag table holds after the server has numbered its namespaces anew.
    namespace: nodeId.namespace === 0 ? 0 : (client.namespaces[nodeId.namespace] ?? nodeId.namespace),
    kind: kinds[nodeId.identifierType] ?? 'i',
    identifier: Buffer.isBuffer(nodeId.value) ? nodeId.value.toString('base64') : String(nodeId.value),
    element: undefined,
  })
}

/** The built-in type behind a data type: enumerations are Int32, a Duration is a Double. */
export class BuiltInTypes {
  readonly #known = new Map<string, number | undefined>()

  /** That of what stands in a variable, where its declared type is abstract. */
  async ofVariable(client: OpcUaClient, nodeId: NodeId): Promise<number | undefined> {
    const { AttributeIds } = client.library
    const [declared, current] = await client.call(
      client.session.read([AttributeIds.DataType, AttributeIds.Value].map((attributeId) => ({ nodeId, attributeId }))),
    )
    if (declared?.statusCode.isGood() !== true) return undefined
    return this.of(client, declared.value?.value as NodeId, current?.value?.dataType)
  }

  async of(client: OpcUaClient, dataType: NodeId | null | undefined, current = 0): Promise<number | undefined> {
    const declared = await this.#declared(client, dataType)
    return declared === undefined || declared === 0 || declared === 24 ? current : declared
  }

  async #declared(client: OpcUaClient, dataType: NodeId | null | undefined): Promise<number | undefined> {
    if (dataType === null || dataType === undefined) return undefined
    const key = dataType.toString()
    if (this.#known.has(key)) return this.#known.get(key)
    let found: number | undefined
    if (dataType.namespace === 0 && typeof dataType.value === 'number' && dataType.value <= 25) found = dataType.value
    else if (key === 'ns=0;i=29') found = builtIn.Int32
    else found = await this.#ofSuperType(client, dataType)
    this.#known.set(key, found)
    return found
  }

  async #ofSuperType(client: OpcUaClient, dataType: NodeId): Promise<number | undefined> {
    const { BrowseDirection, NodeClass } = client.library
    const result = await client.call(
      client.session.browse({
        nodeId: dataType,
        referenceTypeId: 'ns=0;i=45',
        includeSubtypes: false,
        browseDirection: BrowseDirection.Inverse,
        nodeClassMask: NodeClass.DataType,
        resultMask: 0,
      }),
    )
    // Marked first, so that a server whose types go in a circle does not lead us round.
    this.#known.set(dataType.toString(), undefined)
    return this.#declared(client, result.references?.[0]?.nodeId)
  }
}
