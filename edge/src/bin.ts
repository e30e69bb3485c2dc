import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { systemClock } from '@kapok/kit/clock'
import { makeLog } from '@kapok/kit/log'
import { CommandError, enrolGateway, inspectBuffer, startGateway } from './command.ts'
import { makeTable, type Said, simulateMachine } from './table-command.ts'

const help = `kapok-edge run [tag table] [--home <folder>]       read the machines of the table, or of the platform’s configuration
kapok-edge enrol <platform> <code> [--home <folder>]   make a key and bring it to the platform, once
kapok-edge simulate <model> [--port <n>] [--host <address>]   play a machine of the library
kapok-edge table [<model> | browse … | import … | export …]   make a piece of a tag table; alone, list the models
kapok-edge buffer [--home <folder>] [--csv --from <time> --to <time>]   what waits and what was delivered; values as CSV
`

/** The gateway as a package of its own. In the repository `kapok edge` does the same. */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    home: { type: 'string', default: 'kapok-edge' },
    host: { type: 'string' },
    name: { type: 'string', default: 'machine' },
    port: { type: 'string', default: '0' },
    csv: { type: 'boolean' },
    from: { type: 'string' },
    to: { type: 'string' },
  },
})
const said: Said = {
  table: (text) => process.stdout.write(text),
  note: (sentence) => process.stderr.write(`${sentence}\n`),
}
const [verb, first, second] = positionals
try {
  if (verb === 'run') await run(first, values.home)
  else if (verb === 'enrol' && first !== undefined && second !== undefined)
    process.stdout.write(`${await enrolGateway(first, second, values.home)}\n`)
  else if (verb === 'simulate' && first !== undefined)
    endWithSignal(await simulateMachine(first, { port: Number(values.port), host: values.host ?? '127.0.0.1' }, said))
  else if (verb === 'table')
    process.exitCode = await makeTable(
      positionals.slice(1),
      { name: values.name, host: values.host ?? '127.0.0.1' },
      said,
    )
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

async function run(tagTableFile: string | undefined, home: string): Promise<void> {
  const log = makeLog('edge')
  endWithSignal(await startGateway({ tagTableFile, home, clock: systemClock, log }))
}

function endWithSignal(running: { stop(): Promise<void> }): void {
  const drain = async () => {
    await running.stop()
    process.exit(0)
  }
  process.once('SIGTERM', () => void drain())
  process.once('SIGINT', () => void drain())
}
