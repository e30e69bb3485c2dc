import { readFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'

/**
 * The browser needs of a contract only the way to it: method, path, kind of body, and who may call. Types are erased
 * anyway and validation is the server's, so the schemas and the schema library are left out of the portal's bundle.
 * Lists and tables of plain words (roles, kinds) pass through; importing anything else from such a file fails the build.
 */
export function contractWays() {
  return {
    name: 'kapok-contract-ways',
    enforce: 'pre' as const,
    async load(id: string) {
      const file = id.split('?')[0] ?? id
      if (!/[\\/]contracts[\\/]src[\\/][\w-]+\.ts$/.test(file)) return null
      // A file without schemas (a check digit, a codec) is plain code and goes in as it is.
      if (!(await readFile(file, 'utf8')).includes("from 'typebox'")) return null
      const module = (await import(pathToFileURL(file).href)) as Record<string, unknown>
      const lines = Object.entries(module).flatMap(([name, value]) => {
        const plain = wayOf(value) ?? (isPlain(value) ? value : undefined)
        return plain === undefined ? [] : [`export const ${name} = ${JSON.stringify(plain)}`]
      })
      return { code: lines.join('\n'), map: null, moduleSideEffects: false }
    },
  }
}

function wayOf(value: unknown) {
  if (typeof value !== 'object' || value === null || !('method' in value) || !('path' in value)) return undefined
  const { id, method, path, who, bodyKind, replyKind } = value as Record<string, unknown>
  return { id, method, path, who, bodyKind, replyKind }
}

function isPlain(value: unknown): boolean {
  if (['string', 'number', 'boolean'].includes(typeof value)) return true
  if (Array.isArray(value)) return value.every(isPlain)
  if (typeof value !== 'object' || value === null || '~kind' in value) return false
  return Object.values(value).every(isPlain)
}
