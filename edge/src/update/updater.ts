import { execFile } from 'node:child_process'
import { chmodSync, copyFileSync, createReadStream, linkSync, mkdirSync, rmSync, statfsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { createGunzip } from 'node:zlib'
import type { Release } from '@kapok/contracts/gateway-release'
import type { GatewaySoftware, Sentence, UpdateAsk, UpdateStep } from '@kapok/contracts/gateway-talk'
import type { Clock } from '@kapok/kit/clock'
import type { Log } from '@kapok/kit/log'
import { SentenceError } from '../sentence.ts'
import { checkFile, type Download, download } from './download.ts'
import { checkFits, trustedKeys, verifiedRelease } from './manifest.ts'
import { type FallBack, Releases, type UpdateState } from './releases.ts'
import { ArchiveError, unpackTar } from './tar.ts'
import { refuseUpdate, say } from './words.ts'

/** What the package's starter (edge/package/kapok-edge) told the process that it started. */
export interface Starter {
  /** Version of the installed program. */
  over: string
  /** Folder of the package that runs: the installed program's, or a release's. */
  packageFolder: string
  /** Within this time after its start a release on trial must have reached the platform. */
  trialMs: number
  /** Ends this process in order; the starter takes `startAgain` as “start what is to run now”. */
  leave(code: number): void
}

/** Exit code by which a gateway asks its starter for another start (EX_TEMPFAIL of sysexits.h). */
export const startAgain = 75
const triesMax = 3
const stopMsMax = 3_000
const spareBytes = 64 << 20
const lastWordsMax = 600

/** Moments between which a power cut or a kill leaves something else behind. */
export type Moment = 'taken' | 'downloaded' | 'unpacked' | 'placed' | 'trial noted' | 'committed'

export interface UpdaterOptions {
  home: string
  version: string
  /** Undefined: nothing here could start another release. */
  starter: Starter | undefined
  /** Address of the platform's API when the enrolment knows it, and the token by which the platform knows this gateway. */
  platform(): { web?: string | undefined; token: string } | undefined
  clock: Clock
  log: Log
  pauseMs?: Download['pauseMs']
  at?(moment: Moment): void
}

/** Takes releases of the platform: fetch → check → unpack beside → note as trial → start again; or says why not. */
export class Updater {
  readonly #of: UpdaterOptions
  readonly #releases: Releases | undefined
  #state: UpdateState | undefined
  #doing: GatewaySoftware['doing'] = null
  #deadline: NodeJS.Timeout | undefined
  #end = new AbortController()
  #work: Promise<void> | undefined

  constructor(options: UpdaterOptions) {
    this.#of = options
    const { starter, home } = options
    if (starter === undefined) return
    this.#releases = new Releases(home, starter.over)
    this.#state = this.#settled(this.#releases)
    if (this.#isOnTrial()) this.#deadline = setTimeout(() => this.#giveUp(starter), starter.trialMs)
  }

  get software(): GatewaySoftware {
    const { order = null, failed = null } = this.#state ?? {}
    return { starter: this.#releases !== undefined, platform: ownPlatform, order, doing: this.#doing, failed }
  }

  #isOnTrial = () => this.#releases?.trying === this.#of.version

  /** What became of the last order, now that something runs again. */
  #settled(releases: Releases): UpdateState {
    const state = releases.state
    const { version, step } = state
    const fallBack = releases.fallBack
    if (this.#isOnTrial()) {
      this.#doing = { version: this.#of.version, step: 'trial', bytes: 0, total: 0 }
      return state
    }
    if (version === null) return state
    if (fallBack?.version === version) {
      releases.clean([releases.current ?? ''])
      return this.#failed(state, whyOf(fallBack, releases.lastWords))
    }
    const done: UpdateState = { ...state, version: null, step: null, tries: 0 }
    if (step === 'trial' && releases.current === version && this.#of.version === version) return this.#keep(done)
    if (state.tries >= triesMax) return this.#failed(state, say('update.tries', { tries: state.tries }))
    // It was interrupted before the trial: the platform sends the order again.
    return this.#keep({ ...state, order: null })
  }

  /** Begins an order, unless it was begun already. */
  take(ask: { id: string } & UpdateAsk): void {
    const state = this.#state
    if (state === undefined || state.order === ask.id || this.#work !== undefined || this.#isOnTrial()) return
    this.#work = this.#carryOut(ask)
      .catch((error: unknown) => {
        if (this.#end.signal.aborted) return
        const why = error instanceof SentenceError ? error.sentence : say('update.fault', { why: wordsOf(error) })
        this.#of.log.warn({ error: why.en }, 'the update is not done')
        this.#failed(this.#state as UpdateState, why)
      })
      .finally(() => {
        this.#work = undefined
      })
  }

  async #carryOut(ask: { id: string } & UpdateAsk): Promise<void> {
    const { home, version: running, log, starter, at = () => {} } = this.#of
    const [releases, before] = [this.#releases as Releases, this.#state as UpdateState]
    const version = String(ask.manifest?.signed?.version ?? '').slice(0, 40)
    const tries = before.version === version ? before.tries + 1 : 1
    releases.forgetFallBack()
    this.#keep({ form: 1, order: ask.id, version, step: 'prepare', tries, failed: null })
    at('taken')
    log.info({ version, order: ask.id }, 'the platform offers a release')
    const release = verifiedRelease(ask.manifest, trustedKeys(home, (starter as Starter).packageFolder))
    const node = process.versions.node
    checkFits(release, { version: running, platform: ownPlatform, node, downgrade: ask.downgrade })
    const file = `download-${release.sha256}`
    releases.clean([releases.current ?? '', running, file])
    this.#checkRoom(release)
    await this.#fetch(release, ask, join(releases.folder, file))
    at('downloaded')
    this.#step(release, 'unpack')
    const unpacked = join(releases.folder, 'unpacking')
    await this.#unpack(release, join(releases.folder, file), unpacked)
    at('unpacked')
    releases.place(unpacked, version)
    rmSync(join(releases.folder, file))
    // All that was unpacked is on disk before anything starts it.
    await promisify(execFile)('sync')
    at('placed')
    this.#keep({ ...(this.#state as UpdateState), step: 'trial' })
    this.#step(release, 'trial')
    releases.tryNext(version)
    at('trial noted')
    log.info({ version }, 'the release is started on trial')
    starter?.leave(startAgain)
  }

  async #fetch(release: Release, { releaseId, baseUrl }: UpdateAsk, file: string): Promise<void> {
    const { pauseMs, platform } = this.#of
    const { web, token } = platform() ?? { web: undefined, token: '' }
    this.#step(release, 'download')
    await download(release, {
      address: new URL(`/api/gateway-releases/${encodeURIComponent(releaseId)}/file`, web ?? baseUrl),
      ...{ token, file, signal: this.#end.signal },
      onBytes: (bytes) => this.#step(release, 'download', bytes),
      ...(pauseMs && { pauseMs }),
    })
    this.#step(release, 'check')
    await checkFile(file, release)
  }

  async #unpack({ unpackedBytes, bringsNode, platform }: Release, file: string, folder: string): Promise<void> {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { mode: 0o755 })
    try {
      const archive = createReadStream(file).pipe(createGunzip())
      await unpackTar(archive, folder, unpackedBytes)
    } catch (error) {
      rmSync(folder, { recursive: true, force: true })
      // Of the kind of zlib: `incorrect data check`.
      const isContent = error instanceof ArchiveError || String((error as NodeJS.ErrnoException).code).startsWith('Z_')
      if (isContent) throw refuseUpdate('update.archive', { why: wordsOf(error) }, { cause: error })
      throw error
    }
    if (!bringsNode) borrowNode(join(folder, 'node_modules', `node-${platform}`, 'bin', 'node'))
  }

  #checkRoom({ bytes, unpackedBytes }: Release): void {
    const { bavail, bsize } = statfsSync((this.#releases as Releases).folder)
    const [needed, free] = [bytes + unpackedBytes + spareBytes, bavail * bsize]
    const mega = (value: number) => Math.ceil(value / (1 << 20))
    if (free < needed) throw refuseUpdate('update.disk', { needed: mega(needed), free: mega(free) })
  }

  /** The platform has a report of this process. */
  reported(): void {
    if (this.#deadline === undefined || this.#releases === undefined) return
    clearTimeout(this.#deadline)
    this.#deadline = undefined
    const { version, log, at = () => {} } = this.#of
    this.#releases.commit(version)
    at('committed')
    this.#doing = null
    this.#keep({ ...(this.#state as UpdateState), version: null, step: null, tries: 0, failed: null })
    this.#releases.clean([version])
    log.info({ version }, 'the release reached the platform and runs from now on')
  }

  #giveUp({ trialMs, leave }: Starter): void {
    this.#deadline = undefined
    this.#of.log.warn(
      { seconds: trialMs / 1_000 },
      'the release did not reach the platform; the one before it is started',
    )
    leave(startAgain)
  }

  #step({ version, bytes: total }: Release, step: UpdateStep, bytes = total): void {
    this.#doing = { version, step, bytes, total }
  }

  #failed(state: UpdateState, why: Sentence): UpdateState {
    const version = state.version ?? '?'
    this.#doing = null
    return this.#keep({
      ...state,
      version: null,
      step: null,
      tries: 0,
      failed: { version, at: this.#of.clock.now(), why },
    })
  }

  #keep(state: UpdateState): UpdateState {
    this.#state = state
    if (this.#releases) this.#releases.state = state
    return state
  }

  /** Leaves what is being done; it is begun again after the next start. */
  async stop(): Promise<void> {
    clearTimeout(this.#deadline)
    this.#deadline = undefined
    this.#end.abort()
    const state = this.#state
    // An end in order is no attempt that failed.
    if (this.#work !== undefined && state?.step === 'prepare') this.#keep({ ...state, tries: state.tries - 1 })
    await Promise.race([this.#work, new Promise((go) => setTimeout(go, stopMsMax))])
  }
}

const ownPlatform = `${process.platform}-${process.arch}`
const wordsOf = (error: unknown) => (error instanceof Error ? error.message : String(error)).slice(0, 300)

/** The Node that runs now, so that a release stays whole whatever becomes of the program that it came from. */
function borrowNode(path: string): void {
  mkdirSync(dirname(path), { recursive: true })
  try {
    linkSync(process.execPath, path)
  } catch {
    // On another disk.
    copyFileSync(process.execPath, path)
  }
  chmodSync(path, 0o755)
}

function whyOf({ how, seconds }: FallBack, words: string): Sentence {
  switch (how) {
    case 'missing':
      return say('update.missing')
    case 'interrupted':
      return say('update.interrupted')
    case 'hung':
      return say('update.hung', { seconds })
    case String(startAgain):
      return say('update.unreached', { seconds })
    default:
      return say('update.ended', { seconds, how, words: words.slice(0, lastWordsMax) })
  }
}
