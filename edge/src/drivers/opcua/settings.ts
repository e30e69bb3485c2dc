import { type Check, fail, integer, listOf, oneOf, optional, otherwise, shape, text } from '../../check.ts'

const securityPolicies = ['None', 'Basic256Sha256', 'Aes128_Sha256_RsaOaep', 'Aes256_Sha256_RsaPss'] as const
const securityModes = ['None', 'Sign', 'SignAndEncrypt'] as const

export interface OpcUaSettings {
  /** `opc.tcp://host:port/path` */
  endpoint: string
  securityPolicy: (typeof securityPolicies)[number]
  securityMode: (typeof securityModes)[number]
  /** Anonymous when absent. */
  user: string | undefined
  password: string | undefined
  /** Lets a password go over a connection that nobody protects. */
  unprotectedPassword: boolean
  /** Where the gateway's own certificate lives; needed with security. */
  certificateFolder: string | undefined
  /** Thumbprints (SHA-256 or SHA-1, hexadecimal) of the server certificates that are trusted. */
  trusted: string[]
  /** How often the server sends what it collected, ms; as often as it looks when absent. */
  publishingIntervalMs: number | undefined
  /** How often the server looks at a node, ms; the period of the tags when absent, and 0 is as often as it can. */
  samplingIntervalMs: number | undefined
  /** Values of each node that the server keeps between two sendings, and while the connection is broken. */
  queueSize: number
  timeoutMs: number
}

const boolean: Check<boolean> = (value, path) =>
  typeof value === 'boolean' ? value : fail(path, 'true or false is expected')

const url: Check<string> = (value, path) => {
  const endpoint = text(value, path)
  return /^opc\.tcp:\/\/[^\s/]+(\/\S*)?$/i.test(endpoint)
    ? endpoint
    : fail(path, 'opc.tcp://host:port/path is expected')
}

const thumbprint: Check<string> = (value, path) => {
  const digits = text(value, path).replace(/[\s:]/g, '').toLowerCase()
  return /^([\da-f]{40}|[\da-f]{64})$/.test(digits)
    ? digits
    : fail(path, 'a thumbprint of 64 (SHA-256) or 40 (SHA-1) hexadecimal digits is expected')
}

const checkShape = shape<OpcUaSettings>({
  endpoint: url,
  securityPolicy: otherwise(oneOf(securityPolicies), 'None'),
  securityMode: otherwise(oneOf(securityModes), 'None'),
  user: optional(text),
  password: optional(text),
  unprotectedPassword: otherwise(boolean, false),
  certificateFolder: optional(text),
  trusted: (value, path) =>
    value === undefined || (Array.isArray(value) && value.length === 0) ? [] : listOf(thumbprint, 100)(value, path),
  publishingIntervalMs: optional(integer(10, 3_600_000)),
  samplingIntervalMs: optional(integer(0, 3_600_000)),
  queueSize: otherwise(integer(1, 10_000), 10),
  timeoutMs: otherwise(integer(100, 60_000), 3_000),
})

/** Reads the settings of a device; what contradicts itself is named here and not at the first connect. */
export const checkSettings: Check<OpcUaSettings> = (value, path) => {
  const settings = checkShape(value, path)
  const isPlain = settings.securityMode === 'None'
  if (isPlain !== (settings.securityPolicy === 'None'))
    fail(`${path}.securityMode`, 'None goes with securityPolicy None, and every other mode with another policy')
  if (!isPlain && settings.certificateFolder === undefined)
    fail(`${path}.certificateFolder`, 'a folder of this gateway for its own certificate is expected')
  if (settings.password !== undefined && settings.user === undefined) fail(`${path}.user`, 'a name is expected')
  if (isPlain && settings.password !== undefined && !settings.unprotectedPassword)
    fail(
      `${path}.securityMode`,
      'Sign or SignAndEncrypt is expected, or anybody on the way can have the password (unprotectedPassword: true allows it)',
    )
  return settings
}
