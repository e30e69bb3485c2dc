import { createPublicKey, type KeyObject } from 'node:crypto'
import type { Access, AccessLog } from '../access-log/access-log.ts'
import type { LmdbEventStore } from '../epcis/epcis.ts'
import { accessesFace } from '../face/accesses/accesses-face.ts'
import { didFace } from '../face/did/did-face.ts'
import { eventsFace } from '../face/events/events-face.ts'
import { type FindByName, gs1Face } from '../face/gs1/gs1-face.ts'
import { handleRestFace } from '../face/handle-rest/handle-rest.ts'
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
  ourVersion,
  responses,
  rsaPublicKeyData,
  type Site,
} from '../handle/handle.ts'
import { feedFace } from '../mirror/feed-face.ts'
import { Resolver } from '../recursion/resolver.ts'
import type { User } from '../registration/authentication.ts'
import type { ChangingRecords } from '../registration/changing-records.ts'
import { Registrar } from '../registration/registrar.ts'
import { Certifier } from '../resolution/certifier.ts'
import { HandleServer } from '../resolution/server.ts'
import type { NodeKeys } from '../trust/node-keys.ts'
import { PathVerifier } from '../trust/path-verifier.ts'
import { SignedRecords } from '../trust/signed-records.ts'
import { Homes } from './homes.ts'
import { NodeService } from './service.ts'

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
  /** A mirror answers from its copy and takes no changes; a primary when nothing is said. */
  mirror?: boolean
  administrators?: readonly User[]
  /** Serial of the site, from 1 on; rises with each change of where the node is. */
  siteSerial?: number
  /** What it signs with; nothing without. */
  keys?: NodeKeys
  /** The key of the root that signs (`302:0.0/0.0`): a recursive node verifies what others answered from there. */
  trusted?: JwsPublicKey | undefined
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
  #port = 0
  #httpPort: number | undefined

  constructor(options: NodeOptions) {
    const { clock, roots = [], administrators = [], onFault = () => {}, keys = {} } = options
    this.#options = options
    this.keys = keys
    this.homes = new Homes(options.records, options.homes.map(canonicalHandle))
    const answersFor = (handle: string) => this.homes.answersFor(handle)
    const { records: key } = keys
    const records = key ? new SignedRecords({ records: options.records, key, answersFor, clock }) : options.records
    this.records = records
    this.resolver = new Resolver({ roots: () => roots, clock })
    const findRecord = (handle: string) => this.#findRecord(handle)
    const registrar = options.mirror
      ? undefined
      : new Registrar({ records, homes: this.homes, findRecord, administrators, clock })
    this.service = new NodeService({
      records,
      homes: this.homes,
      publicBlock: (key) => records.publicBlock(key),
      registrar,
      recursion: options.recursive ? this.resolver : undefined,
      site: () => this.site(),
      accesses: options.accesses,
      certifier: keys.server && new Certifier(keys.server),
      clock,
      onFault,
    })
    const { service } = this
    const users = new RestUsers({ findRecord, clock })
    const findByName = options.findByName ?? ((name) => this.recordNamed(name))
    this.faces = [
      handleRestFace({ service, records, users, clock }),
      resolutionFace({ service, ...this.#recursive(), findByName }),
      ...this.#eventsFaces(users, registrar, onFault),
      ...this.#accessesFaces(users, registrar),
      ...(registrar ? [feedFace({ records, users, mayFollow: (user) => registrar.mayFollow(user) })] : []),
      snmsFace({ service, records, users, clock }),
      idhubFace({ service, records, users, clock }),
      didFace({ service, root: options.url, findByName }),
      // Last, since it takes any path that looks like a Digital Link.
      gs1Face({ root: options.url, name: options.homes.join(', ') || 'Kapok', findByName }),
    ]
    this.#faceServer = new FaceServer({ faces: this.faces, onFault })
    this.#server = new HandleServer({
      host: options.host,
      port: options.port,
      answer: (frame) => this.service.answer(frame),
      clock,
    })
  }

  /** Resolves with the ports when the node answers. */
  async run(): Promise<{ port: number; httpPort: number | undefined }> {
    const { host, httpPort } = this.#options
    this.#port = await this.#server.run()
    if (httpPort !== undefined) this.#httpPort = await this.#faceServer.run(host, httpPort)
    return { port: this.#port, httpPort: this.#httpPort }
  }

  async stop(): Promise<void> {
    for (const face of this.faces) face.stop?.()
    await Promise.all([this.#server.stop(), this.#faceServer.stop()])
  }

  /** Where the node is, as a record of its prefix and the answer to GET_SITEINFO say it. */
  site(): Site {
    const { address, mirror = false, siteSerial = 1 } = this.#options
    return {
      formatVersion: 1,
      protocolVersion: ourVersion,
      serial: siteSerial,
      primary: !mirror,
      multiPrimary: false,
      hashOption: 'handle',
      hashFilter: '',
      attributes: [],
      servers: [
        {
          id: 1,
          address,
          publicKey: this.keys.server ? serverPublicKey(this.keys.server) : new Uint8Array(),
          interfaces: [
            { admin: !mirror, query: true, transport: 'TCP', port: this.#port },
            { admin: false, query: true, transport: 'UDP', port: this.#port },
            ...(this.#httpPort === undefined
              ? []
              : [{ admin: false, query: true, transport: 'HTTP' as const, port: this.#httpPort }]),
          ],
        },
      ],
    }
  }

  /** The record of this node that has another name, in its canonical form. */
  recordNamed(name: string): ReturnType<FindByName> {
    const handle = this.records.findByAlias(name)
    const values = handle === undefined ? undefined : this.records.find(canonicalHandle(handle))
    return handle === undefined || values === undefined ? undefined : { handle, values }
  }

  #recursive() {
    const { recursive, trusted, clock } = this.#options
    const { resolver } = this
    return {
      resolver: recursive ? resolver : undefined,
      verifier: recursive && trusted ? new PathVerifier({ trusted, resolver, clock }) : undefined,
    }
  }

  #eventsFaces(users: RestUsers, registrar: Registrar | undefined, onFault: (fault: unknown) => void): Face[] {
    const { events, clock, address, httpPort = 0, url = `http://${address}:${httpPort}` } = this.#options
    if (events === undefined || registrar === undefined) return []
    const may = (user: User, to: 'read' | 'write') => registrar.mayUseEvents(user, to)
    const [prefix] = this.#options.homes
    const noted = (access: Pick<Access, 'user' | 'asked' | 'wasRefused'>) =>
      this.#options.accesses?.note({ handle: `0.NA/${prefix}`, indexes: [], ...access })
    return [eventsFace({ events, users, may, noted, clock, url, onFault })]
  }

  #accessesFaces(users: RestUsers, registrar: Registrar | undefined): Face[] {
    const { accesses } = this.#options
    if (accesses === undefined || registrar === undefined) return []
    return [accessesFace({ accesses, users, mayRead: (user, record) => registrar.mayRead(user, record) })]
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
