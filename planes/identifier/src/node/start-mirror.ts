import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { canonicalHandle } from '../handle/handle.ts'
import { Mirror } from '../mirror/mirror.ts'
import type { User } from '../registration/authentication.ts'
import type { Standing } from '../takeover/standing.ts'
import { IdentifierNode } from './node.ts'
import { NodeSetupError } from './setup-error.ts'
import { keysIn } from './signing-keys.ts'
import { inSentence, openRecords, rootSite, type StartedNode, type StartNodeOptions, standingIn } from './start-node.ts'

export interface StartMirrorOptions extends Omit<StartNodeOptions, 'role'> {
  /** Takes changes from now on, in the place of the node that is mirrored. */
  takeOver?: boolean
  /** HTTP address of the node that is mirrored; its prefixes are ours too. */
  of: string
  /** Who it is there: `index:handle` of a value with its key. */
  user: string
  /** Key of the log that is followed, as that node says it at its start. */
  verifier: string
}

/**
 * Starts a mirror: it answers from its copy for the prefixes of another node, follows that node's log, and takes no changes.
 * Throws NodeSetupError with a sentence.
 */
export async function startMirror(options: StartMirrorOptions): Promise<StartedNode> {
  const { home, host, address, port, httpPort, clock, onFault, verifier, prefixes } = options
  const user = userIn(options.user)
  const url = URL.parse(options.of)
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw new NodeSetupError(`--of is “${options.of}”; write the HTTP address of the node that is mirrored.`)
  if (prefixes.length === 0) throw new NodeSetupError('Name the prefixes that are mirrored, e.g. --prefix 88.608.')
  if (!/^[^\s+]+\+[0-9a-f]{8}\+\S+$/.test(verifier))
    throw new NodeSetupError('--verifier is the key of the log, as the node that is mirrored says it at its start.')
  mkdirSync(home, { recursive: true, mode: 0o700 })
  const { key, isNew } = keyIn(join(home, 'mirror.pem'))
  const standing = standingIn(home)
  followAnew(home, standing)
  if (options.roots.length === 0 && (options.takeOver || standing.state.taken))
    throw new NodeSetupError(
      'Name the root, e.g. --root 10.0.0.1:2641: a mirror that takes changes asks from there who else does.',
    )
  const records = openRecords(home, clock, verifier)
  if (standing.state.taken) records.takeOver()
  const mirror = new Mirror({
    records,
    url: options.of.replace(/\/$/, ''),
    follower: { user, key },
    onTrouble: ({ kind, message }) => onFault(new Error(`the node that is mirrored is ${kind}: ${message}`)),
  })
  const node = new IdentifierNode({
    records,
    host,
    address,
    port,
    httpPort,
    homes: prefixes.map(canonicalHandle),
    roots: options.roots.map(rootSite),
    follower: mirror,
    standing,
    keys: keysIn(home, undefined),
    clock,
    onFault,
  })
  try {
    const ports = await node.run()
    if (options.takeOver) for (const prefix of prefixes) await node.takeOver(prefix)
    else if (standing.state.taken === undefined) mirror.run()
    const what = standing.state.taken ? 'in the place of' : 'a mirror of'
    const sentences = [
      `Handle ${address}:${ports.port} (UDP, TCP), HTTP ${address}:${ports.httpPort}; ${what} ${options.of}`,
    ]
    if (options.takeOver)
      sentences.push(
        'It takes changes now. Register the values of GET /takeover in the record of the prefix with the node above, so that others find it.',
      )
    if (isNew) sentences.push(...introduction(user, key))
    const stop = async () => {
      await mirror.stop()
      await node.stop()
      await records.close()
    }
    return { sentences, stop }
  } catch (error) {
    await node.stop()
    await records.close()
    throw inSentence(error)
  }
}

/** After a hand-back what was written here stays in a folder of its own, and the node is followed from the beginning. */
function followAnew(home: string, standing: Standing): void {
  const { taken, handedBack, serial } = standing.state
  if (!taken || !handedBack) return
  const kept = join(home, `records-taken-${serial}`)
  if (existsSync(join(home, 'records'))) renameSync(join(home, 'records'), kept)
  standing.update({ taken: undefined, handedBack: false, followed: false })
}

/** What the primary has to know of a new mirror. */
function introduction({ handle, index }: User, key: KeyObject): string[] {
  const value = createPublicKey(key).export({ format: 'jwk' })
  return [
    'Its key is new. Register it with the node that is mirrored, and let that user read and list by an HS_ADMIN of the prefix (permissions 110000000000):',
    `PUT /api/handles/${handle} ${JSON.stringify([{ index, type: 'HS_PUBKEY', data: { format: 'key', value } }])}`,
  ]
}

function userIn(text: string): User {
  const [, index, handle] = /^(\d{1,9}):([^/\s]+\/\S+)$/.exec(text) ?? []
  if (index === undefined || handle === undefined)
    throw new NodeSetupError(
      `--user is “${text}”; write index:handle of the mirror’s key there, e.g. 300:88.608/mirror.`,
    )
  return { index: Number(index), handle }
}

function keyIn(file: string): { key: KeyObject; isNew: boolean } {
  if (existsSync(file)) {
    try {
      return { key: createPrivateKey(readFileSync(file)), isNew: false }
    } catch (cause) {
      throw new NodeSetupError(`${file} is no private key: put it back from a backup, or move it away for a new one.`, {
        cause,
      })
    }
  }
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 3_072 })
  writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' })
  return { key: privateKey, isNew: true }
}
