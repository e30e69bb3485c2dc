import { split } from '@kapok/kit/merkle'
import { must } from '@kapok/kit/must'
import { numberKey, sha256 } from './keys.ts'
import { bytesAt, type Tables } from './tables.ts'

/**
 * The Merkle tree of RFC 6962 §2.1 over the transactions. Kept are the nodes of every fourth level over whole subtrees; a
 * leaf is hashed from its transaction and what lies between is made of at most eight of these. So a start reads a handful
 * of nodes, however long the log is.
 */
const keptEvery = 4

/** Whole subtrees from left to right, each smaller than the one before: what the next leaf needs. */
export type Peaks = readonly { level: number; hash: Buffer }[]

/** `SHA-256(0x00 ‖ transaction)`. */
export const leafHash = (bytes: Buffer): Buffer => sha256(Buffer.concat([leafPrefix, bytes]))
const leafPrefix = Buffer.of(0)

const node = Buffer.alloc(65, 1)

/** `SHA-256(0x01 ‖ left ‖ right)`. */
export function nodeHash(left: Buffer, right: Buffer): Buffer {
  left.copy(node, 1)
  right.copy(node, 33)
  return sha256(node)
}

/** The peaks after one leaf more, its index being `size`; gives the nodes that are kept to `keep`. */
export function appendLeaf(peaks: Peaks, size: number, leaf: Buffer, keep: (key: Buffer, node: Buffer) => void): Peaks {
  const next = [...peaks]
  let top = { level: 0, hash: leaf }
  for (let last = next.at(-1); last?.level === top.level; last = next.at(-1)) {
    next.pop()
    top = { level: top.level + 1, hash: nodeHash(last.hash, top.hash) }
    if (top.level % keptEvery === 0) keep(nodeKey(top.level, Math.floor(size / 2 ** top.level)), top.hash)
  }
  next.push(top)
  return next
}

/** What `appendLeaf` needs after a start. */
export function readPeaks(tables: Tables, size: number): Peaks {
  const peaks: { level: number; hash: Buffer }[] = []
  let from = 0
  for (let level = 47; level >= 0; level--) {
    const width = 2 ** level
    if (Math.floor(size / width) % 2 === 0) continue
    peaks.push({ level, hash: nodeAt(tables, level, from / width) })
    from += width
  }
  return peaks
}

/** The root of a tree that has these peaks; of the empty tree the hash of nothing. */
export function rootOfPeaks(peaks: Peaks): Buffer {
  const [last, ...rest] = peaks.toReversed()
  if (last === undefined) return sha256(Buffer.alloc(0))
  return rest.reduce((right, { hash }) => nodeHash(hash, right), last.hash)
}

/** Hash of the subtree over the leaves from `from` up to `to` (without it), as RFC 6962 cuts trees. */
export function hashOfRange(tables: Tables, from: number, to: number): Buffer {
  const n = to - from
  if (n === 1) return nodeAt(tables, 0, from)
  const k = split(n)
  if (2 * k === n) return nodeAt(tables, Math.round(Math.log2(n)), from / n)
  return nodeHash(hashOfRange(tables, from, from + k), hashOfRange(tables, from + k, to))
}

function nodeAt(tables: Tables, level: number, index: number): Buffer {
  if (level === 0)
    return leafHash(must(bytesAt(tables.log, numberKey(index + 1)), `transaction ${index + 1} of the log`))
  if (level % keptEvery === 0)
    return must(bytesAt(tables.tree, nodeKey(level, index)), `node ${index} on level ${level} of the log's tree`)
  return nodeHash(nodeAt(tables, level - 1, index * 2), nodeAt(tables, level - 1, index * 2 + 1))
}

function nodeKey(level: number, index: number): Buffer {
  const key = Buffer.allocUnsafe(7)
  key[0] = level
  key.writeUIntBE(index, 1, 6)
  return key
}
