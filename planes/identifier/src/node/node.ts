import { createPublicKey, type KeyObject } from 'node:crypto'
import type { Access, AccessLog } from '../access-log/access-log.ts'
import type { LmdbEventStore } from '../epcis/epcis.ts'
import { accessesFace } from '../face/accesses/accesses-face.ts'
import { didFace } from '../face/did/did-face.ts'
import { eventsFace } from '../face/events/events-face.ts'
import { type FindByName, gs1Face } from '../face/gs1/gs1-face.ts'
import { handleRestFace } from '../face/handle-rest/handle-rest.ts'
import type { Follower } from '../face/handle-rest/session.ts'
import { RestUsers } from '../face/handle-rest/who.ts'
import type { Face } from '../face/http.ts'
import { FaceServer } from '../face/http-server.ts'
import { idhubFace } from '../face/idhub/idhub-face.ts'
import { resolutionFace } from '../face/resolution/resolution.ts'
import { snmsFace } from '../face/snms/snms-face.ts'
import {
  canonicalHandle,
  encodeData,
  type HandleValue,
  type JwsPublicKey,
  responses,
  rsaPublicKeyData,
  type Site,
  siteOf,
} from '../handle/handle.ts'
import { feedFace } from '../mirror/feed-face.ts'
import { NodeHealth } from '../monitoring/node-health.ts'
import type { RateOptions } from '../rate/limits.ts'
import { Rates } from '../rate/rates.ts'
import { Resolver } from '../recursion/resolver.ts'
import { ElsewhereVerifier } from '../recursion/verify-elsewhere.ts'
import { nameOfUser, type User } from '../registration/authentication.ts'
import type { ChangingRecords } from '../registration/changing-records.ts'
import { Registrar } from '../registration/registrar.ts'
import { Certifier } from '../resolution/certifier.ts'
import type { Verification } from '../resolution/client.ts'
import { HandleServer } from '../resolution/server.ts'
import { Sessions } from '../session/sessions.ts'
import { TakeoverDesk } from '../takeover/desk.ts'
import { Standing } from '../takeover/standing.ts'
import { takeoverFace } from '../takeover/takeover-face.ts'
import type { NodeKeys } from '../trust/node-keys.ts'
import { PathVerifier } from '../trust/path-verifier.ts'
import { SignedRecords } from '../trust/signed-records.ts'
import { Homes } from './homes.ts'
import { NodeService, siteValue } from './service.ts'

export interface NodeOptions {
  records: ChangingRecords
  /** Address to listen on, and the one that others are told (HS_SITE); an IP address, since HS_SITE has no names. */
  host: string
  address: string
  /** 2641 by custom; 0 takes a free one. */
  port: number
  /** 8000 by custom, 0 takes a free one; without it the node has no faces over HTTP. */
  httpPort?: number | undefined
  /** What happened to things, where this node keeps it. */
  events?: LmdbEventStore
  /** Keeps who read what is not public; `startNode` gives every node one. */
  accesses?: AccessLog | undefined
  /** Address by which others reach its faces over HTTP, without a slash at the end. */
  url?: string
  /** Records by another name, where they are known of more nodes than this one. */
  findByName?: FindByName
  /** Hears of faults of the node's own, which whoever asked is not told. */
  onFault?(fault: unknown): void
  /** Prefixes that this node answers for. */
  homes: readonly string[]
  /** Sites of the root, from which the prefixes of others are found; without one none are. */
  roots?: readonly Site[]
  /** Whether it resolves the handles of others for whoever asks; not when nothing is said. */
  recursive?: boolean
  /** What a mirror follows with: it answers from its copy and takes no changes; a primary when nothing is said. */
  follower?: { stop(): Promise<void> }
  /** Whether this node is the one that takes changes, kept beside its records; forgotten at the end when nothing is said. */
  standing?: Standing
  /** Who the node is when it takes its prefix back from the one that stood in. */
  administrator?: () => Follower | undefined
  administrators?: readonly User[]
  /** What it signs with; nothing without. */
  keys?: NodeKeys
  /** The key of the root that signs (`302:0.0/0.0`): a recursive node verifies what others answered from there. */
  trusted?: JwsPublicKey | undefined
  /** What one side may ask for; the defaults of `rateLimits` for what is not said. */
  rates?: Partial<RateOptions>
  clock: { now(): number }
}

/**
 * One node of the identifier network. Root, top, secondary, enterprise, recursive node and mirror are the same program: the
 * options say which prefixes it homes, whether it asks others, and whether it is written to.
 */
