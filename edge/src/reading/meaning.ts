import type { Sample, TagValue } from '../driver.ts'
import { bad } from '../values.ts'

/** What the number in a device means: value = raw × scale + offset; or a word; or a counter that begins anew. */
export interface Meaning {
  scale: number
  offset: number
  /** Words of an enumeration, by the number in the device. */
  values: Record<string, string> | undefined
  /** A counter that begins anew at this number is counted on. */
  rollOver: number | undefined
}

/** Where a counter stood, to be kept over a restart. */
export interface CounterState {
  /** Added to the number in the device. */
  base: number
  last: number
}

/** A fall of the raw number by more than this part of its range is a roll-over; a smaller one is a reset of the device. */
const rollOverPart = 0.5

/** The sample in the tag's own terms. `counter` is changed for a tag with a roll-over. */
export function meant(sample: Sample, meaning: Meaning, counter: CounterState): Sample {
  const { value } = sample
  if (value === undefined || typeof value === 'string') return sample
  if (meaning.values !== undefined) return worded(sample, meaning.values, value)
  if (typeof value === 'boolean') return sample
  const counted = meaning.rollOver === undefined ? value : countedOn(value, meaning.rollOver, counter)
  const scaled = counted * meaning.scale + meaning.offset
  if (!Number.isFinite(scaled))
    return { ...sample, ...bad({ zh: '超出可表示的数值范围', en: 'larger than a number can be' }) }
  // Scaling by a decimal fraction leaves digits that the machine never meant.
  return { ...sample, value: meaning.scale === 1 && meaning.offset === 0 ? scaled : Number(scaled.toPrecision(12)) }
}

function worded(sample: Sample, words: Record<string, string>, value: Exclude<TagValue, string>): Sample {
  const word = words[String(Number(value))]
  if (word === undefined)
    return { ...sample, ...bad({ zh: `${Number(value)} 没有对应的文字`, en: `no word for ${Number(value)}` }) }
  return { ...sample, value: word }
}

function countedOn(raw: number, rollOver: number, counter: CounterState): number {
  if (counter.last - raw > rollOver * rollOverPart) counter.base += rollOver
  counter.last = raw
  return counter.base + raw
}
