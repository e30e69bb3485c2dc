import type * as Opcua from 'node-opcua-client'
import type { OPCUAServer } from 'node-opcua-server'
import { quality, type TagType, type TagValue } from '../../driver.ts'
import { formatOpcUaAddress, type OpcUaAddress, parseOpcUaAddress } from './address.ts'
import { builtIn } from './built-in.ts'
import { sampleOf, variantValueOf } from './codec.ts'
import { SimulatedInstances } from './simulator-instances.ts'

const dataTypes: Record<TagType, number> = {
  bool: builtIn.Boolean,
  int8: builtIn.SByte,
  uint8: builtIn.Byte,
  int16: builtIn.Int16,
  uint16: builtIn.UInt16,
  int32: builtIn.Int32,
  uint32: builtIn.UInt32,
  int64: builtIn.Int64,
  uint64: builtIn.UInt64,
  float32: builtIn.Float,
  float64: builtIn.Double,
  text: builtIn.String,
}

export type Space = NonNullable<OPCUAServer['engine']['addressSpace']>
export type Variable = ReturnType<ReturnType<Space['getOwnNamespace']>['addVariable']>

/** The variables of the simulated machine, which come into being when they are set. */
export class Nodes {
  readonly #library: typeof Opcua
  readonly #space: Space
  readonly #types = new Map<string, TagType>()
  readonly #machine
  readonly #instances: SimulatedInstances

