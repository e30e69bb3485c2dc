import { existsSync, readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join, resolve } from 'node:path'
import { createSecureContext } from 'node:tls'

/** Every setting of the platform: environment variable, default, and a sentence. The documentation is made from this. */
export const settings = {
  KAPOK_DATA: {
    default: '',
    says: 'Data folder. Without it: .kapok/data (platform) or .kapok/world (world) in the repository root.',
  },
  KAPOK_HTTP_PORT: { default: '8080', says: 'Port of the portal and the API.' },
  KAPOK_MQTT_PORT: { default: '1883', says: 'Port of MQTT (8883 when TLS is on and this is not set).' },
  KAPOK_URL: { default: '', says: 'Address of the portal in links; with https:// cookies are Secure.' },
  KAPOK_TLS_CERT: {
    default: '',
    says: 'PEM certificate file; with KAPOK_TLS_KEY switches on HTTPS and MQTT over TLS.',
  },
  KAPOK_TLS_KEY: { default: '', says: 'PEM key file.' },
  KAPOK_LOG: { default: 'info', says: 'Level of the JSON log: debug, info, warn, error.' },
  KAPOK_LOG_TO: {
    default: 'file',
    says: 'Where the JSON log goes: `file`, logs/kapok.log in the data folder (five files of 16 MB at most), or `stderr`, for containers and services that keep it themselves. The words for people stay on standard output.',
  },
  DATABASE_URL: { default: '', says: 'PostgreSQL of the application role; replaces the embedded one.' },
  DATABASE_OWNER_URL: { default: '', says: 'PostgreSQL of the owner role, for migrations; needed with DATABASE_URL.' },
  KAPOK_HANDLE_PORT: { default: '2641', says: 'Port of an identifier node, UDP and TCP (Handle protocol).' },
  KAPOK_RESOLVER_HTTP_PORT: { default: '8000', says: 'Port of an identifier node’s faces over HTTP.' },
  KAPOK_RESOLVER_URL: {
    default: '',
    says: 'HTTP address of the recursive identifier node that the portal asks, e.g. http://127.0.0.1:8000. A world has its own.',
  },
  CLICKHOUSE_URL: { default: '', says: 'ClickHouse over HTTP; replaces the embedded store.' },
} as const

export type Mode = 'platform' | 'world'

export interface Config {
  mode: Mode
  dataFolder: string
  logTo: 'file' | 'stderr'
  httpPort: number
  mqttPort: number
  /** Of an identifier node: the Handle protocol, and HTTP. */
  handlePort: number
  resolverHttpPort: number
  /** The recursive node that the portal asks. */
  resolverUrl: string | undefined
  /** Addresses to listen on: all interfaces for a platform, loopback for a world; IPv4, and IPv6 where there is any. */
  hosts: string[]
  baseUrl: string
  tls: { cert: string; key: string } | undefined
  databaseUrl: string | undefined
  databaseOwnerUrl: string | undefined
  clickhouseUrl: string | undefined
}

/** A mistake of the person at the keyboard: printed as one sentence, exit code 2. */
export class SetupError extends Error {
  override name = 'SetupError'
}

export const repositoryRoot = resolve(import.meta.dirname, '../..')

