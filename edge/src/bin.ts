import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { systemClock } from '@kapok/kit/clock'
import { makeLog } from '@kapok/kit/log'
import { CommandError, enrolGateway, inspectBuffer, startGateway } from './command.ts'
import { makeTable, type Said, simulateMachine } from './table-command.ts'
import type { Starter } from './update/updater.ts'

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
  let end: (code: number) => void = process.exit
  const starter = starterIn(process.env, (code) => end(code))
  const running = await startGateway({ tagTableFile, home, clock: systemClock, log, starter })
  end = endWithSignal(running)
  if (starter !== undefined) endWithParent(() => end(0))
}

/** What edge/package/kapok-edge tells the process that it starts; nothing when something else did. */
function starterIn(env: NodeJS.ProcessEnv, leave: (code: number) => void): Starter | undefined {
  const { KAPOK_EDGE_STARTER: over, KAPOK_EDGE_PACKAGE: packageFolder, KAPOK_EDGE_TRIAL_SECONDS: seconds } = env
  if (over === undefined || packageFolder === undefined) return undefined
  return { over, packageFolder, trialMs: Number(seconds) * 1_000, leave }
}

/** Ends in order with SIGTERM, SIGINT, or the code that is given; once, however often it is told. */
function endWithSignal(running: { stop(): Promise<void> }): (code: number) => void {
  let ending = false
  const drain = async (code: number) => {
    if (ending) return
    ending = true
    await running.stop()
    process.exit(code)
  }
  process.on('SIGTERM', () => void drain(0))
  process.on('SIGINT', () => void drain(0))
  return (code) => void drain(code)
}

/** Whose starter was killed must not go on beside the next one. */
function endWithParent(end: () => void): void {
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) end()
  }, 1_000).unref()
}
