import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  encodeData,
  type HandleValue,
  type JwsPrivateKey,
  jwkOf,
  jwsKeyData,
  jwsKeyOfJwk,
  jwsKinds,
  makeJwsKey,
  newValue,
  signJws,
} from '../handle/handle.ts'
import { issuerOf, signingKeyIndex, withCertificate } from './certificate.ts'
import { trustLimits } from './limits.ts'
import type { PathEvidence } from './path.ts'
import { withSignature } from './record-signature.ts'
import { verifyPath } from './verify-path.ts'

const now = 1_735_646_400
const handle = '88.901.1001/P1'
const prefixes = ['0.NA', '88', '88.901', '88.901.1001'] as const
type Prefix = (typeof prefixes)[number]
const text = (index: number, type: string, data: string) => newValue(index, type, Buffer.from(data), { timestamp: now })
const part = [text(1, 'URL', 'https://example.com/1'), text(2_000, 'NAME', '泵轴')]

function keysOf(kind: (typeof jwsKinds)[number] = 'ed25519') {
  return Object.fromEntries(prefixes.map((prefix) => [prefix, makeJwsKey(kind)])) as Record<Prefix, JwsPrivateKey>
}
const keys = keysOf()
const publicOf = (key: JwsPrivateKey) => {
  const found = jwsKeyOfJwk(jwkOf(key))
  if (found === undefined) throw new Error('no key')
  return found
}
const keyValue = (key: JwsPrivateKey) =>
  newValue(signingKeyIndex, 'HS_PUBKEY', encodeData({ format: 'key', key: jwsKeyData(key) }), { timestamp: now })

/** The record of a prefix with its certificate by the prefix above, as that one's node would write it. */
function prefixRecord(prefix: Prefix, above: Prefix, of = keys, at = now): HandleValue[] {
  const signer = { issuer: issuerOf(above), key: of[above] }
  return withCertificate(`0.NA/${prefix}`, [keyValue(of[prefix])], signer, at)
}
function evidence(of = keys, at = now): PathEvidence {
  const certificates = new Map<string, HandleValue[]>([
    ['88', prefixRecord('88', '0.NA', of, at)],
    ['88.901', prefixRecord('88.901', '88', of, at)],
    ['88.901.1001', prefixRecord('88.901.1001', '88.901', of, at)],
  ])
  const signer = { issuer: issuerOf('88.901.1001'), key: of['88.901.1001'] }
  const values = withSignature(handle, part, signer, at)
  return { handle, values, isWhole: true, certificates, nowSeconds: now }
}
const verified = (given: PathEvidence, of = keys) => verifyPath(publicOf(of['0.NA']), given)
/** The verdict, and the step that does not hold. */
function outcome(given: PathEvidence, of = keys) {
  const { verdict, steps } = verified(given, of)
  const last = steps.at(-1)
  return [verdict, last?.of, last?.why, last?.sentence]
}
const withCertificateOf = (prefix: string, values: HandleValue[]): PathEvidence => {
  const given = evidence()
  return { ...given, certificates: new Map([...given.certificates, [prefix, values]]) }
}
const certificate = (claims: Record<string, unknown>, key: JwsPrivateKey) => text(401, 'HS_CERT', signJws(claims, key))
const claimsOf = (prefix: string, key: JwsPrivateKey, issuer: string, more = {}) => ({
  perms: [{ handle: `0.NA/${prefix}`, perm: 'everything' }],
  publicKey: jwkOf(key),
  iss: issuer,
  sub: `${signingKeyIndex}:0.NA/${prefix}`,
  nbf: now,
  exp: now + 1_000,
  ...more,
})

test.each(jwsKinds)('by %s: from the key of the root down to each value', (kind) => {
  const of = keysOf(kind)
  const { verdict, steps } = verified(evidence(of), of)
  expect([verdict, steps.map(({ kind: step, of: name, holds }) => [step, name, holds])]).toEqual([
    'verified',
    [
      ['certificate', '88', true],
      ['certificate', '88.901', true],
      ['certificate', '88.901.1001', true],
      ['signature', handle, true],
      ['values', handle, true],
    ],
  ])
})

test('the record of a prefix is verified by the chain above it, the root’s own by its key', () => {
  const given = evidence()
  const above = { issuer: issuerOf('88'), key: keys['88'] }
  const values = withSignature('0.NA/88.901', given.certificates.get('88.901') ?? [], above, now)
  expect(outcome({ ...given, handle: '0.NA/88.901', values })[0]).toBe('verified')
  const root = { issuer: issuerOf('0.NA'), key: keys['0.NA'] }
  expect(outcome({ ...given, handle: '0.0/0.0', values: withSignature('0.0/0.0', part, root, now) })[0]).toBe(
    'verified',
  )
})

