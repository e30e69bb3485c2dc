import { createPrivateKey } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DeviceFacts, OrgFacts } from '@kapok/contracts/ports'
import { assignPrefix, getRegistryAccountOf } from '@kapok/contracts/registry'
import type { BodyOf, ParamsOf, QueryOf, ReplyOf, RouteContract } from '@kapok/contracts/route'
import { provenHeader } from '@kapok/identifier/session'
import { type StartedNode, startNode } from '@kapok/identifier/start'
import { systemClock } from '@kapok/kit/clock'
import { must } from '@kapok/kit/must'
import type { Scope } from '@kapok/kit-store/db'
import type { Call, Plane } from '@kapok/kit-store/plane'
import { type TestKit, testKit } from '@kapok/kit-store/testing'
import { registryMigrations, registryPlane } from './flow.ts'

export const prefix = '88.901.1001'

/** A real enterprise node in a folder of its own, as its owner starts it. */
export class TestNode {
  readonly prefix: string
  readonly home = mkdtempSync(join(tmpdir(), 'kapok-registry-node-'))
  port = 0
  #node: StartedNode | undefined

  constructor(own = prefix) {
    this.prefix = own
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  async start(): Promise<void> {
    this.port ||= await freePort()
    this.#node = await startNode({
      role: 'enterprise',
      prefixes: [this.prefix],
      home: this.home,
      host: '127.0.0.1',
      address: '127.0.0.1',
      port: 0,
      httpPort: this.port,
      roots: ['127.0.0.1:1'],
      clock: systemClock,
      onFault: (fault) => {
        throw fault
      },
    })
  }

  async stop(): Promise<void> {
    await this.#node?.stop()
    this.#node = undefined
  }

  remove(): void {
    rmSync(this.home, { recursive: true, force: true })
  }

  /** As the prefix's administrator, with the key that the node made for it. */
  async asAdministrator(method: string, path: string, body?: unknown): Promise<Response> {
    const key = createPrivateKey(readFileSync(join(this.home, `admin-${this.prefix}.pem`)))
    const user = { handle: `0.NA/${this.prefix}`, index: 300 }
    const authorization = await provenHeader(this.url, { user, key }, AbortSignal.timeout(5_000))
    return fetch(`${this.url}${path}`, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  }

  /** Public values of a record by type; undefined when there is none. */
  async record(handle: string): Promise<Record<string, string> | undefined> {
    const reply = await fetch(`${this.url}/api/handles/${encodeURIComponent(handle)}`)
    const { values = [] } = (await reply.json()) as { values?: { type: string; data: { value: string } }[] }
    return reply.status === 404 ? undefined : Object.fromEntries(values.map(({ type, data }) => [type, data.value]))
  }
}

export function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const probe = createServer().once('error', fail)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => done(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

interface Ask<R extends RouteContract> {
  params?: ParamsOf<R>
  query?: QueryOf<R>
  body?: BodyOf<R>
}

/** The plane over a real database, with two plants and the platform's administrator to call it. */
export class TestRegistry {
  readonly kit: TestKit
  readonly orgs: Record<'plant' | 'neighbour', OrgFacts>
  /** The one device of the plant. */
  readonly device: DeviceFacts
  #plane: Plane

  readonly #resolverUrl: string | undefined

  private constructor(kit: TestKit, resolverUrl: string | undefined) {
    this.kit = kit
    this.#resolverUrl = resolverUrl
    const org = (name: string): OrgFacts => ({
      id: kit.ids.uuid(),
      name,
      kind: 'enterprise',
      uscc: null,
      region: '440605',
    })
    this.orgs = { plant: org('凤城注塑'), neighbour: org('莞城精密') }
    this.device = { id: kit.ids.uuid(), name: '注塑机 1', productName: '注塑机', createdAt: 0 }
    this.#plane = this.#planeOf()
  }

  static async make(resolverUrl?: string): Promise<TestRegistry> {
    return new TestRegistry(await testKit({ migrations: [registryMigrations] }), resolverUrl)
  }

  #planeOf(): Plane {
    const organisations = Object.values(this.orgs)
    return registryPlane(this.kit, {
      resolverUrl: this.#resolverUrl,
      organisations: {
        byId: async (id) => organisations.find((each) => each.id === id),
        byUscc: async () => undefined,
        ofKind: async () => organisations,
      },
      devices: {
        ofOrg: async (orgId) => (orgId === this.orgs.plant.id ? [this.device] : []),
        orgsWithDevices: async () => [this.orgs.plant.id],
        meterDay: () => Promise.reject(new Error('nobody meters here')),
        daysTouched: async () => [],
        flush: async () => {},
      },
    })
  }

  async run(): Promise<void> {
    await this.#plane.start?.()
  }

  /** Ends the plane and begins another over the same tables, as a restart of the server does. */
  async restart(): Promise<void> {
    await this.#plane.stop?.()
    this.#plane = this.#planeOf()
    await this.run()
  }

  async stop(): Promise<void> {
    await this.#plane.stop?.()
    await this.kit.stop()
  }

  as<R extends RouteContract>(who: 'plant' | 'neighbour' | 'administrator', contract: R, ask: Ask<R> = {}) {
    const scope: Scope = who === 'administrator' ? { job: 'administrator' } : { orgId: this.orgs[who].id }
    const route = must(
      this.#plane.routes.find((each) => each.contract.id === contract.id),
      contract.id,
    )
    const call = { params: {}, query: {}, language: 'zh', orgId: scope.orgId ?? '', ...ask }
    return this.kit.db.tx(scope, (tx) => route.run({ ...call, tx } as unknown as Call<RouteContract>)) as Promise<
      R['replyKind'] extends 'file' ? { bytes: Uint8Array; fileName: string } : ReplyOf<R>
    >
  }

  /** The administrator assigns the prefix, and the prefix's own adds what it was given to the node. */
  async assign(node: TestNode): Promise<void> {
    const params = { orgId: this.orgs.plant.id }
    await this.as('administrator', assignPrefix, { params, body: { prefix, url: `${node.url}/` } })
    const { values } = await this.as('administrator', getRegistryAccountOf, { params })
    const reply = await node.asAdministrator('PUT', `/api/handles/0.NA/${prefix}?index=various`, values)
    if (!reply.ok) throw new Error(await reply.text())
  }
}
