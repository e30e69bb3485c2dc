import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { decodeJws, jwsHolds, signJws } from './jws.ts'
import {
  jwkOf,
  jwsKeyData,
  jwsKeyOfData,
  jwsKeyOfJwk,
  jwsKinds,
  makeJwsKey,
  prepared,
  privateJwkOf,
  privateJwsKeyOfJwk,
} from './jws-key.ts'
import { decodePublicKey, encodePublicKey } from './public-key.ts'

const claims = { iss: '302:0.NA/88', sub: '88/x' }
const publicOf = (key: ReturnType<typeof makeJwsKey>) => {
  const found = jwsKeyOfJwk(jwkOf(key))
  if (found === undefined) throw new Error('no key')
  return found
}

test.each(jwsKinds)('%s: what the key signed holds by it alone, from JWK and from HS_PUBKEY', (kind) => {
  const key = makeJwsKey(kind)
  const jws = decodeJws(signJws(claims, key))
  expect(jws.claims).toEqual(claims)
  const held = jwsKeyOfData(decodePublicKey(encodePublicKey(jwsKeyData(key))))
  for (const each of [publicOf(key), prepared(publicOf(key)), held]) expect(each && jwsHolds(jws, each)).toBe(true)
  expect(jwsHolds({ ...jws, signedText: jws.signedText.replace('.', '.x') }, publicOf(key))).toBe(false)
  expect(jwsHolds({ ...jws, signature: jws.signature.subarray(1) }, publicOf(key))).toBe(false)
  for (const other of jwsKinds) expect(jwsHolds(jws, publicOf(makeJwsKey(other)))).toBe(false)
  const again = privateJwsKeyOfJwk(JSON.parse(JSON.stringify(privateJwkOf(key))))
  expect(again && jwsHolds(decodeJws(signJws(claims, again)), publicOf(key))).toBe(true)
})

test('a header that names another algorithm, or none, is not followed', () => {
  const key = makeJwsKey('ed25519')
  const jws = decodeJws(signJws(claims, key))
  for (const algorithm of ['none', '', 'HS256', 'RS256', 'SM2SM3'])
    expect(jwsHolds({ ...jws, algorithm }, publicOf(key))).toBe(false)
})

test.each([
  ['nothing', undefined],
  ['a text', 'key'],
  ['a weak RSA key', generateKeyPairSync('rsa', { modulusLength: 512 }).publicKey.export({ format: 'jwk' })],
  ['a key of another curve', generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })],
  ['a point beside the curve', { ...jwkOf(makeJwsKey('sm2')), y: Buffer.alloc(32, 1).toString('base64url') }],
  ['a point outside of the field', { ...jwkOf(makeJwsKey('sm2')), x: Buffer.alloc(32, 255).toString('base64url') }],
  ['Ed25519 without a point', { kty: 'OKP', crv: 'Ed25519', x: 'AA' }],
])('%s is no key', (_, jwk) => {
  expect(jwsKeyOfJwk(jwk)).toBeUndefined()
  expect(privateJwsKeyOfJwk(jwk)).toBeUndefined()
})

test('a private JWK whose halves do not belong together is no key', () => {
  const [one, other] = [makeJwsKey('sm2'), makeJwsKey('sm2')]
  expect(privateJwsKeyOfJwk({ ...privateJwkOf(one), d: privateJwkOf(other).d })).toBeUndefined()
  expect(privateJwsKeyOfJwk(jwkOf(makeJwsKey('ed25519')))).toBeUndefined()
})
