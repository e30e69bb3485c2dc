import { execFileSync } from 'node:child_process'
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Release, ReleasePlatform, SignedRelease } from '../contracts/src/gateway-release.ts'
import { keyIdOf, signedBytes } from '../edge/src/update/manifest.ts'
import { tarEnd, tarHeader, tarPadding } from '../edge/src/update/tar.ts'

/** Makes the key of a releaser: `<name>.key` (PKCS 8, for him alone) and `<name>.pub` (SPKI, for every gateway). */
export function makeReleaseKey(name: string): { keyFile: string; publicFile: string; keyid: string } {
  const [keyFile, publicFile] = [`${name}.key`, `${name}.pub`]
  if (existsSync(keyFile)) throw new Error(`${keyFile} is there already; a key that is lost cannot be made again`)
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  writeFileSync(keyFile, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600, flag: 'wx' })
  writeFileSync(publicFile, publicKey.export({ format: 'pem', type: 'spki' }))
  return { keyFile, publicFile, keyid: keyIdOf(publicKey) }
}

/** The public half of a releaser's key, PEM. */
export const publicPemOf = (keyFile: string) =>
  String(createPublicKey(readFileSync(keyFile, 'utf8')).export({ format: 'pem', type: 'spki' }))

/** Installs the packed gateway with what it needs for a platform; the folder that holds `node_modules`. */
export function installPacked(packed: string, folder: string, platform: ReleasePlatform): string {
  const [os = '', cpu = ''] = platform.split('-')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"private":true}')
  const quiet = ['--silent', '--no-audit', '--no-fund', '--prefer-offline', '--omit=dev', '--ignore-scripts']
  // Nothing is built: what the gateway loads brings its programs for every platform.
  execFileSync('npm', ['install', ...quiet, `--os=${os}`, `--cpu=${cpu}`, packed], { cwd: folder })
  return folder
}

export interface ReleaseAsk {
  /** Holds `node_modules` with the gateway. */
  installed: string
  platform: ReleasePlatform
  version: string
  minimumVersion: string
  bringsNode: boolean
  /** Files of the keys that sign. */
  keys: readonly string[]
  /** Where the two files go. */
  target: string
}

/** Makes a release: the archive and its signed manifest. The same input gives the same archive. */
export function makeRelease(ask: ReleaseAsk): { archive: string; manifest: string } {
  const { installed, platform, version } = ask
  const parts: Buffer[] = []
  let unpackedBytes = 0
  for (const path of filesOf(installed, ask)) {
    const bytes = readFileSync(join(installed, path))
    const isProgram = (statSync(join(installed, path)).mode & 0o100) !== 0
    parts.push(tarHeader(path, bytes.length, isProgram), bytes, tarPadding(bytes.length))
    unpackedBytes += bytes.length
  }
  const archive = gzipSync(Buffer.concat([...parts, tarEnd]))
  const node = nodeOf(installed, platform)
  const signed: Release = {
    type: 'kapok-edge-release',
    form: 1,
    ...{ version, platform, unpackedBytes, node, bringsNode: ask.bringsNode, minimumVersion: ask.minimumVersion },
    bytes: archive.length,
    sha256: createHash('sha256').update(archive).digest('hex'),
    madeAt: new Date().toISOString(),
  }
  const name = join(ask.target, `kapok-edge-${version}-${platform}`)
  const manifest: SignedRelease = { signed, signatures: ask.keys.map((key) => signatureOf(signed, key)) }
  writeFileSync(`${name}.tar.gz`, archive)
  writeFileSync(`${name}.json`, `${JSON.stringify(manifest, null, 2)}\n`)
  return { archive: `${name}.tar.gz`, manifest: `${name}.json` }
}

function signatureOf(release: Release, keyFile: string): SignedRelease['signatures'][number] {
  const key = createPrivateKey(readFileSync(keyFile, 'utf8'))
  return {
    keyid: keyIdOf(createPublicKey(key)),
    sig: sign(null, signedBytes(release), key).toString('base64url'),
  }
}

/** What a gateway runs, without what only builds and reads of code need; links are none of it. */
function filesOf(installed: string, { platform, bringsNode }: ReleaseAsk): string[] {
  const node = `node_modules/node-${platform}/`
  return globSync('node_modules/**', { cwd: installed, withFileTypes: true })
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name).slice(installed.length + 1))
    .filter((path) => !path.includes('/.') && !/\.(map|d\.[cm]?ts)$/.test(path))
    .filter((path) => !/^node_modules\/node-linux-/.test(path) || (bringsNode && isNode(path.slice(node.length))))
    .sort()
}
const isNode = (path: string) => ['bin/node', 'LICENSE', 'package.json'].includes(path)

const nodeOf = (installed: string, platform: ReleasePlatform) =>
  (
    JSON.parse(readFileSync(join(installed, `node_modules/node-${platform}/package.json`), 'utf8')) as {
      version: string
    }
  ).version
