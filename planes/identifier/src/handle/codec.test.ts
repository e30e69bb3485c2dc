import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HandleFormatError } from './bytes.ts'
import { defaultFlags, operationFlags, operationName, operations, responses } from './codes.ts'
import { commonVersion, decodeEnvelope, encodeEnvelope, isAtLeast, ourVersion } from './envelope.ts'
import vectors from './handle-vectors.json' with { type: 'json' }
import { decodeJws } from './jws.ts'
import { handleLimits } from './limits.ts'
import { coveredPart, decodeFrame, decodeMessage, encodeMessage, type HandleMessage } from './message.ts'
import { decodeData, encodeData, formatOf, type TypedData } from './typed-data.ts'
import type { HandleValue } from './value.ts'
import { signedDigests } from './value-signature.ts'

const fuzzRuns = Number(process.env.KAPOK_FUZZ_RUNS ?? 20_000)

const header = (operation: number, response: number, bodyLength: number, flags = 0) => {
  const bytes = Buffer.alloc(24)
  for (const [i, word] of [operation, response, flags].entries()) bytes.writeUInt32BE(word, i * 4)
  bytes.writeUInt16BE(0xffff, 12)
  bytes.writeUInt32BE(bodyLength, 20)
  return bytes
}
const withBody = (operation: number, response: number, body: string, flags = 0) =>
  Buffer.concat([header(operation, response, body.length / 2, flags), Buffer.from(body, 'hex'), Buffer.alloc(4)])

const request = (body: HandleMessage['body'], operation: number): HandleMessage => ({
  operation,
  response: 0,
  flags: defaultFlags,
  siteInfoSerial: 0xffff,
  recursionCount: 0,
  expiration: 0,
  body,
  credential: null,
})

test('bytes that are no message are refused with the place, whatever they claim', () => {
  const known = vectors.records_and_messages
    .filter(({ kind }) => kind !== 'value')
    .map(({ hex }) => Buffer.from(hex, 'hex'))
  const damaged = fc
    .tuple(
      fc.constantFrom(...known),
      fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }),
      fc.nat(400),
    )
    .map(([bytes, changes, cut]) => {
      const copy = Buffer.from(bytes)
      for (const [at, byte] of changes) copy[at % copy.length] = byte
      return cut < copy.length ? copy.subarray(0, cut) : copy
    })
  fc.assert(
    fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 300 })), (bytes) => {
      for (const decode of [() => decodeFrame(bytes).message, () => bytes, () => bytes.subarray(20)]) {
        try {
          const message = decodeMessage(decode())
          if (message.body.kind === 'values') for (const { type, data } of message.body.values) decodeData(type, data)
        } catch (error) {
          if (!(error instanceof HandleFormatError)) throw error
          if (error.offset < 0 || error.offset > bytes.length || error.expected === '')
            throw new Error(`no place: ${error.message}`, { cause: error })
        }
      }
    }),
    { numRuns: fuzzRuns },
  )
})

test('data of every predefined type is refused with the place, whatever it claims', () => {
  const types = ['HS_ADMIN', 'HS_SITE', 'HS_VLIST', 'HS_PUBKEY', 'HS_SERV', 'HS_ALIAS']
  fc.assert(
    fc.property(fc.constantFrom(...types), fc.uint8Array({ maxLength: 120 }), (type, data) => {
      try {
        decodeData(type, data)
      } catch (error) {
        if (!(error instanceof HandleFormatError)) throw error
      }
    }),
    { numRuns: fuzzRuns },
  )
})

