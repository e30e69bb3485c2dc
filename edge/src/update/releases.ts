import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { GatewaySoftware } from '@kapok/contracts/gateway-talk'

/** What this gateway remembers of the order that it carries out, or carried out last. */
export interface UpdateState {
  form: 1
  order: string | null
  /** Set until there is an outcome. */
  version: string | null
  step: 'prepare' | 'trial' | null
  /** How often this order was begun. */
  tries: number
  failed: GatewaySoftware['failed']
}

/** Why the starter went back: the exit code of the release (`missing` and `interrupted` for none), and how long it ran. */
export interface FallBack {
  version: string
  how: string
  seconds: number
}

const nothing: UpdateState = { form: 1, order: null, version: null, step: null, tries: 0, failed: null }

/**
 * The folder `releases` of a gateway's home, which the starter (edge/package/kapok-edge) reads too. Each file is replaced in
 * one step and is on disk when that returns:
 * `current`, the release that runs; `trial`, one that shall be tried at the next start; `trying`, which the starter makes of
 * it before it starts it, so that whatever happens then happens once; `fallback`, why it went back. The first three hold the
 * version of the release and that of the installed program over which it stands: a program that is installed anew wins.
 */
export class Releases {
  readonly folder: string
  readonly #over: string

  constructor(home: string, over: string) {
    this.folder = join(home, 'releases')
    this.#over = over
  }

  get state(): UpdateState {
    try {
      const state = JSON.parse(readFileSync(join(this.folder, 'state.json'), 'utf8')) as UpdateState
      return state.form === 1 ? state : nothing
    } catch {
      return nothing
    }
  }

  set state(state: UpdateState) {
    this.#write('state.json', JSON.stringify(state))
  }

  folderOf(version: string): string {
    return join(this.folder, version)
  }

  get current(): string | undefined {
    return this.#versionIn('current')
  }

  /** The release that is being tried now. */
  get trying(): string | undefined {
    return this.#versionIn('trying')
  }

  /** The next start tries this release. */
  tryNext(version: string): void {
    this.#write('trial', `${version} ${this.#over}\n`)
  }

  /** The release on trial is the one that runs from now on. */
  commit(version: string): void {
    this.#write('current', `${version} ${this.#over}\n`)
    this.#remove('trying')
  }

  get fallBack(): FallBack | undefined {
    const [version, how, seconds] = this.#read('fallback')?.trim().split(' ') ?? []
    return version === undefined || how === undefined ? undefined : { version, how, seconds: Number(seconds) }
  }

  /** What the release on trial said when it ended. */
  get lastWords(): string {
    return this.#read('words')?.trim() ?? ''
  }

  forgetFallBack(): void {
    this.#remove('fallback')
    this.#remove('words')
  }

  /** Puts an unpacked folder in its place; the version that runs is never replaced. */
  place(unpacked: string, version: string): void {
    rmSync(this.folderOf(version), { recursive: true, force: true })
    renameSync(unpacked, this.folderOf(version))
    this.#syncFolder()
  }

  /** Removes what no start needs: other releases, and what is left of downloads that are not this one's. */
  clean(keep: readonly string[]): void {
    const words = ['current', 'trial', 'trying', 'fallback', 'words', 'state.json']
    for (const name of readdirSync(this.folder))
      if (!words.includes(name) && !keep.includes(name))
        rmSync(join(this.folder, name), { recursive: true, force: true })
  }

  #versionIn(name: string): string | undefined {
    const [version, over] = this.#read(name)?.trim().split(' ') ?? []
    return over === this.#over ? version : undefined
  }

  #read(name: string): string | undefined {
    const path = join(this.folder, name)
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined
  }

  #write(name: string, text: string): void {
    const path = join(this.folder, name)
    mkdirSync(this.folder, { recursive: true, mode: 0o700 })
    writeFileSync(`${path}.new`, text, { mode: 0o600, flush: true })
    renameSync(`${path}.new`, path)
    this.#syncFolder()
  }

  #remove(name: string): void {
    if (!existsSync(join(this.folder, name))) return
    rmSync(join(this.folder, name))
    this.#syncFolder()
  }

  #syncFolder(): void {
    const folder = openSync(this.folder, 'r')
    fsyncSync(folder)
    closeSync(folder)
  }
}
