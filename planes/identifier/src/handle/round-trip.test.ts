import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Body } from './body-kinds.ts'
import { HandleReader } from './bytes.ts'
import { operationFlags, operations, responses } from './codes.ts'
import { credentialTypes } from './credential.ts'
import { decodeMessage, encodeMessage, type HandleMessage } from './message.ts'
import type { Site } from './site.ts'
import { decodeData, encodeData } from './typed-data.ts'
import { encodeValue, type HandleValue, readValue } from './value.ts'

// Every body with an operation and response code that it belongs to.
const u8 = fc.integer({ min: 0, max: 0xff })
const u16 = fc.integer({ min: 0, max: 0xffff })
const u32 = fc.integer({ min: 0, max: 0xffff_ffff })
const bytes = fc.uint8Array({ maxLength: 24 })
const text = fc.string({ unit: 'grapheme', maxLength: 12 })
const reference = fc.record({ handle: text, index: u32 })
const indexes = fc.array(u32, { maxLength: 4 })

const handleValues: fc.Arbitrary<HandleValue> = fc.record({
  index: u32,
  type: text,
  data: bytes,
  ttl: fc.record({ kind: fc.constantFrom('relative', 'absolute'), seconds: u32 }),
  permissions: u8,
  timestamp: u32,
  references: fc.array(reference, { maxLength: 3 }),
})
const values = fc.array(handleValues, { maxLength: 3 })

const sites: fc.Arbitrary<Site> = fc.record({
  formatVersion: u16,
  protocolVersion: fc.record({ major: u8, minor: u8 }),
  serial: u16,
  primary: fc.boolean(),
  multiPrimary: fc.boolean(),
  hashOption: fc.constantFrom('prefix', 'suffix', 'handle'),
  hashFilter: text,
  attributes: fc.array(fc.record({ name: text, value: text }), { maxLength: 3 }),
  servers: fc.array(
    fc.record({
      id: u32,
      address: fc.oneof(fc.ipV4(), fc.constantFrom('2001:db8::1', 'fe80::1', '1:2:3:4:5:6:7:8')),
      publicKey: bytes,
      interfaces: fc.array(
        fc.record({
          admin: fc.boolean(),
          query: fc.boolean(),
          transport: fc.constantFrom('UDP', 'TCP', 'HTTP', 'HTTPS'),
          port: u32,
        }),
        { maxLength: 3 },
      ),
    }),
    { maxLength: 3 },
  ),
})

const of = <K extends Body['kind']>(kind: K, fields: object) =>
  fc.record({ kind: fc.constant(kind), ...fields }) as unknown as fc.Arbitrary<Extract<Body, { kind: K }>>
const digest = fc
  .uint8Array({ minLength: 20, maxLength: 20 })
  .map((bytes) => ({ algorithm: 'SHA-1' as const, digest: bytes }))
const handle = of('handle', { handle: text })
const empty = of('empty', {})
const valuesBody = of('values', { handle: text, values })
const names = of('names', { names: fc.array(text, { maxLength: 5 }) })
const setup = { timeoutSeconds: u32, identity: reference }
const { success } = responses