export class IdentifierNode {
  readonly service: NodeService
  readonly homes: Homes
  readonly resolver: Resolver
  readonly records: ChangingRecords
  readonly keys: NodeKeys
  readonly #options: NodeOptions
  readonly #server: HandleServer
  /** What it answers over HTTP, also for a door that several nodes share. */
  readonly faces: readonly Face[]
  readonly #faceServer: FaceServer
  readonly #standing: Standing
  readonly takeover: TakeoverDesk
  readonly health: NodeHealth
  #port = 0
  #httpPort: number | undefined

  constructor(options: NodeOptions) {
    const { clock, roots = [], administrators = [], onFault = () => {}, keys = {} } = options
    this.#options = options
    this.keys = keys
    this.homes = new Homes(options.records, options.homes.map(canonicalHandle))
    const answersFor = (handle: string) => this.homes.answersFor(handle)
    const { records: key } = keys
    const mindsSignatures = key !== undefined || options.follower !== undefined
    const records = mindsSignatures
      ? new SignedRecords({ records: options.records, key, answersFor, clock })
      : options.records
    this.records = records
    this.resolver = new Resolver({ roots: () => roots, clock })
    const findRecord = (handle: string) => this.#findRecord(handle)
    const rates = new Rates(options.rates)
    const verifier = roots.length > 0 ? new ElsewhereVerifier({ resolver: this.resolver, clock }) : undefined
    const registrar = new Registrar({
      ...{ records, homes: this.homes, findRecord, administrators, rates, clock },
      ...(verifier && { verifyElsewhere: (verification: Verification) => verifier.holds(verification) }),
    })
    const { standing = new Standing(), follower, administrator } = options
    this.#standing = standing
    this.takeover = new TakeoverDesk({
      records,
      standing,
      prefixes: () => this.homes.list(),
      parents: this.resolver,
      site: () => this.site(),
      follower,
      administrator,
      clock,
      onFault,
    })
    const { takeover } = this
    const { recursive = false } = options
    this.health = new NodeHealth({
      records,
      standing,
      takeover,
      homes: this.homes,
      resolver: this.resolver,
      recursive,
      clock,
    })
    this.service = new NodeService({
      records,
      homes: this.homes,
      publicBlock: (key) => records.publicBlock(key),
      get registrar() {
        return takeover.isMirror ? undefined : registrar
      },
      refusesChanges: () => standing.refusal(),
      isReplaced: () => standing.state.replaced !== undefined,
      recursion: options.recursive ? this.resolver : undefined,
      site: () => this.site(),
      accesses: options.accesses,
      certifier: keys.server && new Certifier(keys.server),
      sessions: keys.server && new Sessions({ serverKey: keys.server, rates, clock }),
      clock,
      onFault,
    })
    const { service } = this
    const users = new RestUsers({ findRecord, clock, rates })
    const findByName = options.findByName ?? ((name) => this.recordNamed(name))
    this.faces = [
      handleRestFace({ service, records, users, clock }),
      resolutionFace({ service, ...this.#recursive(), findByName }),
      ...this.#eventsFaces(users, registrar, onFault),
      ...this.#accessesFaces(users, registrar),
      snmsFace({ service, records, users, clock }),
      idhubFace({ service, records, users, clock }),
      didFace({ service, root: options.url, findByName }),
      ...this.#takeoverFaces(users, registrar),
      this.health.face(users, registrar),
      // Last, since it takes any path that looks like a Digital Link.
      gs1Face({ root: options.url, name: options.homes.join(', ') || 'Kapok', findByName }),
    ]
    this.#faceServer = new FaceServer({ faces: this.faces, onFault, rates, clock })
    this.#server = new HandleServer({
      host: options.host,
      port: options.port,
      answer: (frame) => {
        const answer = this.service.answer(frame)
        return answer instanceof Promise
          ? answer.then((later) => this.health.tally.count(later))
          : this.health.tally.count(answer)
      },
      rates,
      clock,
    })
  }