test('a record or a prefix without a signature is told to be so, and not refused', () => {
  expect(outcome({ ...evidence(), values: part })).toEqual([
    'unproven',
    handle,
    'noSignature',
    'The record is not signed.',
  ])
  expect(outcome(withCertificateOf('88.901', [keyValue(keys['88.901'])]))).toEqual([
    'unproven',
    '88.901',
    'noCertificate',
    'The prefix above did not certify a key of 88.901.',
  ])
})

test('a certificate that nobody told is no proof, and no fault', () => {
  const given = evidence()
  const certificates = new Map([...given.certificates].filter(([prefix]) => prefix !== '88'))
  expect(outcome({ ...given, certificates })).toEqual([
    'unproven',
    '88',
    'notReached',
    'Nobody told the certificate of 88.',
  ])
})

test('a certificate for another prefix', () => {
  expect(outcome(withCertificateOf('88.901', prefixRecord('88', '0.NA', keys).slice(1)))[2]).toBe('brokenChain')
  const other = certificate(claimsOf('88.902', keys['88.901'], issuerOf('88')), keys['88'])
  expect(outcome(withCertificateOf('88.901', [other]))).toEqual([
    'refused',
    '88.901',
    'wrongPrefix',
    'The certificate is for 302:0.NA/88.902 (everything 0.NA/88.902), which does not let 88.901 sign here.',
  ])
  // Its own records alone: no prefix below it.
  const narrow = claimsOf('88.901', keys['88.901'], issuerOf('88'), {
    perms: [{ handle: '88.901', perm: 'handlesUnderThisPrefix' }],
  })
  expect(outcome(withCertificateOf('88.901', [certificate(narrow, keys['88'])])).slice(0, 3)).toEqual([
    'refused',
    '88.901',
    'wrongPrefix',
  ])
})

test('a certificate, or a signature, by another key', () => {
  const forged = certificate(claimsOf('88.901', keys['88.901'], issuerOf('88')), makeJwsKey('ed25519'))
  expect(outcome(withCertificateOf('88.901', [forged]))).toEqual([
    'refused',
    '88.901',
    'wrongKey',
    'The certificate of 88.901 was not signed with the key of 302:0.NA/88.',
  ])
  const signer = { issuer: issuerOf('88.901.1001'), key: makeJwsKey('ed25519') }
  expect(outcome({ ...evidence(), values: withSignature(handle, part, signer, now) })).toEqual([
    'refused',
    handle,
    'wrongKey',
    'The record was not signed with the key of 302:0.NA/88.901.1001.',
  ])
  expect(verifyPath(publicOf(makeJwsKey('ed25519')), evidence()).steps).toMatchObject([{ of: '88', why: 'wrongKey' }])
})

test('a chain that breaks: certified, or signed, by somebody else', () => {
  const aside = certificate(claimsOf('88.901', keys['88.901'], issuerOf('89')), keys['88'])
  expect(outcome(withCertificateOf('88.901', [aside]))[3]).toBe(
    'The certificate of 88.901 is by 302:0.NA/89, not by 302:0.NA/88.',
  )
  const user = { issuer: '300:88.901.1001/alice', key: makeJwsKey('ed25519') }
  expect(outcome({ ...evidence(), values: withSignature(handle, part, user, now) })).toEqual([
    'refused',
    handle,
    'brokenChain',
    'The record is signed by 300:88.901.1001/alice, not by 302:0.NA/88.901.1001.',
  ])
})

test('signatures that ended or did not begin, but for what clocks may differ', () => {
  const lifetime = trustLimits.signatureSeconds
  const at = (nowSeconds: number) => outcome({ ...evidence(keys, now), nowSeconds })
  expect(at(now + trustLimits.certificateSeconds + trustLimits.clockSkewSeconds)[0]).toBe('verified')
  expect(at(now + trustLimits.certificateSeconds + trustLimits.clockSkewSeconds + 1)).toEqual([
    'refused',
    '88',
    'expired',
    'The certificate of 88 ended at 2026-12-31T12:00:00 UTC.',
  ])
  expect(at(now - trustLimits.clockSkewSeconds)[0]).toBe('verified')
  expect(at(now - trustLimits.clockSkewSeconds - 1)).toEqual([
    'refused',
    '88',
    'notYetValid',
    'The certificate of 88 begins at 2024-12-31T12:00:00 UTC only; look whether the clocks agree.',
  ])
  const signer = { issuer: issuerOf('88.901.1001'), key: keys['88.901.1001'] }
  const old = withSignature(handle, part, signer, now - lifetime - trustLimits.clockSkewSeconds - 1)
  expect(outcome({ ...evidence(), values: old })[2]).toBe('expired')
  const endless = certificate(claimsOf('88', keys['88'], issuerOf('0.NA'), { exp: -1e300 }), keys['0.NA'])
  expect(outcome(withCertificateOf('88', [endless]))[2]).toBe('expired')
})

