import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

// `npm ci` wants every optional package in the lock file, also those for other systems. A registry that mirrors only some
// systems leaves them out when the lock is made. This writes them in from what their dependants ask for: exact version,
// and the system from the name, by which npm skips them here. It also leaves out the engines of packages that want a newer
// Node than a newcomer's and get it: everything here is run by the Node 24 that comes from npm, and npm, which is not, would warn
// of each of them. Run it after the lock file changed.
interface Locked {
  version?: string
  optional?: boolean
  link?: boolean
  os?: string[]
  cpu?: string[]
  libc?: string[]
  optionalDependencies?: Record<string, string>
  engines?: Record<string, string>
}

const file = join(import.meta.dirname, '../package-lock.json')
const lock = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, Locked> }
const systems = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32', 'openbsd', 'netbsd', 'sunos', 'aix']
const processors = ['arm64', 'arm', 'x64', 'ia32', 'ppc64', 'riscv64', 's390x', 'loong64', 'wasm32', 'mips64el']

function lockedFor(name: string, version: string): Locked | undefined {
  if (name === 'fsevents') return { version, optional: true, os: ['darwin'] }
  const os = systems.find((each) => name.includes(each))
  const cpu = processors.find((each) => new RegExp(`[-/]${each}(-|$)`).test(name))
  if (os === undefined && cpu !== 'wasm32') return undefined
  const libc = name.includes('musl') ? ['musl'] : name.endsWith('-gnu') && os === 'linux' ? ['glibc'] : undefined
  return { version, optional: true, ...(os && { os: [os] }), ...(cpu && { cpu: [cpu] }), ...(libc && { libc }) }
}

let added = 0
for (const { optionalDependencies = {} } of Object.values(lock.packages))
  for (const [name, range] of Object.entries(optionalDependencies)) {
    const place = `node_modules/${name}`
    if (lock.packages[place] !== undefined) continue
    const version = range.replace(/^[\^~]/, '')
    const entry = lockedFor(name, version)
    if (entry === undefined) throw new Error(`${name}: for which system?`)
    lock.packages[place] = entry
    added++
  }
for (const [place, locked] of Object.entries(lock.packages))
  if (place !== '' && /^>=\s*2[1-4]\b/.test(locked.engines?.node ?? '')) delete locked.engines
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)))
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
process.stdout.write(`${added} packages of other systems written into the lock file\n`)
