import { createPublicKey } from 'node:crypto'
import { expect, test } from 'vitest'
import { HandleReader } from './bytes.ts'
import { publicKeyHolds, secretKeyAnswer, secretKeyHolds } from './challenge.ts'
import { digestCodes, digestOf } from './digest.ts'
import vectors from './handle-vectors.json' with { type: 'json' }
import { decodeJws, jwsHolds } from './jws.ts'
import { coveredPart, decodeFrame, decodeMessage, encodeFrame, encodeMessage } from './message.ts'
import { canonicalHandle, prefixHandle, serverHash, serverIndex } from './name.ts'
import { rsaPublicKey, rsaPublicKeyData } from './public-key.ts'
import { macCredential, macHolds } from './signed-credential.ts'
import { hashOptions } from './site.ts'
import { decodeData, encodeData } from './typed-data.ts'
import { encodeValue, readValue } from './value.ts'
import { isCovered, signedDigests } from './value-signature.ts'

// The bytes were written by the codec of teleinfo-dev/id-pointer-sdk 2.3.1 (commit c339359, a fork of CNRI's hdllib 2.11);
// the file says how. hdllib reserves four bytes for the two of a session's mode, so that message ends with two zeros.
const overAllocated = new Map([['session-setup-dh-identity', 2]])

const hex = (text: string) => Buffer.from(text, 'hex')
const named = (name: string) => hex(vectors.records_and_messages.find((each) => each.name === name)?.hex ?? '')
const proof = (name: string) => {
  const found = vectors.auth_and_trust.find((each) => each.name === name)
  if (found === undefined) throw new Error(`no vector ${name}`)
  return found
}
const rsa = (key: { kty: string; n: string; e: string } | undefined) =>
  createPublicKey({ format: 'jwk', key: key ?? {} })

const values = vectors.records_and_messages.filter(({ kind }) => kind === 'value')
const frames = vectors.records_and_messages.filter(({ kind }) => kind.startsWith('tcp-message'))
const messages = vectors.records_and_messages.filter(({ kind }) => kind === 'message')

test('the vectors are seven values, messages with an envelope and two without', () => {
  expect([values.length, frames.length, messages.length]).toEqual([7, 24, 2])
})

test.each(values)('$name says what the SDK wrote, and is written in its bytes', ({ hex: text, json }) => {
  const reader = new HandleReader(hex(text))
  const value = readValue(reader)
  expect(reader.left).toBe(0)
  expect(value).toMatchObject({ index: json?.index, type: json?.type })
  const ttl = value.ttl.kind === 'relative' ? value.ttl.seconds : isoOf(value.ttl.seconds)
  expect([ttl, isoOf(value.timestamp)]).toEqual([json?.ttl, json?.timestamp])
  expect(value.references).toEqual(json?.references ?? [])
  expect(value.permissions.toString(2).padStart(4, '0')).toBe(json?.permissions ?? '1110')
  const data = decodeData(value.type, value.data)
  expect(plain(data)).toEqual(json?.data.value)
  expect(encodeValue({ ...value, data: encodeData(data) }).toString('hex')).toBe(text)
})

const isoOf = (seconds: number) => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')

/** Data as the SDK's JSON shows it. */
function plain(data: ReturnType<typeof decodeData>): unknown {
  switch (data.format) {
    case 'text':
      return data.text
    case 'admin':
      return { handle: data.handle, index: data.index, permissions: data.permissions.toString(2).padStart(12, '0') }
    case 'vlist':
      return data.references
    case 'key':
      return rsaPublicKey(data.key)?.export({ format: 'jwk' })
    case 'site': {
      const { site } = data
      return {
        version: site.formatVersion,
        protocolVersion: `${site.protocolVersion.major}.${site.protocolVersion.minor}`,
        serialNumber: site.serial,
        primarySite: site.primary,
        multiPrimary: site.multiPrimary,
        attributes: site.attributes,
        servers: site.servers.map(({ id, address, publicKey, interfaces }) => ({
          serverId: id,
          address,
          publicKey: { format: 'base64', value: Buffer.from(publicKey).toString('base64') },
          interfaces: interfaces.map(({ query, admin, transport, port }) => ({
            query,
            admin,
            protocol: transport,
            port,
          })),
        })),
      }
    }
    default:
      return data
  }
}

