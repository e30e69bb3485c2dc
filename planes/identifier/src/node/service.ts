import type { AccessLog } from '../access-log/access-log.ts'
import {
  canonicalHandle,
  encodeData,
  type HandleValue,
  newValue,
  operationFlags,
  operations,
  responses,
  type Site,
  valuePermissions,
} from '../handle/handle.ts'
import { nameOfUser, type User } from '../registration/authentication.ts'
import type { Registrar } from '../registration/registrar.ts'
import type { Certifier } from '../resolution/certifier.ts'
import { type Answer, answerOf, type Exchange, type Reply, readRequest, refusal } from '../resolution/exchange.ts'
import type { Frame } from '../resolution/frames.ts'
import { quickAnswer } from '../resolution/quick-answer.ts'
import { isPublic, type RecordSource, selectValues } from '../resolution/records.ts'
import type { Sessions } from '../session/sessions.ts'
import { StoreFault } from '../store/store.ts'
import type { Homes, Referral } from './homes.ts'

/** Asks other nodes for what this one does not keep. */
export interface Recursion {
  resolve(question: { handle: string; indexes: number[]; types: string[]; authoritative: boolean }): Promise<Reply>
}

export interface ServiceOptions {
  records: RecordSource
  homes: Homes
  /** All public values of a record as an answer carries them, by the UTF-8 of its canonical handle. */
  publicBlock?(canonicalKey: Buffer): Buffer | undefined
  /** Without one the node is a replica: it answers changes with 7. */
  registrar: Registrar | undefined
  /** Why the node takes no changes at the moment, though it has a registrar. */
  refusesChanges?(): string | undefined
  /** Whether another site stands in for this node, so that its own records are old. */
  isReplaced?(): boolean
  /** Without one the node answers for its own prefixes alone. */
  recursion: Recursion | undefined
  /** Signs answers for whoever asks for it (flag CT); without one none are. */
  certifier?: Certifier | undefined
  /** Without them nothing is encrypted. */
  sessions?: Sessions | undefined
  /** What GET_SITEINFO says; undefined where nobody described the node. */
  site(): Site | undefined
  /** Where it is kept who read, or wanted to read, what is not public. */
  accesses?: Pick<AccessLog, 'note'> | undefined
  clock: { now(): number }
  /** Hears of faults of the node's own. */
  onFault?(fault: unknown): void
}

/** What one node says to one request, whatever brought it: the roles of a node are which of its options are given. */
export class NodeService {
  readonly #options: ServiceOptions
  readonly #isHomed: (prefix: string) => boolean

  constructor(options: ServiceOptions) {
    this.#options = options
    this.#isHomed = (prefix) => options.homes.has(prefix) && !options.isReplaced?.()
  }

  /**
   * Undefined for what is no request. A promise where others must be asked or something is written. Never throws or rejects:
   * of a fault of ours whoever asked is told that there was one.
   */
  answer(frame: Frame): Answer | undefined | Promise<Answer> {
    const { clock, publicBlock } = this.#options
    const { envelope } = frame
    try {
      const quick = publicBlock && quickAnswer(frame, this.#isHomed, publicBlock, clock.now())
      if (quick) return quick
    } catch (fault) {
      return answerOf(envelope, undefined, this.#failed(fault), clock.now())
    }
    const request = this.#read(frame)
    if (request === undefined) return undefined
    if ('response' in request) return answerOf(envelope, undefined, request, clock.now())
    const said = (reply: Reply) => this.#said(request, reply)
    try {
      const reply = this.reply(request)
      if (reply instanceof Promise) return reply.catch((fault) => this.#failed(fault)).then(said)
      return said(reply)
    } catch (fault) {
      return said(this.#failed(fault))
    }
  }

  #read(frame: Frame): Exchange | Reply | undefined {
    const { sessions, registrar } = this.#options
    return sessions ? sessions.read(frame, (id) => registrar?.proofs.challenged(id)?.session) : readRequest(frame)
  }

  #said(request: Exchange, reply: Reply): Answer | Promise<Answer> {
    const { clock, certifier } = this.#options
    const session = request.session ?? reply.of?.session
    const answer = answerOf(request.envelope, request, reply, clock.now(), (session ?? certifier) !== undefined)
    if (session) return session.sealed(answer, { encrypts: isEncrypted(request) || isEncrypted(reply.of) })
    if (certifier === undefined || !answer.wantsCertifying) return answer
    const busy = refusal(responses.serverBusy, 'too many answers are being certified: ask again')
    return certifier.certified(answer) ?? answerOf(request.envelope, request, busy, clock.now())
  }

  #failed(fault: unknown): Reply {
    this.#options.onFault?.(fault)
    const isDamaged = fault instanceof StoreFault
    return refusal(responses.error, isDamaged ? 'this record is damaged on the disk of its node' : 'this node failed')
  }

  /** As `answer`, before it becomes bytes. `user` is who the request was proven to come from. */
  reply(request: Exchange, user?: User): Reply | Promise<Reply> {
    const { operation } = request.message
    switch (operation) {
      case operations.resolve:
        return this.#resolve(request, user)
      case operations.getSiteInfo: {
        const site = this.#options.site()
        return site
          ? { response: responses.success, body: { kind: 'site', site } }
          : refusal(responses.error, 'nobody described the site of this node')
      }
      case operations.challengeResponse:
        return this.#answered(request)
      case operations.verifyResponse:
        return this.#verified(request)
      case operations.sessionSetup:
      case operations.sessionExchangeKey:
      case operations.sessionTerminate:
        return (
          this.#options.sessions?.reply(request) ??
          refusal(responses.sessionNotSupported, 'this node has no key of its site, so it offers no sessions')
        )
      case operations.create:
      case operations.delete:
      case operations.addValue:
      case operations.removeValue:
      case operations.modifyValue:
      case operations.home:
      case operations.unhome: {
        const why = this.#options.refusesChanges?.()
        return why === undefined ? this.#carryOut(request, user) : refusal(responses.readOnlyReplica, why)
      }
      case operations.listHandles:
      case operations.listPrefixes:
      case operations.listHomed:
        return this.#carryOut(request, user)
      default:
        return refusal(responses.operationNotSupported, `operation ${operation} is not offered here`)
    }
  }

  #carryOut(request: Exchange, user: User | undefined): Reply | Promise<Reply> {
    return this.#options.registrar
      ? this.#options.registrar.carryOut(request, user)
      : refusal(responses.readOnlyReplica, 'this node is a mirror: send changes to the primary site')
  }

