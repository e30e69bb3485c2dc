import pg from 'pg'
import { SetupError } from '../config.ts'

/** URLs of a PostgreSQL that somebody else runs: the application role, and the owner who makes the tables. */
export interface DatabaseUrls {
  appUrl: string
  ownerUrl: string
}

/**
 * Looks at both roles before anything is made: they answer, stand in one database, the owner can make what it must, and
 * the application role neither passes by row-level security nor can become the owner, who could switch it off.
 */
export async function lookAtOwnDatabase({ appUrl, ownerUrl }: DatabaseUrls): Promise<void> {
  const app = await lookAs('DATABASE_URL', appUrl)
  const owner = await lookAs('DATABASE_OWNER_URL', ownerUrl)
  if (app.database !== owner.database || app.started_at.getTime() !== owner.started_at.getTime())
    throw new SetupError('DATABASE_URL and DATABASE_OWNER_URL lead to different databases. Give both the same one.')
  const [passes] = app.powers.filter(({ bypasses }) => bypasses)
  if (passes !== undefined)
    throw new SetupError(
      `The role “${app.role}” of DATABASE_URL passes by row-level security${passes.role === app.role ? '' : ` as a member of “${passes.role}”`}. Give DATABASE_URL a role without SUPERUSER and BYPASSRLS.`,
    )
  if (app.powers.some(({ role }) => role === owner.role))
    throw new SetupError(
      `The role “${app.role}” of DATABASE_URL ${app.role === owner.role ? 'is' : 'is a member of'} the owner of DATABASE_OWNER_URL, who could switch row-level security off. Give DATABASE_URL a role of its own.`,
    )
  if (!owner.may_make_schemas)
    throw new SetupError(
      `The role “${owner.role}” of DATABASE_OWNER_URL may not make schemas. Make it the owner of the database “${owner.database}”.`,
    )
  if (!owner.may_grant && !app.powers.some(({ role }) => role === 'kapok_app'))
    throw new SetupError(
      `The role “${owner.role}” of DATABASE_OWNER_URL may not grant the role kapok_app to “${app.role}”. Give it CREATEROLE, or if kapok_app exists: GRANT kapok_app TO "${owner.role}" WITH ADMIN OPTION.`,
    )
}

/** The application role may have any name: it is given what `kapok_app`, to whom the migrations grant, may do. */
export async function grantApplicationRole({ appUrl, ownerUrl }: DatabaseUrls): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl })
  await client.connect()
  try {
    const user = await roleOf(appUrl)
    if (user === 'kapok_app') return
    const { rows } = await client.query<{ granted: boolean }>(
      `SELECT pg_has_role($1::name, 'kapok_app', 'USAGE') AS granted`,
      [user],
    )
    if (rows[0]?.granted !== true) await client.query(`GRANT kapok_app TO ${client.escapeIdentifier(user)}`)
  } finally {
    await client.end()
  }
}

interface Look {
  role: string
  database: string
  started_at: Date
  may_make_schemas: boolean
  /** Whether it may give `kapok_app`, which the first migration makes, to another role. */
  may_grant: boolean
  /** Every role that it is or can become. */
  powers: { role: string; bypasses: boolean }[]
}

async function lookAs(name: string, url: string): Promise<Look> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  try {
    await client.connect()
    const { rows } = await client.query<Look>(
      `SELECT current_user AS role, current_database() AS database, pg_postmaster_start_time() AS started_at,
        has_database_privilege(current_database(), 'CREATE') AS may_make_schemas,
        coalesce(
          (SELECT pg_has_role(current_user, oid, 'MEMBER WITH ADMIN OPTION') FROM pg_roles WHERE rolname = 'kapok_app'),
          (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user)) AS may_grant,
        (SELECT json_agg(json_build_object('role', rolname, 'bypasses', rolsuper OR rolbypassrls)
            ORDER BY rolname <> current_user)
          FROM pg_roles WHERE pg_has_role(current_user, oid, 'MEMBER')) AS powers`,
    )
    const [look] = rows
    if (look === undefined) throw new Error('it said nothing of its role')
    return look
  } catch (error) {
    throw new SetupError(
      `${name} does not answer: ${error instanceof Error ? error.message : String(error)}. Check host, port, user and password.`,
      { cause: error },
    )
  } finally {
    await client.end().catch(() => {})
  }
}

async function roleOf(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ role: string }>('SELECT current_user AS role')
    return rows[0]?.role ?? ''
  } finally {
    await client.end()
  }
}
