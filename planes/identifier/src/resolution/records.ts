import { type HandleValue, valuePermissions } from '../handle/handle.ts'

/** Where records are. Handles come in their canonical form. */
export interface RecordSource {
  find(handle: string): readonly HandleValue[] | undefined
}

export const isPublic = ({ permissions }: HandleValue): boolean => (permissions & valuePermissions.publicRead) !== 0

/**
 * The values that a request asks for: by index or by type, all when it names neither. A type that ends with a dot means
 * itself and all below it (RFC 3652 §3.2).
 */
export function selectValues(
  values: readonly HandleValue[],
  { indexes = [], types = [] }: { indexes?: readonly number[]; types?: readonly string[] },
): HandleValue[] {
  if (indexes.length === 0 && types.length === 0) return [...values]
  const byIndex = new Set(indexes)
  const exact = new Set(types.map((type) => type.toUpperCase().replace(/\.$/, '')))
  const below = types.filter((type) => type.endsWith('.')).map((type) => type.toUpperCase())
  return values.filter(({ index, type }) => {
    const name = type.toUpperCase()
    return byIndex.has(index) || exact.has(name) || below.some((prefix) => name.startsWith(prefix))
  })
}
