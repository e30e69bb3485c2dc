import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '@kapok/kit/clock'
import type { Log } from '@kapok/kit/log'
import { csvOf, describeBuffer } from './buffer/inspect.ts'
import { TagTableError } from './check.ts'
import { type Edge, type EdgeOptions, firstSequenceOf, runEdge } from './edge.ts'
import { enrol, IdentityError, readIdentity } from './identity.ts'
import { KeptConfiguration } from './managed/kept-configuration.ts'
import { LogTail } from './managed/log-tail.ts'
import { type Starter, Updater } from './update/updater.ts'
import { gatewayVersion } from './version.ts'

/** What went wrong, in a sentence for whoever typed the command. */
export class CommandError extends Error {
  override name = 'CommandError'
}

const bufferOf = (home: string) => join(home, 'batches')

export interface GatewayCommand {
  /** Without it the gateway runs what the platform gave it. */
  tagTableFile: string | undefined
  home: string
  clock: Clock
  /** See EdgeOptions. */
  monotonic?: () => number
  log: Log
  /** See EdgeOptions. */
  trialMs?: number
  /** What started this process, when it can start another release. */
  starter?: Starter | undefined
}

/**
 * Runs the gateway of a tag table, which wins, or of the platform's configuration; begins it anew when the platform asks for
 * that. Throws CommandError for a table or an identity that cannot be used.
 */
export async function startGateway(ask: GatewayCommand): Promise<Edge> {
  const logTail = new LogTail()
  const log = logTail.around(ask.log)
  const updater = makeUpdater(ask, log)
  let turn = Promise.resolve()
  let stopped = false
  const restart = () => {
    turn = turn.then(again)
  }
  const begin = () => beginRun({ ...ask, log }, { logTail, updater, restart })
  async function again(): Promise<void> {
    if (stopped) return
    log.info('the gateway begins anew, as the platform asked')
    await edge.stop()
    edge = await begin().catch((error: unknown) => {
      // Whoever runs this process begins a fresh one.
      log.fatal({ error: String(error) }, 'the gateway did not begin again')
      process.exit(1)
    })
  }
  let edge = await begin()
  return {
    get statusUrl() {
      return edge.statusUrl
    },
    async stop() {
      stopped = true
      await turn
      await updater.stop()
      await edge.stop()
    },
  }
}

function makeUpdater({ home, clock, starter }: GatewayCommand, log: Log): Updater {
  return new Updater({ home, version: gatewayVersion, starter, platform: () => readIdentity(home), clock, log })
}

async function beginRun(
  ask: GatewayCommand,
  more: Pick<EdgeOptions, 'logTail' | 'updater' | 'restart'>,
): Promise<Edge> {
  const { tagTableFile, home, ...rest } = ask
  try {
    const identity = readIdentity(home)
    const configuration =
      tagTableFile === undefined ? new KeptConfiguration(home, rest.clock.now()) : readTable(tagTableFile)
    const edge = await runEdge({ configuration, home, identity, bufferFile: bufferOf(home), ...rest, ...more })
    rest.log.info({ page: edge.statusUrl }, 'the gateway serves its own page')
    return edge
  } catch (error) {
    if (error instanceof TagTableError)
      throw new CommandError(`${tagTableFile ?? home}: ${error.message}`, { cause: error })
    if (error instanceof IdentityError) throw new CommandError(error.message, { cause: error })
    if (isDenied(error))
      throw new CommandError(
        `The folder ${home} cannot be written. Give its rights to this user, or another by --home.`,
        {
          cause: error,
        },
      )
    throw error
  }
}

const isDenied = (error: unknown) =>
  error instanceof Error && 'code' in error && ['EACCES', 'EPERM', 'EROFS'].includes(String(error.code))

function readTable(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new CommandError(`The tag table ${file} cannot be read. Give the path of a YAML file.`, { cause })
  }
}

/** Brings a new key of this gateway to its platform; says who it is now. Throws CommandError. */
export async function enrolGateway(platform: string, code: string, home: string): Promise<string> {
  if (!URL.canParse(platform))
    throw new CommandError(`“${platform}” is no address; give the platform’s, e.g. https://kapok.example`)
  try {
    const firstSequence = firstSequenceOf(bufferOf(home))
    const { name, key } = await enrol(home, { platform: new URL(platform), code, firstSequence })
    return `This gateway is “${name}” now. Its key: ${key.fingerprint} – compare it with the gateway’s page.`
  } catch (error) {
    if (error instanceof IdentityError) throw new CommandError(error.message, { cause: error })
    throw error
  }
}

export interface BufferQuestion {
  /** Values as CSV instead of a summary, of this time: ISO 8601, from included, to not. */
  csv?: boolean | undefined
  from?: string | undefined
  to?: string | undefined
}

/** What is in the buffer of a gateway, as pieces of text. Throws CommandError. */
export function* inspectBuffer(home: string, { csv = false, from, to }: BufferQuestion): Generator<string> {
  const range = { from: timeIn(from) ?? 0, to: timeIn(to) ?? Number.MAX_SAFE_INTEGER }
  try {
    if (csv) yield* csvOf(bufferOf(home), range)
    else yield describeBuffer(bufferOf(home))
  } catch (error) {
    throw new CommandError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function timeIn(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const at = Date.parse(text)
  if (Number.isNaN(at)) throw new CommandError(`“${text}” is no time; give it like 2027-01-31T08:00:00+08:00`)
  return at
}
