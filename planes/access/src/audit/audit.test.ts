import { expect, test } from 'vitest'
import { type ChainedEvent, firstBroken, genesis, nextHash } from './audit.ts'

function chain(texts: readonly string[]): ChainedEvent[] {
  let previous: Uint8Array = genesis
  return texts.map((event, index) => {
    const hash = nextHash(previous, event)
    previous = hash
    return { index, event, hash }
  })
}
const events = chain(Array.from({ length: 12 }, (_, i) => `{"at":${i},"route":"subsidy.case.decide"}`))

test('P11 an untouched audit chain has no broken event', () => {
  expect(firstBroken(events)).toBeUndefined()
})

test('P11 every single-byte change of an event or hash names its index', () => {
  for (const [i, { event, hash }] of events.entries()) {
    for (let at = 0; at < event.length; at++) {
      const changed = structuredClone(events)
      const text = event.slice(0, at) + String.fromCharCode(event.charCodeAt(at) ^ 1) + event.slice(at + 1)
      changed[i] = { index: i, event: text, hash }
      expect(firstBroken(changed)).toBe(i)
    }
    for (let at = 0; at < hash.length; at++) {
      const bytes = Uint8Array.from(hash)
      bytes[at] = (bytes[at] ?? 0) ^ 0x10
      const changed = events.map((each, n) => (n === i ? { ...each, hash: bytes } : each))
      expect(firstBroken(changed)).toBe(i)
    }
  }
})

test('P11 a dropped, inserted or swapped event names the first index that does not fit', () => {
  for (let i = 0; i < events.length - 1; i++) {
    const [a, b] = [events[i], events[i + 1]] as [ChainedEvent, ChainedEvent]
    const rest = (list: ChainedEvent[]) => [...events.slice(0, i), ...list, ...events.slice(i + 2)]
    expect(firstBroken(rest([b]))).toBe(i)
    expect(
      firstBroken(
        rest([
          { ...b, index: i },
          { ...a, index: i + 1 },
        ]),
      ),
    ).toBe(i)
    expect(firstBroken(rest([a, a, b]))).toBe(i + 1)
  }
})
