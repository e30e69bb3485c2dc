/** The path of a request as the log may hold it: without its query, and without the secret that two of our paths carry. */
export function loggedPath(url: string): string {
  const path = url.split('?')[0] ?? ''
  return path.replace(/^(\/api\/(?:v1|join)\/)[^/]+/, '$1…')
}
