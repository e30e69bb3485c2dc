import type { OrgKind, Role } from '@kapok/contracts/roles'
import type { BodyOf, ParamsOf, QueryOf, ReplyOf, RouteContract, TokenScope } from '@kapok/contracts/route'
import type { Tx } from './db.ts'
import type { Kit } from './kit.ts'
import type { Migrations } from './migrate.ts'

/** Who asks. For a visitor who is not signed in: `public`, no organisation, no region. */
export interface Actor {
  userId: string | undefined
  userName: string
  orgId: string | undefined
  orgName: string
  orgKind: OrgKind | undefined
  /** Region of the organisation (GB/T 2260 code); for governments also the prefix that they may see. */
  region: string
  roles: readonly Role[]
  /** Scopes of the API token that asks, when no member does. */
  tokenScopes?: readonly TokenScope[]
}

/** One call of a route, validated, authorised and inside its transaction (row-level security set to the actor). */
export interface Call<R extends RouteContract> {
  params: ParamsOf<R>
  query: QueryOf<R>
  body: BodyOf<R>
  actor: Actor
  /** The actor's organisation; only routes that are not public may read it. */
  orgId: string
  tx: Tx
  /** Idempotency key of a command; made by the server when the client sent none. Ids of money derive from it. */
  key: string
  requestId: string
  /** Language of the reader, from `Accept-Language`. */
  language: 'zh' | 'en'
  headers: Readonly<Record<string, string | undefined>>
  ip: string
  reply: { header(name: string, value: string): void }
}

/** A file as reply of a route with `replyKind: 'file'`. */
export interface FileReply {
  bytes: Uint8Array | AsyncIterable<Uint8Array | string>
  mediaType: string
  fileName: string
}

export interface RouteHandler {
  contract: RouteContract
  // The one place where the contract's types are erased; `handle` is what checks them.
  run(call: Call<RouteContract>): Promise<unknown>
  /** It asks other programs and no database: no connection is held while it waits. */
  asksOthers?: true
}

type Answer<R extends RouteContract> = R['replyKind'] extends 'file' ? FileReply : ReplyOf<R>

/** Binds a use case to its contract; the types of call and reply are checked here. */
export function handle<const R extends RouteContract>(
  contract: R,
  run: (call: Call<R>) => Promise<Answer<R>>,
): RouteHandler {
  return { contract, run: run as unknown as RouteHandler['run'] }
}

/** As `handle`, for a reading route that asks another program and has no transaction. */
export function handleByAsking<const R extends RouteContract & { method: 'GET' }>(
  contract: R,
  run: (call: Omit<Call<R>, 'tx'>) => Promise<Answer<R>>,
): RouteHandler {
  return { contract, run: run as unknown as RouteHandler['run'], asksOthers: true }
}

/** Work on a schedule by the platform's clock. Runs in one server at a time, in the order of the planes. */
export interface Job {
  name: string
  everyMs: number
  /** Runs once for all the time since the last run; must be idempotent. */
  run(): Promise<void>
}

export interface Plane {
  name: string
  /** A plane that keeps no rows of its own has none. */
  migrations?: Migrations
  routes: RouteHandler[]
  jobs: Job[]
  /** Called once when the server serves, and before it ends. */
  start?(): Promise<void>
  stop?(): Promise<void>
}

export type PlaneMaker<Ports = undefined> = (kit: Kit, ports: Ports) => Plane
