/** The page of an identifier; slashes stay where they part a handle, so that the address can be read. */
export function pageOfIdentifier(name: string): string {
  return `/identify/${name.includes('//') ? encodeURIComponent(name) : name.split('/').map(encodeURIComponent).join('/')}`
}
