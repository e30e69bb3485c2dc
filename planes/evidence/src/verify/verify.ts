import { canonicalJson, type Json } from '@kapok/kit/canonical-json'
import { leafHash, rootFromInclusion, sameHash } from '@kapok/kit/merkle'
import { fromHex, openNote, sizeOf, toHex } from '@kapok/kit/signed-note'
import { fingerprintOf, signaturesHold, type VerifierKeys } from '../log/signed-note.ts'
import { chainHash, checkOf, type Leaf, leafText, type SealFormat, sealFormats } from '../seal/leaf.ts'
import { type Bundle, statementHash } from './bundle.ts'

export type { VerifierKeys }

export interface Finding {
  /** Where: `byte 123`, `seal 4 (2026-11-03), device …, field minutes`, `checkpoint`. */
  where: string
  what: string
}

export interface Verdict {
  /** `genuine`: signed by the pinned keys · `unknown-signer`: consistent, but no keys were pinned · `broken`. */
  verdict: 'genuine' | 'unknown-signer' | 'broken'
  findings: Finding[]
  fingerprints: { ed25519: string; sm2: string } | undefined
  bundle: Bundle | undefined
}

const broken = (findings: Finding[], bundle?: Bundle): Verdict => ({
  verdict: 'broken',
  findings,
  bundle,
  fingerprints: fingerprints(bundle?.keys),
})

function fingerprints(keys: VerifierKeys | undefined) {
  if (typeof keys?.ed25519 !== 'string' || typeof keys.sm2 !== 'string') return undefined
  return { ed25519: fingerprintOf(keys.ed25519), sm2: fingerprintOf(keys.sm2) }
}

/**
 * Verifies a bundle offline: its bytes (RFC 8785, any other spelling is refused with the offset), every leaf against
 * chain and log, both notes against the pinned keys. Everything wrong is named with its place; never throws.
 * `holds` is what checks a note's signatures.
 */
export function verifyBundle(bytes: Uint8Array, pinned?: VerifierKeys, holds = signaturesHold): Verdict {
  let bundle: Bundle
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    const value = JSON.parse(text) as Json
    const canonical = canonicalJson(value)
    if (canonical !== text) {
      const offset = firstDifference(bytes, new TextEncoder().encode(canonical))
      return broken([{ where: `byte ${offset}`, what: 'the file is not canonical JSON (RFC 8785)' }])
    }
    bundle = value as unknown as Bundle
  } catch (error) {
    return broken([
      { where: `byte ${offsetOf(error)}`, what: `not JSON: ${error instanceof Error ? error.message : String(error)}` },
    ])
  }
  const shape = shapeFault(bundle)
  if (shape !== undefined) return broken([shape])
  const findings = [...sealFindings(bundle), ...rangeFindings(bundle)]
  findings.push(...signerFindings(bundle, pinned, holds))
  if (findings.length > 0) return broken(findings, bundle)
  return {
    verdict: pinned === undefined ? 'unknown-signer' : 'genuine',
    findings,
    bundle,
    fingerprints: fingerprints(bundle.keys),
  }
}

function firstDifference(a: Uint8Array, b: Uint8Array): number {
  let i = 0
  while (i < a.length && i < b.length && a[i] === b[i]) i++
  return i
}

function offsetOf(error: unknown): string {
  return /position (\d+)/.exec(String(error))?.[1] ?? '?'
}

/** The first place where the bundle is not shaped as one. */
function shapeFault(bundle: Bundle): Finding | undefined {
  const expected: Record<keyof Bundle, (value: unknown) => boolean> = {
    format: (value) => value === 'kapok-bundle-1',
    organisation: (value) => hasExactly(value, ['id', 'name', 'uscc']),
    from: isDay,
    to: isDay,
    devices: (value) => Array.isArray(value) && value.every((each) => hasExactly(each, ['id', 'name'])),
    chainBefore: isHash,
    seals: (value) => Array.isArray(value) && value.length > 0,
    checkpoint: (value) => typeof value === 'string',
    statement: (value) => typeof value === 'string',
    keys: (value) => hasExactly(value, ['ed25519', 'sm2']),
  }
  if (!hasExactly(bundle, Object.keys(expected))) return { where: 'the bundle', what: 'members are missing or unknown' }
  for (const [key, fits] of Object.entries(expected))
    if (!fits(bundle[key as keyof Bundle])) return { where: `member ${key}`, what: 'not as a bundle has it' }
  for (const [i, seal] of bundle.seals.entries()) {
    const fits =
      hasExactly(seal, ['leaf', 'index', 'chain', 'path']) &&
      Number.isSafeInteger(seal.index) &&
      isHash(seal.chain) &&
      Array.isArray(seal.path) &&
      seal.path.every(isHash) &&
      isLeaf(seal.leaf)
    if (!fits) return { where: `seal ${i}`, what: 'not as a seal has it' }
  }
  return undefined
}

const leafMembers = ['format', 'organisation', 'day', 'revision', 'sequence', 'activeMinutes', 'meters']
const membersOf: Record<SealFormat, readonly string[]> = {
  'kapok-seal-1': leafMembers,
  'kapok-seal-2': [...leafMembers, 'gateways'],
}