  constructor(
    library: typeof Opcua,
    server: OPCUAServer,
    options: { namespaces?: readonly string[]; addresses?: readonly string[] },
  ) {
    const { namespaces = [], addresses = [] } = options
    this.#library = library
    this.#space = server.engine.addressSpace!
    for (const uri of namespaces) this.#space.registerNamespace(uri)
    this.#machine = this.#space
      .getOwnNamespace()
      .addObject({ browseName: 'Machine', organizedBy: this.#space.rootFolder.objects })
    this.#instances = new SimulatedInstances(this.#space, addresses)
  }

  #namespaceOf({ namespace }: OpcUaAddress) {
    if (typeof namespace === 'string') return this.#space.registerNamespace(namespace)
    for (let n = this.#space.getNamespaceArray().length; n <= namespace; n++)
      this.#space.registerNamespace(`urn:kapok:simulator:${n}`)
    return this.#space.getNamespace(namespace)
  }

  #find(address: OpcUaAddress, dataType?: number) {
    if (address.path !== undefined) return { id: address.identifier, variable: this.#instances.find(address, dataType) }
    const { index } = this.#namespaceOf(address)
    const id = formatOpcUaAddress({ ...address, namespace: index, element: undefined })
    return { id, variable: this.#space.findNode(id) as Variable | null }
  }

  set(address: OpcUaAddress, type: TagType, value: TagValue): void {
    const { id, variable } = this.#find(address, dataTypes[type])
    this.#types.set(formatOpcUaAddress(address), type)
    if (variable !== null && address.members.length > 0) {
      this.#setMember(variable, address, value)
      return
    }
    const dataType = this.#dataTypeFor(variable, type)
    const converted = variantValueOf(value, dataType)
    if ('misfit' in converted) throw new Error(converted.misfit)
    const found = variable ?? this.#add(address, id, dataType, address.element !== undefined)
    const { VariantArrayType } = this.#library
    if (address.element === undefined) {
      found.setValueFromSource({ dataType, arrayType: VariantArrayType.Scalar, value: converted.value })
      return
    }
    const old = elementsOf(found)
    const neutral = type === 'text' ? '' : type === 'bool' ? false : 0
    while (old.length <= address.element) old.push(type === 'int64' || type === 'uint64' ? [0, 0] : neutral)
    old[address.element] = converted.value
    found.setValueFromSource({ dataType, arrayType: VariantArrayType.Array, value: old })
  }

  /** That of a variable of a node-set, where it is not abstract. */
  #dataTypeFor(variable: Variable | null, type: TagType): number {
    const declared = variable === null ? 0 : Number(variable.getBasicDataType())
    return declared >= builtIn.Boolean && declared <= builtIn.LocalizedText ? declared : dataTypes[type]
  }

  /** Sets a member of a structure, and leaves the others as they are. */
  #setMember(variable: Variable, { element, members }: OpcUaAddress, value: TagValue): void {
    const { DataType, VariantArrayType } = this.#library
    const held = element === undefined ? [variable.readValue().value?.value as unknown] : elementsOf(variable)
    const make = () => this.#space.constructExtensionObject(variable.dataType, {})
    const renewed = Array.from({ length: Math.max(held.length, (element ?? 0) + 1) }, (_, i) =>
      Object.assign(make(), held[i]),
    )
    const [member = '', ...more] = members
    const structure = renewed[element ?? 0] as unknown as {
      schema: { fields: { name: string; originalName?: string }[] }
    }
    const field = structure.schema.fields.find(({ name, originalName }) => (originalName ?? name) === member)
    if (field === undefined || more.length > 0) throw new Error(`the simulator sets no ${members.join('.')}`)
    ;(structure as unknown as Record<string, unknown>)[field.name] = value
    variable.setValueFromSource({
      dataType: DataType.ExtensionObject,
      arrayType: element === undefined ? VariantArrayType.Scalar : VariantArrayType.Array,
      value: element === undefined ? renewed[0] : renewed,
    })
  }

  #add(address: OpcUaAddress, id: string, dataType: number, isArray: boolean) {
    return this.#namespaceOf(address).addVariable({
      nodeId: id.replace(/^ns=\d+;/, ''),
      browseName: address.identifier,
      componentOf: this.#machine,
      dataType: this.#library.DataType[dataType]!,
      valueRank: isArray ? 1 : -1,
      minimumSamplingInterval: 0,
    })
  }

  get(address: OpcUaAddress, type: TagType): TagValue {
    const { id, variable } = this.#find(address)
    if (variable === null) throw new Error(`nothing stands at ${id}`)
    const sample = sampleOf(variable.readValue(), type, address)
    if (sample.value === undefined || sample.quality === quality.bad) throw new Error(sample.reason)
    return sample.value
  }

  setUnit(address: OpcUaAddress, unit: string): void {
    const { variable } = this.#find(address)
    this.#namespaceOf(address).addVariable({
      propertyOf: variable!,
      browseName: { name: 'EngineeringUnits', namespaceIndex: 0 },
      typeDefinition: 'PropertyType',
      dataType: 'EUInformation',
      value: {
        dataType: 'ExtensionObject',
        value: this.#space.constructExtensionObject(this.#library.coerceNodeId('ns=0;i=887'), {
          displayName: { text: unit },
        }),
      },
    })
  }

  /** Takes a node away, with what brings it back. */
  remove(address: OpcUaAddress): () => void {
    const { variable } = this.#find(address)
    if (variable === null) return () => {}
    const key = formatOpcUaAddress(address)
    const type = this.#types.get(key) ?? 'float64'
    const value = this.get(address, type)
    this.#space.deleteNode(variable.nodeId)
    return () => this.set(address, type, value)
  }
}

const elementsOf = (variable: Variable): unknown[] =>
  Array.from((variable.readValue().value?.value as ArrayLike<unknown> | null) ?? [])

/** The set of addresses that a machine no longer has: what is in it is not in the address space. */
export class MissingNodes extends Set<string> {
  readonly #nodes: Nodes
  readonly #restore = new Map<string, () => void>()

  constructor(nodes: Nodes) {
    super()
    this.#nodes = nodes
  }

  override add(address: string): this {
    if (!this.has(address)) this.#restore.set(address, this.#nodes.remove(parseOpcUaAddress(address)))
    return super.add(address)
  }

  override delete(address: string): boolean {
    this.#restore.get(address)?.()
    this.#restore.delete(address)
    return super.delete(address)
  }

  override clear(): void {
    for (const address of [...this]) this.delete(address)
  }
}