  /** Resolves with the ports when the node answers. */
  async run(): Promise<{ port: number; httpPort: number | undefined }> {
    const { host, httpPort } = this.#options
    this.#port = this.#options.port
    await this.takeover.fence.settle()
    this.#port = await this.#server.run()
    if (httpPort !== undefined) this.#httpPort = await this.#faceServer.run(host, httpPort)
    this.takeover.fence.run()
    return { port: this.#port, httpPort: this.#httpPort }
  }

  /** As an administrator of the prefix above by `POST /takeover`: this mirror takes changes from now on. Rejects with TakeoverError. */
  takeOver(prefix: string): Promise<void> {
    return this.takeover.takeOver(canonicalHandle(prefix))
  }

  /** The values of the record of each of our prefixes that say where it is served: the parent's record has to have them. */
  registered(): Map<string, HandleValue[]> {
    const now = Math.floor(this.#options.clock.now() / 1_000)
    const types = ['HS_SITE', 'HS_SITE.PREFIX']
    const values = types.map((type, i) => siteValue(i + 1, type, this.site(), now))
    return new Map(this.homes.list().map((prefix) => [`0.NA/${prefix}`, values]))
  }

  async stop(): Promise<void> {
    for (const face of this.faces) face.stop?.()
    await this.takeover.fence.stop()
    await Promise.all([this.#server.stop(), this.#faceServer.stop()])
  }

  /** Where the node is, as a record of its prefix and the answer to GET_SITEINFO say it. */
  site(): Site {
    const { address } = this.#options
    const primary = this.takeover.isPrimary
    const interfaces: Site['servers'][number]['interfaces'] = [
      { admin: primary, query: true, transport: 'TCP', port: this.#port },
      { admin: false, query: true, transport: 'UDP', port: this.#port },
    ]
    if (this.#httpPort !== undefined)
      interfaces.push({ admin: false, query: true, transport: 'HTTP', port: this.#httpPort })
    const publicKey = this.keys.server && serverPublicKey(this.keys.server)
    return siteOf(
      { address, interfaces, ...(publicKey && { publicKey }) },
      { serial: this.#standing.state.serial, primary },
    )
  }

  /** The record of this node that has another name, in its canonical form. */
  recordNamed(name: string): ReturnType<FindByName> {
    return this.records.recordByAlias(name)
  }

  #recursive() {
    const { recursive, trusted, clock } = this.#options
    const { resolver } = this
    return {
      resolver: recursive ? resolver : undefined,
      verifier: recursive && trusted ? new PathVerifier({ trusted, resolver, clock }) : undefined,
    }
  }

  #eventsFaces(users: RestUsers, registrar: Registrar, onFault: (fault: unknown) => void): Face[] {
    const { events, clock, address, httpPort = 0, url = `http://${address}:${httpPort}` } = this.#options
    if (events === undefined || this.takeover.isMirror) return []
    const may = (user: User, to: 'read' | 'write') => registrar.mayUseEvents(user, to)
    const [prefix] = this.#options.homes
    const noted = (access: Pick<Access, 'user' | 'asked' | 'wasRefused'>) =>
      this.#options.accesses?.note({ handle: `0.NA/${prefix}`, indexes: [], ...access })
    return [eventsFace({ events, users, may, noted, clock, url, onFault })]
  }

  #accessesFaces(users: RestUsers, registrar: Registrar): Face[] {
    const { accesses } = this.#options
    if (accesses === undefined || this.takeover.isMirror) return []
    return [accessesFace({ accesses, users, mayRead: (user, record) => registrar.mayRead(user, record) })]
  }

  #takeoverFaces(users: RestUsers, registrar: Registrar): Face[] {
    const { records } = this.#options
    const onPage = (user: User, after: number) => {
      if (!this.#standing.state.followed) this.#standing.update({ followed: true })
      this.health.followers.saw(nameOfUser(user), after, this.#options.clock.now())
    }
    const feed = feedFace({ records, users, mayFollow: (user) => registrar.mayFollow(user), onPage })
    const takeover = takeoverFace({
      desk: this.takeover,
      users,
      mayCommand: (user) => registrar.mayCommand(user),
      mayAdminister: (user) => registrar.mayAdminister(user),
      toRegister: () => this.registered(),
    })
    return [(request) => (this.takeover.isMirror ? undefined : feed(request)), takeover]
  }

  /** A record by which somebody is known: what is kept here goes first, since it may hold secrets and needs nobody. */
  async #findRecord(handle: string): Promise<readonly HandleValue[] | undefined> {
    const own = this.records.find(handle)
    if (own || this.homes.answersFor(handle) || !this.#options.roots?.length) return own
    const reply = await this.resolver.resolve({ handle, indexes: [], types: [], authoritative: false })
    return reply.response === responses.success && reply.body.kind === 'values' ? reply.body.values : undefined
  }
}

const serverPublicKey = (key: KeyObject) => encodeData({ format: 'key', key: rsaPublicKeyData(createPublicKey(key)) })