test('a declared length or count is held against what is there before anything is made for it', () => {
  const refused = (bytes: Uint8Array) => {
    try {
      decodeMessage(bytes)
    } catch (error) {
      if (error instanceof HandleFormatError) return `${error.offset}: ${error.expected}`
      throw error
    }
    return 'taken'
  }
  expect(refused(withBody(operations.resolve, 0, 'ffffffff'))).toBe('24: the handle of at most 0 bytes')
  expect(refused(withBody(operations.resolve, 0, '0000000131ffffffff'))).toBe('29: at most 0 indexes')
  expect(refused(withBody(operations.removeValue, 0, '00000001317fffffff00000001'))).toBe('29: at most 1 indexes')
  expect(refused(withBody(operations.resolve, 1, '0000000131ffffffff'))).toBe('29: at most 0 values')
  expect(refused(header(operations.resolve, 0, 0xffff_ffff))).toBe('24: 4294967295 bytes of the body')
  expect(refused(Buffer.concat([header(operations.delete, 0, 5), Buffer.from('000000013100000fff', 'hex')]))).toBe(
    '33: 4095 bytes of the credential',
  )
  const long = `00000801${'61'.repeat(2_049)}`
  expect(refused(withBody(operations.delete, 0, long))).toBe('24: the handle of at most 2048 bytes')
  const envelope = encodeEnvelope({ ...anEnvelope, messageLength: 0 })
  envelope.writeUInt32BE(262_145, 16)
  expect(() => decodeEnvelope(envelope)).toThrow('at byte 16: expected a message of at most 262144 bytes, found 262145')
})

const anEnvelope = {
  version: ourVersion,
  suggested: ourVersion,
  compressed: false,
  encrypted: false,
  truncated: false,
  sessionId: 0,
  requestId: 1,
  sequence: 0,
}

test('2,048 values are taken, 2,049 are not', () => {
  const value: HandleValue = {
    index: 1,
    type: 'URL',
    data: new Uint8Array(),
    ttl: { kind: 'relative', seconds: 0 },
    permissions: 0,
    timestamp: 0,
    references: [],
  }
  const values = Array<HandleValue>(handleLimits.values).fill(value)
  const bytes = encodeMessage(request({ kind: 'values', handle: '1/a', values }, operations.create))
  expect(decodeMessage(bytes).body).toMatchObject({ values: { length: 2_048 } })
  expect(() =>
    encodeMessage(request({ kind: 'values', handle: '1/a', values: [...values, value] }, operations.create)),
  ).toThrow('expected at most 2048 values, found 2049')
  bytes.writeUInt32BE(2_049, 24 + 7)
  expect(() => decodeMessage(bytes)).toThrow('expected at most 2048 values, found 2049')
})

test('a name that is no UTF-8 is refused, since two names must not become one', () => {
  expect(() => decodeMessage(withBody(operations.delete, 0, '00000002c328'))).toThrow(
    'at byte 28: expected the handle in UTF-8',
  )
  expect(() => encodeMessage(request({ kind: 'handle', handle: '1/\ud800' }, operations.delete))).toThrow('UTF-8 form')
})

test('the encoder refuses what the protocol cannot carry or does not mean', () => {
  const resolve = request({ kind: 'resolve', handle: '1/a', indexes: [], types: [] }, operations.resolve)
  expect(() => encodeMessage({ ...resolve, operation: operations.create })).toThrow(
    'a body “values” for operation 100 and response 0, found “resolve”',
  )
  expect(() => encodeMessage({ ...resolve, siteInfoSerial: 0x1_0000 })).toThrow('from 0 to 65535, found 65536')
  expect(() => encodeMessage({ ...resolve, expiration: 1.5 })).toThrow('the expiration from 0 to 4294967295')
  const digest = { algorithm: 'MD5', digest: new Uint8Array(16) } as const
  expect(() => encodeMessage({ ...resolve, requestDigest: digest })).toThrow('exactly in responses with the flag RD')
  const answer = {
    ...resolve,
    operation: 101,
    response: 1,
    flags: operationFlags.returnDigest,
    body: { kind: 'empty' },
  } as const
  expect(() => encodeMessage(answer)).toThrow('exactly in responses with the flag RD')
  expect(() => encodeMessage({ ...answer, requestDigest: { ...digest, algorithm: 'SHA-256' } })).toThrow('32 bytes')
  const setup = { mode: 1, timeoutSeconds: 1, identity: { handle: '', index: 0 } }
  expect(() => encodeMessage(request({ kind: 'sessionSetup', ...setup }, 400))).toThrow('a public key in modes 1 and 4')
  const data = new Uint8Array(handleLimits.messageBytes)
  expect(() => encodeMessage(request({ kind: 'sessionKey', encryptedKey: data }, 402))).toThrow('at most 262144 bytes')
})

