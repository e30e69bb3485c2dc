/** The handle of a path, as it is or percent-encoded; undefined for what has no prefix and suffix or no UTF-8. */
export function handleIn(path: string): string | undefined {
  try {
    const handle = decodeURIComponent(path)
    return /^[^/]+\/./.test(handle) ? handle : undefined
  } catch {
    return undefined
  }
}
