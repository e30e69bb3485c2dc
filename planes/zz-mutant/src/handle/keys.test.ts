import { generateKeyPairSync } from 'node:crypto'
import { sm2 } from 'sm-crypto-v2'
import { expect, test } from 'vitest'
import { HandleWriter } from './bytes.ts'
import { publicKeyAnswer, publicKeyHolds, secretKeyAnswer, secretKeyHolds } from './challenge.ts'
import { digestOf } from './digest.ts'
import { ourVersion } from './envelope.ts'
import { holdsBy, signBy } from './keys.ts'
import { rsaPublicKey, rsaPublicKeyData } from './public-key.ts'
import { signatureHolds, signedBytes, signedCredential } from './signed-credential.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 })
// GM/T 0003.5-2012, Annex A: the example's key.
const sm2Keys = {
  privateKey: '3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8',
  publicKey:
    '0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13',
}
const userId = '88.608.8889/admin'
const kinds = [
  {
    name: 'RSA',
    sign: { kind: 'rsa', key: rsa.privateKey, digest: 'SHA-256' },
    verify: { kind: 'rsa', key: rsa.publicKey },
    algorithm: 'SHA-256',
  },
  {
    name: 'RSA of peers up to 2.6',
    sign: { kind: 'rsa', key: rsa.privateKey, digest: 'SHA1' },
    verify: { kind: 'rsa', key: rsa.publicKey },
    algorithm: 'SHA1',
  },
  {
    name: 'SM2',
    sign: { kind: 'sm2', ...sm2Keys, userId },
    verify: { kind: 'sm2', publicKey: sm2Keys.publicKey, userId },
    algorithm: 'SM3',
  },
] as const

const challenge = { nonce: Buffer.alloc(16, 1), requestDigest: Buffer.alloc(32, 2) }
const covered = Buffer.from('header and body')
const envelope = { version: ourVersion, suggested: ourVersion, sessionId: 3, requestId: 4 }

test.each(kinds)('a challenge that $name answered holds, for this challenge and key alone', ({ sign, verify }) => {
  const answer = publicKeyAnswer(sign, challenge)
  expect(publicKeyHolds(answer, verify, challenge)).toBe(true)
  expect(publicKeyHolds(answer, verify, { ...challenge, requestDigest: Buffer.alloc(32) })).toBe(false)
  for (const other of kinds.filter((each) => each.verify.kind !== verify.kind))
    expect(publicKeyHolds(answer, other.verify, challenge)).toBe(false)
  for (const broken of [answer.subarray(0, -1), Buffer.alloc(0), Buffer.from('ffffffff', 'hex')])
    expect(publicKeyHolds(broken, verify, challenge)).toBe(false)
})

test.each(kinds)('an answer that $name certified holds, for this message alone', ({ sign, verify, algorithm }) => {
  const credential = signedCredential(sign, envelope, 0, covered)
  expect(credential).toMatchObject({ type: 'HS_SIGNED', algorithm })
  expect(signatureHolds(credential, verify, envelope, covered)).toBe(true)
  expect(signatureHolds(credential, verify, { ...envelope, requestId: 5 }, covered)).toBe(false)
  expect(signatureHolds({ ...credential, type: 'HS_MAC' }, verify, envelope, covered)).toBe(false)
})

test('the signature of the SM2 standard’s example holds', () => {
  const key = { kind: 'sm2', publicKey: sm2Keys.publicKey, userId: '1234567812345678' } as const
  const r = 'f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3'
  const s = 'b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa'
  expect(holdsBy(key, 'SM3', Buffer.from('message digest'), Buffer.from(r + s, 'hex'))).toBe(true)
  expect(holdsBy(key, 'SM3', Buffer.from('message digesT'), Buffer.from(r + s, 'hex'))).toBe(false)
})

test('before 2.8 a credential signs header and body alone', () => {
  expect(signedBytes({ ...envelope, version: { major: 2, minor: 7 } }, 9, covered)).toEqual(covered)
  expect(signedBytes(envelope, 9, covered).toString('hex')).toBe(
    `020b020b0000000300000004${'00000009'}${covered.toString('hex')}`,
  )
})

test('an SM2 signature holds for its user alone, as r ‖ s too', () => {
  const key = { kind: 'sm2', ...sm2Keys, userId } as const
  const message = Buffer.from('message digest')
  const { signature } = signBy(key, message)
  expect(holdsBy({ ...key, userId: 'another' }, 'SM3', message, signature)).toBe(false)
  const raw = sm2.doSignature(message, sm2Keys.privateKey, { hash: true, publicKey: sm2Keys.publicKey, userId })
  expect(holdsBy(key, 'SM3', message, Buffer.from(raw, 'hex'))).toBe(true)
})

// GM/T 0004-2012 (GB/T 32905-2016), Annex A.1.
test('SM3 of “abc” is the standard’s', () => {
  expect(digestOf('SM3', Buffer.from('abc')).toString('hex')).toBe(
    '66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0',
  )
})

test('a peer cannot make us compute a key for hours, nor choose a weak one', () => {
  const secret = Buffer.from('secret')
  const answer = (iterations: number, keyBits: number) =>
    new HandleWriter()
      .u8(0x22, '')
      .bytes(Buffer.alloc(16), '')
      .u32(iterations, '')
      .u32(keyBits, '')
      .bytes(Buffer.alloc(20), '')
      .done()
  for (const [iterations, keyBits] of [
    [0xffff_ffff, 160],
    [0, 160],
    [1, 0xffff_fff8],
    [1, 8],
    [1, 161],
  ] as const)
    expect(secretKeyHolds(answer(iterations, keyBits), secret, challenge, ourVersion)).toBe(false)
  expect(secretKeyHolds(Buffer.alloc(0), secret, challenge, ourVersion)).toBe(false)
})

test('from 2.7 on the plain hash of a secret is no answer', () => {
  const old = { major: 2, minor: 6 }
  const secret = Buffer.from('secret')
  const answer = secretKeyAnswer(secret, challenge, Buffer.alloc(16), old)
  expect([
    secretKeyHolds(answer, secret, challenge, old),
    secretKeyHolds(answer, secret, challenge, ourVersion),
  ]).toEqual([true, false])
})

test('an RSA key is read as PEM too; other keys and none are no RSA key', () => {
  const text = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString()
  expect(rsaPublicKey({ form: 'pem', text })?.equals(rsa.publicKey)).toBe(true)
  expect(rsaPublicKey({ form: 'pem', text: '-----BEGIN NOTHING' })).toBeUndefined()
  expect(rsaPublicKey({ form: 'numbers', type: 'DSA_PUB_KEY', flags: 0, numbers: [] })).toBeUndefined()
  expect(rsaPublicKey({ form: 'numbers', type: 'RSA_PUB_KEY', flags: 0, numbers: [] })).toBeUndefined()
  const data = rsaPublicKeyData(rsa.publicKey)
  const [, modulus = new Uint8Array()] = data.form === 'numbers' ? data.numbers : []
  const withExponent = (exponent: number) =>
    rsaPublicKey({ form: 'numbers', type: 'RSA_PUB_KEY', flags: 0, numbers: [Uint8Array.of(exponent), modulus] })
  expect([withExponent(3)?.asymmetricKeyType, withExponent(1)]).toEqual(['rsa', undefined])
})
