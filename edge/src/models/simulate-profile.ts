import { type Check, fail, finite, listOf, optional, shape } from '../check.ts'
import type { TagType, TagValue } from '../driver.ts'

/** How a simulated value goes, in words of a model's file. Exactly one of them is given. */
export interface SimulateProfile {
  /** Wanders between the two, in the tag's unit. */
  walk: [number, number] | undefined
  /** Grows by so much a second, in the tag's unit, from 0. */
  counter: number | undefined
  /** Turns over every so many seconds. */
  toggle: number | undefined
  /** One after the other, 5 s each, as the device holds them. */
  cycle: TagValue[] | undefined
  /** As the tag means it, or the device's number where it has words. */
  constant: TagValue | undefined
}

const scalar: Check<TagValue> = (value, path) =>
  typeof value === 'boolean' || typeof value === 'string' || Number.isFinite(value)
    ? (value as TagValue)
    : fail(path, 'a number, a text, true or false is expected')
const range: Check<[number, number]> = (value, path) => {
  const [low, high, ...more] = listOf(finite, 2)(value, path)
  return low !== undefined && high !== undefined && low < high && more.length === 0
    ? [low, high]
    : fail(path, 'two numbers are expected, the lower first')
}
const positive: Check<number> = (value, path) =>
  finite(value, path) > 0 ? (value as number) : fail(path, 'a number above 0 is expected')

const words = shape<SimulateProfile>({
  walk: optional(range),
  counter: optional(positive),
  toggle: optional(positive),
  cycle: optional(listOf(scalar, 100)),
  constant: optional(scalar),
})

export const simulateProfile: Check<SimulateProfile> = (value, path) => {
  const profile = words(value, path)
  const given = Object.values(profile).filter((each) => each !== undefined)
  return given.length === 1 ? profile : fail(path, 'exactly one of walk, counter, toggle, cycle, constant is expected')
}

interface Played {
  property: string
  type: TagType
  scale: number
  offset: number
  values: Record<string, string> | undefined
  simulate: SimulateProfile
}

const cycleMs = 5_000

/** What the device holds `elapsedMs` after the start: the same for the same time, so that a test can foretell it. */
export function heldAt(tag: Played, elapsedMs: number): TagValue {
  const { walk, counter, toggle, cycle, constant } = tag.simulate
  if (toggle !== undefined) return Math.floor(elapsedMs / 1000 / toggle) % 2 === 1
  if (cycle !== undefined) return cycle[Math.floor(elapsedMs / cycleMs) % cycle.length] ?? 0
  if (constant !== undefined) return typeof constant === 'number' ? heldOf(tag, constant) : constant
  if (counter !== undefined) return heldOf(tag, (counter * elapsedMs) / 1000)
  const [low, high] = walk ?? [0, 0]
  return heldOf(tag, low + (high - low) * wanderingAt(elapsedMs, phaseOf(tag.property)))
}

/** The inverse of value = held × scale + offset, whole where the type is. */
function heldOf({ type, scale, offset, values }: Played, meant: number): number {
  if (values !== undefined) return meant
  const held = (meant - offset) / scale
  return type.startsWith('float') ? Number(held.toPrecision(7)) : Math.round(held)
}

/** From 0 to 1: two sines whose periods do not fit each other. */
function wanderingAt(elapsedMs: number, phase: number): number {
  const slow = Math.sin((elapsedMs / 60_000) * 2 * Math.PI + phase)
  const quick = Math.sin((elapsedMs / 7_300) * 2 * Math.PI + phase * 2)
  return 0.5 + 0.4 * slow + 0.1 * quick
}

function phaseOf(name: string): number {
  let hash = 0
  for (const c of name) hash = (hash * 31 + (c.codePointAt(0) ?? 0)) % 6283
  return hash / 1000
}