test('an IPv6 address that would be read as an IPv4 address is refused; others come back short', () => {
  const site = (address: string): TypedData => ({
    format: 'site',
    site: {
      formatVersion: 1,
      protocolVersion: ourVersion,
      serial: 1,
      primary: true,
      multiPrimary: false,
      hashOption: 'handle',
      hashFilter: '',
      attributes: [],
      servers: [{ id: 1, address, publicKey: new Uint8Array(), interfaces: [] }],
    },
  })
  const back = (address: string) => {
    const decoded = decodeData('hs_site.6', encodeData(site(address)))
    return decoded.format === 'site' ? decoded.site.servers[0]?.address : undefined
  }
  expect(['192.0.2.1', '2001:db8:0:0:0:0:0:1', '2001:DB8::', '::ffff:192.0.2.1'].map(back)).toEqual([
    '192.0.2.1',
    '2001:db8::1',
    '2001:db8::',
    '::ffff:c000:201',
  ])
  for (const address of ['::1', '::', 'fe80::1%eth0', 'localhost', '256.1.1.1'])
    expect(() => back(address)).toThrow('IPv6')
})

test('old and other dialects are read', () => {
  // A handle without the list of values, an error without a text, a request without a credential (RFC 3652 §3.1, §3.3).
  expect(decodeMessage(withBody(1, responses.serviceReferral, '00000001 31'.replace(' ', ''))).body).toEqual({
    kind: 'referral',
    handle: '1',
  })
  expect(decodeMessage(header(1, responses.handleNotFound, 0)).body).toEqual({ kind: 'error', message: '' })
  // Values that stand in the way are named by their indexes.
  expect(decodeMessage(withBody(102, responses.valueExists, '000000000000000100000005')).body).toEqual({
    kind: 'error',
    message: '',
    indexes: [5],
  })
  // IDIS appends an authentication to a resolution; RFC 3652 has none; both are written as they came.
  const idis = withBody(1, 0, `0000000131${'00000000'.repeat(3)}`)
  const rfc = withBody(1, 0, `0000000131${'00000000'.repeat(2)}`)
  expect([decodeMessage(idis).body, decodeMessage(rfc).body]).toMatchObject([
    { authentication: { length: 0 } },
    { types: [] },
  ])
  for (const bytes of [idis, rfc]) expect(encodeMessage(decodeMessage(bytes))).toEqual(bytes)
  // hdllib before 2.5 said 303 for a server that makes its backup; before 2.1 a challenge had the MD5 in its body.
  const refused = withBody(1, responses.prefixReferral, '0000000462757379')
  expect(decodeMessage(refused, { major: 2, minor: 4 }).body).toEqual({ kind: 'error', message: 'busy' })
  expect(decodeMessage(refused, { major: 2, minor: 9 }).body).toEqual({ kind: 'referral', handle: 'busy' })
  const challenge = withBody(1, responses.authenticationNeeded, `00000001aa00000010${'bb'.repeat(16)}`)
  expect(decodeMessage(challenge, { major: 5, minor: 0 }).body).toMatchObject({ kind: 'oldChallenge' })
  // The first form of a request digest was MD5 behind its length.
  const digest = withBody(101, responses.success, `00000010${'cc'.repeat(16)}`, operationFlags.returnDigest)
  expect(decodeMessage(digest).requestDigest).toEqual({ algorithm: 'MD5', digest: Buffer.alloc(16, 0xcc) })
  // A digest to verify stands behind its algorithm, or behind a length as hdllib writes MD5 (and the vector of the SDK).
  const verify = (digest: string) =>
    withBody(operations.verifyResponse, 0, `0000000131${'00000001'}00000001aa${digest}00000001bb`)
  const behindCode = verify(`02${'dd'.repeat(20)}`)
  const behindLength = verify(`00000010${'dd'.repeat(16)}`)
  expect(decodeMessage(behindCode).body).toMatchObject({
    requestDigest: { algorithm: 'SHA-1', digest: { length: 20 } },
  })
  expect(decodeMessage(behindLength).body).toMatchObject({ requestDigest: { digest: { length: 16 } } })
  for (const bytes of [behindCode, behindLength]) expect(encodeMessage(decodeMessage(bytes))).toEqual(bytes)
  // Old writers end HS_ADMIN with two bytes more.
  const admin = Buffer.from('0fff00000001310000012c0000', 'hex')
  expect(decodeData('HS_ADMIN', admin)).toEqual({ format: 'admin', permissions: 0xfff, handle: '1', index: 300 })
  // Operations that nobody described to us stay bytes; their number has a name only in its family.
  const update = withBody(1001, 0, 'cafe')
  expect(decodeMessage(update).body).toEqual({ kind: 'opaque', bytes: Buffer.from('cafe', 'hex') })
  expect(encodeMessage(decodeMessage(update))).toEqual(update)
  expect([operationName(1001), operationName(1001, 'hdllib'), operationName(1001, 'idisGo')]).toEqual([
    'operation 1001',
    'retrieveTransactionLog',
    'incrementalUpdate',
  ])
})

