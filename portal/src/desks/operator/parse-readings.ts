import { isDay } from '../filing/check.ts'

export interface Reading {
  uscc: string
  day: string
  activeMinutes: number
  bytes: number
}
const rowsMax = 5000

/** Lines `uscc,day,minutes,bytes` as readings, or the number of the first line that is none. Empty lines are passed over. */
export function parseReadings(text: string): Reading[] | { line: number } {
  const readings: Reading[] = []
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue
    const [uscc = '', day = '', minutes = '', bytes = ''] = line.split(/[,，\t]/).map((each) => each.trim())
    const good =
      uscc.length === 18 &&
      isDay(day) &&
      /^\d{1,4}$/.test(minutes) &&
      Number(minutes) <= 1440 &&
      /^\d{1,15}$/.test(bytes)
    if (!good || readings.length >= rowsMax) return { line: index + 1 }
    readings.push({ uscc, day, activeMinutes: Number(minutes), bytes: Number(bytes) })
  }
  return readings.length === 0 ? { line: 1 } : readings
}
