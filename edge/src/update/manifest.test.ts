import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Release } from '@kapok/contracts/gateway-release'
import { afterAll, expect, test } from 'vitest'
import { SentenceError } from '../sentence.ts'
import { checkFits, keyIdOf, keysFile, signedBytes, trustedKeys, verifiedRelease } from './manifest.ts'

const folder = mkdtempSync(join(tmpdir(), 'kapok-manifest-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const release: Release = {
  type: 'kapok-edge-release',
  form: 1,
  version: '0.3.0',
  platform: 'linux-x64',
  bytes: 10,
  sha256: 'a'.repeat(64),
  unpackedBytes: 20,
  node: '24.21.0',
  bringsNode: true,
  minimumVersion: '0.2.0',
  madeAt: '2027-01-31T00:00:00.000Z',
}
const pairs = Array.from({ length: 3 }, () => generateKeyPairSync('ed25519'))
const [first, second, stranger] = pairs as [(typeof pairs)[0], (typeof pairs)[0], (typeof pairs)[0]]
const trusting = (...keys: KeyObject[]) => new Map(keys.map((key) => [keyIdOf(key), key]))
const signedBy = (signed: Release, ...by: typeof pairs) => ({
  signed,
  signatures: by.map(({ privateKey, publicKey }) => ({
    keyid: keyIdOf(publicKey),
    sig: sign(null, signedBytes(signed), privateKey).toString('base64url'),
  })),
})
function codeOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (error instanceof SentenceError) return error.sentence.code
    throw error
  }
  return 'taken'
}

test('a release counts with the signature of one trusted key, whatever else signed it', () => {
  expect(verifiedRelease(signedBy(release, stranger, first), trusting(first.publicKey))).toEqual(release)
})

test('without a trusted key, with a stranger’s alone, or with a name that is not the signer’s, it is refused', () => {
  const trust = trusting(first.publicKey)
  expect(codeOf(() => verifiedRelease(signedBy(release, first), new Map()))).toBe('update.no_keys')
  expect(codeOf(() => verifiedRelease(signedBy(release, stranger), trust))).toBe('update.signature')
  const lie = signedBy(release, stranger)
  lie.signatures[0]!.keyid = keyIdOf(first.publicKey)
  expect(codeOf(() => verifiedRelease(lie, trust))).toBe('update.signature_wrong')
})

test('every field of the manifest stands under the signature', () => {
  const others: Partial<Release>[] = [
    { version: '0.3.1' },
    { platform: 'linux-arm64' },
    { bytes: 11 },
    { sha256: 'b'.repeat(64) },
    { unpackedBytes: 21 },
    { node: '24.0.0' },
    { bringsNode: false },
    { minimumVersion: '0.1.0' },
    { madeAt: '2027-02-01T00:00:00.000Z' },
  ]
  const manifest = signedBy(release, first)
  for (const other of others) {
    const changed = { ...manifest, signed: { ...release, ...other } }
    expect(
      codeOf(() => verifiedRelease(changed, trusting(first.publicKey))),
      JSON.stringify(other),
    ).toBe('update.signature_wrong')
  }
})

test('a manifest of another form is refused before anything of it is believed', () => {
  const trust = trusting(first.publicKey)
  const wrongs = [
    null,
    {},
    { signed: release },
    { signed: { ...release, form: 2 }, signatures: [] },
    { signed: { ...release, version: '../../etc' }, signatures: [] },
    { signed: { ...release, bytes: 1e12 }, signatures: [] },
    { signed: { ...release, sha256: '../x' }, signatures: [] },
    { signed: release, signatures: [{}] },
  ]
  for (const wrong of wrongs)
    expect(
      codeOf(() => verifiedRelease(wrong, trust)),
      JSON.stringify(wrong),
    ).toBe('update.manifest')
})

test('the home’s keys decide alone; without them the package’s do, so that a release brings the next key', () => {
  const [home, program] = [mkdtempSync(join(folder, 'home-')), mkdtempSync(join(folder, 'package-'))]
  const pem = (...keys: KeyObject[]) => keys.map((key) => key.export({ format: 'pem', type: 'spki' })).join('')
  expect(trustedKeys(home, program).size).toBe(0)
  writeFileSync(join(program, keysFile), pem(first.publicKey, second.publicKey))
  expect([...trustedKeys(home, program).keys()]).toEqual([first, second].map((each) => keyIdOf(each.publicKey)))
  writeFileSync(join(home, keysFile), pem(stranger.publicKey))
  expect([...trustedKeys(home, program).keys()]).toEqual([keyIdOf(stranger.publicKey)])
})

test('another platform, an older version, the same one, one that is too far, another Node: each is refused by name', () => {
  const taker = { version: '0.2.0', platform: 'linux-x64', node: '24.21.0', downgrade: false }
  const fits = (more: Partial<typeof taker>, of: Partial<Release> = {}) =>
    codeOf(() => checkFits({ ...release, ...of }, { ...taker, ...more }))
  expect(fits({})).toBe('taken')
  expect(fits({ platform: 'linux-arm64' })).toBe('update.platform')
  expect(fits({ version: '0.3.0' })).toBe('update.same')
  expect(fits({ version: '0.10.0' })).toBe('update.older')
  expect(fits({ version: '0.10.0', downgrade: true })).toBe('taken')
  expect(fits({ version: '0.1.9' })).toBe('update.too_far')
  expect(fits({ node: '24.20.0' })).toBe('taken')
  expect(fits({ node: '24.20.0' }, { bringsNode: false })).toBe('update.node')
})
