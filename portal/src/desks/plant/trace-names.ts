/** The page of a thing's trace. */
export const pageOfTrace = (id: string): string => `/plant/trace/${encodeURIComponent(id)}`

/** A Digital Link as its keys alone, `(01)…(21)…`; other names as they are. */
export function shortName(id: string): string {
  const path = /^https?:\/\/[^/]+((?:\/\d{2,4}\/[^/?#]+)+)$/.exec(id)?.[1]
  if (path === undefined) return id
  return path.replace(
    /\/(\d{2,4})\/([^/]+)/g,
    (_, key: string, value: string) => `(${key})${decodeURIComponent(value)}`,
  )
}
