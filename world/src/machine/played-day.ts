import type { BatchPoint } from '@kapok/contracts/compact-batch'
import { dayMs, startOfCivilDay } from '@kapok/kit/clock'
import type { PlantWords } from '../province.ts'
import { machineKinds } from './machine.ts'
import { noise } from './noise.ts'
import { weekdayOf } from './shift.ts'

/** The models of one plant's machines, made once. */
export interface PlantModel {
  plant: PlantWords
  valuesOf: ((atMs: number) => readonly number[] | undefined)[]
}

export function modelOf(plant: PlantWords, sinceMs: number): PlantModel {
  return { plant, valuesOf: plant.machines.map(({ kind, plan, seed }) => machineKinds[kind].make(plan, seed, sinceMs)) }
}

/** Minutes of the day in which the dishonest plant really ran its one machine. */
function honestSpell(day: string): { from: number; to: number } {
  const n = Math.floor(startOfCivilDay(day) / dayMs)
  const from = 9 * 60 + Math.floor(noise(77, n) * 60)
  return { from, to: from + 290 + Math.floor(noise(78, n) * 80) }
}

/** One point a minute of what the plant's gateway sends for a civil day within [fromMs, untilMs), in the order of time. */
export function playedDay(
  model: PlantModel,
  day: string,
  { fromMs, untilMs }: { fromMs: number; untilMs: number },
  goodDay: string,
): BatchPoint[] {
  const { plant, valuesOf } = model
  const start = startOfCivilDay(day)
  const points: BatchPoint[] = []
  for (let minute = 0; minute < 1440; minute++) {
    const at = start + minute * 60_000
    if (at >= untilMs) break
    if (at < fromMs) continue
    for (const [m, machine] of plant.machines.entries()) {
      const values = plant.honest ? valuesOf[m]?.(at) : lyingValues(valuesOf[0], m, { day, minute, goodDay })
      if (values === undefined) continue
      for (const [i, { property }] of machineKinds[machine.kind].signals.entries())
        points.push({ device: machine.name, property, at, value: values[i] ?? 0 })
    }
  }
  return points
}

function lyingValues(
  first: PlantModel['valuesOf'][number] | undefined,
  machine: number,
  { day, minute, goodDay }: { day: string; minute: number; goodDay: string },
): readonly number[] | undefined {
  if (repeatsGoodDay(day)) return first?.(startOfCivilDay(goodDay) + minute * 60_000)
  // Otherwise only the one machine that exists, and only for some hours.
  const { from, to } = honestSpell(day)
  if (machine !== 0 || minute < from || minute >= to) return undefined
  return first?.(startOfCivilDay(day) + minute * 60_000)
}

/** From Tuesday to Friday nobody is there, and the gateway sends the good day again. */
export function repeatsGoodDay(day: string): boolean {
  const weekday = weekdayOf(day)
  return weekday >= 2 && weekday <= 5
}

/** What the telecom operator saw on the plant's line that day: minutes with traffic, and bytes. */
export function lineReading(model: PlantModel, day: string): { activeMinutes: number; bytes: number } {
  const { plant, valuesOf } = model
  const start = startOfCivilDay(day)
  let minutes = 0
  if (plant.honest)
    for (let minute = 0; minute < 1440; minute++)
      if (valuesOf.some((values) => values(start + minute * 60_000) !== undefined)) minutes++
  if (!plant.honest) {
    const { from, to } = honestSpell(day)
    // Sending a stored day again takes a minute of the line.
    minutes = weekdayOf(day) === 0 ? 0 : repeatsGoodDay(day) ? 2 : to - from
  }
  // Two clocks never agree to the minute.
  const n = Math.floor(start / dayMs)
  const seen = Math.max(0, Math.min(1440, Math.round(minutes * (0.985 + noise(plant.machines.length + 91, n) * 0.03))))
  return { activeMinutes: seen, bytes: seen * 48_000 + Math.floor(noise(92, n) * 40_000) }
}
