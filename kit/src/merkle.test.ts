import { expect, test } from 'vitest'
import {
  consistencyHolds,
  consistencyPath,
  inclusionPath,
  leafHash,
  nodeHash,
  rootFromInclusion,
  rootOf,
} from './merkle.ts'
import { toHex } from './signed-note.ts'

const leaves = Array.from({ length: 37 }, (_, i) => leafHash(`leaf ${i}`))

test('the empty tree and a tree of one leaf have the hashes of RFC 6962 §2.1', () => {
  expect(toHex(rootOf([]))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  // SHA-256 of the single byte 0x00, the leaf hash of an empty leaf.
  expect(toHex(leafHash(''))).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d')
})

test('a tree of three joins the first two before the third', () => {
  const [a, b, c] = leaves as [Uint8Array, Uint8Array, Uint8Array]
  expect(rootOf([a, b, c])).toEqual(nodeHash(nodeHash(a, b), c))
})

test('every leaf of every tree up to 37 leads by its path to the root, and to no other index', () => {
  for (let size = 1; size <= leaves.length; size++) {
    const tree = leaves.slice(0, size)
    const root = toHex(rootOf(tree))
    for (const [index, leaf] of tree.entries()) {
      const path = inclusionPath(tree, index)
      const reached = (at: number) => {
        const hash = rootFromInclusion(leaf, at, size, path)
        return hash && toHex(hash)
      }
      expect(reached(index)).toBe(root)
      for (let other = 0; other < size; other++) if (other !== index) expect(reached(other)).not.toBe(root)
    }
  }
})

test('every tree is shown to be a prefix of every larger one, and of none that was rewritten', () => {
  const changed = [...leaves]
  changed[0] = leafHash('rewritten')
  for (let second = 1; second <= leaves.length; second++)
    for (let first = 1; first <= second; first++) {
      const ask = (now: readonly Uint8Array[]) => ({
        first,
        firstRoot: rootOf(leaves.slice(0, first)),
        second,
        secondRoot: rootOf(now.slice(0, second)),
        path: consistencyPath(now.slice(0, second), first),
      })
      expect(consistencyHolds(ask(leaves))).toBe(true)
      expect(consistencyHolds(ask(changed))).toBe(false)
    }
})
