import {
  adminPermissions,
  canonicalHandle,
  encodeValue,
  type HandleMessage,
  type HandleValue,
  operationFlags,
  operations,
  partsOf,
  prefixHandle,
  responses,
} from '../handle/handle.ts'
import { type Homes, namedPrefix, parentOf } from '../node/homes.ts'
import { Rates } from '../rate/rates.ts'
import { type Exchange, type Reply, refusal } from '../resolution/exchange.ts'
import { StoreRefusal, type StoreRefusalCode } from '../store/store.ts'
import { knownTemplate, readersOf, templateOf } from '../template/template.ts'
import { type FindRecord, nameOfUser, sameUser, type User } from './authentication.ts'
import { type Change, changed, isRefused, type Refused } from './change.ts'
import type { ChangingRecords } from './changing-records.ts'
import { registrationLimits } from './limits.ts'
import { Proofs, type ProofsOptions } from './proofs.ts'
import { isMember, permissionsOf } from './rights.ts'
import { TemplateRules } from './template-rules.ts'

export interface RegistrarOptions extends Pick<ProofsOptions, 'verifyElsewhere'> {
  records: ChangingRecords
  homes: Homes
  /** Records by which users and groups are known, of other nodes too. */
  findRecord: FindRecord
  /** May home and unhome prefixes, and do all that a prefix's administrators may. */
  administrators: readonly User[]
  /** What is counted of users, prefixes and addresses; the defaults when nothing is said. */
  rates?: Rates
  clock: { now(): number }
}

/** Creates, changes, deletes and lists for whoever proves to be allowed to. */
export class Registrar {
  readonly #options: RegistrarOptions
  readonly proofs: Proofs
  readonly #templates: TemplateRules
  readonly #rates: Rates

