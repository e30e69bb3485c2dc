import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { enrol, firstSequenceOf, IdentityError, readIdentity, runEdge, TagTableError } from '@kapok/edge'
import { SetupError } from '../config.ts'
import { roleClock, runRole } from './role.ts'

const bufferOf = (home: string) => join(home, 'batches')

/** `kapok edge <tag table>`: the gateway, without any engine. */
export const runEdgeRole = (tagTableFile: string, home: string) =>
  runRole('edge', async (log) => {
    try {
      const tagTable = readTable(tagTableFile)
      const identity = readIdentity(home)
      const edge = await runEdge({ tagTable, identity, bufferFile: bufferOf(home), clock: roleClock(), log })
      log.info({ page: edge.statusUrl }, 'the gateway serves its own page')
      return edge
    } catch (error) {
      if (error instanceof TagTableError) throw new SetupError(`${tagTableFile}: ${error.message}`, { cause: error })
      if (error instanceof IdentityError) throw new SetupError(error.message, { cause: error })
      throw error
    }
  })

function readTable(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new SetupError(`The tag table ${file} cannot be read. Give the path of a YAML file.`, { cause: error })
  }
}

/** `kapok edge-enrol <platform> <code>`: brings a new key of this gateway to its platform. */
export async function enrolEdge(platform: string, code: string, home: string): Promise<void> {
  try {
    if (!URL.canParse(platform))
      throw new IdentityError(`“${platform}” is no address; give the platform’s, e.g. https://kapok.example`)
    const firstSequence = firstSequenceOf(bufferOf(home))
    const { name, key } = await enrol(home, { platform: new URL(platform), code, firstSequence })
    process.stdout.write(
      `This gateway is “${name}” now. Its key: ${key.fingerprint} – compare it with the gateway’s page.\n`,
    )
  } catch (error) {
    if (!(error instanceof IdentityError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  }
}
