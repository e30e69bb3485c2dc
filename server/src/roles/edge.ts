import { readFileSync } from 'node:fs'
import { runEdge, TagTableError } from '@kapok/edge'
import { SetupError } from '../config.ts'
import { roleClock, runRole } from './role.ts'

/** `kapok edge <tag table>`: the gateway, without any engine. */
export const runEdgeRole = (tagTableFile: string, bufferFile: string) =>
  runRole('edge', async (log) => {
    let tagTable: string
    try {
      tagTable = readFileSync(tagTableFile, 'utf8')
    } catch (error) {
      throw new SetupError(`The tag table ${tagTableFile} cannot be read. Give the path of a YAML file.`, {
        cause: error,
      })
    }
    try {
      const edge = await runEdge({ tagTable, bufferFile, clock: roleClock(), log })
      log.info({ page: edge.statusUrl }, 'the gateway serves its own page')
      return edge
    } catch (error) {
      if (error instanceof TagTableError) throw new SetupError(`${tagTableFile}: ${error.message}`, { cause: error })
      throw error
    }
  })
