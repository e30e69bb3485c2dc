import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '@kapok/kit/clock'
import type { Log } from '@kapok/kit/log'
import { csvOf, describeBuffer } from './buffer/inspect.ts'
import { TagTableError } from './check.ts'
import { type Edge, firstSequenceOf, runEdge } from './edge.ts'
import { enrol, IdentityError, readIdentity } from './identity.ts'

/** What went wrong, in a sentence for whoever typed the command. */
export class CommandError extends Error {
  override name = 'CommandError'
}

const bufferOf = (home: string) => join(home, 'batches')

export interface GatewayCommand {
  tagTableFile: string
  home: string
  clock: Clock
  /** See EdgeOptions. */
  monotonic?: () => number
  log: Log
}

/** Runs the gateway of a tag table. Throws CommandError for a table or an identity that cannot be used. */
export async function startGateway(ask: GatewayCommand): Promise<Edge> {
  const { tagTableFile, home, ...rest } = ask
  const tagTable = readTable(tagTableFile)
  try {
    const edge = await runEdge({ tagTable, home, identity: readIdentity(home), bufferFile: bufferOf(home), ...rest })
    rest.log.info({ page: edge.statusUrl }, 'the gateway serves its own page')
    return edge
  } catch (error) {
    if (error instanceof TagTableError) throw new CommandError(`${tagTableFile}: ${error.message}`, { cause: error })
    if (error instanceof IdentityError) throw new CommandError(error.message, { cause: error })
    throw error
  }
}

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