test('the lower of two versions is spoken, and 5.0 is the oldest of all', () => {
  const versions = [
    [5, 0],
    [2, 5],
    [2, 9],
    [2, 11],
    [3, 0],
  ].map(([major = 0, minor = 0]) => ({ major, minor }))
  expect(versions.map((each) => commonVersion(ourVersion, each))).toEqual([...versions.slice(0, 4), ourVersion])
  expect(versions.map((each) => isAtLeast(each, { major: 2, minor: 8 }))).toEqual([false, false, true, true, true])
})

test('only the exact byte of a verdict is a yes', () => {
  const verdict = (byte: string) => decodeMessage(withBody(operations.verifyResponse, 1, byte)).body
  expect(['01', '00', '02', 'ff'].map(verdict)).toEqual(
    [true, false, false, false].map((holds) => ({ kind: 'verified', holds })),
  )
})

test('what a signature covers ends with the body', () => {
  const message = encodeMessage(request({ kind: 'handle', handle: '1/a' }, operations.delete))
  expect(coveredPart(message)).toEqual(message.subarray(0, 24 + 7))
  expect(() => coveredPart(message.subarray(0, 24 + 6))).toThrow(HandleFormatError)
})

test('types are compared without regard to case, data that is no text stays bytes', () => {
  expect([formatOf('hs_admin'), formatOf('URL'), formatOf('HS_SIGNATURE')]).toEqual(['admin', 'text', 'text'])
  expect(decodeData('LOGO', Uint8Array.of(0xff, 0xd8))).toEqual({ format: 'bytes', bytes: Uint8Array.of(0xff, 0xd8) })
  expect(decodeData('HS_PUBKEY', Buffer.from('-----BEGIN PUBLIC KEY-----\n'))).toMatchObject({ key: { form: 'pem' } })
})

test('a JWS that is none is refused, with other digests too', () => {
  const jws = (claims: unknown) =>
    `${btoa('{"alg":"RS256"}')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.AA`
  for (const text of ['', 'a.b', 'a.b.c', `${'A'.repeat(70_000)}.A.A`, jws([])])
    expect(() => decodeJws(text)).toThrow(HandleFormatError)
  const claims = { iss: '300:1/a', sub: '1/b', nbf: 0, exp: 1, digests: { alg: 'SHA-1', digests: [] } }
  expect(() => signedDigests(decodeJws(jws(claims)))).toThrow('digests by SHA-256')
  expect(() => signedDigests(decodeJws(jws({ ...claims, exp: undefined })))).toThrow('nbf and exp')
})
