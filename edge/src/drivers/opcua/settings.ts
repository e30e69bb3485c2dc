import {
  type Check,
  fail,
  integer,
  isTrueOrFalse,
  listOf,
  oneOf,
  optional,
  otherwise,
  shape,
  text,
} from '../../check.ts'

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

const boolean: Check<boolean> = (value, path) => (typeof value === 'boolean' ? value : fail(path, isTrueOrFalse))

const url: Check<string> = (value, path) => {
  const endpoint = text(value, path)
  return /^opc\.tcp:\/\/[^\s/]+(\/\S*)?$/i.test(endpoint)
    ? endpoint
    : fail(path, { zh: '应为 opc.tcp://主机:端口/路径', en: 'opc.tcp://host:port/path is expected' })
}

const thumbprint: Check<string> = (value, path) => {
  const digits = text(value, path).replace(/[\s:]/g, '').toLowerCase()
  return /^([\da-f]{40}|[\da-f]{64})$/.test(digits)
    ? digits
    : fail(path, {
        zh: '应为 64 位（SHA-256）或 40 位（SHA-1）十六进制数字的指纹',
        en: 'a thumbprint of 64 (SHA-256) or 40 (SHA-1) hexadecimal digits is expected',
      })
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
    fail(`${path}.securityMode`, {
      zh: 'None 只与 securityPolicy None 同用，其他模式与其他策略同用',
      en: 'None goes with securityPolicy None, and every other mode with another policy',
    })
  if (!isPlain && settings.certificateFolder === undefined)
    fail(`${path}.certificateFolder`, {
      zh: '应为本网关上存放自身证书的文件夹',
      en: 'a folder of this gateway for its own certificate is expected',
    })
  if (settings.password !== undefined && settings.user === undefined)
    fail(`${path}.user`, { zh: '应给出用户名', en: 'a name is expected' })
  if (isPlain && settings.password !== undefined && !settings.unprotectedPassword)
    fail(`${path}.securityMode`, {
      zh: '应为 Sign 或 SignAndEncrypt，否则途中任何人都能得到密码（unprotectedPassword: true 可放行）',
      en: 'Sign or SignAndEncrypt is expected, or anybody on the way can have the password (unprotectedPassword: true allows it)',
    })
  return settings
}
