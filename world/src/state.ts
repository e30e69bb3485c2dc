import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { addCivilDays, civilDayOf, startOfCivilDay } from '@kapok/kit/clock'

/** What a world must remember over restarts. The file holds passwords and tokens: it is readable by its owner only. */
export interface WorldState {
  /** First civil day, and the day on which it was born (the replay's last). */
  firstDay: string
  birthDay: string
  /** How far the world's clock stands before the system's. */
  offsetMs: number
  /** Everything of these days was sent: the next to play. */
  nextDay: string
  replayDone: boolean
  passwords: Record<string, string>
  setUp: boolean
  actsDone: number
  memory: Record<string, string>
}

export const stateFile = (dataFolder: string) => join(dataFolder, 'world', 'state.json')

const pastDays = 90

/** First and last day of the past of a world that is born today. */
export function pastOf(today: string | undefined): { firstDay: string; birthDay: string } {
  const birthDay = today ?? civilDayOf(Date.now())
  return { firstDay: addCivilDays(birthDay, -pastDays), birthDay }
}

/** Where a world's clock stands when its roles start: on its first morning, where its replay broke off, or running. */
export function worldClockAtStart(dataFolder: string, today: string | undefined): { atMs: number; running: boolean } {
  const state = loadState(stateFile(dataFolder))
  if (state?.replayDone) return { atMs: Date.now() + state.offsetMs, running: true }
  const day = state?.nextDay ?? pastOf(today).firstDay
  return { atMs: startOfCivilDay(day) + 6 * 3_600_000, running: false }
}

export function loadState(file: string): WorldState | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as WorldState) : undefined
}

/** Writes beside and renames, so that a kill leaves the old state or the new one. */
export function saveState(file: string, state: WorldState): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  writeFileSync(`${file}.new`, JSON.stringify(state), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}
