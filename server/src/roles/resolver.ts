import { join, resolve } from 'node:path'
import {
  type NodeRole,
  NodeSetupError,
  nodeRoles,
  type StartedNode,
  signingKinds,
  startNode,
  startSimulatedTree,
} from '@kapok/identifier/start'
import { startMirror } from '@kapok/identifier/start-mirror'
import { readConfig, SetupError } from '../config.ts'
import { roleClock, runRole } from './role.ts'

/** As the command line has them; which of them a role needs, its start says. */
export interface ResolverOptions {
  role?: string
  of?: string
  user?: string
  verifier?: string
  prefix?: string[]
  root?: string[]
  address?: string
  home?: string
  sign?: string
  trust?: string
  takeOver?: boolean
  sim?: boolean
}

/** `kapok run resolver`: a node of the identifier network, or with `--sim` a whole tree of them; no engine of the platform. */
export const runResolverRole = (options: ResolverOptions) =>
  runRole('resolver', async (log) => {
    const mode = process.env.KAPOK_MODE === 'world' ? 'world' : 'platform'
    const { handlePort: port, resolverHttpPort: httpPort } = readConfig(mode)
    const folder = process.env.KAPOK_INNER_FOLDER
    const home = resolve(options.home ?? (folder ? join(folder, 'identifiers') : 'kapok-resolver'))
    const shared = { home, port, httpPort, clock: roleClock() }
    const onFault = (fault: unknown) => log.error({ err: fault }, 'a request failed')
    const host = options.address === undefined ? '127.0.0.1' : '0.0.0.0'
    const own = { ...shared, onFault, host, address: options.address ?? '127.0.0.1', prefixes: options.prefix ?? [] }
    const { of = '', user = '', verifier = '', root: roots = [] } = options
    const node = await inSentences(
      options.sim
        ? startSimulatedTree({ ...shared, onFault, secret: process.env.KAPOK_INNER_IDENTIFIER_SECRET })
        : options.role === 'mirror'
          ? startMirror({ ...own, of, user, verifier, roots, takeOver: options.takeOver ?? false })
          : startNode({
              ...own,
              role: roleOf(options.role),
              roots,
              sign: signingKindOf(options.sign),
              trust: options.trust,
            }),
    )
    // A supervisor's words are its own; somebody who runs a node alone reads these.
    if (!process.connected) for (const sentence of node.sentences) process.stdout.write(`${sentence}\n`)
    return { stop: node.stop }
  })

function roleOf(text: string | undefined): NodeRole {
  const role = nodeRoles.find((each) => each === text)
  if (role === undefined)
    throw new SetupError(`Say which node it is: --role ${nodeRoles.join(' | ')} | mirror, or --sim for a whole tree.`)
  return role
}

function signingKindOf(text = 'ed25519') {
  const kind = signingKinds.find((each) => each === text)
  if (kind === undefined && text !== 'none')
    throw new SetupError(`--sign is “${text}”; write ${signingKinds.join(', ')} or none.`)
  return kind
}

async function inSentences(work: Promise<StartedNode>): Promise<StartedNode> {
  try {
    return await work
  } catch (error) {
    if (error instanceof NodeSetupError) throw new SetupError(error.message, { cause: error })
    throw error
  }
}
