import { Command } from 'commander'

/** The command line. Each verb loads only what it needs, so that `kapok edge` never touches an engine. */
const program = new Command('kapok').description('Kapok 木棉: the open industrial-internet platform of a province')

program
  .command('start')
  .description('start an empty platform, or go on with its data')
  .action(async () => (await import('./life/start.ts')).start('platform'))

const roles: Record<string, () => Promise<void>> = {
  store: async () => (await import('./roles/store.ts')).runStoreRole(),
  ingest: async () => (await import('./roles/ingest.ts')).runIngestRole(),
  server: async () => (await import('./roles/server.ts')).runServerRole(),
}
program
  .command('run')
  .argument('<role>', Object.keys(roles).join(', '))
  .description('run one role alone')
  .action(async (name: string) => {
    const run = roles[name]
    if (run === undefined) program.error(`There is no role “${name}”; roles are ${Object.keys(roles).join(', ')}.`)
    await run?.()
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