  constructor(options: RegistrarOptions) {
    this.#options = options
    const { records, homes, findRecord } = options
    this.#templates = new TemplateRules({ records, isOurs: (name) => homes.answersFor(name), findRecord })
    this.#rates = options.rates ?? new Rates()
    this.proofs = new Proofs({ ...options, rates: this.#rates })
  }

  /** Carries out a request that changes or lists, as `user`; without a user where everybody may, else with a challenge. */
  async carryOut(request: Exchange, user: User | undefined): Promise<Reply> {
    const reply = await this.#carryOut(request, user)
    return user === undefined ? reply : { ...reply, of: request }
  }

  #carryOut(request: Exchange, user: User | undefined): Promise<Reply> {
    const { message } = request
    switch (message.operation) {
      case operations.listHandles:
      case operations.listPrefixes:
        return this.#list(request, user)
      case operations.home:
      case operations.unhome:
      case operations.listHomed:
        return this.#homes(request, user)
      default:
        return this.#change(request, user)
    }
  }

  async #change(request: Exchange, user: User | undefined): Promise<Reply> {
    const { records, homes, clock } = this.#options
    const { message } = request
    const change = changeOf(message)
    if (change === undefined)
      return refusal(responses.operationNotSupported, `operation ${message.operation} is not offered here`)
    const asked = handleOf(message)
    const minted = change.kind === 'create' && (message.flags & operationFlags.mintSuffix) !== 0
    const handle = minted ? `${asked}${crypto.randomUUID()}` : asked
    const name = canonicalHandle(handle)
    if (!wellFormed(name)) return refusal(responses.invalidHandle, 'a handle is a prefix, a slash and a suffix')
    // Its copy of the record of its own prefix says who may do what here; the parent's says it to all others.
    if (!homes.answersFor(name) && !homes.describesOwn(name))
      return refusal(responses.notResponsible, 'this node does not home the prefix of this handle')

    for (let attempt = 0; attempt < registrationLimits.attempts; attempt++) {
      const seen = records.find(name)
      const nowSeconds = Math.floor(clock.now() / 1_000)
      const outcome = changed(change, seen, nowSeconds)
      if (isRefused(outcome) && user !== undefined) return said(outcome)
      // Whether a handle exists is not told before it is known who asks.
      const needed = isRefused(outcome) ? adminPermissions.modifyValue : outcome.permissions
      if (needed !== 0) {
        if (user === undefined) return this.proofs.challenge(request)
        if (!(await this.#may(user, name, needed)))
          return refusal(responses.noPermission, `${nameOfUser(user)} has no right to this`)
      }
      const tooMuch = attempt === 0 ? this.#rates.change(user, partsOf(name).prefix, clock.now()) : undefined
      if (tooMuch) return refusal(tooMuch.response, tooMuch.message)
      const step = isRefused(outcome) ? undefined : { name, before: seen, after: outcome.values }
      const elsewhere = step && (await this.#templates.elsewhere(step))
      if (elsewhere) return said(elsewhere)
      const by = user ? nameOfUser(user) : ''
      const written = await records.change<'moved' | Refused>(handle, by, (current) => {
        if (current?.values !== seen && !sameRecord(current?.values, seen)) return { refused: 'moved' }
        if (isRefused(outcome)) return { refused: outcome }
        const here = step && this.#templates.here(step)
        return here ? { refused: here } : { next: outcome.values }
      })
      if (!written.done) {
        if (written.refused === 'moved') continue
        return written.refused instanceof StoreRefusal ? refusedByStore(written.refused) : said(written.refused)
      }
      return {
        response: responses.success,
        body: message.operation === operations.create ? { kind: 'handle', handle } : { kind: 'empty' },
      }
    }
    return refusal(responses.serverBusy, 'the record changes all the time: try again')
  }

  /** By the record's own administrators, by those of its prefix, or by the node's. */
  async #may(user: User, handle: string, needed: number): Promise<boolean> {
    const { records, findRecord, administrators } = this.#options
    if (administrators.some((each) => sameUser(each, user))) return true
    const own = records.find(handle)
    let permissions = own ? await permissionsOf(user, own, findRecord) : 0
    if ((permissions & needed) === needed) return true
    const ofPrefix = await findRecord(prefixHandle(handle))
    if (ofPrefix) permissions |= await permissionsOf(user, ofPrefix, findRecord)
    return (permissions & needed) === needed
  }

  /** Whether a user may read all of a record, by its canonical handle. */
  mayRead(user: User, handle: string): Promise<boolean> {
    return this.#may(user, handle, adminPermissions.readValue)
  }

  /**
   * Of values that are not public, those that a user may read: all of them as an administrator, else those whose readers
   * (of the record or of its template) they are among; undefined for whom nothing of it concerns.
   */
  async readable(
    user: User,
    handle: string,
    closed: readonly HandleValue[],
  ): Promise<readonly HandleValue[] | undefined> {
    if (await this.mayRead(user, handle)) return this.#withoutSecrets(user, handle, closed)
    const { records, findRecord } = this.#options
    const record = records.find(handle) ?? []
    const used = templateOf(record)
    const ofTemplate = used && 'handle' in used ? await findRecord(canonicalHandle(used.handle)) : undefined
    const template = ofTemplate && knownTemplate(ofTemplate)?.template
    const allowed: HandleValue[] = []
    for (const value of closed) {
      for (const reader of readersOf(value.index, record, template)) {
        if (!(await isMember(user, reader, findRecord))) continue
        allowed.push(value)
        break
      }
    }
    return allowed.length > 0 ? allowed : undefined
  }

  /** A secret key is somebody's whole say: it is told to those alone who may change the administrators. */
  async #withoutSecrets(user: User, handle: string, values: readonly HandleValue[]): Promise<readonly HandleValue[]> {
    const isSecret = ({ type }: HandleValue) => type.toUpperCase() === 'HS_SECKEY'
    if (!values.some(isSecret) || (await this.#may(user, handle, adminPermissions.modifyAdmin))) return values
    return values.filter((value) => !isSecret(value))
  }

  /** Whether a user may read the events of all prefixes that are homed here, or add to them. */
  mayUseEvents(user: User, to: 'read' | 'write'): Promise<boolean> {
    return this.#mayInAll(user, to === 'read' ? adminPermissions.readValue : adminPermissions.addValue)
  }

  /** Whether a user may have all that is kept here: a mirror. */
  mayFollow(user: User): Promise<boolean> {
    return this.#mayInAll(user, adminPermissions.readValue | adminPermissions.listHandles)
  }

  /** Whether a user may do with all records here what an administrator does. */
  mayAdminister(user: User): Promise<boolean> {
    const { createHandle, deleteHandle, addValue, modifyValue, removeValue, readValue } = adminPermissions
    return this.#mayInAll(user, createHandle | deleteHandle | addValue | modifyValue | removeValue | readValue)
  }

  /** Whether a user administers the prefixes above all that are homed here, as their records say. */
  async mayCommand(user: User): Promise<boolean> {
    const { homes, findRecord } = this.#options
    const above = [...new Set(homes.list().map(parentOf))]
    const answers = await Promise.all(
      above.map(async (prefix) => {
        const record = await findRecord(`0.NA/${prefix}`)
        const permissions = record ? await permissionsOf(user, record, findRecord) : 0
        return (permissions & adminPermissions.addPrefix) !== 0
      }),
    )
    return above.length > 0 && answers.every((may) => may)
  }

  /** By the records of all prefixes that are homed here. */
  async #mayInAll(user: User, needed: number): Promise<boolean> {
    const prefixes = this.#options.homes.list()
    const answers = await Promise.all(prefixes.map((prefix) => this.#may(user, `0.NA/${prefix}`, needed)))
    return prefixes.length > 0 && answers.every((may) => may)
  }

  /** Whether a user may list the handles of a prefix: a response code. */
  async mayList(user: User | undefined, prefix: string): Promise<number> {
    if (!this.#options.homes.has(prefix)) return responses.notResponsible
    if (user === undefined) return responses.authenticationNeeded
    return (await this.#may(user, `0.NA/${prefix}`, adminPermissions.listHandles))
      ? responses.success
      : responses.noPermission
  }

  async #list(request: Exchange, user: User | undefined): Promise<Reply> {
    const { records, homes } = this.#options
    const prefix = namedPrefix(handleOf(request.message))
    if (prefix === undefined) return refusal(responses.invalidHandle, 'name the prefix as 0.NA/<prefix>')
    if (!homes.has(prefix)) return refusal(responses.notResponsible, 'this node does not home that prefix')
    if (user === undefined) return this.proofs.challenge(request)
    const below = request.message.operation === operations.listPrefixes
    const needed = below ? adminPermissions.listDerivedPrefixes : adminPermissions.listHandles
    if (!(await this.#may(user, `0.NA/${prefix}`, needed)))
      return refusal(responses.noPermission, `${nameOfUser(user)} may not list this prefix`)
    const limit = registrationLimits.listedHandles
    const names = below
      ? records
          .handlesUnder('0.NA', { after: `0.NA/${prefix}.`, limit })
          .filter((each) => canonicalHandle(each).startsWith(`0.NA/${prefix}.`))
      : records.handlesUnder(prefix, { limit: limit + 1 })
    if (names.length > limit)
      return refusal(responses.error, `more than ${limit} handles: list them by pages over HTTP`)
    return { response: responses.success, body: { kind: 'names', names: [...names] } }
  }

  async #homes(request: Exchange, user: User | undefined): Promise<Reply> {
    const { homes, administrators, clock } = this.#options
    const { operation } = request.message
    if (user === undefined) return this.proofs.challenge(request)
    if (!administrators.some((each) => sameUser(each, user)))
      return refusal(responses.noPermission, `${nameOfUser(user)} does not administer this node`)
    if (operation === operations.listHomed)
      return {
        response: responses.success,
        body: { kind: 'names', names: homes.list().map((prefix) => `0.NA/${prefix}`) },
      }
    const prefix = namedPrefix(handleOf(request.message))
    if (prefix === undefined) return refusal(responses.invalidHandle, 'name the prefix as 0.NA/<prefix>')
    const nowSeconds = Math.floor(clock.now() / 1_000)
    if (operation === operations.home) await homes.home(prefix, nameOfUser(user), nowSeconds)
    else if (!(await homes.unhome(prefix, nameOfUser(user), nowSeconds)))
      return refusal(responses.invalidHandle, 'this prefix is not homed by a request, so none gives it up')
    return { response: responses.success, body: { kind: 'empty' } }
  }
}

const codesOfStore: Partial<Record<StoreRefusalCode, number>> = {
  invalidHandle: responses.invalidHandle,
  invalidValue: responses.invalidValue,
  aliasTaken: responses.invalidValue,
  handleExists: responses.handleExists,
  busy: responses.serverBusy,
  readOnly: responses.readOnlyReplica,
}

const refusedByStore = ({ code, message }: StoreRefusal): Reply =>
  refusal(codesOfStore[code] ?? responses.error, message)

const said = ({ response, message, indexes }: Refused): Reply => refusal(response, message, indexes)

function handleOf({ body }: HandleMessage): string {
  return 'handle' in body ? body.handle : ''
}

function changeOf({ operation, body, flags }: HandleMessage): Change | undefined {
  const overwrite = (flags & operationFlags.overwrite) !== 0
  if (body.kind === 'values') {
    if (operation === operations.create) return { kind: 'create', values: body.values, overwrite }
    if (operation === operations.addValue) return { kind: 'add', values: body.values, overwrite }
    if (operation === operations.modifyValue) return { kind: 'modify', values: body.values }
  }
  if (body.kind === 'removeValues') return { kind: 'remove', indexes: body.indexes }
  return operation === operations.delete && body.kind === 'handle' ? { kind: 'delete' } : undefined
}

/** A prefix, a slash and at least one character: what is resolved may be odd, what is registered is not. */
function wellFormed(handle: string): boolean {
  const { prefix, suffix } = partsOf(handle)
  return handle.includes('/') && suffix !== '' && /^[^\s/]+$/.test(prefix)
}

function sameRecord(one: ReturnType<ChangingRecords['find']>, other: ReturnType<ChangingRecords['find']>): boolean {
  if (one === undefined || other === undefined) return one === other
  return (
    one.length === other.length &&
    one.every((value, i) => {
      const twin = other[i]
      return twin !== undefined && Buffer.compare(encodeValue(value), encodeValue(twin)) === 0
    })
  )
}
