const receiptsMax = 200_000

/**
 * When payloads without a time of their own were received, so that a repetition (DUP) takes the same time and its
 * points count once. The newest are in memory; they are in the log and the store too, from where a start reads them.
 */
export class Receipts {
  readonly #received = new Map<string, number>()

  add(mark: string, received: number): void {
    this.#received.set(mark, received)
    if (this.#received.size <= receiptsMax) return
    for (const oldest of this.#received.keys()) {
      this.#received.delete(oldest)
      break
    }
  }

  receivedOf(mark: string): number | undefined {
    return this.#received.get(mark)
  }
}
