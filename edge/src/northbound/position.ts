/** Batches of the buffer that a broker has not: `from <= seq < to`. */
export interface Span {
  from: number
  to: number
}

/** Spans that are remembered at most; beyond that the two nearest become one, and what lies between them is sent again. */
const spansMax = 50
const open = Number.MAX_SAFE_INTEGER

/**
 * How far a broker is with the buffer. While a backlog follows beside live values there are several spans; the last one is
 * open and is where live values come.
 */
export class Position {
  readonly #spans: Span[]

  private constructor(spans: Span[]) {
    this.#spans = spans
  }

  /** As it was written; a broker that is new gets what comes from now on. */
  static read(written: readonly (readonly [number, number])[] | undefined, next: number): Position {
    const spans = (written ?? []).map(([from, to]) => ({ from, to }))
    if (spans.at(-1)?.to !== open) return new Position([{ from: next, to: open }])
    // A buffer that was made anew counts from 1 again.
    if (spans.some(({ from }) => from > next)) return new Position([{ from: 1, to: open }])
    return new Position(spans)
  }

  written(): [number, number][] {
    return this.#spans.map(({ from, to }) => [from, to])
  }

  /** What is from `border` on is live from now on; the span of it. */
  begin(border: number): Span {
    const last = this.#last()
    if (last.from >= border) return last
    const live = { from: border, to: open }
    last.to = border
    this.#spans.push(live)
    while (this.#spans.length > spansMax) this.#joinNearest()
    return live
  }

  /** The oldest span; the live one when there is no backlog. */
  oldest(): Span {
    return this.#spans[0] ?? this.#last()
  }

  /** Everything of the span before `seq` is with the broker, or is not there. */
  advance(span: Span, seq: number): void {
    span.from = Math.max(span.from, seq)
    const index = this.#spans.indexOf(span)
    if (span.from >= span.to && index !== -1) this.#spans.splice(index, 1)
  }

  get spans(): readonly Span[] {
    return this.#spans
  }

  #last(): Span {
    const last = this.#spans.at(-1)
    if (last === undefined) throw new Error('a position without an open span')
    return last
  }

  /** The live span stays as it is. */
  #joinNearest(): void {
    let nearest = 0
    for (let i = 1; i < this.#spans.length - 2; i++) if (this.#distance(i) < this.#distance(nearest)) nearest = i
    const [one, two] = this.#spans.slice(nearest, nearest + 2)
    if (one !== undefined && two !== undefined) this.#spans.splice(nearest, 2, { from: one.from, to: two.to })
  }

  #distance(i: number): number {
    return (this.#spans[i + 1]?.from ?? open) - (this.#spans[i]?.to ?? 0)
  }
}
