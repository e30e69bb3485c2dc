import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RunningConfiguration } from '@kapok/contracts/gateway-talk'
import { besideEnglish, type Words } from '../sentence.ts'

export interface ConfigurationVersion {
  version: number
  /** The tag table, YAML text. */
  text: string
}

interface KeptFile {
  form: 1
  /** The last one that ran and reached the platform. */
  good: ConfigurationVersion | null
  /** The one that is being tried. */
  trial: ConfigurationVersion | null
  order: string | null
  failed: RunningConfiguration['failed']
}

const nothing: KeptFile = { form: 1, good: null, trial: null, order: null, failed: null }
const reasonLettersMax = 2_000
const endedInTrial = {
  zh: '网关在试运行该配置时断电或被终止',
  en: 'the gateway ended while the configuration was being tried',
}

/**
 * The configuration that the platform gave, in the gateway's home. One file, replaced in one step: a power cut leaves what
 * held before or after it. A trial that a power cut or a kill ended counts as failed, so that the last good one runs.
 */
export class KeptConfiguration {
  readonly #file: string
  #kept: KeptFile
  #unreadable = false

  constructor(home: string, now: number) {
    this.#file = join(home, 'configuration.json')
    this.#kept = readKept(this.#file)
    if (this.#kept.trial !== null) this.rollBack(endedInTrial, now)
  }

  get good(): ConfigurationVersion | undefined {
    return this.#unreadable ? undefined : (this.#kept.good ?? undefined)
  }

  /** This version of the gateway cannot read the good one, which stays as it is for one that can. */
  cannotRead(reason: Words, at: number): void {
    const { good } = this.#kept
    this.#unreadable = true
    if (good !== null) this.#kept = { ...this.#kept, failed: failureOf(good.version, at, reason) }
  }

  get order(): string | null {
    return this.#kept.order
  }

  get trying(): number | null {
    return this.#kept.trial?.version ?? null
  }

  get failed(): RunningConfiguration['failed'] {
    return this.#kept.failed
  }

  begin(order: string, trial: ConfigurationVersion): void {
    this.#write({ ...this.#kept, order, trial, failed: null })
  }

  /** The trial is the good one now. */
  commit(): void {
    const { trial } = this.#kept
    if (trial === null) return
    this.#write({ ...this.#kept, good: trial, trial: null })
    this.#unreadable = false
  }

  rollBack(reason: Words, at: number): void {
    const { trial } = this.#kept
    if (trial === null) return
    this.#write({ ...this.#kept, trial: null, failed: failureOf(trial.version, at, reason) })
  }

  #write(next: KeptFile): void {
    writeFileSync(`${this.#file}.new`, JSON.stringify(next), { mode: 0o600, flush: true })
    renameSync(`${this.#file}.new`, this.#file)
    this.#kept = next
  }
}

const failureOf = (version: number, at: number, reason: Words): RunningConfiguration['failed'] => ({
  ...{ version, at, reason: reason.en.slice(0, reasonLettersMax) },
  ...besideEnglish(reason, reasonLettersMax),
})

function readKept(file: string): KeptFile {
  if (!existsSync(file)) {
    mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 })
    return nothing
  }
  try {
    const kept = JSON.parse(readFileSync(file, 'utf8')) as KeptFile
    // What another version wrote is asked for again: no order is known, so the platform sends the one that holds.
    return kept.form === 1 ? kept : nothing
  } catch {
    return nothing
  }
}