const isLeaf = (leaf: Leaf) =>
  sealFormats.includes(leaf?.format) &&
  hasExactly(leaf, membersOf[leaf.format]) &&
  isDay(leaf.day) &&
  [leaf.meters, leaf.gateways ?? []].every(
    (list) => Array.isArray(list) && list.every((each) => typeof each === 'object' && each !== null),
  )

const isDay = (value: unknown) => typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value)
const isHash = (value: unknown) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)

function hasExactly(value: unknown, keys: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const own = Object.keys(value)
  return own.length === keys.length && keys.every((key) => own.includes(key))
}

/** Every leaf against its chain hash and its path to the checkpoint's root. */
function sealFindings(bundle: Bundle): Finding[] {
  const findings: Finding[] = []
  let root: Uint8Array | undefined
  let size = 0
  try {
    const note = openNote(bundle.checkpoint)
    root = note.hash
    size = sizeOf(note)
  } catch {
    // Named by signerFindings.
  }
  let chain = fromHex(bundle.chainBefore)
  for (const [i, seal] of bundle.seals.entries()) {
    const where = `seal ${i} (${seal.leaf.day})`
    const text = leafText(seal.leaf)
    const fields = [
      ...fieldFindings(seal.leaf.meters, where, 'device'),
      ...fieldFindings(seal.leaf.gateways ?? [], where, 'gateway'),
    ]
    findings.push(...fields)
    if (seal.leaf.organisation !== bundle.organisation.id)
      findings.push({ where, what: 'it belongs to another organisation' })
    const expected = toHex(chainHash(chain, text))
    if (expected !== seal.chain) {
      // With a field named already the leaf itself is known to be changed.
      if (fields.length === 0)
        findings.push({
          where,
          what: 'its chain hash does not follow: a seal was changed, dropped, swapped or inserted here',
        })
    }
    chain = fromHex(seal.chain)
    if (root === undefined) continue
    const reached = rootFromInclusion(leafHash(text), seal.index, size, seal.path.map(fromHex))
    if (reached === undefined || !sameHash(reached, root))
      findings.push({ where, what: 'its leaf is not in the log at this index' })
    const before = bundle.seals[i - 1]
    if (before !== undefined && (seal.index <= before.index || seal.leaf.sequence !== before.leaf.sequence + 1))
      findings.push({ where, what: 'it does not follow the seal before it' })
  }
  return findings
}

/** Names the device or gateway and the field whose value and check do not fit each other. */
function fieldFindings(
  meters: readonly { check: Record<string, string> }[],
  where: string,
  what: 'device' | 'gateway',
): Finding[] {
  return meters.flatMap((meter, m) => {
    const id = (meter as Record<string, unknown>)[`${what}Id`]
    const place = `${where}, ${what} ${typeof id === 'string' ? id : `no. ${m}`}`
    const { check, ...values } = meter
    if (typeof check !== 'object' || check === null)
      return [{ where: place, what: 'the checks of its fields are missing' }]
    const names = new Set([...Object.keys(values), ...Object.keys(check)])
    return [...names]
      .filter((field) => check[field] !== checkOf(field, (values as Record<string, Json>)[field] ?? null))
      .map((field) => ({ where: `${place}, field ${field}`, what: 'the value was changed' }))
  })
}

/** The claimed days must be what the seals reach, and claimed devices must have names of their own. */
function rangeFindings(bundle: Bundle): Finding[] {
  const days = bundle.seals.map((seal) => seal.leaf.day)
  const findings: Finding[] = []
  if (bundle.from > bundle.to) findings.push({ where: 'member from', what: 'it is after “to”' })
  for (const [name, day] of [
    ['from', bundle.from],
    ['to', bundle.to],
  ] as const)
    if (!days.includes(day)) findings.push({ where: `member ${name}`, what: `no seal of ${day} is in the bundle` })
  return findings
}

/** The two notes: signed by both keys, the statement over what the bundle says of itself. */
function signerFindings(bundle: Bundle, pinned: VerifierKeys | undefined, holds: typeof signaturesHold): Finding[] {
  if (pinned !== undefined && (pinned.ed25519 !== bundle.keys.ed25519 || pinned.sm2 !== bundle.keys.sm2))
    return [{ where: 'member keys', what: 'the bundle was signed with other keys than the pinned ones' }]
  const keys = pinned ?? bundle.keys
  const findings: Finding[] = []
  for (const where of ['checkpoint', 'statement'] as const) {
    try {
      const note = openNote(bundle[where])
      const held = holds(note, keys)
      for (const kind of ['ed25519', 'sm2'] as const)
        if (!held[kind]) findings.push({ where, what: `the ${kind} signature does not hold` })
      if (note.signatures.length !== 2) findings.push({ where, what: 'it must have two signatures' })
      if (where === 'checkpoint') sizeOf(note)
      else if (note.subject !== bundle.format || !sameHash(note.hash, statementHash(bundle)))
        findings.push({
          where: 'members organisation, from, to, devices',
          what: 'they are not what the statement signed',
        })
    } catch (error) {
      findings.push({ where, what: error instanceof Error ? error.message : String(error) })
    }
  }
  return findings
}