  #verified(request: Exchange): Reply {
    const { registrar } = this.#options
    if (this.#options.isReplaced?.())
      return refusal(responses.staleSiteInfo, 'another site stands in for this node: ask the prefix above where')
    return (
      registrar?.proofs.verifyResponse(request) ??
      refusal(responses.operationNotSupported, 'a mirror verifies no answers')
    )
  }

  /** Whether a user may list the handles of a prefix: a response code. */
  mayList(prefix: string, user: User | undefined): Promise<number> {
    return this.#options.registrar?.mayList(user, prefix) ?? Promise.resolve(responses.operationNotSupported)
  }

  async #answered(answer: Exchange): Promise<Reply> {
    const { registrar } = this.#options
    if (registrar === undefined) return refusal(responses.operationNotSupported, 'nothing is proven to a mirror')
    const proven = await registrar.proofs.proven(answer)
    if ('response' in proven) return proven
    return { ...(await this.reply(proven.request, proven.user)), of: proven.request }
  }

  #resolve(request: Exchange, user: User | undefined): Reply | Promise<Reply> {
    const { message } = request
    if (message.body.kind !== 'resolve') return refusal(responses.protocolError, 'no resolution')
    const { handle, indexes, types } = message.body
    const name = canonicalHandle(handle)
    const { homes, records, recursion } = this.#options
    const authoritative = (message.flags & operationFlags.authoritative) !== 0
    const isOurs = homes.answersFor(name)
    if (isOurs && this.#options.isReplaced?.())
      return refusal(responses.staleSiteInfo, 'another site stands in for this node: ask the prefix above where')
    const isCopy = !isOurs && !authoritative && homes.describesOwn(name)
    const record = isOurs || isCopy ? records.find(name) : undefined
    if (!isOurs && record === undefined) {
      const mayAsk = (message.flags & operationFlags.recursive) !== 0
      if (recursion && mayAsk) return recursion.resolve({ handle, indexes, types, authoritative })
      const referral = (message.flags & operationFlags.noReferral) === 0 ? homes.referralFor(name) : undefined
      if (referral) return referred(referral)
      return refusal(responses.notResponsible, 'this node does not home the prefix of this handle')
    }
    if (record === undefined) return refusal(responses.handleNotFound, 'HANDLE NOT FOUND')
    const asked = selectValues(record, { indexes, types })
    const open = asked.filter(isPublic)
    // A value that nobody may read is as good as not there; one that administrators may read asks who comes.
    const closed = asked.filter((value) => !isPublic(value) && (value.permissions & valuePermissions.adminRead) !== 0)
    const wantsClosed = closed.length > 0 && (message.flags & operationFlags.publicOnly) === 0
    if (wantsClosed) return this.#readClosed(request, user, handle, { open, closed })
    return valuesOrNone(handle, open, indexes.length + types.length > 0)
  }

  async #readClosed(
    request: Exchange,
    user: User | undefined,
    handle: string,
    { open, closed }: { open: HandleValue[]; closed: HandleValue[] },
  ): Promise<Reply> {
    const { registrar } = this.#options
    if (registrar === undefined) return refusal(responses.unableToAuthenticate, 'a mirror tells public values alone')
    if (user === undefined) return registrar.proofs.challenge(request)
    const readable = await registrar.readable(user, canonicalHandle(handle), closed)
    const indexes = (readable ?? closed).map(({ index }) => index)
    const told = {
      user: nameOfUser(user),
      handle: canonicalHandle(handle),
      indexes,
      wasRefused: readable === undefined,
    }
    // Nobody reads what is not public before it is on the disk that they did.
    if (indexes.length > 0) await this.#options.accesses?.note(told)
    if (readable === undefined) return refusal(responses.noPermission, `${nameOfUser(user)} may not read these values`)
    const values = [...open, ...readable].sort((one, other) => one.index - other.index)
    return valuesOrNone(handle, values, true)
  }
}

const isEncrypted = (request: Exchange | undefined) =>
  request !== undefined &&
  request.session !== undefined &&
  (request.wasEncrypted === true || (request.message.flags & operationFlags.encrypt) !== 0)

function valuesOrNone(handle: string, values: HandleValue[], filtered: boolean): Reply {
  if (values.length === 0 && filtered) return refusal(responses.valuesNotFound, 'NO SUCH VALUES')
  return { response: responses.success, body: { kind: 'values', handle, values } }
}

function referred({ prefix, isAbove, values }: Referral): Reply {
  return {
    response: isAbove ? responses.prefixReferral : responses.serviceReferral,
    body: { kind: 'referral', handle: `0.NA/${prefix}`, values },
  }
}

/** The value that says where a prefix is served. */
export function siteValue(index: number, type: string, site: Site, nowSeconds: number): HandleValue {
  return newValue(index, type, encodeData({ format: 'site', site }), { timestamp: nowSeconds })
}
