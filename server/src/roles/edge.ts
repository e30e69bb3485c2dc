import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type BufferQuestion, CommandError, enrolGateway, inspectBuffer, startGateway } from '@kapok/edge/command'
import { SetupError } from '../config.ts'
import { roleClock, runRole } from './role.ts'

/** `kapok edge <tag table>`: the gateway, without any engine. */
export const runEdgeRole = (tagTableFile: string, home: string) =>
  runRole('edge', (log) => inSentences(startGateway({ tagTableFile, home, clock: roleClock(), log })))

/** `kapok edge-enrol <platform> <code>`. */
export async function enrolEdge(platform: string, code: string, home: string): Promise<void> {
  process.stdout.write(`${await inSentences(enrolGateway(platform, code, home))}\n`)
}

/** `kapok edge-buffer <home>`. */
export const showEdgeBuffer = (home: string, question: BufferQuestion) =>
  inSentences(pipeline(Readable.from(inspectBuffer(home, question)), process.stdout))

async function inSentences<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof CommandError) throw new SetupError(error.message, { cause: error })
    throw error
  }
}
