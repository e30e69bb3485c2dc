import { createHash } from 'node:crypto'
import { canonicalJson, type Json } from '@kapok/kit/canonical-json'
import { inclusionPath, leafHash, rootOf } from '@kapok/kit/merkle'
import { checkpointText, toHex } from '@kapok/kit/signed-note'
import { beforeAll, expect, test } from 'vitest'
import { makeLogKeys, signaturesHold, signNote, statementText, verifierKeysOf } from '../log/signed-note.ts'
import { chainHash, genesisHash, leafOf, leafText } from '../seal/leaf.ts'
import { type Bundle, statementHash } from './bundle.ts'
import { verifyBundle } from './verify.ts'

const origin = 'kapok.invalid/evidence/test'
// Keys from a counter, so that a failure can be run again.
const keysFrom = (seed: number) => {
  let n = seed
  return makeLogKeys((bytes) =>
    Uint8Array.from({ length: bytes }, () => createHash('sha256').update(String(n++)).digest()[0] ?? 0),
  )
}
const keys = keysFrom(1)
const pinned = verifierKeysOf(origin, keys)

const device = (n: number) => `00000000-0000-4000-8000-00000000000${n}`
const organisation = { id: '10000000-0000-4000-8000-000000000000', name: '木棉精密', uscc: '' }

function makeBundle(signWith = keys, origins = origin): Bundle {
  let chain: Uint8Array = genesisHash
  // The first was sealed by a platform of before gateways were counted.
  const leaves = ['2026-11-01', '2026-11-02', '2026-11-03'].map((day, sequence) =>
    leafOf(
      {
        organisation: organisation.id,
        day,
        revision: 0,
        sequence,
        activeMinutes: 600 + sequence,
        meters: [1, 2].map((n) => ({
          deviceId: device(n),
          points: 5000 + n,
          minutes: 580 + n,
          first: 1_793_000_000_000,
          last: 1_793_040_000_000,
          gaps: n,
          properties: 3,
          goodBp: 9_990,
          conflicts: 0,
          signed: 4000,
          digest: 'ab'.repeat(32),
        })),
        gateways: [
          {
            gatewayId: device(9),
            key: 'A'.repeat(43),
            batches: 70,
            missing: 2,
            gapMinutes: 3,
            lostPoints: 0,
            doubled: 0,
          },
        ],
      },
      sequence === 0 ? 'kapok-seal-1' : 'kapok-seal-2',
    ),
  )
  const texts = leaves.map(leafText)
  // Leaves of other organisations stand between ours in the log.
  const tree = texts.flatMap((text) => [leafHash(text), leafHash(`other ${text}`)])
  const unsigned: Omit<Bundle, 'statement'> = {
    format: 'kapok-bundle-1',
    organisation,
    from: '2026-11-01',
    to: '2026-11-03',
    devices: [{ id: device(1), name: '注塑机 1' }],
    chainBefore: toHex(genesisHash),
    seals: leaves.map((leaf, i) => {
      chain = chainHash(chain, texts[i] ?? '')
      return { leaf, index: 2 * i, chain: toHex(chain), path: inclusionPath(tree, 2 * i).map(toHex) }
    }),
    checkpoint: signNote(checkpointText(origin, tree.length, rootOf(tree)), origins, signWith),
    keys: verifierKeysOf(origins, signWith),
  }
  return { ...unsigned, statement: signNote(statementText(origins, statementHash(unsigned)), origins, signWith) }
}

const bytesOf = (bundle: Bundle) => new TextEncoder().encode(canonicalJson(bundle as unknown as Json))
let bundle: Bundle
beforeAll(() => {
  bundle = makeBundle()
})

test('an untouched bundle is genuine with the pinned keys and of an unknown signer without them', () => {
  expect(verifyBundle(bytesOf(bundle), pinned)).toMatchObject({ verdict: 'genuine', findings: [] })
  expect(verifyBundle(bytesOf(bundle))).toMatchObject({ verdict: 'unknown-signer', findings: [] })
})

