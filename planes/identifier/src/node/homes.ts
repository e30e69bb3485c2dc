import { canonicalHandle, type HandleValue, newValue, partsOf, prefixHandle } from '../handle/handle.ts'
import type { ChangingRecords } from '../registration/changing-records.ts'
import { selectValues } from '../resolution/records.ts'

/** The prefix whose service keeps the records of the one-segment prefixes, the root's own and the trust root's. */
export const rootPrefix = '0.NA'

/** Record of the key from which all signatures are followed; by that name CNRI's verifier knows the root. */
export const trustRoot = '0.0/0.0'

/** The node's own list of homes, kept as a record of a prefix that no node homes: so mirrors take it over too. */
const homesHandle = '0.NODE/HOMES'

/** `88.608.8889` → `88.608` → `88` → `0.NA`. */
export function parentOf(prefix: string): string {
  const dot = prefix.lastIndexOf('.')
  return dot === -1 || prefix.startsWith('0.') ? rootPrefix : prefix.slice(0, dot)
}

/** The prefix whose service keeps a handle: its own, or the parent of the prefix that it describes (`0.NA/<prefix>`). */
export function keeperOf(handle: string): string {
  const { prefix, suffix } = partsOf(handle)
  if (handle === trustRoot) return rootPrefix
  return prefix === rootPrefix ? parentOf(suffix) : prefix
}

/** Where a handle is to be asked for instead, as this node knows it. */
export interface Referral {
  /** The prefix that it was found for: that of the handle, or one above it. */
  prefix: string
  isAbove: boolean
  values: HandleValue[]
}

/** The prefixes that this node answers for, and the way to those that it delegated. */
export class Homes {
  readonly #records: ChangingRecords
  readonly #configured: ReadonlySet<string>
  readonly #added: Set<string>

  /** `configured`: prefixes in canonical form. Those that were homed by a request are read from the records. */
  constructor(records: ChangingRecords, configured: Iterable<string>) {
    this.#records = records
    this.#configured = new Set(configured)
    this.#added = new Set((records.find(homesHandle) ?? []).map(({ data }) => Buffer.from(data).toString('utf8')))
  }

  has(prefix: string): boolean {
    return this.#configured.has(prefix) || this.#added.has(prefix)
  }

  list(): string[] {
    return [...new Set([...this.#configured, ...this.#added])].sort()
  }

  /** Whether the answer for a handle (canonical) is ours to give. */
  answersFor(handle: string): boolean {
    return this.has(keeperOf(handle))
  }

  /** Whether a handle (canonical) describes one of our prefixes: we keep a copy of it, the parent what counts. */
  describesOwn(handle: string): boolean {
    const { prefix, suffix } = partsOf(handle)
    return prefix === rootPrefix && this.has(suffix)
  }

  /** The nearest delegation above a handle that is not ours. */
  referralFor(handle: string): Referral | undefined {
    const described = partsOf(handle)
    const isPrefixRecord = described.prefix === rootPrefix
    for (
      let prefix = isPrefixRecord ? parentOf(described.suffix) : described.prefix;
      prefix !== rootPrefix;
      prefix = parentOf(prefix)
    ) {
      const record = prefixHandle(`${prefix}/`)
      if (!this.answersFor(record)) continue
      const isAbove = isPrefixRecord || prefix !== described.prefix
      const types = isAbove ? ['HS_SITE.PREFIX', 'HS_SERV.PREFIX'] : ['HS_SITE', 'HS_SITE.6', 'HS_SERV']
      const values = selectValues(this.#records.find(record) ?? [], { types })
      return values.length === 0 ? undefined : { prefix, isAbove, values }
    }
    return undefined
  }

  async home(prefix: string, by: string, nowSeconds: number): Promise<void> {
    if (this.has(prefix)) return
    await this.#write(new Set([...this.#added, prefix]), by, nowSeconds)
  }

  /** False when the prefix is not to be given up by a request: the configuration names it, or nothing does. */
  async unhome(prefix: string, by: string, nowSeconds: number): Promise<boolean> {
    if (!this.#added.has(prefix) || this.#configured.has(prefix)) return false
    await this.#write(new Set([...this.#added].filter((each) => each !== prefix)), by, nowSeconds)
    return true
  }

  async #write(added: Set<string>, by: string, nowSeconds: number): Promise<void> {
    const values = [...added].map((prefix, i) =>
      newValue(i + 1, 'HOME', Buffer.from(prefix), { permissions: 0, timestamp: nowSeconds }),
    )
    const next = values.length === 0 ? null : values
    const written = await this.#records.change<never>(homesHandle, by, () => ({ next }))
    if (!written.done) throw written.refused
    this.#added.clear()
    for (const prefix of added) this.#added.add(prefix)
  }
}

/** The canonical name of the prefix that a request about homes names: `0.NA/<prefix>` or the prefix alone. */
export function namedPrefix(handle: string): string | undefined {
  const canonical = canonicalHandle(handle)
  const { prefix, suffix } = partsOf(canonical)
  return prefix === rootPrefix && /^[^\s/]{1,255}$/.test(suffix) ? suffix : undefined
}
