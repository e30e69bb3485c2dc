import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { releasePlatforms, versionPattern } from '../contracts/src/gateway-release.ts'
import { keysFile } from '../edge/src/update/manifest.ts'
import { installPacked, makeRelease, makeReleaseKey, publicPemOf } from './release-edge.ts'

// `npm run pack:edge [-- FOLDER]`: the gateway as a package of its own. Node refuses .ts under node_modules, so the types
// are stripped here; nothing else is done to the code. The package brings Node 24, whatever the box has.
// `-- --new-key NAME` makes the key of a releaser; `-- --sign NAME.key` makes a signed release beside the package.
const root = join(import.meta.dirname, '..')
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'new-key': { type: 'string' },
    sign: { type: 'string', multiple: true, default: [] },
    /** Public keys that the package shall trust, beside those of the keys that sign it. */
    trust: { type: 'string', multiple: true, default: [] },
    version: { type: 'string' },
    /** The oldest version that can take the release. */
    minimum: { type: 'string' },
    platform: { type: 'string', default: `linux-${process.arch}` },
    /** An eighth of the size, for gateways that run the same Node already. */
    'without-node': { type: 'boolean', default: false },
  },
})
if (values['new-key'] !== undefined) {
  const { keyFile, publicFile, keyid } = makeReleaseKey(values['new-key'])
  process.stdout.write(`${keyFile}: keep it secret.\n${publicFile}: for “--trust”. Key ${keyid}\n`)
  process.exit()
}
const entry = join(root, 'edge/src/bin.ts')
const target = positionals[0] ?? join(root, '.kapok/pack')
const folder = join(target, 'package')

/** Every module of ours that the entry reaches, statically or when a driver is first used; and what each names. */
function reach(): { files: Set<string>; packages: Map<string, string> } {
  const files = new Set<string>()
  const packages = new Map<string, string>()
  const waiting = [entry]
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (files.has(file)) continue
    files.add(file)
    for (const name of importsOf(strip(file))) {
      const ours = oursOf(name, file)
      if (ours !== undefined) waiting.push(ours)
      else if (!name.startsWith('node:')) packages.set(packageOf(name), file)
    }
  }
  return { files, packages }
}

const importPattern =
  /((?:^|\n)\s*(?:import|export)\b[^'"`;]*?from\s*|(?:^|\n)\s*import\s*|\bimport\(\s*)(['"])([^'"]+)\2/g

const strip = (file: string) => stripTypeScriptTypes(readFileSync(file, 'utf8'), { mode: 'strip' })
const importsOf = (code: string) => [...code.matchAll(importPattern)].map(([, , , name = '']) => name)
const packageOf = (name: string) =>
  name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/')

function oursOf(name: string, from: string): string | undefined {
  if (name.startsWith('.')) return join(dirname(from), name)
  if (!name.startsWith('@kapok/')) return undefined
  const [, workspace = '', ...rest] = name.split('/')
  const home = realpathSync(join(root, 'node_modules/@kapok', workspace))
  const { exports = {} } = readPackage(home)
  const key = rest.length === 0 ? '.' : `./${rest.join('/')}`
  const path = exports[key] ?? exports['./*']?.replace('*', rest.join('/'))
  if (path === undefined) throw new Error(`${name} leads nowhere (${from})`)
  return join(home, path)
}

interface Package {
  version: string
  exports?: Record<string, string>
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
}
const readPackage = (home: string) => JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as Package

const homeOf = (file: string) => readPackage(join(root, relative(root, file).split('/')[0] ?? ''))

/** What only plays a machine, and is heavy: it does not come along, and whoever plays such a machine adds it. */
const isForSimulators = ([name, file]: readonly [string, string]) => homeOf(file).devDependencies?.[name] !== undefined

/** The version that a package of ours asks for. */
function versionOf(name: string, file: string): string {
  const { dependencies, devDependencies } = homeOf(file)
  const [workspace = ''] = relative(root, file).split('/')
  const version = dependencies?.[name] ?? devDependencies?.[name]
  if (version === undefined) throw new Error(`${name}, imported by ${file}, is no dependency of ${workspace}`)
  return version
}

const outOf = (file: string) => join('lib', relative(root, file).replace(/\.ts$/, '.js'))

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}

rmSync(folder, { recursive: true, force: true })
const { files, packages } = reach()
for (const file of files) {
  const code = strip(file).replace(importPattern, (_, head: string, quote: string, name: string) => {
    const ours = oursOf(name, file)
    if (ours === undefined) return `${head}${quote}${name}${quote}`
    const path = relative(dirname(outOf(file)), outOf(ours))
    return `${head}${quote}${path.startsWith('.') ? path : `./${path}`}${quote}`
  })
  write(outOf(file), code)
}
cpSync(join(root, 'edge/models'), join(folder, 'lib/edge/models'), { recursive: true })
const versionsOf = (some: readonly (readonly [string, string])[]) =>
  Object.fromEntries([...some].sort().map(([name, file]) => [name, versionOf(name, file)]))
const version = values.version ?? readPackage(join(root, 'edge')).version
if (!new RegExp(versionPattern).test(version)) throw new Error(`“${version}” is no version; give it like 0.2.0`)
const nodes = Object.entries(readPackage(root).optionalDependencies ?? {}).filter(([name]) => name.startsWith('node-'))
write(
  'package.json',
  `${JSON.stringify(
    {
      name: 'kapok-edge',
      version,
      description: 'Kapok 木棉: the gateway of a plant',
      license: 'Apache-2.0',
      type: 'module',
      bin: { 'kapok-edge': 'kapok-edge' },
      dependencies: versionsOf([...packages].filter((each) => !isForSimulators(each))),
      peerDependencies: versionsOf([...packages].filter(isForSimulators)),
      peerDependenciesMeta: Object.fromEntries(
        [...packages].filter(isForSimulators).map(([name]) => [name, { optional: true }]),
      ),
      optionalDependencies: Object.fromEntries(nodes),
    },
    null,
    2,
  )}\n`,
)
for (const name of ['kapok-edge', 'words.cjs', 'README.md', 'kapok-edge.service', 'Containerfile'])
  write(name, readFileSync(join(root, 'edge/package', name), 'utf8'))
write('version', `${version}\n`)
write('lib/edge/src/version.js', `export const gatewayVersion = '${version}'\n`)
const keys = [...values.trust.map((file) => readFileSync(file, 'utf8')), ...values.sign.map(publicPemOf)]
if (keys.length > 0) write(keysFile, [...new Set(keys.map((each) => `${each.trim()}\n`))].join(''))
write('LICENSE', readFileSync(join(root, 'LICENSE'), 'utf8'))
chmodSync(join(folder, 'kapok-edge'), 0o755)
const said = execFileSync('npm', ['pack', '--silent', '--pack-destination', target], { cwd: folder, encoding: 'utf8' })
const packed = join(target, said.trim())
process.stdout.write(`${packed}\n`)
if (values.sign.length > 0) {
  const platform = releasePlatforms.find((each) => each === values.platform)
  if (platform === undefined) throw new Error(`releases are for ${releasePlatforms.join(' and ')}`)
  const installed = join(target, `installed-${platform}`)
  rmSync(installed, { recursive: true, force: true })
  installPacked(packed, installed, platform)
  const { archive, manifest } = makeRelease({
    ...{ installed, platform, version, target, keys: values.sign, bringsNode: !values['without-node'] },
    minimumVersion: values.minimum ?? '0.1.0',
  })
  process.stdout.write(`${archive}\n${manifest}\n`)
}