test.each(frames)('$name is read whole and written in the same bytes', ({ name, hex: text }) => {
  const { envelope, message } = decodeFrame(hex(text))
  expect(envelope).toMatchObject({
    version: { major: 2, minor: 11 },
    suggested: { major: 2, minor: 11 },
    requestId: 0x01020304,
  })
  const decoded = decodeMessage(message, envelope.version)
  expect(decoded.body.kind).not.toBe('opaque')
  expect(decoded.expiration).toBe(1_735_689_600)
  expect(decoded.surplusBytes ?? 0).toBe(overAllocated.get(name) ?? 0)
  const written = encodeMessage(decoded, envelope.version)
  if (overAllocated.has(name)) {
    expect(written.length).toBe(message.length - 2)
    expect(decodeMessage(written)).toEqual({ ...decoded, surplusBytes: undefined })
  } else expect(encodeFrame(envelope, written).toString('hex')).toBe(text)
})

test.each(messages)('$name is read whole and written in the same bytes', ({ hex: text }) => {
  const decoded = decodeMessage(hex(text))
  expect(decoded.body.kind).not.toBe('opaque')
  expect(encodeMessage(decoded).toString('hex')).toBe(text)
})

test('the messages say what the SDK was asked to write', () => {
  const bodyOf = (name: string) => decodeMessage(decodeFrame(named(name)).message).body
  expect(bodyOf('resolve-types-indexes-AT-CT-RD-KC')).toMatchObject({
    kind: 'resolve',
    handle: '88.608.8889/App_x',
    indexes: [1, 2000],
    types: ['URL', 'HS_SITE.'],
  })
  expect(bodyOf('resp-error-100')).toEqual({ kind: 'error', message: 'HANDLE NOT FOUND' })
  expect(bodyOf('resp-referral-303')).toEqual({ kind: 'referral', handle: '0.NA/88.608.8889', values: [] })
  expect(bodyOf('remove-value')).toEqual({ kind: 'removeValues', handle: '88.608.8889/App_x', indexes: [1, 2000] })
  expect(bodyOf('resp-create-minted')).toEqual({ kind: 'handle', handle: '88.608.8889/0001' })
  expect(bodyOf('session-setup-dh-identity')).toEqual({
    kind: 'sessionSetup',
    mode: 2,
    timeoutSeconds: 86_400,
    identity: { handle: '88.608.8889/admin', index: 300 },
  })
  expect(bodyOf('login-idis-2001')).toEqual({ kind: 'login', handle: '88.608.8889/admin', index: 300 })
})

test('answers return the digest of the request that they answer', () => {
  const challenge = decodeMessage(decodeFrame(named('resp-challenge-402')).message)
  const challenged = coveredPart(named('challenged-create-request(no envelope)'))
  expect(challenge.requestDigest).toEqual({ algorithm: 'SHA-256', digest: digestOf('SHA-256', challenged) })
})

test('a session’s credential is the SDK’s, and holds for nothing else', () => {
  const bytes = named('mac-signed-request(key 000102..0f, sessionId 7, counter 42; no envelope)')
  const { credential } = decodeMessage(bytes)
  if (credential === null) throw new Error('no credential')
  const key = Uint8Array.from({ length: 16 }, (_, i) => i)
  const version = { major: 2, minor: 11 }
  const envelope = { version, suggested: version, sessionId: 7, requestId: 0x01020304 }
  expect(macCredential(key, envelope, 42, coveredPart(bytes))).toEqual(credential)
  expect(macHolds(credential, key, envelope, coveredPart(bytes))).toBe(true)
  expect(macHolds({ ...credential, counter: 43 }, key, envelope, coveredPart(bytes))).toBe(false)
  expect(macHolds(credential, key, { ...envelope, sessionId: 8 }, coveredPart(bytes))).toBe(false)
  expect(macHolds({ ...credential, algorithm: 'NONE' }, key, envelope, coveredPart(bytes))).toBe(false)
})