test('P11 every single-byte change in a bundle is found and placed', () => {
  const bytes = bytesOf(bundle)
  const text = new TextDecoder('latin1').decode(bytes)
  // Most changes leave the notes alone; checking the same signature thousands of times would prove nothing more.
  const seen = new Map<string, ReturnType<typeof signaturesHold>>()
  const holds: typeof signaturesHold = (note, noteKeys) => {
    const key = JSON.stringify([
      note.text,
      note.signatures.map((each) => [each.name, each.keyHash, toHex(each.signature)]),
      noteKeys,
    ])
    const known = seen.get(key) ?? signaturesHold(note, noteKeys)
    seen.set(key, known)
    return known
  }
  let tried = 0
  for (let i = 0; i < bytes.length; i++) {
    const changed = bytes.slice()
    changed[i] = (changed[i] ?? 0) ^ (1 << (i % 7))
    const verdict = verifyBundle(changed, pinned, holds)
    tried++
    expect(verdict.verdict, `byte ${i}: ${text.slice(Math.max(0, i - 20), i + 20)}`).toBe('broken')
    expect(verdict.findings[0]?.where).toBeTruthy()
  }
  expect(tried).toBe(bytes.length)
})

test('P11 a changed value is named with seal, day, device and field', () => {
  const changed = structuredClone(bundle)
  const meter = changed.seals[1]?.leaf.meters[1]
  if (meter) meter.minutes = 1440
  const { verdict, findings } = verifyBundle(bytesOf(changed), pinned)
  expect(verdict).toBe('broken')
  expect(findings[0]).toEqual({
    where: `seal 1 (2026-11-02), device ${device(2)}, field minutes`,
    what: 'the value was changed',
  })
})

test('P11 a changed word of a gateway is named, and a seal cannot be told as one of another format', () => {
  const changed = structuredClone(bundle)
  const gateway = changed.seals[2]?.leaf.gateways?.[0]
  if (gateway) gateway.missing = 0
  expect(verifyBundle(bytesOf(changed), pinned).findings[0]).toEqual({
    where: `seal 2 (2026-11-03), gateway ${device(9)}, field missing`,
    what: 'the value was changed',
  })
  const earlier = structuredClone(bundle)
  const seal = earlier.seals[2]
  if (seal) {
    const { gateways: _, ...leaf } = seal.leaf
    seal.leaf = { ...leaf, format: 'kapok-seal-1' }
  }
  expect(verifyBundle(bytesOf(earlier), pinned)).toMatchObject({ verdict: 'broken' })
})

test('P11 a dropped, swapped or repeated seal is found at its place', () => {
  const places: [string, (seals: Bundle['seals']) => Bundle['seals']][] = [
    ['seal 1', ([a, , c]) => [a, c] as Bundle['seals']],
    ['seal 0', ([a, b, c]) => [b, a, c] as Bundle['seals']],
    ['seal 1', ([a, b, c]) => [a, a, b, c] as Bundle['seals']],
  ]
  for (const [place, change] of places) {
    const { verdict, findings } = verifyBundle(bytesOf({ ...bundle, seals: change(bundle.seals) }), pinned)
    expect(verdict).toBe('broken')
    expect(findings[0]?.where).toContain(place)
  }
})

test('a bundle signed again with other keys is not believed, also under the same origin', () => {
  const forged = bytesOf(makeBundle(keysFrom(1000)))
  expect(verifyBundle(forged, pinned).verdict).toBe('broken')
  expect(verifyBundle(forged, pinned).findings[0]?.where).toBe('member keys')
  // Without pinned keys nobody can tell, and the verdict says so.
  expect(verifyBundle(forged).verdict).toBe('unknown-signer')
  const disguised = { ...makeBundle(keysFrom(1000)), keys: pinned }
  expect(verifyBundle(bytesOf(disguised), pinned).findings.map((each) => each.what)).toContain(
    'the ed25519 signature does not hold',
  )
})

test('another spelling of the same bundle is refused with the offset of the first other byte', () => {
  const spaced = new TextEncoder().encode(JSON.stringify(bundle, null, 1))
  expect(verifyBundle(spaced, pinned).findings[0]?.where).toMatch(/^byte \d+$/)
})

test('anything at all is answered with a verdict, never with an exception', () => {
  for (const text of [
    '',
    '{',
    'null',
    '[]',
    '{"format":"kapok-bundle-1"}',
    canonicalJson({ ...(bundle as unknown as { [k: string]: Json }), seals: [1] }),
  ])
    expect(verifyBundle(new TextEncoder().encode(text), pinned).verdict).toBe('broken')
})
