/** Numbers of the built-in types (OPC 10000-6 §5.1.2, table 1). */
export const builtIn = {
  Boolean: 1,
  SByte: 2,
  Byte: 3,
  Int16: 4,
  UInt16: 5,
  Int32: 6,
  UInt32: 7,
  Int64: 8,
  UInt64: 9,
  Float: 10,
  Double: 11,
  String: 12,
  DateTime: 13,
  Guid: 14,
  ByteString: 15,
  XmlElement: 16,
  NodeId: 17,
  ExpandedNodeId: 18,
  StatusCode: 19,
  QualifiedName: 20,
  LocalizedText: 21,
} as const
export type BuiltIn = (typeof builtIn)[keyof typeof builtIn]
const builtInNames = new Map(Object.entries(builtIn).map(([name, number]) => [number as number, name]))
export const nameOfBuiltIn = (number: number) => builtInNames.get(number) ?? (number === 22 ? 'structure' : `${number}`)

/** The number of a built-in type by its name, also as some type dictionaries spell it (`UABoolean`). */
export function numberOfBuiltIn(name: string): number | undefined {
  const plain = name.replace(/^UA(?=[A-Z])/, '')
  return Object.hasOwn(builtIn, plain) ? builtIn[plain as keyof typeof builtIn] : undefined
}
