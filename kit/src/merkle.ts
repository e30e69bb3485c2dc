import { sha256 } from '@noble/hashes/sha2'

/** Merkle tree of RFC 6962 §2.1 over leaf hashes. All hashes are 32 bytes of SHA-256. */
export type Hash = Uint8Array

const utf8 = new TextEncoder()

/** `SHA-256(0x00 ‖ leaf)`. */
export function leafHash(leaf: string): Hash {
  return sha256.create().update(Uint8Array.of(0)).update(utf8.encode(leaf)).digest()
}

/** `SHA-256(0x01 ‖ left ‖ right)`. */
export function nodeHash(left: Hash, right: Hash): Hash {
  return sha256.create().update(Uint8Array.of(1)).update(left).update(right).digest()
}

/** Leaves from `from` up to `to`, without it. */
export type Range = readonly [from: number, to: number]

/** The largest power of two below n (n ≥ 2): where RFC 6962 cuts a tree of n leaves. */
export function split(n: number): number {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}

/** Which subtrees make up the audit path of leaf `index` in a tree of `size` (§2.1.1), nearest sibling first. */
export function inclusionRanges(index: number, size: number): Range[] {
  if (!(index >= 0 && index < size)) throw new RangeError(`no leaf ${index} in a tree of ${size}`)
  const ranges: Range[] = []
  let [from, to] = [0, size]
  while (to - from > 1) {
    const middle = from + split(to - from)
    ranges.push(index < middle ? [middle, to] : [from, middle])
    ;[from, to] = index < middle ? [from, middle] : [middle, to]
  }
  return ranges.reverse()
}

/** Which subtrees make up the consistency proof between the tree of the first `first` leaves and that of `size` (§2.1.2). */
export function consistencyRanges(first: number, size: number): Range[] {
  if (!(first >= 1 && first <= size)) throw new RangeError(`no tree of ${first} in a tree of ${size}`)
  const ranges: Range[] = []
  let [from, to, complete] = [0, size, true]
  while (to !== first) {
    const middle = from + split(to - from)
    if (first <= middle) {
      ranges.push([middle, to])
      to = middle
    } else {
      ranges.push([from, middle])
      from = middle
      complete = false
    }
  }
  if (!complete) ranges.push([from, to])
  return ranges.reverse()
}

/** Merkle tree hash; the empty tree's is the hash of nothing. */
export function rootOf(leaves: readonly Hash[]): Hash {
  if (leaves.length === 0) return sha256(new Uint8Array())
  if (leaves.length === 1) return leaves[0] as Hash
  const k = split(leaves.length)
  return nodeHash(rootOf(leaves.slice(0, k)), rootOf(leaves.slice(k)))
}

/** Audit path of leaf `index` in the tree of all given leaves, nearest sibling first. */
export function inclusionPath(leaves: readonly Hash[], index: number): Hash[] {
  return inclusionRanges(index, leaves.length).map(([from, to]) => rootOf(leaves.slice(from, to)))
}

/** Consistency proof between the tree of the first `first` leaves and the whole. */
export function consistencyPath(leaves: readonly Hash[], first: number): Hash[] {
  return consistencyRanges(first, leaves.length).map(([from, to]) => rootOf(leaves.slice(from, to)))
}

/** The root that a leaf hash and its path lead to (RFC 9162 §2.1.3.2), or undefined when the path has a wrong length. */
export function rootFromInclusion(leaf: Hash, index: number, size: number, path: readonly Hash[]): Hash | undefined {
  if (index < 0 || index >= size) return undefined
  let [fn, sn, r] = [index, size - 1, leaf]
  for (const p of path) {
    if (sn === 0) return undefined
    if (fn % 2 === 1 || fn === sn) {
      r = nodeHash(p, r)
      while (fn % 2 === 0 && fn !== 0) {
        fn = Math.floor(fn / 2)
        sn = Math.floor(sn / 2)
      }
    } else r = nodeHash(r, p)
    fn = Math.floor(fn / 2)
    sn = Math.floor(sn / 2)
  }
  return sn === 0 ? r : undefined
}

/** Whether the proof shows that the first tree is a prefix of the second (RFC 9162 §2.1.4.2). */
export function consistencyHolds(ask: {
  first: number
  firstRoot: Hash
  second: number
  secondRoot: Hash
  path: readonly Hash[]
}): boolean {
  const { first, second, firstRoot, secondRoot } = ask
  if (first < 1 || first > second) return false
  if (first === second) return ask.path.length === 0 && sameHash(firstRoot, secondRoot)
  const powerOfTwo = split(first + 1) === first
  const path = powerOfTwo ? [firstRoot, ...ask.path] : [...ask.path]
  let fn = first - 1
  let sn = second - 1
  while (fn % 2 === 1) {
    fn = Math.floor(fn / 2)
    sn = Math.floor(sn / 2)
  }
  const start = path.shift()
  if (start === undefined) return false
  let [fr, sr] = [start, start]
  for (const c of path) {
    if (sn === 0) return false
    if (fn % 2 === 1 || fn === sn) {
      fr = nodeHash(c, fr)
      sr = nodeHash(c, sr)
      while (fn % 2 === 0 && fn !== 0) {
        fn = Math.floor(fn / 2)
        sn = Math.floor(sn / 2)
      }
    } else sr = nodeHash(sr, c)
    fn = Math.floor(fn / 2)
    sn = Math.floor(sn / 2)
  }
  return sn === 0 && sameHash(fr, firstRoot) && sameHash(sr, secondRoot)
}

export function sameHash(a: Hash, b: Hash): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
