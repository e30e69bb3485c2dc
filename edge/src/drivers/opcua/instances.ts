import type * as Opcua from 'node-opcua-client'
import type { OpcUaClient } from './client.ts'
import type { NodePath, Step } from './path.ts'
import { referencesOf, referenceTypes } from './references.ts'

type NodeId = Opcua.NodeId

export interface FoundNode {
  nodeId: NodeId
  /** BrowseName, without its namespace. */
  name: string
  /** The type, as it is written. */
  type: string
}

/** An object below Objects, and the object in which it was found first. */
export interface Instance extends FoundNode {
  parent: FoundNode
}

interface KnownType {
  namespace: number
  name: string
  superType: string | undefined
}

const depthMax = 10
const objectsMax = 20_000
const objectsFolder = 'ns=0;i=85'
const serverObject = 'ns=0;i=2253'

/** Objects of a server by their type, and ways from them, as companion specifications describe machines. Read once. */
export class Instances {
  readonly #client: OpcUaClient
  readonly #types = new Map<string, KnownType>()
  readonly #children = new Map<string, FoundNode[]>()
  #objects: Promise<Instance[]> | undefined

  constructor(client: OpcUaClient) {
    this.#client = client
  }

  /** The objects whose type has that BrowseName, or a subtype of it, by name. Rejects with DeviceError. */
  async of(namespace: number, type: string): Promise<Instance[]> {
    this.#objects ??= this.#scan()
    this.#objects.catch(() => {
      this.#objects = undefined
    })
    const all = (await this.#objects).filter((each) => this.#isOf(each.type, type, namespace)).sort(byName)
    // A node-set may bring an example along, as that of OPC 40502 does: what a maker adds stands in a namespace of his own.
    const added = all.filter(({ nodeId }) => nodeId.namespace !== namespace)
    return added.length > 0 ? added : all
  }

  /** The node at the end of a way; a sentence where there is none, or more than one. Rejects with DeviceError. */
  async follow(namespace: number, path: NodePath): Promise<FoundNode | string> {
    const instance = chosen(await this.of(namespace, path.type), path)
    return typeof instance === 'string' ? instance : this.from(instance, path)
  }

  /** As `follow`, from an instance that is known. */
  async from(instance: Instance, { fromParent, steps }: NodePath): Promise<FoundNode | string> {
    let at: FoundNode | string = fromParent ? instance.parent : instance
    for (const step of steps) {
      at = await this.#step(at, step)
      if (typeof at === 'string') break
    }
    return at
  }

  async #step(from: FoundNode, step: Step): Promise<FoundNode | string> {
    const children = await this.#childrenOf(from)
    if ('name' in step) {
      const [only, ...more] = children.filter(({ name }) => name === step.name)
      if (only === undefined) return `${from.name} has no ${step.name}`
      return more.length === 0 ? only : `${from.name} has ${step.name} more than once`
    }
    const found = children.filter(({ type }) => this.#isOf(type, step.type)).sort(byName)
    if (step.index !== undefined)
      return found[step.index] ?? `${from.name} has ${found.length} of <${step.type}>, counted from [0]`
    if (found.length > 1)
      return `${from.name} has ${found.length} of <${step.type}> (${listed(found)}): write the name, or <${step.type}>[0]`
    return found[0] ?? `${from.name} has no <${step.type}>`
  }

  async #childrenOf({ nodeId }: FoundNode): Promise<FoundNode[]> {
    const key = nodeId.toString()
    const known = this.#children.get(key)
    if (known !== undefined) return known
    const [references = []] = await referencesOf(this.#client, [nodeId], {
      type: referenceTypes.hierarchical,
      direction: 'Forward',
      classes: ['Object', 'Variable'],
    })
    // A server may have several references to one child.
    const children = [...new Map(references.map((each) => [each.nodeId.toString(), nodeOf(each)])).values()]
    await this.#learnTypes(children.map(({ type }) => type))
    this.#children.set(key, children)
    return children
  }

  async #scan(): Promise<Instance[]> {
    const objects: Instance[] = []
    const seen = new Set([serverObject, objectsFolder])
    const root: FoundNode = { nodeId: this.#client.library.coerceNodeId(objectsFolder), name: 'Objects', type: '' }
    let level: FoundNode[] = [root]
    for (let depth = 0; depth < depthMax && level.length > 0 && objects.length < objectsMax; depth++) {
      const found = await referencesOf(
        this.#client,
        level.map(({ nodeId }) => nodeId),
        { type: referenceTypes.hierarchical, direction: 'Forward', classes: ['Object'] },
      )
      const next: Instance[] = []
      for (const [i, references] of found.entries())
        for (const reference of references) {
          const key = reference.nodeId.toString()
          if (seen.has(key)) continue
          seen.add(key)
          next.push({ ...nodeOf(reference), parent: level[i]! })
        }
      objects.push(...next)
      level = next
    }
    await this.#learnTypes(objects.map(({ type }) => type))
    return objects
  }

  /** Names of types and of what they are subtypes of, up to those of the standard itself. */
  async #learnTypes(types: readonly string[]): Promise<void> {
    const { AttributeIds, coerceNodeId } = this.#client.library
    const unknown = (keys: readonly string[]) => [...new Set(keys)].filter((key) => key !== '' && !this.#types.has(key))
    for (let open = unknown(types); open.length > 0; ) {
      const nodeIds = open.map((key) => coerceNodeId(key))
      const names: (Opcua.QualifiedName | undefined)[] = []
      for (let i = 0; i < nodeIds.length; i += this.#client.limits.nodesPerRead) {
        const some = nodeIds.slice(i, i + this.#client.limits.nodesPerRead)
        const read = this.#client.session.read(some.map((nodeId) => ({ nodeId, attributeId: AttributeIds.BrowseName })))
        names.push(...(await this.#client.call(read)).map(({ value }) => value?.value as Opcua.QualifiedName))
      }
      const above = await referencesOf(this.#client, nodeIds, {
        type: referenceTypes.subtype,
        direction: 'Inverse',
        classes: ['ObjectType', 'VariableType'],
      })
      for (const [i, key] of open.entries()) {
        const superType = above[i]?.[0]?.nodeId.toString()
        this.#types.set(key, { namespace: nodeIds[i]!.namespace, name: names[i]?.name ?? '', superType })
      }
      open = unknown(above.flatMap((references) => references[0]?.nodeId.toString() ?? []))
    }
  }

  #isOf(type: string, name: string, namespace?: number): boolean {
    const seen = new Set<string>()
    for (let key: string | undefined = type; key !== undefined && !seen.has(key); ) {
      seen.add(key)
      const known: KnownType | undefined = this.#types.get(key)
      if (known?.name === name && (namespace ?? known.namespace) === known.namespace) return true
      key = known?.superType
    }
    return false
  }
}

