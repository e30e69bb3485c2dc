import type { NodesetName } from 'node-opcua-nodesets'
import { type OpcUaAddress, parseOpcUaAddress } from './address.ts'
import type { Step } from './path.ts'
import type { Space, Variable } from './simulator-nodes.ts'

type UAObject = ReturnType<ReturnType<Space['getOwnNamespace']>['addObject']>
type Type = NonNullable<ReturnType<Space['findObjectType']>>

/** Names of the node-sets in whose namespaces addresses stand. */
export async function companionsOf(addresses: readonly string[]): Promise<NodesetName[]> {
  const uris = new Set(addresses.map((address) => parseOpcUaAddress(address).namespace))
  const { nodesetCatalog } = await import('node-opcua-nodesets')
  return nodesetCatalog.filter(({ uri }) => uris.has(uri)).map(({ name }) => name)
}

/**
 * Machines of the types with which addresses begin (`t=…`), with what of each type is optional and stands in an address. Of
 * a namespace whose node-set is not at hand the types are bare, and hold what the addresses name.
 */
export class SimulatedInstances {
  readonly #space: Space
  /** Instances by type and name. */
  readonly #made = new Map<string, UAObject>()
  readonly #bareTypes = new Set<Type>()
  /** Instances of bare types. */
  readonly #bare = new Set<string>()
  readonly #ways: { way: string[]; from: string }[]

  constructor(space: Space, addresses: readonly string[]) {
    this.#space = space
    const typed = addresses.map((each) => parseOpcUaAddress(each)).filter(({ path }) => path !== undefined)
    this.#ways = typed.map((address) => ({ from: keyOf(address), way: wayOf(address.path?.steps ?? []) }))
    for (const address of typed) this.find(address)
  }

  /**
   * The variable at the end of an address; what is missing on the way is made. `dataType`: of a variable that a bare type
   * gets now.
   */
  find(address: OpcUaAddress, dataType?: number): Variable | null {
    const { namespace, path } = address
    if (path === undefined) return null
    const key = keyOf(address)
    const made = this.#made.get(key) ?? this.#make(namespace, path.type, String(path.instance ?? 'Machine'), path)
    this.#made.set(key, made)
    let at: UAObject | Variable | null = path.fromParent ? (made.parent as UAObject) : made
    for (const [i, step] of path.steps.entries()) {
      const parent = at as UAObject
      const rest = path.steps.slice(i + 1)
      const isLast = 'name' in step && rest.length === 0
      at = childOf(parent, step)
      if (at === null && isLast && this.#bare.has(key)) return this.#addVariable(parent, step.name, address, dataType)
      at ??= this.#add(parent, step, rest, namespace)
      if (at === null) throw new Error(`the type has no ${path.steps.map((each) => Object.values(each)[0]).join('/')}`)
    }
    return at as Variable
  }

  #make(namespace: number | string, type: string, name: string, { fromParent }: { fromParent: boolean }): UAObject {
    const found = this.#typeNamed(type, namespace)
    if (found.isBare) this.#bare.add(`${namespace} ${type} ${name}`)
    const own = this.#space.getOwnNamespace()
    const objects = this.#space.rootFolder.objects
    const optionals = this.#ways
      .filter(({ from }) => from === `${namespace} ${type} ${name}`)
      .map(({ way }) => way.join('.'))
    if (!fromParent) return found.type.instantiate({ browseName: name, organizedBy: objects, optionals }) as UAObject
    const machine = own.addObject({ browseName: name, organizedBy: objects })
    return found.type.instantiate({ browseName: 'Identification', componentOf: machine, optionals }) as UAObject
  }

  /** A child that the type leaves to the maker: an object of the type that the step names, or a folder. */
  #add(parent: UAObject, step: Step, rest: readonly Step[], namespace: number | string): UAObject | null {
    if ('name' in step) {
      if (rest.length === 0) return null
      return this.#space
        .getOwnNamespace()
        .addObject({ browseName: step.name, componentOf: parent, typeDefinition: 'FolderType' }) as UAObject
    }
    const { type } = this.#typeNamed(step.type, namespace)
    const number = childrenOf(parent).filter((each) => isOf(each, step.type)).length + 1
    const browseName = `${step.type.replace(/(Monitoring)?Type$/, '')}${number}`
    return type.instantiate({ browseName, componentOf: parent, optionals: this.#optionalsBehind(step) }) as UAObject
  }

  #optionalsBehind(step: Step): string[] {
    const [word = ''] = wayOf([step])
    return this.#ways.flatMap(({ way }) => {
      const at = way.indexOf(word)
      return at < 0 ? [] : [way.slice(at + 1).join('.')]
    })
  }

  #addVariable(parent: UAObject, name: string, { element }: OpcUaAddress, dataType?: number): Variable | null {
    if (dataType === undefined) return null
    return this.#space.getOwnNamespace().addVariable({
      browseName: name,
      componentOf: parent,
      dataType: `i=${dataType}`,
      valueRank: element === undefined ? -1 : 1,
      minimumSamplingInterval: 0,
    })
  }

  /** The type of that name, in the namespace of the address first. */
  #typeNamed(name: string, namespace: number | string): { type: Type; isBare: boolean } {
    const own =
      typeof namespace === 'string' ? this.#space.registerNamespace(namespace) : this.#space.getNamespace(namespace)
    for (const index of [own.index, ...this.#space.getNamespaceArray().keys()]) {
      const type = this.#space.findObjectType(name, index)
      if (type !== null) return { type, isBare: this.#bareTypes.has(type) }
    }
    const made = own.addObjectType({ browseName: name })
    this.#bareTypes.add(made)
    return { type: made, isBare: true }
  }
}

const keyOf = ({ namespace, path }: OpcUaAddress) => `${namespace} ${path?.type} ${path?.instance ?? 'Machine'}`

const wayOf = (steps: readonly Step[]) => steps.map((step) => ('name' in step ? step.name : `<${step.type}>`))

const childrenOf = (parent: UAObject) =>
  parent.findReferencesExAsObject('HierarchicalReferences') as unknown as (UAObject | Variable)[]

function childOf(parent: UAObject, step: Step): UAObject | Variable | null {
  const children = childrenOf(parent)
  if ('name' in step) return children.find(({ browseName }) => browseName.name === step.name) ?? null
  return children.filter((each) => isOf(each, step.type))[step.index ?? 0] ?? null
}

function isOf(node: UAObject | Variable, type: string): boolean {
  interface Typed {
    browseName: { name: string | null }
    subtypeOfObj?: Typed | null
  }
  for (let at = (node as { typeDefinitionObj?: Typed | null }).typeDefinitionObj; at; at = at.subtypeOfObj)
    if (at.browseName.name === type) return true
  return false
}
