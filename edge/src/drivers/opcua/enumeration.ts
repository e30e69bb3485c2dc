import type * as Opcua from 'node-opcua-client'
import type { OpcUaClient } from './client.ts'

type Words = ReadonlyMap<number, string>
type NodeId = Opcua.NodeId

/** Where a server may keep words: with the variable (OPC 10000-8 §5.3.3), or with its data type (OPC 10000-3 §8.14). */
const properties = ['EnumValues', 'EnumStrings', 'FalseState', 'TrueState'] as const

/** The words of enumerations, each read once. */
export class EnumerationWords {
  readonly #client: OpcUaClient
  readonly #ofTypes = new Map<string, Words | undefined>()

  constructor(client: OpcUaClient) {
    this.#client = client
  }

  /**
   * The words of variables, in their order; none where a variable is no enumeration. `known`: their data types, where they
   * were read. Rejects with DeviceError.
   */
  async ofVariables(
    nodeIds: readonly NodeId[],
    known?: readonly (NodeId | null | undefined)[],
  ): Promise<(Words | undefined)[]> {
    if (nodeIds.length === 0) return []
    const own = await this.#ofProperties(nodeIds)
    const { AttributeIds } = this.#client.library
    const types =
      known ??
      (await this.#read(nodeIds, AttributeIds.DataType)).map(({ value }) => value?.value as NodeId | null | undefined)
    const open = new Map<string, NodeId>()
    for (const [i, type] of types.entries())
      if (own[i] === undefined && type && !isBuiltIn(type) && !this.#ofTypes.has(type.toString()))
        open.set(type.toString(), type)
    await this.#learn(open)
    return types.map((type, i) => own[i] ?? (type ? this.#ofTypes.get(type.toString()) : undefined))
  }

  async #learn(open: ReadonlyMap<string, NodeId>): Promise<void> {
    const nodeIds = [...open.values()]
    if (nodeIds.length === 0) return
    const { AttributeIds } = this.#client.library
    const definitions = await this.#read(nodeIds, AttributeIds.DataTypeDefinition)
    const ofProperties = await this.#ofProperties(nodeIds)
    for (const [i, key] of [...open.keys()].entries())
      this.#ofTypes.set(key, wordsOfValues(fieldsOf(definitions[i]?.value?.value)) ?? ofProperties[i])
  }

  async #ofProperties(nodeIds: readonly NodeId[]): Promise<(Words | undefined)[]> {
    const { library, session, call, limits } = lend(this.#client)
    const paths = nodeIds.flatMap((nodeId) => properties.map((name) => library.makeBrowsePath(nodeId, `.${name}`)))
    const found: (NodeId | undefined)[] = []
    for (let i = 0; i < paths.length; i += limits.nodesPerRead) {
      const results = await call(session.translateBrowsePath(paths.slice(i, i + limits.nodesPerRead)))
      for (const { statusCode, targets } of results)
        found.push(statusCode.isGood() ? (targets?.[0]?.targetId as NodeId | undefined) : undefined)
    }
    const there = found.filter((nodeId) => nodeId !== undefined)
    const values = await this.#read(there, library.AttributeIds.Value)
    let next = 0
    const read = found.map((nodeId) => (nodeId === undefined ? undefined : values[next++]?.value?.value))
    return nodeIds.map((_, i) => {
      const [enumValues, enumStrings, falseState, trueState] = read.slice(i * properties.length)
      const states = falseState === undefined || trueState === undefined ? undefined : [falseState, trueState]
      return wordsOfValues(enumValues) ?? wordsOfTexts(enumStrings) ?? wordsOfTexts(states)
    })
  }

  async #read(nodeIds: readonly NodeId[], attributeId: number): Promise<Opcua.DataValue[]> {
    const { session, call, limits } = lend(this.#client)
    const values: Opcua.DataValue[] = []
    for (let i = 0; i < nodeIds.length; i += limits.nodesPerRead)
      values.push(
        ...(await call(
          session.read(nodeIds.slice(i, i + limits.nodesPerRead).map((nodeId) => ({ nodeId, attributeId }))),
        )),
      )
    return values
  }
}

const lend = (client: OpcUaClient) => ({
  library: client.library,
  session: client.session,
  limits: client.limits,
  call: <T>(service: Promise<T>) => client.call(service),
})

const isBuiltIn = ({ namespace, value }: NodeId) => namespace === 0 && typeof value === 'number' && value <= 25

interface EnumValue {
  value?: unknown
  displayName?: { text?: string | null } | null
  name?: string | null
}

/** Of an EnumDefinition; a StructureDefinition has fields too, which have no values. */
function fieldsOf(definition: unknown): unknown {
  const fields = (definition as { fields?: EnumValue[] } | null | undefined)?.fields
  return Array.isArray(fields) && fields.every((field) => field.value !== undefined) ? fields : undefined
}

function wordsOfValues(values: unknown): Words | undefined {
  if (!Array.isArray(values) || values.length === 0) return undefined
  const words = new Map<number, string>()
  for (const { value, displayName, name } of values as EnumValue[]) {
    // The library gives 64-bit numbers as [high, low].
    const number = Array.isArray(value) ? Number(value[0]) * 2 ** 32 + Number(value[1]) : Number(value)
    const word = displayName?.text ?? name
    if (Number.isSafeInteger(number) && word) words.set(number, word)
  }
  return words
}

function wordsOfTexts(texts: unknown): Words | undefined {
  if (!Array.isArray(texts) || texts.length === 0) return undefined
  const words = new Map<number, string>()
  for (const [number, each] of texts.entries()) {
    const { text } = (each ?? {}) as { text?: string | null }
    if (text) words.set(number, text)
  }
  return words
}