test('a value that was changed, added or left out', () => {
  const given = evidence()
  const changed = given.values.map((value) => (value.index === 2_000 ? { ...value, data: Buffer.from('假轴') } : value))
  expect(outcome({ ...given, values: changed })).toEqual([
    'refused',
    handle,
    'valueChanged',
    'Value 2000 (NAME) is not the one that was signed.',
  ])
  expect(outcome({ ...given, values: [...given.values, text(3, 'EMAIL', 'a@example.com')] })).toEqual([
    'refused',
    handle,
    'valueNotCovered',
    'Value 3 (EMAIL) is not among those that were signed.',
  ])
  const fewer = given.values.filter(({ index }) => index !== 1)
  expect(outcome({ ...given, values: fewer })).toEqual([
    'refused',
    handle,
    'valueMissing',
    'Value 1 was signed and is not there.',
  ])
  expect(outcome({ ...given, values: fewer, isWhole: false })[0]).toBe('verified')
})

test('a signature of another record is not this one’s', () => {
  expect(outcome({ ...evidence(), handle: '88.901.1001/P2' })).toEqual([
    'refused',
    '88.901.1001/P2',
    'wrongHandle',
    `The signature is that of ${handle}.`,
  ])
})

test('what cannot be read, a chain without end, and more candidates than are looked at', () => {
  expect(outcome(withCertificateOf('88', [text(401, 'HS_CERT', 'a.b.c')]))[2]).toBe('malformed')
  expect(outcome({ ...evidence(), values: [...part, text(400, 'HS_SIGNATURE', 'x')] })[2]).toBe('malformed')
  const long = `${Array.from({ length: trustLimits.chain + 1 }, () => '1').join('.')}/x`
  expect(outcome({ ...evidence(), handle: long })[2]).toBe('chainTooLong')
  const good = prefixRecord('88', '0.NA').filter(({ type }) => type === 'HS_CERT')
  const bad = (count: number) => Array.from({ length: count }, (_, i) => text(500 + i, 'HS_CERT', 'a.b.c'))
  expect(outcome(withCertificateOf('88', [...bad(trustLimits.certificatesOfPrefix - 1), ...good]))[0]).toBe('verified')
  expect(outcome(withCertificateOf('88', [...bad(trustLimits.certificatesOfPrefix), ...good]))[2]).toBe('malformed')
})

test('a signature takes the place of its signer’s last one, and leaves those of others', () => {
  const signer = { issuer: issuerOf('88.901.1001'), key: keys['88.901.1001'] }
  const theirs = withSignature(handle, part, { issuer: '300:88.901.1001/alice', key: makeJwsKey('sm2') }, now)
  const both = withSignature(handle, theirs, signer, now)
  expect(both.map(({ index }) => index)).toEqual([1, 2_000, 400, 401])
  expect(outcome({ ...evidence(), values: both })[0]).toBe('verified')
  expect(withSignature(handle, both, signer, now).map(({ index }) => index)).toEqual([1, 2_000, 400, 401])
  const closed = part.map((value) => ({ ...value, permissions: 0x0c }))
  expect(withSignature(handle, closed, signer, now)).toEqual(closed)
  const many = Array.from({ length: trustLimits.signedValues + 1 }, (_, i) => text(i + 1, 'X', 'x'))
  expect(withSignature(handle, many, signer, now)).toHaveLength(many.length)
})

test('whatever a signed claim says, it is judged, and nothing but what was signed for is verified', () => {
  const given = evidence()
  const odd = fc.oneof(fc.jsonValue(), fc.constantFrom(1e300, -1e300, '302:0.NA/88', issuerOf('0.NA'), [], {}))
  const names = ['iss', 'sub', 'nbf', 'exp', 'perms', 'publicKey', 'digests'] as const
  const changes = fc.dictionary(fc.constantFrom(...names), odd, { minKeys: 1, maxKeys: 3 })
  const property = fc.property(changes, (changed) => {
    const plain = claimsOf('88', keys['88'], issuerOf('0.NA'))
    const forged = text(401, 'HS_CERT', signJws({ ...plain, ...changed }, keys['0.NA']))
    const { verdict } = verified({ ...given, certificates: new Map([...given.certificates, ['88', [forged]]]) })
    if (verdict !== 'verified') return true
    const counted = ['iss', 'sub', 'publicKey'] as const
    return counted.every((name) => JSON.stringify(changed[name] ?? plain[name]) === JSON.stringify(plain[name]))
  })
  fc.assert(property, { numRuns: Number(process.env.KAPOK_FUZZ_RUNS ?? 500) })
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom('iss', 'sub', 'nbf', 'exp', 'digests'), odd), (changed) => {
      const claims = { iss: issuerOf('88.901.1001'), sub: handle, nbf: now, exp: now + 1, digests: {}, ...changed }
      const forged = text(400, 'HS_SIGNATURE', signJws(claims, keys['88.901.1001']))
      return verified({ ...given, values: [...part, forged] }).verdict !== 'verified'
    }),
    { numRuns: Number(process.env.KAPOK_FUZZ_RUNS ?? 500) },
  )
})