/** One row a message: operation, response, body. */
const rows: [number, number, fc.Arbitrary<Body>][] = [
  [operations.resolve, 0, of('resolve', { handle: text, indexes, types: fc.array(text, { maxLength: 3 }) })],
  [operations.resolve, 0, of('resolve', { handle: text, indexes, types: fc.array(text), authentication: bytes })],
  [operations.resolve, success, valuesBody],
  [operations.getSiteInfo, 0, handle],
  [operations.getSiteInfo, 0, empty],
  [operations.getSiteInfo, success, of('site', { site: sites })],
  [operations.create, 0, valuesBody],
  [operations.create, success, handle],
  [operations.create, success, empty],
  [operations.delete, 0, handle],
  [operations.delete, success, empty],
  [operations.addValue, 0, valuesBody],
  [operations.addValue, success, empty],
  [operations.modifyValue, 0, valuesBody],
  [operations.removeValue, 0, of('removeValues', { handle: text, indexes })],
  [operations.listHandles, 0, handle],
  [operations.listHandles, success, names],
  [operations.listPrefixes, success, names],
  [operations.listHomed, 0, handle],
  [operations.listHomed, success, names],
  [operations.home, 0, handle],
  [operations.unhome, success, empty],
  [operations.resolve, responses.authenticationNeeded, of('challenge', { nonce: bytes })],
  [
    operations.challengeResponse,
    0,
    of('challengeAnswer', { authenticationType: text, handle: text, index: u32, answer: bytes }),
  ],
  [
    operations.verifyResponse,
    0,
    of('verify', {
      handle: text,
      index: u32,
      nonce: bytes,
      requestDigest: fc.oneof(digest, fc.record({ digest: bytes })),
      answer: bytes,
    }),
  ],
  [operations.verifyResponse, success, of('verified', { holds: fc.boolean() })],
  [operations.sessionSetup, 0, of('sessionSetup', { mode: fc.constantFrom(1, 4), ...setup, publicKey: bytes })],
  [operations.sessionSetup, 0, of('sessionSetup', { mode: fc.constant(2), ...setup })],
  [operations.sessionSetup, 0, of('sessionSetup', { mode: fc.constant(3), ...setup, exchangeKey: reference })],
  [operations.sessionSetup, success, of('sessionAnswer', { mode: u16, data: bytes })],
  [operations.sessionExchangeKey, 0, of('sessionKey', { encryptedKey: bytes })],
  [operations.sessionTerminate, 0, handle],
  [operations.resolve, responses.serviceReferral, of('referral', { handle: text, values })],
  [operations.resolve, responses.prefixReferral, of('referral', { handle: text })],
  [operations.resolve, responses.handleNotFound, of('error', { message: text })],
  [operations.addValue, responses.valueExists, of('error', { message: text, indexes })],
  [2001, 0, of('login', { handle: text, index: u32 })],
  [4_711, 0, of('opaque', { bytes })],
]

const credential = fc.record({
  version: u8,
  flags: u16,
  signer: text,
  counter: u32,
  type: fc.constantFrom(...Object.values(credentialTypes)),
  algorithm: fc.constantFrom('SHA-256', 'SM3', 'HMAC-SHA256'),
  signature: bytes,
})
const handleMessages: fc.Arbitrary<HandleMessage> = fc
  .tuple(
    fc
      .constantFrom(...rows)
      .chain(([operation, response, body]) => body.map((each) => ({ operation, response, body: each }))),
    fc.record({ flags: u32, siteInfoSerial: u16, recursionCount: u8, expiration: u32 }),
    digest,
    fc.option(credential),
  )
  .map(([row, rest, requestDigest, signed]) => {
    const returns = row.response !== 0 && (rest.flags & operationFlags.returnDigest) !== 0
    return { ...row, ...rest, ...(returns && { requestDigest }), credential: signed }
  })

test('every message comes back as it was', () => {
  fc.assert(
    fc.property(handleMessages, (message) => {
      expect(plain(decodeMessage(encodeMessage(message)))).toEqual(plain(message))
    }),
    { numRuns: 2_000 },
  )
})

test('every value and site comes back as it was', () => {
  fc.assert(
    fc.property(handleValues, (value) => {
      expect(plain(readValue(new HandleReader(encodeValue(value))))).toEqual(plain(value))
    }),
    { numRuns: 500 },
  )
  fc.assert(
    fc.property(sites, (site) => {
      expect(plain(decodeData('HS_SITE', encodeData({ format: 'site', site })))).toEqual(
        plain({ format: 'site', site }),
      )
    }),
    { numRuns: 500 },
  )
})

/** Buffers and other byte arrays alike, so that only the bytes are compared. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]))
}
