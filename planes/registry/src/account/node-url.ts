const loopback: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost'])

/**
 * The address of a node as it is kept, without a slash at its end; undefined for what the platform does not call: other schemes,
 * http beyond this machine (a session could be listened to), user names, queries.
 */
export function nodeUrlOf(text: string): string | undefined {
  const url = URL.parse(text.trim())
  if (url === null || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    return undefined
  const isTaken = url.protocol === 'https:' || (url.protocol === 'http:' && loopback.has(url.hostname))
  return isTaken ? url.href.replace(/\/+$/, '') : undefined
}
