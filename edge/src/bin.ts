import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { systemClock } from '@kapok/kit/clock'
import { makeLog } from '@kapok/kit/log'
import { CommandError, enrolGateway, inspectBuffer, startGateway } from './command.ts'

const help = `kapok-edge run <tag table> [--home <folder>]       read the machines of the table and send what they say
kapok-edge enrol <platform> <code> [--home <folder>]   make a key and bring it to the platform, once
kapok-edge buffer [--home <folder>] [--csv --from <time> --to <time>]   what waits and what was delivered; values as CSV
`

/** The gateway as a package of its own. In the repository `kapok edge` does the same. */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    home: { type: 'string', default: 'kapok-edge' },
    csv: { type: 'boolean' },
    from: { type: 'string' },
    to: { type: 'string' },
  },
})
const [verb, first, second] = positionals
try {
  if (verb === 'run' && first !== undefined) await run(first, values.home)
  else if (verb === 'enrol' && first !== undefined && second !== undefined)
    process.stdout.write(`${await enrolGateway(first, second, values.home)}\n`)
  else if (verb === 'buffer') await pipeline(Readable.from(inspectBuffer(values.home, values)), process.stdout)
  else {
    process.stderr.write(help)
    process.exitCode = 2
  }
} catch (error) {
  if (!(error instanceof CommandError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}

async function run(tagTableFile: string, home: string): Promise<void> {
  const log = makeLog('edge')
  const edge = await startGateway({ tagTableFile, home, clock: systemClock, log })
  const drain = async () => {
    await edge.stop()
    process.exit(0)
  }
  process.once('SIGTERM', () => void drain())
  process.once('SIGINT', () => void drain())
}
