import { type ChildProcess, spawn } from 'node:child_process'
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { provenHeader } from '../../planes/identifier/src/face/handle-rest/session.ts'
import { freePort, newFolder } from './platform.ts'

export const kapok = join(import.meta.dirname, '../../server/src/kapok.ts')

/** An identifier node as somebody runs it: a process of its own, in a folder of its own. */
export interface NodeProcess {
  child: ChildProcess
  port: number
  httpPort: number
  url: string
  home: string
  said(): string
}

/** Nodes of one test or proof; `stop` ends them and removes what they wrote. */
export class NodeProcesses {
  readonly folder = newFolder()
  readonly #nodes = new Map<string, NodeProcess>()

  get(name: string): NodeProcess {
    const node = this.#nodes.get(name)
    if (node === undefined) throw new Error(`${name} was not started`)
    return node
  }

  /** Resolves when it serves and knows itself. On the ports that it had before, when it was started before. `preload`: modules. */
  async start(name: string, args: readonly string[], preload: readonly string[] = []): Promise<NodeProcess> {
    const before = this.#nodes.get(name)
    const port = before?.port ?? (await freePort())
    const httpPort = before?.httpPort ?? (await freePort())
    const home = join(this.folder, name)
    const env = {
      PATH: process.env.PATH ?? '',
      HOME: this.folder,
      KAPOK_HANDLE_PORT: `${port}`,
      KAPOK_RESOLVER_HTTP_PORT: `${httpPort}`,
      KAPOK_LOG: 'error',
    }
    const imports = preload.flatMap((module) => ['--import', module])
    const child = spawn(process.execPath, [...imports, kapok, 'run', 'resolver', '--home', home, ...args], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let text = ''
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (text += chunk.toString()))
    const node = { child, port, httpPort, url: `http://127.0.0.1:${httpPort}`, home, said: () => text }
    this.#nodes.set(name, node)
    for (const began = Date.now(); ; await sleep(20)) {
      if (text.includes(`HTTP 127.0.0.1:${httpPort}`)) return node
      if (child.exitCode !== null || Date.now() - began > 60_000) throw new Error(`${name} does not answer: ${text}`)
    }
  }

  async end(name: string, signal: NodeJS.Signals): Promise<void> {
    const { child } = this.get(name)
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((done) => child.once('exit', done))
    child.kill(signal)
    await gone
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#nodes.keys()].map((name) => this.end(name, 'SIGTERM')))
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** The key of a prefix's administrator, which its node made at its first start. */
  administrator(name: string, prefix: string): { user: { handle: string; index: number }; key: KeyObject } {
    const key = createPrivateKey(readFileSync(join(this.get(name).home, `admin-${prefix}.pem`)))
    return { user: { handle: `0.NA/${prefix}`, index: 300 }, key }
  }

  /** The header by which a node knows the administrator of a prefix, for several requests. */
  proof(at: NodeProcess, ofNode: string, prefix: string): Promise<string> {
    return provenHeader(at.url, this.administrator(ofNode, prefix), AbortSignal.timeout(10_000))
  }

  /** Writes a record as the administrator of its prefix. */
  async write(name: string, prefix: string, handle: string, values: unknown): Promise<Response> {
    const node = this.get(name)
    const authorization = await this.proof(node, name, prefix)
    return fetch(`${node.url}/api/handles/${handle}`, {
      method: 'PUT',
      headers: { authorization },
      body: JSON.stringify(values),
    })
  }

  /** Starts a mirror of a node and has that let it in: its key is registered, and may read and list. */
  async startMirror(name: string, ofNode: string, prefix: string, more: readonly string[]): Promise<NodeProcess> {
    const of = this.get(ofNode)
    const user = `${prefix}/mirror`
    const mirror = await this.start(name, mirrorArguments(of, prefix, more))
    const pem = createPrivateKey(readFileSync(join(mirror.home, 'mirror.pem')))
    const key = createPublicKey(pem).export({ format: 'jwk' })
    await this.write(ofNode, prefix, user, [{ index: 300, type: 'HS_PUBKEY', data: { format: 'key', value: key } }])
    // The node's own copy of its prefix's record says who may do what there; the parent's says it to all others.
    const admin = { handle: user, index: 300, permissions: '110000000000' }
    const lets = [{ index: 101, type: 'HS_ADMIN', data: { format: 'admin', value: admin } }]
    await this.write(ofNode, prefix, `0.NA/${prefix}?index=various`, lets)
    return mirror
  }
}

/** How a mirror of a node is started. */
export function mirrorArguments(of: NodeProcess, prefix: string, more: readonly string[]): string[] {
  const verifier = /for mirrors: (\S+)/.exec(of.said())?.[1] ?? ''
  const whom = ['--of', of.url, '--user', `300:${prefix}/mirror`, '--verifier', verifier]
  return ['--role', 'mirror', '--prefix', prefix, ...whom, ...more]
}

/** The values of a record as a node tells them over HTTP; undefined when it tells none. */
export async function valuesOf(url: string, handle: string): Promise<RestValue[] | undefined> {
  return ((await (await fetch(`${url}/api/handles/${handle}`)).json()) as { values?: RestValue[] }).values
}

export interface RestValue {
  index: number
  type: string
  data: { format: string; value: unknown }
}
