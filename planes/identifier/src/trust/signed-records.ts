import { setImmediate as turn } from 'node:timers/promises'
import { canonicalHandle, type HandleValue, type JwsPrivateKey, partsOf } from '../handle/handle.ts'
import { keeperOf, rootPrefix, trustRoot } from '../node/homes.ts'
import type { ChangingRecords } from '../registration/changing-records.ts'
import { issuerOf, withCertificate } from './certificate.ts'
import { trustLimits } from './limits.ts'
import { isBy, isSignature, withSignature } from './record-signature.ts'

interface SignedRecordsOptions {
  records: ChangingRecords
  /**
   * Without one nothing is signed, and what the node that had one signed of a changed record is taken away: so a mirror that took
   * over leaves records unproven, where the old signature would make them look forged.
   */
  key: JwsPrivateKey | undefined
  /** Whether a handle (canonical) is the node's to answer for, and so to sign. */
  answersFor(handle: string): boolean
  clock: { now(): number }
}

/**
 * The records of a node that signs what is written: each change of a record that it answers for ends with its HS_SIGNATURE,
 * and the record of a prefix with its HS_CERT. All else is as the records do it.
 */
export class SignedRecords implements ChangingRecords {
  readonly #records: ChangingRecords
  readonly #options: SignedRecordsOptions

  constructor(options: SignedRecordsOptions) {
    this.#options = options
    this.#records = options.records
  }

  get log() {
    return this.#records.log
  }

  find: ChangingRecords['find'] = (handle) => this.#records.find(handle)
  publicBlock: ChangingRecords['publicBlock'] = (key) => this.#records.publicBlock(key)
  handlesUnder: ChangingRecords['handlesUnder'] = (prefix, page) => this.#records.handlesUnder(prefix, page)
  referencesTo: ChangingRecords['referencesTo'] = (handle, page) => this.#records.referencesTo(handle, page)
  recordByAlias: ChangingRecords['recordByAlias'] = (alias) => this.#records.recordByAlias(alias)
  record: ChangingRecords['record'] = (handle) => this.#records.record(handle)
  stats: ChangingRecords['stats'] = () => this.#records.stats()
  takeOver: ChangingRecords['takeOver'] = () => this.#records.takeOver()
  fence: ChangingRecords['fence'] = (reason) => this.#records.fence(reason)
  contentsAt: ChangingRecords['contentsAt'] = (size, handles) => this.#records.contentsAt(size, handles)
  digest: ChangingRecords['digest'] = () => this.#records.digest()
  /** What a node that takes its prefix back repeats is written as it was. */
  changeFenced: ChangingRecords['changeFenced'] = (handle, by, decide) => this.#records.changeFenced(handle, by, decide)
  transactions: ChangingRecords['transactions'] = (after, limit) => this.#records.transactions(after, limit)

  change: ChangingRecords['change'] = (handle, by, decide) =>
    this.#records.change(handle, by, (current) => {
      const decision = decide(current)
      if ('refused' in decision || decision.next === null) return decision
      return { next: this.#signed(handle, decision.next) }
    })

  /** What is signed is not part of what makes a batch the same: it has another time when it comes again. */
  batch: ChangingRecords['batch'] = async (id, by, items, kind) => {
    const signed = []
    let beganMs = performance.now()
    for (const item of items) {
      signed.push(kind === 'delete' ? item : { ...item, written: this.#signed(item.handle, item.values) })
      if (performance.now() - beganMs < trustLimits.signingMs) continue
      await turn()
      beganMs = performance.now()
    }
    return this.#records.batch(id, by, signed, kind)
  }

  #signed(handle: string, values: readonly HandleValue[]): readonly HandleValue[] {
    const { answersFor, key, clock } = this.#options
    const name = canonicalHandle(handle)
    if (!answersFor(name)) return values
    const issuer = issuerOf(keeperOf(name))
    if (key === undefined) return values.filter((value) => !(isSignature(value) && isBy(value, issuer)))
    const signer = { issuer, key }
    const nowSeconds = Math.floor(clock.now() / 1_000)
    const isPrefix = name === trustRoot || (partsOf(name).prefix === rootPrefix && name !== '0.NA/0.NA')
    return withSignature(
      name,
      isPrefix ? withCertificate(name, values, signer, nowSeconds) : values,
      signer,
      nowSeconds,
    )
  }
}
