import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { selfSigned } from '../../tests/support/certificate.ts'
import { readConfig } from './config.ts'

const folder = mkdtempSync(join(tmpdir(), 'kapok-config-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
const own = selfSigned()
const cert = file('own.crt', own.cert)
const key = file('own.key', own.key)
const strangeKey = file('strange.key', selfSigned().key)
const neither = file('neither.pem', 'neither certificate nor key')

test('with a certificate and its key the addresses are https and MQTT is on 8883', () => {
  expect(readConfig('platform', { KAPOK_TLS_CERT: cert, KAPOK_TLS_KEY: key })).toMatchObject({
    tls: own,
    mqttPort: 8883,
    baseUrl: 'https://localhost:8080',
  })
  expect(readConfig('platform', {})).toMatchObject({ tls: undefined, mqttPort: 1883, baseUrl: 'http://localhost:8080' })
})

test('a platform listens on every interface, a world on loopback, by IPv4 and where the machine has it by IPv6', () => {
  const lo4 = {
    address: '127.0.0.1',
    netmask: '255.0.0.0',
    family: 'IPv4' as const,
    mac: '',
    internal: true,
    cidr: null,
  }
  const lo6 = { address: '::1', netmask: '', family: 'IPv6' as const, mac: '', internal: true, cidr: null, scopeid: 0 }
  expect(readConfig('platform', {}, { lo: [lo4, lo6] }).hosts).toEqual(['0.0.0.0', '::'])
  expect(readConfig('world', {}, { lo: [lo4, lo6] }).hosts).toEqual(['127.0.0.1', '::1'])
  expect(readConfig('platform', {}, { lo: [lo4] }).hosts).toEqual(['0.0.0.0'])
  expect(readConfig('world', {}, { lo: [lo4] }).hosts).toEqual(['127.0.0.1'])
})

test.each<[string, RegExp, NodeJS.ProcessEnv]>([
  ['a key without its certificate', /^Set both KAPOK_TLS_CERT and KAPOK_TLS_KEY, or neither/, { KAPOK_TLS_KEY: key }],
  [
    'a certificate that is not there',
    /KAPOK_TLS_CERT names .*nowhere, which is not there\. Give/,
    { KAPOK_TLS_CERT: join(folder, 'nowhere'), KAPOK_TLS_KEY: key },
  ],
  [
    'a key that is a folder',
    /KAPOK_TLS_KEY names .*, which cannot be read\. Give/,
    { KAPOK_TLS_CERT: cert, KAPOK_TLS_KEY: folder },
  ],
  [
    'something else than a certificate',
    /which holds no certificate in PEM form\. Give/,
    { KAPOK_TLS_CERT: neither, KAPOK_TLS_KEY: key },
  ],
  [
    'something else than a key',
    /which holds no key in PEM form\. Give/,
    { KAPOK_TLS_CERT: cert, KAPOK_TLS_KEY: neither },
  ],
  [
    'the key of another certificate',
    /does not belong to the certificate .* Give its own key/,
    { KAPOK_TLS_CERT: cert, KAPOK_TLS_KEY: strangeKey },
  ],
  ['a port that is none', /^KAPOK_HTTP_PORT is “65536”; set it to a port number/, { KAPOK_HTTP_PORT: '65536' }],
  ['one database URL of two', /^Set both DATABASE_URL .* or neither/, { DATABASE_URL: 'postgres://x@localhost/x' }],
  [
    'a URL of another protocol',
    /^CLICKHOUSE_URL is not a URL that begins with http:\/\/ or https:\/\//,
    { CLICKHOUSE_URL: 'tcp://localhost:9000' },
  ],
  ['a log level that is none', /^KAPOK_LOG is “loud”; set it to debug, info/, { KAPOK_LOG: 'loud' }],
  [
    'a place of the log that is none',
    /^KAPOK_LOG_TO is “printer”; set it to file or stderr/,
    { KAPOK_LOG_TO: 'printer' },
  ],
])('%s is refused in a sentence that says what to do', (_, sentence, env) => {
  expect(() => readConfig('platform', env)).toThrow(
    expect.objectContaining({ name: 'SetupError', message: expect.stringMatching(sentence) }),
  )
})

test('a world takes no certificate', () => {
  expect(() => readConfig('world', { KAPOK_TLS_CERT: cert, KAPOK_TLS_KEY: key })).toThrow(/without TLS\. Unset/)
})