function chosen(instances: readonly Instance[], { type, instance }: NodePath): Instance | string {
  const named = typeof instance === 'string' ? instances.filter(({ name }) => name === instance) : instances
  const [only, ...more] = named
  if (only === undefined)
    return instances.length === 0
      ? `the server has no ${type}`
      : `the server has no ${type} of that name: it has ${listed(instances)}`
  if (typeof instance === 'number')
    return named[instance] ?? `the server has ${named.length} of ${type}, counted from [0]`
  if (more.length === 0) return only
  return `the server has ${named.length} of ${type} (${listed(named)}): write which, as ${type}[${labelOf(only, instances)}]`
}

/** What tells an instance from the others of its type in an address. */
export function labelOf(instance: FoundNode, all: readonly FoundNode[]): string {
  const isPlain = /^[^/[\]#<>]+$/.test(instance.name) && !/^\d{1,5}$/.test(instance.name)
  const isAlone = all.filter(({ name }) => name === instance.name).length === 1
  return isPlain && isAlone ? instance.name : String(all.indexOf(instance))
}

const nodeOf = (reference: Opcua.ReferenceDescription): FoundNode => ({
  nodeId: reference.nodeId,
  name: reference.browseName?.name ?? '',
  type: reference.typeDefinition?.toString() ?? '',
})

const byName = (a: FoundNode, b: FoundNode) => a.name.localeCompare(b.name, 'en', { numeric: true })

const listed = (nodes: readonly FoundNode[]) =>
  `${nodes
    .slice(0, 5)
    .map(({ name }) => name)
    .join(', ')}${nodes.length > 5 ? ', …' : ''}`