test.each(['seckey-answer-minor11', 'seckey-answer-minor6'])('%s is the answer that we give and take', (name) => {
  const { secret, nonce, requestDigest, requestHeaderBody, rdHashType, answer } = proof(name)
  const algorithm = digestCodes[(rdHashType ?? 0) - 1] ?? 'MD5'
  expect(digestOf(algorithm, hex(requestHeaderBody ?? '')).toString('hex')).toBe(requestDigest)
  const challenge = { nonce: hex(nonce ?? ''), requestDigest: hex(requestDigest ?? '') }
  const version = { major: 2, minor: name.endsWith('minor6') ? 6 : 11 }
  const key = Buffer.from(secret ?? '')
  const given = hex(answer ?? '')
  expect(secretKeyAnswer(key, challenge, given.subarray(5, 21), version)).toEqual(given)
  expect(secretKeyHolds(given, key, challenge, version)).toBe(true)
  expect(secretKeyHolds(given, Buffer.from('other'), challenge, version)).toBe(false)
})

test.each(['rsa-answer-minor11', 'rsa-answer-minor6'])('%s holds for its challenge alone', (name) => {
  const { nonce, requestDigest, publicKey, answer } = proof(name)
  const challenge = { nonce: hex(nonce ?? ''), requestDigest: hex(requestDigest ?? '') }
  const key = { kind: 'rsa', key: rsa(publicKey) } as const
  expect(publicKeyHolds(hex(answer ?? ''), key, challenge)).toBe(true)
  expect(publicKeyHolds(hex(answer ?? ''), key, { ...challenge, nonce: Buffer.alloc(16) })).toBe(false)
})

test('HS_SIGNATURE holds by its key and covers the values as they are, without their timestamps', () => {
  const { jws, publicKey, encodedValues } = proof('HS_SIGNATURE-jws')
  const opened = decodeJws(jws ?? '')
  const key = { kind: 'rsa', key: rsa(publicKey) } as const
  expect(jwsHolds(opened, key)).toBe(true)
  expect(jwsHolds({ ...opened, signedText: opened.signedText.replace('A', 'B') }, key)).toBe(false)
  expect(jwsHolds({ ...opened, algorithm: 'none' }, key)).toBe(false)
  const signed = signedDigests(opened)
  expect(signed).toMatchObject({ issuer: '300:88.608.8889/admin', subject: '88.608.8889/App_x' })
  const signedValues = (encodedValues ?? []).map((text) => readValue(new HandleReader(hex(text))))
  expect(signedValues.map((value) => isCovered(value, signed))).toEqual([true, true])
  const [url] = signedValues
  if (url === undefined) throw new Error('no value')
  expect(isCovered({ ...url, timestamp: 0 }, signed)).toBe(true)
  expect(isCovered({ ...url, permissions: 0 }, signed)).toBe(false)
  expect(isCovered({ ...url, index: 2 }, signed)).toBe(false)
})

test('HS_CERT holds by the key that signed it', () => {
  const opened = decodeJws(proof('HS_CERT-jws(signed with same test key)').jws ?? '')
  expect(jwsHolds(opened, { kind: 'rsa', key: rsa(proof('HS_SIGNATURE-jws').publicKey) })).toBe(true)
  expect(opened.claims).toMatchObject({ perms: [{ handle: '88.608.8889', perm: 'handlesUnderThisPrefix' }] })
})

test('an RSA key is written as the SDK wrote it', () => {
  const { data } = readValue(new HandleReader(named('value:HS_PUBKEY')))
  const decoded = decodeData('HS_PUBKEY', data)
  const key = decoded.format === 'key' ? rsaPublicKey(decoded.key) : undefined
  if (key === undefined) throw new Error('no key')
  expect(encodeData({ format: 'key', key: rsaPublicKeyData(key) })).toEqual(data)
})

test.each(vectors.serverHash)(
  '$handle by hash option $hashOption has its server',
  ({ handle, hashOption, hash, mod3 }) => {
    const option = hashOptions[hashOption] ?? 'handle'
    expect([serverHash(handle, option), serverIndex(handle, option, 3)]).toEqual([hash, mod3])
  },
)

test.each(Object.entries(vectors.names))('%s is compared and described as hdllib does it', (handle, names) => {
  expect({ prefixHandle: prefixHandle(handle), upperPrefix: canonicalHandle(handle) }).toEqual({
    prefixHandle: names.prefixHandle,
    upperPrefix: names.upperPrefix,
  })
})