/** Reads the environment. Throws SetupError with a sentence that says what to do. */
export function readConfig(
  mode: Mode,
  env: NodeJS.ProcessEnv = process.env,
  interfaces: ReturnType<typeof networkInterfaces> = networkInterfaces(),
): Config {
  const value = (name: keyof typeof settings) => env[name] || settings[name].default
  const port = (name: Extract<keyof typeof settings, `${string}_PORT`>, fallback?: string) => {
    const text = env[name] || fallback || settings[name].default
    const number = Number(text)
    if (!Number.isInteger(number) || number < 1 || number > 65_535)
      throw new SetupError(`${name} is “${text}”; set it to a port number between 1 and 65535.`)
    return number
  }
  const [certFile, keyFile] = [value('KAPOK_TLS_CERT'), value('KAPOK_TLS_KEY')]
  if ((certFile === '') !== (keyFile === ''))
    throw new SetupError('Set both KAPOK_TLS_CERT and KAPOK_TLS_KEY, or neither.')
  if (certFile !== '' && mode === 'world')
    throw new SetupError(
      'A world answers on loopback alone and without TLS. Unset KAPOK_TLS_CERT and KAPOK_TLS_KEY for “npm run world”.',
    )
  const tls = certFile === '' ? undefined : readTls(certFile, keyFile)
  const [databaseUrl, databaseOwnerUrl] = [value('DATABASE_URL'), value('DATABASE_OWNER_URL')]
  if ((databaseUrl === '') !== (databaseOwnerUrl === ''))
    throw new SetupError('Set both DATABASE_URL (application role) and DATABASE_OWNER_URL (owner role), or neither.')
  for (const [name, text, protocols] of [
    ['DATABASE_URL', databaseUrl, ['postgres:', 'postgresql:']],
    ['DATABASE_OWNER_URL', databaseOwnerUrl, ['postgres:', 'postgresql:']],
    ['CLICKHOUSE_URL', value('CLICKHOUSE_URL'), ['http:', 'https:']],
    ['KAPOK_URL', value('KAPOK_URL'), ['http:', 'https:']],
    ['KAPOK_RESOLVER_URL', value('KAPOK_RESOLVER_URL'), ['http:', 'https:']],
  ] as const)
    if (text !== '' && !(protocols as readonly string[]).includes(URL.parse(text)?.protocol ?? ''))
      throw new SetupError(`${name} is not a URL that begins with ${protocols.join('// or ')}//.`)
  const logTo = value('KAPOK_LOG_TO')
  if (logTo !== 'file' && logTo !== 'stderr')
    throw new SetupError(`KAPOK_LOG_TO is “${logTo}”; set it to file or stderr.`)
  if (!['debug', 'info', 'warn', 'error'].includes(value('KAPOK_LOG')))
    throw new SetupError(`KAPOK_LOG is “${value('KAPOK_LOG')}”; set it to debug, info, warn or error.`)
  const httpPort = port('KAPOK_HTTP_PORT')
  const resolverHttpPort = port('KAPOK_RESOLVER_HTTP_PORT')
  const resolverUrl = value('KAPOK_RESOLVER_URL').replace(/\/$/, '') || undefined
  return {
    mode,
    dataFolder: resolve(value('KAPOK_DATA') || join(repositoryRoot, '.kapok', mode === 'world' ? 'world' : 'data')),
    logTo,
    httpPort,
    mqttPort: port('KAPOK_MQTT_PORT', tls === undefined ? undefined : '8883'),
    handlePort: port('KAPOK_HANDLE_PORT'),
    resolverHttpPort,
    resolverUrl: mode === 'world' ? `http://127.0.0.1:${resolverHttpPort}` : resolverUrl,
    hosts: hostsOf(mode, interfaces),
    baseUrl: value('KAPOK_URL').replace(/\/$/, '') || `${tls === undefined ? 'http' : 'https'}://localhost:${httpPort}`,
    tls,
    databaseUrl: databaseUrl || undefined,
    databaseOwnerUrl: databaseOwnerUrl || undefined,
    clickhouseUrl: value('CLICKHOUSE_URL') || undefined,
  }
}

/** A machine may have no IPv6 (many containers): listening there would fail. */
function hostsOf(mode: Mode, interfaces: ReturnType<typeof networkInterfaces>): string[] {
  const addresses = Object.values(interfaces).flatMap((each) => each ?? [])
  if (mode === 'platform') return addresses.some(({ family }) => family === 'IPv6') ? ['0.0.0.0', '::'] : ['0.0.0.0']
  return addresses.some(({ address }) => address === '::1') ? ['127.0.0.1', '::1'] : ['127.0.0.1']
}

/** Certificate and key as texts, tried together once, so that a mistake shows here and not at the first connection. */
function readTls(certFile: string, keyFile: string): { cert: string; key: string } {
  const cert = readPem(certFile, 'KAPOK_TLS_CERT')
  const key = readPem(keyFile, 'KAPOK_TLS_KEY')
  const reads = (name: string, file: string, what: 'certificate' | 'key', options: { cert?: string; key?: string }) => {
    try {
      createSecureContext(options)
    } catch (cause) {
      throw new SetupError(`${name} names ${file}, which holds no ${what} in PEM form. Give the file of the ${what}.`, {
        cause,
      })
    }
  }
  reads('KAPOK_TLS_CERT', certFile, 'certificate', { cert })
  reads('KAPOK_TLS_KEY', keyFile, 'key', { key })
  try {
    createSecureContext({ cert, key })
  } catch (cause) {
    throw new SetupError(`The key in ${keyFile} does not belong to the certificate in ${certFile}. Give its own key.`, {
      cause,
    })
  }
  return { cert, key }
}

function readPem(file: string, name: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    const why = existsSync(file) ? 'which cannot be read' : 'which is not there'
    throw new SetupError(`${name} names ${file}, ${why}. Give the path of a PEM file.`, { cause })
  }
}
