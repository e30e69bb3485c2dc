import { Command } from 'commander'
import type { ResolverOptions } from './roles/resolver.ts'

/** The command line. Each verb loads only what it needs, so that `kapok edge` never touches an engine. */
const program = new Command('kapok')
  .description('Kapok 木棉: the open industrial-internet platform of a province')
  .showHelpAfterError('“npm run kapok -- --help” lists what there is.')

program
  .command('start')
  .description('start an empty platform, or go on with its data')
  .action(async () => (await import('./life/start.ts')).start('platform'))

program
  .command('world')
  .description('start the sample province, or go on with it')
  .option('--advance <days>', 'move its clock on, e.g. 7d; the time between is played')
  .option('--today <day>', 'civil day on which a new world is born, e.g. 2027-02-15')
  .action(async (options: { advance?: string; today?: string }) =>
    (await import('./life/start-world.ts')).startWorld(options),
  )

program
  .command('edge')
  .argument(
    '[tag-table]',
    'YAML file with the tags of each machine; without it an enrolled gateway runs the platform’s',
  )
  .option('--home <folder>', 'where the gateway keeps its key and the values that wait', 'kapok-edge')
  .description('run the gateway of a plant')
  .action(async (table: string | undefined, { home }: { home: string }) =>
    (await import('./roles/edge.ts')).runEdgeRole(table, home),
  )

program
  .command('edge-enrol')
  .argument('<platform>', 'address of the platform, e.g. https://kapok.example')
  .argument('<code>', 'one-time code from the gateway’s page')
  .option('--home <folder>', 'where the gateway keeps its key and the values that wait', 'kapok-edge')
  .description('make a key for this gateway and bring it to its platform')
  .action(async (platform: string, code: string, { home }: { home: string }) =>
    (await import('./roles/edge.ts')).enrolEdge(platform, code, home),
  )

program
  .command('edge-simulate')
  .argument('<model>', 'machine model of the library; “edge-table” lists them')
  .option('--port <number>', 'port to serve on; a free one without', '0')
  .option('--host <address>', 'address to serve on', '127.0.0.1')
  .description('play a machine of the library, to try before buying')
  .action(async (model: string, { port, host }: { port: string; host: string }) =>
    (await import('./roles/edge.ts')).simulateEdge(model, { port: Number(port), host }),
  )

program
  .command('edge-table')
  .argument(
    '[words...]',
    'nothing, a machine model, “browse <endpoint>”, “import <file>”, or “export <table> <file.xlsx>”',
  )
  .option('--host <address>', 'the machine’s address', '127.0.0.1')
  .option('--name <name>', 'name of the device on the platform', 'machine')
  .description('list the machine models, or make a piece of a tag table')
  .action(async (words: string[], options: { host: string; name: string }) =>
    (await import('./roles/edge.ts')).edgeTable(words, options),
  )

program
  .command('edge-buffer')
  .argument('<home>', 'where the gateway keeps its key and the values that wait')
  .option('--csv', 'the values themselves, as CSV')
  .option('--from <time>', 'of this time on, e.g. 2027-01-31T08:00:00+08:00')
  .option('--to <time>', 'before this time')
  .description('what is in the buffer of a gateway: waiting, delivered, gaps, runs')
  .action(async (home: string, question: { csv?: boolean; from?: string; to?: string }) =>
    (await import('./roles/edge.ts')).showEdgeBuffer(home, question),
  )

program
  .command('verify')
  .argument('<bundle>', 'evidence bundle, a JSON file')
  .option(
    '--keys <file>',
    'pinned keys of the log: the reply of /api/evidence/keys, or two lines with the verifier keys',
  )
  .description('verify an evidence bundle offline')
  .action(async (bundle: string, { keys }: { keys?: string }) =>
    (await import('./verify-bundle.ts')).verifyBundleFile(bundle, keys),
  )

const roles: Record<string, (options: ResolverOptions) => Promise<void>> = {
  store: async () => (await import('./roles/store.ts')).runStoreRole(),
  ingest: async () => (await import('./roles/ingest.ts')).runIngestRole(),
  server: async () => (await import('./roles/server.ts')).runServerRole(),
  world: async () => (await import('./roles/world.ts')).runWorldRole(),
  resolver: async (options) => (await import('./roles/resolver.ts')).runResolverRole(options),
}
const another = (value: string, before: string[] = []) => [...before, value]
program
  .command('run')
  .argument('<role>', Object.keys(roles).join(', '))
  .option('--role <role>', 'of a resolver: root, top, secondary, enterprise, recursive or mirror')
  .option('--prefix <prefix>', 'of a resolver: a prefix that it answers for, e.g. 88.608; may be given again', another)
  .option('--root <address:port>', 'of a resolver: a root node; may be given again', another)
  .option('--address <address>', 'of a resolver: the IP address that others are told; loopback without')
  .option('--home <folder>', 'of a resolver: where its records and keys are; kapok-resolver without')
  .option('--of <url>', 'of a mirror: HTTP address of the node that it mirrors')
  .option('--user <index:handle>', 'of a mirror: who it is at that node, e.g. 300:88.608/mirror')
  .option('--verifier <key>', 'of a mirror: key of that node’s log, as it says at its start')
  .option('--sign <kind>', 'of a resolver: what signs its records: ed25519 (when nothing is said), sm2, rsa, or none')
  .option('--trust <file>', 'of a recursive resolver: the key of the root, from which answers are verified')
  .option('--take-over', 'of a mirror: take changes from now on in the place of the node that is mirrored')
  .option('--sim', 'of a resolver: a whole tree of nodes in one process, to try')
  .description('run one role alone')
  .action(async (name: string, options: ResolverOptions) => {
    const run = roles[name]
    if (run === undefined) program.error(`There is no role “${name}”; roles are ${Object.keys(roles).join(', ')}.`)
    if (name !== 'resolver' && Object.keys(options).length > 0)
      program.error(`--${Object.keys(options)[0]} belongs to the role resolver alone.`)
    await run?.(options)
  })

program
  .command('doctor')
  .description('look at the data folder, the ports and the engines, and say what is wrong')
  .action(async () => (await import('./life/doctor.ts')).doctor())

await program.parseAsync().catch((error: unknown) => {
  if (error instanceof Error && error.name === 'SetupError') {
    process.stderr.write(`${error.message}\n`)
    process.exit(2)
  }
  throw error
})
