import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type BufferQuestion, CommandError, enrolGateway, inspectBuffer, startGateway } from '@kapok/edge/command'
import { makeTable, type PlayOptions, type Said, simulateMachine, type TableOptions } from '@kapok/edge/table-command'
import { SetupError } from '../config.ts'
import { roleClock, runRole } from './role.ts'

/** `kapok edge [tag table]`: the gateway, without any engine. */
export const runEdgeRole = (tagTableFile: string | undefined, home: string) =>
  runRole('edge', (log) => inSentences(startGateway({ tagTableFile, home, clock: roleClock(), log })))

/** `kapok edge-enrol <platform> <code>`. */
export async function enrolEdge(platform: string, code: string, home: string): Promise<void> {
  process.stdout.write(`${await inSentences(enrolGateway(platform, code, home))}\n`)
}

const said: Said = {
  table: (text) => process.stdout.write(text),
  note: (sentence) => process.stderr.write(`${sentence}\n`),
}

/** `kapok edge-simulate <model>`: plays a machine until it is ended. */
export async function simulateEdge(model: string, options: PlayOptions): Promise<void> {
  const played = await inSentences(simulateMachine(model, options, said))
  const end = async () => {
    await played.stop()
    process.exit(0)
  }
  process.once('SIGTERM', () => void end())
  process.once('SIGINT', () => void end())
}

/** `kapok edge-table …`. */
export async function edgeTable(words: readonly string[], options: TableOptions): Promise<void> {
  process.exitCode = await inSentences(makeTable(words, options, said))
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
