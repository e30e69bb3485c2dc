import type { TagType, TagValue } from '../driver.ts'
import type { Tag } from '../tag-table.ts'
import { type Refusal, refusal } from './refusal.ts'

const ranges: Partial<Record<TagType, [min: number, max: number]>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32_768, 32_767],
  uint16: [0, 65_535],
  int32: [-2_147_483_648, 2_147_483_647],
  uint32: [0, 4_294_967_295],
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  uint64: [0, Number.MAX_SAFE_INTEGER],
}

/** The value as the device holds it, from the tag's own terms; or why there is none. */
export function rawValueOf(tag: Tag, value: TagValue): { raw: TagValue } | Refusal {
  const { type, meaning } = tag
  if (meaning.values !== undefined) return wordToRaw(meaning.values, value, type)
  if (type === 'bool')
    return typeof value === 'boolean' ? { raw: value } : refusal('type', { expected: 'true / false' })
  if (type === 'text') return typeof value === 'string' ? { raw: value } : refusal('type', { expected: 'text' })
  if (typeof value !== 'number' || !Number.isFinite(value)) return refusal('type', { expected: 'number' })
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = tag.write ?? {}
  if (value < min || value > max) return refusal('range', { value, min, max })
  return numberToRaw(tag, value)
}

function numberToRaw({ type, meaning: { scale, offset } }: Tag, value: number): { raw: number } | Refusal {
  const scaled = scale === 1 && offset === 0 ? value : Number(((value - offset) / scale).toPrecision(12))
  const range = ranges[type]
  if (range === undefined) return { raw: type === 'float32' ? Math.fround(scaled) : scaled }
  if (!Number.isInteger(scaled)) return refusal('step', { value, step: Math.abs(scale) })
  if (scaled < range[0] || scaled > range[1]) return refusal('fit', { value, type })
  return { raw: scaled }
}

function wordToRaw(words: Record<string, string>, value: TagValue, type: TagType): { raw: TagValue } | Refusal {
  const found = Object.entries(words).find(([, word]) => word === value)
  if (found === undefined) return refusal('type', { expected: Object.values(words).join(' / ') })
  const raw = Number(found[0])
  return { raw: type === 'bool' ? raw !== 0 : raw }
}
