export interface DiffLine {
  sign: ' ' | '-' | '+'
  text: string
}

/** Beyond this many pairs of lines the changed stretch is shown as a whole: old lines, then new ones. */
const pairsMax = 4_000_000

/** What turns `before` into `after`, line by line, by their longest common subsequence. */
export function lineDiff(before: string, after: string): DiffLine[] {
  const [old, now] = [linesOf(before), linesOf(after)]
  let head = 0
  while (head < old.length && head < now.length && old[head] === now[head]) head++
  let tail = 0
  while (tail < old.length - head && tail < now.length - head && old.at(-1 - tail) === now.at(-1 - tail)) tail++
  const same = (text: string): DiffLine => ({ sign: ' ', text })
  return [
    ...old.slice(0, head).map(same),
    ...changed(old.slice(head, old.length - tail), now.slice(head, now.length - tail)),
    ...old.slice(old.length - tail).map(same),
  ]
}

const linesOf = (text: string) => text.replace(/\n$/, '').split('\n')

function changed(old: readonly string[], now: readonly string[]): DiffLine[] {
  if (old.length * now.length > pairsMax) return [...removed(old), ...added(now)]
  const width = now.length + 1
  // common[i * width + j]: length of the longest common subsequence of old[i…] and now[j…].
  const common = new Uint32Array((old.length + 1) * width)
  const at = (i: number, j: number) => common[i * width + j] ?? 0
  for (let i = old.length - 1; i >= 0; i--)
    for (let j = now.length - 1; j >= 0; j--)
      common[i * width + j] = old[i] === now[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
  const lines: DiffLine[] = []
  let [i, j] = [0, 0]
  while (i < old.length && j < now.length) {
    if (old[i] === now[j]) {
      lines.push({ sign: ' ', text: old[i] ?? '' })
      i++
      j++
    } else if (at(i + 1, j) >= at(i, j + 1)) lines.push({ sign: '-', text: old[i++] ?? '' })
    else lines.push({ sign: '+', text: now[j++] ?? '' })
  }
  return [...lines, ...removed(old.slice(i)), ...added(now.slice(j))]
}

const removed = (lines: readonly string[]): DiffLine[] => lines.map((text) => ({ sign: '-', text }))
const added = (lines: readonly string[]): DiffLine[] => lines.map((text) => ({ sign: '+', text }))

const contextLines = 3

/** The changed lines with a few around them; undefined stands for lines that were left out. */
export function withContext(lines: readonly DiffLine[]): (DiffLine | undefined)[] {
  const kept = lines.map((_, i) =>
    lines.slice(Math.max(0, i - contextLines), i + contextLines + 1).some(({ sign }) => sign !== ' '),
  )
  return lines.flatMap((line, i) => (kept[i] ? [line] : kept[i - 1] || i === 0 ? [undefined] : []))
}
