import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { loadModel, modelIds } from '@kapok/edge/models'
import { stateDiagram } from '@kapok/kit-store/case/case'
import { readMigrations } from '@kapok/kit-store/migrate'
import { testKit } from '@kapok/kit-store/testing'
import { caseTables } from '@kapok/subsidy'
import { settings } from '../server/src/config.ts'
import { openApiOf } from '../server/src/http/openapi.ts'
import { migrationsOfAll, routesOfAll } from '../server/src/planes.ts'
import { root } from './steps.ts'

// Writes the documents that are made from the code; with --check says which are stale and fails.
const isCheck = process.argv.includes('--check')
const stale: string[] = []

const put = (name: string, text: string) => putAt(`docs/generated/${name}`, text)

function putAt(path: string, text: string): void {
  const file = join(root, path)
  if (isCheck) {
    if (!existsSync(file) || readFileSync(file, 'utf8') !== text) stale.push(path)
    return
  }
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

// The machine models as the platform has them: one line each, without how the gateway plays them and where each tag is from.
const models = await Promise.all(modelIds().map((id) => loadModel(id)))
putAt(
  'contracts/src/generated/machine-models.json',
  `[\n${models
    .map(({ tags, ...model }) =>
      JSON.stringify({ ...model, tags: tags.map(({ simulate: _, clause: __, ...tag }) => tag) }),
    )
    .join(',\n')}\n]\n`,
)

// The schema's hash: a change of a migration shows up in review as a change of this line.
put(
  'schema.sha256',
  `${createHash('sha256')
    .update(
      readMigrations(migrationsOfAll)
        .map(({ plane, file, sha256 }) => `${plane}/${file} ${sha256}`)
        .join('\n'),
    )
    .digest('hex')}\n`,
)

const madeBy = '<!-- Made by `npm run docs`; do not edit. -->\n\n'
const kit = await testKit({ migrations: migrationsOfAll.slice(1) })
try {
  put('openapi.json', `${JSON.stringify(openApiOf(routesOfAll(kit).map(({ contract }) => contract)), null, 1)}\n`)
  put('database.md', await databaseSchema())
} finally {
  await kit.stop()
}
put(
  'states.md',
  `${madeBy}# State diagrams\n\n${Object.values(caseTables)
    .map((table) => `## ${table.kind}\n\n\`\`\`mermaid\n${stateDiagram(table).trim()}\n\`\`\`\n`)
    .join('\n')}`,
)
put(
  'settings.md',
  `${madeBy}# Settings\n\n| variable | default | |\n|---|---|---|\n${Object.entries(settings)
    .map(([name, { default: value, says }]) => `| \`${name}\` | ${value === '' ? '' : `\`${value}\``} | ${says} |\n`)
    .join('')}`,
)
if (stale.length > 0) {
  process.stderr.write(`Stale, run “npm run docs”: ${stale.join(', ')}\n`)
  process.exitCode = 1
}

/** Every table of every plane with its columns, keys and row-level policies, as the migrated database has them. */
async function databaseSchema(): Promise<string> {
  const { default: pg } = await import('pg')
  const client = new pg.Client({ connectionString: kit.ownerUrl })
  await client.connect()
  try {
    const { rows: tables } = await client.query<{ schema: string; name: string; forced: boolean }>(
      `SELECT n.nspname AS schema, c.relname AS name, c.relforcerowsecurity AS forced FROM pg_class c
       JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'public') AND n.nspname !~ '^pg_'
       ORDER BY 1, 2`,
    )
    let text = `${madeBy}# Database\n`
    let schema = ''
    for (const table of tables) {
      if (table.schema !== schema) text += `\n## ${table.schema}\n`
      schema = table.schema
      const name = `${table.schema}.${table.name}`
      const { rows: columns } = await client.query<{ column: string; type: string; needed: boolean }>(
        `SELECT attname AS column, format_type(atttypid, atttypmod) AS type, attnotnull AS needed FROM pg_attribute
         WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
        [name],
      )
      const { rows: policies } = await client.query<{ name: string; command: string; using: string | null }>(
        `SELECT policyname AS name, cmd AS command, coalesce(qual, with_check) AS using FROM pg_policies
         WHERE schemaname = $1 AND tablename = $2 ORDER BY 1`,
        [table.schema, table.name],
      )
      const { rows: keys } = await client.query<{ definition: string }>(
        `SELECT pg_get_constraintdef(oid) AS definition FROM pg_constraint WHERE conrelid = $1::regclass AND contype IN ('p', 'f', 'u') ORDER BY contype DESC, conname`,
        [name],
      )
      text += `\n### ${table.name}\n\n| column | type |\n|---|---|\n`
      text += columns
        .map(({ column, type, needed }) => `| ${column} | ${type}${needed ? '' : ', may be null'} |\n`)
        .join('')
      text += `\n${keys.map(({ definition }) => `- ${definition}\n`).join('')}`
      text += policies
        .map(
          (policy) =>
            `- row policy \`${policy.name}\` for ${policy.command}: \`${policy.using?.replaceAll('\n', ' ')}\`\n`,
        )
        .join('')
      if (!table.forced) text += '- **row-level security is not forced**\n'
    }
    return text
  } finally {
    await client.end()
  }
}
